#include <charconv>
#include <thread>

#include "app/local_api.h"
#include "app/verbs/verbs.h"
#include "base/time.h"
#include "errors/app.h"
#include "runtime/http_server.h"

namespace streamops::app {
namespace {

constexpr std::chrono::milliseconds look_interval{200};

struct Wanted {
  std::string path;
  std::size_t limit = 0;  // rows; 0: no end
  std::optional<std::chrono::steady_clock::time_point> until;
};

Result<Wanted> read(const Arguments& arguments) {
  const std::string target = arguments.text("STREAM");
  const std::size_t dot = target.find('.');
  const std::string edge = dot == std::string::npos ? "select" : target.substr(dot + 1);
  Wanted wanted;
  wanted.path = fmt::format("steps/{}/tap?edge={}&where={}", runtime::percent_encode(target.substr(0, dot)),
                            runtime::percent_encode(edge), runtime::percent_encode(arguments.text("--where")));
  if (const std::string text = arguments.text("--limit"); !text.empty()) {
    const auto [end, bad] = std::from_chars(text.data(), text.data() + text.size(), wanted.limit);
    if (bad != std::errc() || end != text.data() + text.size() || wanted.limit == 0)
      return Error(errors::app::usage, "--limit is a whole number of rows, not `{}`", text);
  }
  if (const std::string text = arguments.text("--for"); !text.empty()) {
    STREAMOPS_ASSIGN(const Microseconds duration, parse_duration(text));
    wanted.until = std::chrono::steady_clock::now() + duration;
  }
  return wanted;
}

/// Prints what passes until the limit, the time or Ctrl-C.
Result<void> follow(const Wanted& wanted, LocalApi& api, Terminal& terminal) {
  std::string tap = "0";
  std::size_t shown = 0;
  while (true) {
    STREAMOPS_ASSIGN(const JsonAnswer answer, api.get(wanted.path + "&tap=" + tap));
    tap = text_at(answer.root, "tap");
    for (const simdjson::dom::element row : array_at(answer.root, "rows")) {
      terminal.print(simdjson::to_string(row));
      if (++shown == wanted.limit) return Ok();
    }
    if (const std::int64_t dropped = number_at(answer.root, "dropped"); dropped > 0)
      terminal.note(fmt::format("{} rows passed too fast to be shown", dropped));
    if (wanted.until && std::chrono::steady_clock::now() >= *wanted.until) return Ok();
    std::this_thread::sleep_for(look_interval);
  }
}

ExitCode tap(const Arguments& arguments, Terminal& terminal) {
  const Result<Wanted> wanted = read(arguments);
  const Result<std::unique_ptr<LocalApi>> api =
      wanted ? LocalApi::open(arguments) : Result<std::unique_ptr<LocalApi>>(wanted.error());
  const Result<void> followed = api ? follow(*wanted, **api, terminal) : Result<void>(api.error());
  if (followed) return ExitCode::success;
  terminal.fail(followed.error());
  return exit_code_for(followed.error());
}

}  // namespace

VerbSpec tap_verb() {
  return {.name = "tap",
          .summary = "Show live what passes through a running stream, on any edge, through a filter of SQL",
          .details =
              "Edges: `source` (records as they come: partition, offset, at, key, value), `decode` (the source's "
              "columns that "
              "the query reads), `select` (the rows that go to the sink), `late` (rows behind the watermark), "
              "`dead_letters` "
              "(code, message, stage, partition, offset, key, value). One JSON object a line, until Ctrl-C. The stream "
              "does "
              "not wait: what passes faster than it can be shown is counted.",
          .positionals = {{"STREAM", "a stream, or STREAM.EDGE; the edge is `select` when left out", true}},
          .options = {{"--where", OptionSpec::Kind::text, "SQL", "a condition over the edge's columns", {}},
                      {"--limit", OptionSpec::Kind::text, "N", "end after so many rows", {}},
                      {"--for", OptionSpec::Kind::text, "TIME", "end after this time, like 10s", {}},
                      data_directory_option()},
          .examples = {{"streamops tap created_users", "rows as they go to the table"},
                       {"streamops tap created_users.source --where \"value LIKE '%@example.com%'\" --limit 1",
                        "the next record with such an address"},
                       {"streamops tap created_users.dead_letters", "what does not pass, as it happens"}},
          .run = tap};
}

}  // namespace streamops::app
