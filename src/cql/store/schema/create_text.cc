#include "cql/store/schema/create_text.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"

namespace streamops::cql::store {
namespace {

constexpr std::string_view kLocator = "org.apache.cassandra.locator.";

/// Key, static and plain columns first, those whose cells are stored one by one last: the order of Cassandra's storage.
std::vector<const Column*> described_order(const Table& table) {
  std::vector<const Column*> out;
  out.reserve(table.columns.size());
  for (const Column& column : table.columns) out.push_back(&column);
  std::stable_sort(out.begin(), out.end(), [](const Column* a, const Column* b) {
    if (a->kind != b->kind) return a->kind < b->kind;
    return a->type->is_multi_cell() < b->type->is_multi_cell();
  });
  return out;
}

std::string names(const Table& table, std::size_t from, std::size_t count) {
  std::vector<std::string> out;
  out.reserve(count);
  for (std::size_t i = from; i < from + count; ++i) out.push_back(quote_identifier(table.columns[i].name));
  return join(out, ", ");
}

std::string primary_key(const Table& table) {
  std::string partition = names(table, 0, table.partition_size);
  if (table.partition_size > 1) partition = "(" + partition + ")";
  if (table.clustering_size > 0) partition += ", " + names(table, table.partition_size, table.clustering_size);
  return "    PRIMARY KEY (" + partition + ")\n";
}

std::string clustering_order(const Table& table) {
  std::vector<std::string> out;
  out.reserve(table.clustering_size);
  for (std::size_t i = 0; i < table.clustering_size; ++i) {
    out.push_back(quote_identifier(table.clustering(i).name) + (table.clustering(i).descending ? " DESC" : " ASC"));
  }
  return "CLUSTERING ORDER BY (" + join(out, ", ") + ")";
}

}  // namespace

std::string create_text(const Keyspace& keyspace) {
  PropertyMap replication;
  for (auto [key, value] : keyspace.replication) {
    if (key == "class" && value.starts_with(kLocator)) value.erase(0, kLocator.size());
    replication.emplace_back(std::move(key), std::move(value));
  }
  std::stable_partition(replication.begin(), replication.end(),
                        [](const auto& entry) { return entry.first == "class"; });
  return fmt::format("CREATE KEYSPACE {} WITH replication = {}  AND durable_writes = {};",
                     quote_identifier(keyspace.name), to_cql(replication), keyspace.durable_writes);
}

std::string create_text(const Table& table, bool with_internals) {
  std::string out =
      fmt::format("CREATE TABLE {}.{} (\n", quote_identifier(table.keyspace), quote_identifier(table.name));
  const bool short_key = table.partition_size == 1 && table.clustering_size == 0;
  const std::vector<const Column*> columns = described_order(table);
  for (const Column* column : columns) {
    out += fmt::format("    {} {}{}{}{}\n", quote_identifier(column->name), column->type->to_cql(),
                       column->kind == ColumnKind::statics ? " static" : "",
                       short_key && column->kind == ColumnKind::partition_key ? " PRIMARY KEY" : "",
                       short_key && column == columns.back() ? "" : ",");
  }
  if (!short_key) out += primary_key(table);
  out += ") WITH ";
  if (with_internals) out += fmt::format("ID = {}\n    AND ", to_string(table.uuid));
  if (table.clustering_size > 0) out += clustering_order(table) + "\n    AND ";
  bool first = true;
  for (const OptionInfo& info : table_option_list()) {
    out += fmt::format("{}{} = {}", first ? "" : "\n    AND ", info.name, table.options.described(info));
    first = false;
  }
  return out + ";";
}

std::string create_text(const CqlType& type) {
  std::string out =
      fmt::format("CREATE TYPE {}.{} (\n", quote_identifier(type.keyspace()), quote_identifier(type.name()));
  for (std::size_t i = 0; i < type.children().size(); ++i) {
    out += fmt::format("    {} {}{}\n", quote_identifier(type.field_names()[i]), type.children()[i]->to_cql(),
                       i + 1 < type.children().size() ? "," : "");
  }
  return out + ");";
}

}  // namespace streamops::cql::store
