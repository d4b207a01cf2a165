#include <algorithm>

#include "app/local_api.h"
#include "app/verbs/verbs.h"
#include "runtime/http_server.h"

namespace streamops::app {
namespace {

constexpr std::string_view suffix = ".dlq";

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

ExitCode dlq(const Arguments& arguments, Terminal& terminal) {
  const Result<std::unique_ptr<LocalApi>> api = LocalApi::open(arguments);
  if (!api) {
    terminal.fail(api.error());
    return exit_code_for(api.error());
  }
  std::string topic = arguments.text("TOPIC");
  if (topic.empty()) return list_topics(arguments, terminal, **api);
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
      terminal.print(
          terminal.bold(fmt::format("{} {}", header_of(message, "so.code"), header_of(message, "so.message"))));
      terminal.print(fmt::format("  from  {} partition {} offset {}, at stage {}", header_of(message, "so.origin"),
                                 header_of(message, "so.partition"), header_of(message, "so.offset"),
                                 header_of(message, "so.stage")));
      terminal.print(fmt::format("  bytes {}", raw));
    }
  });
}

}  // namespace

VerbSpec dlq_verb() {
  return {.name = "dlq",
          .summary = "List dead letters: records that could not be processed, and why",
          .details =
              "A dead letter keeps the record's raw bytes, the error and the stage where it struck, in the topic "
              "<topic>.dlq.",
          .positionals = {{"TOPIC", "show the letters of this topic"}},
          .options = {{"--limit", OptionSpec::Kind::text, "N", "letters to show, newest first", "20"},
                      data_directory_option(),
                      json_option()},
          .examples = {{"streamops dlq", "the topics that have dead letters"},
                       {"streamops dlq users_created", "each letter with its error and its bytes"}},
          .run = dlq};
}

}  // namespace streamops::app
