// `streamops dlq redrive`: piece by piece, until everything that was there at its beginning has been looked at.
#include "app/verbs/dlq_redrive.h"

#include <charconv>

#include "app/local_api.h"
#include "base/json_writer.h"
#include "errors/app.h"
#include "runtime/http_server.h"

namespace streamops::app {
namespace {

constexpr std::size_t shown = 20;  // letters that did not pass

struct Totals {
  std::int64_t passed = 0;
  std::int64_t failed_again = 0;
  std::int64_t too_often = 0;
  std::int64_t not_mended = 0;
  std::int64_t rows = 0;
  std::vector<std::string> lines;  // of letters that did not pass; of a dry run: of all
  std::string letters;             // JSON, separated by commas

  std::int64_t letters_seen() const { return passed + failed_again + too_often + not_mended; }
};

std::string line_of(simdjson::dom::element letter, bool dry_run) {
  const std::string fate = text_at(letter, "fate");
  const std::string verb = fate == "passed" && dry_run ? "would pass" : fate;
  std::string line = fmt::format("{}  {}", verb, text_at(letter, "letter"));
  if (fate == "passed")
    return fmt::format("{}  {} row(s) from {}", line, text_at(letter, "rows"), text_at(letter, "value"));
  return fmt::format("{}  {} {}", line, text_at(letter, "code"), text_at(letter, "message"));
}

void add(Totals& totals, simdjson::dom::element answer, bool dry_run) {
  totals.rows += number_at(answer, "rows");
  for (const simdjson::dom::element letter : array_at(answer, "letters")) {
    const std::string fate = text_at(letter, "fate");
    if (fate == "passed") ++totals.passed;
    if (fate == "failed again") ++totals.failed_again;
    if (fate == "redriven too often") ++totals.too_often;
    if (fate == "not mended") ++totals.not_mended;
    if ((dry_run || fate != "passed") && totals.lines.size() < shown) totals.lines.push_back(line_of(letter, dry_run));
    totals.letters += (totals.letters.empty() ? "" : ",") + simdjson::to_string(letter);
  }
}

Result<std::string> limit_of(const Arguments& arguments) {
  const std::string text = arguments.text("--max-redrives");
  int number = 0;
  const auto [end, bad] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (bad == std::errc() && end == text.data() + text.size() && number >= 1 && number <= 100) return text;
  return Error(errors::app::usage, "--max-redrives is a whole number from 1 to 100, not `{}`", text);
}

Result<Totals> redrive_all(const Arguments& arguments, const std::string& name, LocalApi& api) {
  STREAMOPS_ASSIGN(const std::string limit, limit_of(arguments));
  const std::string path = fmt::format("steps/{}/redrive?most_redrives={}", runtime::percent_encode(name), limit);
  const bool dry_run = arguments.has("--dry-run");
  Totals totals;
  std::string until;
  std::string from;
  while (true) {
    JsonWriter body;
    body.begin_object().field("fix", arguments.text("--fix")).field("dry_run", dry_run);
    body.field("until", until).field("from", from).end_object();
    STREAMOPS_ASSIGN(const JsonAnswer answer, api.post(path, body.text()));
    add(totals, answer.root, dry_run);
    if (text_at(answer.root, "more") != "true") return totals;
    until = text_at(answer.root, "until");
    from = text_at(answer.root, "from");
  }
}

void print_json(const Totals& totals, bool dry_run, Terminal& terminal) {
  JsonWriter json;
  json.begin_object().field("dry_run", dry_run).field("passed", totals.passed);
  json.field("failed_again", totals.failed_again).field("redriven_too_often", totals.too_often);
  json.field("not_mended", totals.not_mended).field("rows", totals.rows);
  json.key("letters").raw("[" + totals.letters + "]").end_object();
  terminal.print(json.text());
}

void print_totals(const Totals& totals, bool dry_run, Terminal& terminal) {
  if (totals.letters_seen() == 0) return terminal.print("no dead letter waits");
  for (const std::string& line : totals.lines) terminal.print(line);
  const std::string_view would = dry_run ? "would pass" : "passed";
  std::string text = fmt::format("{} of {} {} ({} rows)", totals.passed, totals.letters_seen(), would, totals.rows);
  if (totals.failed_again > 0)
    text += fmt::format(", {} {} again", totals.failed_again, dry_run ? "would fail" : "failed");
  if (totals.not_mended > 0) text += fmt::format(", {} not mended", totals.not_mended);
  if (totals.too_often > 0) text += fmt::format(", {} redriven too often", totals.too_often);
  terminal.print(text);
}

}  // namespace

ExitCode redrive_letters(const Arguments& arguments, const std::string& name, LocalApi& api, Terminal& terminal) {
  const Result<Totals> totals = name.empty()
                                    ? Error(errors::app::usage, "say whose letters: a stream, a task or a topic")
                                    : redrive_all(arguments, name, api);
  if (!totals) {
    terminal.fail(totals.error());
    return exit_code_for(totals.error());
  }
  const bool dry_run = arguments.has("--dry-run");
  arguments.has("--json") ? print_json(*totals, dry_run, terminal) : print_totals(*totals, dry_run, terminal);
  return totals->passed == totals->letters_seen() ? ExitCode::success : ExitCode::failed;
}

}  // namespace streamops::app
