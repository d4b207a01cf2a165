#include "app/local_api.h"
#include "app/verbs/verbs.h"
#include "runtime/http_server.h"

namespace streamops::app {
namespace {

void show_topics(simdjson::dom::element root, Terminal& terminal) {
  std::vector<std::vector<std::string>> rows;
  for (const simdjson::dom::element topic : root.get_array()) {
    std::int64_t records = 0;
    std::int64_t bytes = 0;
    bool sized = false;  // clusters of others do not tell
    std::int64_t partitions = 0;
    for (const simdjson::dom::element partition : array_at(topic, "partitions")) {
      records += number_at(partition, "next_offset") - number_at(partition, "first_offset");
      bytes += number_at(partition, "bytes");
      sized = sized || !text_at(partition, "bytes").empty();
      ++partitions;
    }
    rows.push_back({text_at(topic, "name"), std::to_string(partitions), std::to_string(records),
                    sized ? std::to_string(bytes) : std::string("-")});
  }
  terminal.table({"TOPIC", ">PARTITIONS", ">RECORDS", ">BYTES"}, rows);
}

std::string bytes_at(simdjson::dom::element message, std::string_view key) {
  simdjson::dom::element value;
  if (message[key].get(value) != simdjson::SUCCESS || value.is_null()) return "null";
  const std::string text = text_at(value, "text");
  return text.empty() ? text_at(value, "hex") : text;
}

void show_messages(simdjson::dom::element root, Terminal& terminal) {
  std::vector<std::vector<std::string>> rows;
  for (const simdjson::dom::element message : root.get_array()) {
    rows.push_back({text_at(message, "partition"), text_at(message, "offset"), text_at(message, "timestamp"),
                    bytes_at(message, "key"), bytes_at(message, "value")});
  }
  terminal.table({">PARTITION", ">OFFSET", "TIME", "KEY", "VALUE"}, rows);
}

ExitCode topics(const Arguments& arguments, Terminal& terminal) {
  const std::string topic = arguments.text("TOPIC");
  if (topic.empty()) {
    return list(arguments, terminal, "topics", [&](simdjson::dom::element root) { show_topics(root, terminal); });
  }
  const std::string path = fmt::format("topics/{}/messages?limit={}&search={}", runtime::percent_encode(topic),
                                       arguments.text("--limit"), runtime::percent_encode(arguments.text("--search")));
  return list(arguments, terminal, path, [&](simdjson::dom::element root) { show_messages(root, terminal); });
}

}  // namespace

VerbSpec topics_verb() {
  return {.name = "topics",
          .summary = "List topics, or the newest messages of one",
          .details = {},
          .positionals = {{"TOPIC", "show this topic's newest messages"}},
          .options = {{"--limit", OptionSpec::Kind::text, "N", "messages to show", "20"},
                      {"--search",
                       OptionSpec::Kind::text,
                       "TEXT",
                       "only messages whose key or value holds this, among the newest 20,000 of each partition",
                       {}},
                      data_directory_option(),
                      json_option()},
          .examples = {{"streamops topics", "every topic with partitions, records and bytes"},
                       {"streamops topics users_created --limit 5", "the five newest messages"},
                       {"streamops topics users_created --search Anna", "the newest ones about Anna"}},
          .run = topics};
}

}  // namespace streamops::app
