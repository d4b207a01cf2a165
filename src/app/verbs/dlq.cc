#include <algorithm>

#include "app/local_api.h"
#include "app/verbs/dlq_redrive.h"
#include "app/verbs/verbs.h"
#include "errors/app.h"
#include "runtime/http_server.h"

namespace streamops::app {
namespace {

constexpr std::string_view suffix = ".dlq";

std::string join_words(const std::string& first, const std::string& second) {
  return second.empty() ? first : first + " " + second;
}

std::string header_of(simdjson::dom::element message, std::string_view name) {
  for (const simdjson::dom::element header : array_at(message, "headers")) {
    if (text_at(header, "name") == name) return text_at(header, "value");
  }
  return {};
}

/// The names of all dead-letter topics, with their number of letters.
std::vector<std::pair<std::string, std::int64_t>> dead_letter_topics(simdjson::dom::element root) {
  std::vector<std::pair<std::string, std::int64_t>> topics;
  for (const simdjson::dom::element topic : root.get_array()) {
    const std::string name = text_at(topic, "name");
    if (!name.ends_with(suffix)) continue;
    std::int64_t letters = 0;
    for (const simdjson::dom::element partition : array_at(topic, "partitions")) {
      letters += number_at(partition, "next_offset") - number_at(partition, "first_offset");
    }
    topics.emplace_back(name, letters);
  }
  return topics;
}

ExitCode list_topics(const Arguments& arguments, Terminal& terminal, LocalApi& api) {
  const Result<JsonAnswer> answer = api.get("topics");
  if (!answer) {
    terminal.fail(answer.error());
    return exit_code_for(answer.error());
  }
  std::vector<std::vector<std::string>> rows;
  std::string json;
  for (const auto& [name, letters] : dead_letter_topics(answer->root)) {
    rows.push_back({name, std::to_string(letters)});
    json += fmt::format("{}{{\"topic\":\"{}\",\"letters\":{}}}", json.empty() ? "" : ",", name, letters);
  }
  if (arguments.has("--json")) {
    terminal.print("[" + json + "]");
  } else if (rows.empty()) {
    terminal.print("no dead letters: every record passed");
  } else {
    terminal.table({"TOPIC", ">LETTERS"}, rows);
  }
  return ExitCode::success;
}

ExitCode show_letters(const Arguments& arguments, std::string topic, Terminal& terminal) {
  if (!topic.ends_with(suffix)) topic += suffix;
  const std::string path =
      fmt::format("topics/{}/messages?limit={}", runtime::percent_encode(topic), arguments.text("--limit"));
  return list(arguments, terminal, path, [&](simdjson::dom::element root) {
    for (const simdjson::dom::element message : root.get_array()) {
      simdjson::dom::element value;
      const bool has_value = message["value"].get(value) == simdjson::SUCCESS && !value.is_null();
      const std::string raw = !has_value                       ? "(no value)"
                              : text_at(value, "text").empty() ? text_at(value, "hex")
                                                               : text_at(value, "text");
      const std::string redrives = header_of(message, "so.redrives");
      terminal.print(
          terminal.bold(fmt::format("{} {}", header_of(message, "so.code"), header_of(message, "so.message"))));
      terminal.print(fmt::format("  from  {} partition {} offset {}, at stage {}{}", header_of(message, "so.origin"),
                                 header_of(message, "so.partition"), header_of(message, "so.offset"),
                                 header_of(message, "so.stage"),
                                 redrives.empty() ? "" : fmt::format(", redriven {} time(s)", redrives)));
      terminal.print(fmt::format("  bytes {}", raw));
    }
  });
}

ExitCode dlq(const Arguments& arguments, Terminal& terminal) {
  const std::string action = arguments.text("ACTION");
  const std::string name = arguments.text("NAME");
  const auto fail = [&](const Error& error) {
    terminal.fail(error);
    return exit_code_for(error);
  };
  if (action != "redrive" && (arguments.has("--fix") || arguments.has("--dry-run"))) {
    return fail(Error(errors::app::usage, "--fix and --dry-run go with `streamops dlq redrive`"));
  }
  const Result<std::unique_ptr<LocalApi>> api = LocalApi::open(arguments);
  if (!api) return fail(api.error());
  if (action == "redrive") return redrive_letters(arguments, name, **api, terminal);
  if (action.empty() || (action == "ls" && name.empty())) return list_topics(arguments, terminal, **api);
  if (action == "show" && !name.empty()) return show_letters(arguments, name, terminal);
  if (name.empty() && action != "show") return show_letters(arguments, action, terminal);
  return fail(Error(errors::app::usage, "`dlq {}` is none of ls, show TOPIC, redrive NAME", join_words(action, name)));
}

}  // namespace

VerbSpec dlq_verb() {
  return {
      .name = "dlq",
      .summary = "Dead letters: records that could not be processed; show them, mend them, let them enter again",
      .details =
          "A dead letter keeps the record's raw bytes, the error and the stage where it struck, in the topic "
          "<topic>.dlq. `redrive` lets the letters of a stream, a task or a topic enter again where they failed, each "
          "once: a second redrive finds only what failed again or came since. Rows carry the record's own write "
          "timestamp, so they never win over newer ones. --fix is SQL over the letter (value, key, code, message, "
          "stage, origin, partition, offset, redrives, at): an expression that gives the new value, or a SELECT with "
          "a column `value`; letters for which it gives nothing stay. Exit status 1 when some did not pass.",
      .positionals = {{"ACTION", "ls, show or redrive; ls when left out"},
                      {"NAME", "show: the topic; redrive: a stream, a task or a topic"}},
      .options = {{"--fix", OptionSpec::Kind::text, "SQL", "redrive: mends the value of each letter", {}},
                  {"--dry-run", OptionSpec::Kind::flag, {}, "redrive: say what would become of each letter", {}},
                  {"--max-redrives", OptionSpec::Kind::text, "N", "redrive: letters redriven so often stay", "3"},
                  {"--limit", OptionSpec::Kind::text, "N", "show: letters, newest first", "20"},
                  data_directory_option(),
                  json_option()},
      .examples = {{"streamops dlq", "the topics that have dead letters"},
                   {"streamops dlq show users_created", "each letter with its error and its bytes"},
                   {"streamops dlq redrive created_users --fix \"replace(value, 'N/A', '0')\" --dry-run",
                    "what the fix would do"},
                   {"streamops dlq redrive created_users", "after the stream was mended: again, as they are"}},
      .run = dlq};
}

}  // namespace streamops::app
