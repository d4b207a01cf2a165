#include "app/local_api.h"
#include "app/verbs/verbs.h"

namespace streamops::app {
namespace {

void show_groups(simdjson::dom::element root, Terminal& terminal) {
  std::vector<std::vector<std::string>> rows;
  for (const simdjson::dom::element group : root.get_array()) {
    std::int64_t members = 0;
    for ([[maybe_unused]] const simdjson::dom::element member : array_at(group, "members")) ++members;
    for (const simdjson::dom::element offset : array_at(group, "offsets")) {
      const std::int64_t lag = number_at(offset, "end") - number_at(offset, "committed");
      rows.push_back({text_at(group, "name"), text_at(group, "state"), std::to_string(members),
                      text_at(offset, "topic"), text_at(offset, "partition"), text_at(offset, "committed"),
                      std::to_string(lag)});
    }
    if (array_at(group, "offsets").size() == 0) {
      rows.push_back({text_at(group, "name"), text_at(group, "state"), std::to_string(members), "", "", "", ""});
    }
  }
  terminal.table({"GROUP", "STATE", ">MEMBERS", "TOPIC", ">PARTITION", ">COMMITTED", ">LAG"}, rows);
}

ExitCode groups(const Arguments& arguments, Terminal& terminal) {
  return list(arguments, terminal, "groups", [&](simdjson::dom::element root) { show_groups(root, terminal); });
}

}  // namespace

VerbSpec groups_verb() {
  return {.name = "groups",
          .summary = "List consumer groups with members, committed offsets and lag",
          .details = {},
          .positionals = {},
          .options = {data_directory_option(), json_option()},
          .examples = {{"streamops groups", "one line a partition"}},
          .run = groups};
}

}  // namespace streamops::app
