#include "app/local_api.h"
#include "app/verbs/verbs.h"
#include "runtime/http_server.h"

namespace streamops::app {
namespace {

std::vector<std::string> column_names(simdjson::dom::element tables, const std::string& keyspace,
                                      const std::string& name) {
  std::vector<std::string> names;
  for (const simdjson::dom::element table : tables.get_array()) {
    if (text_at(table, "keyspace") != keyspace || text_at(table, "name") != name) continue;
    for (const simdjson::dom::element column : array_at(table, "columns")) names.push_back(text_at(column, "name"));
  }
  return names;
}

void show_tables(simdjson::dom::element root, bool with_system, Terminal& terminal) {
  std::vector<std::vector<std::string>> rows;
  for (const simdjson::dom::element table : root.get_array()) {
    if (text_at(table, "system") == "true" && !with_system) continue;
    std::string columns;
    for (const simdjson::dom::element column : array_at(table, "columns")) {
      columns += (columns.empty() ? "" : ", ") + text_at(column, "name") + " " + text_at(column, "type");
    }
    rows.push_back({text_at(table, "keyspace"), text_at(table, "name"), columns});
  }
  terminal.table({"KEYSPACE", "TABLE", "COLUMNS"}, rows);
}

ExitCode show_rows(const Arguments& arguments, Terminal& terminal, const std::string& keyspace,
                   const std::string& name) {
  const std::string path = fmt::format("tables/{}/{}/rows?limit={}", runtime::percent_encode(keyspace),
                                       runtime::percent_encode(name), arguments.text("--limit"));
  std::vector<std::string> headings;
  if (!arguments.has("--json")) {
    const ExitCode found = list(arguments, terminal, "tables",
                                [&](simdjson::dom::element root) { headings = column_names(root, keyspace, name); });
    if (found != ExitCode::success) return found;
  }
  return list(arguments, terminal, path, [&](simdjson::dom::element root) {
    std::vector<std::vector<std::string>> rows;
    for (const simdjson::dom::element row : array_at(root, "rows")) {
      std::vector<std::string>& cells = rows.emplace_back();
      for (const simdjson::dom::element cell : row.get_array()) {
        std::string_view text = "null";
        if (!cell.is_null()) text = cell.get_string().value();
        cells.emplace_back(text);
      }
    }
    terminal.table(headings, rows);
  });
}

ExitCode tables(const Arguments& arguments, Terminal& terminal) {
  const std::string table = arguments.text("TABLE");
  const std::size_t dot = table.find('.');
  if (dot != std::string::npos) return show_rows(arguments, terminal, table.substr(0, dot), table.substr(dot + 1));
  return list(arguments, terminal, "tables",
              [&](simdjson::dom::element root) { show_tables(root, arguments.has("--system"), terminal); });
}

}  // namespace

VerbSpec tables_verb() {
  return {.name = "tables",
          .summary = "List tables, or rows of one",
          .details = {},
          .positionals = {{"TABLE", "keyspace.table: show its rows"}},
          .options = {{"--limit", OptionSpec::Kind::text, "N", "rows to show", "20"},
                      {"--system", OptionSpec::Kind::flag, {}, "the system's tables too", {}},
                      data_directory_option(),
                      json_option()},
          .examples = {{"streamops tables", "every table with its columns"},
                       {"streamops tables spark_streams.created_users", "the first rows"}},
          .run = tables};
}

}  // namespace streamops::app
