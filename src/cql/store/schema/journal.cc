#include "cql/store/schema/journal.h"

#include <algorithm>
#include <functional>

#include "cql/grammar/type_name.h"
#include "cql/protocol/notation.h"
#include "errors/cql.h"

namespace streamops::cql::store {
namespace {

constexpr std::uint8_t kFormat = 1;

Error damaged(std::string_view what) {
  return {errors::cql::broken_row, "the schema's record of {} cannot be read", what};
}

void append_options(Bytes& out, const TableOptions& options) {
  append_big_endian(out, static_cast<std::uint16_t>(options.given().size()));
  for (const auto& [name, value] : options.given()) {
    append_string(out, name);
    const auto* map = std::get_if<PropertyMap>(&value);
    out.push_back(map != nullptr ? 1 : 0);
    if (map != nullptr) {
      append_string_map(out, *map);
    } else {
      append_long_string(out, std::get<std::string>(value));
    }
  }
}

void read_options(Reader& reader, TableOptions& options) {
  const std::size_t count = reader.count16(3);
  for (std::size_t i = 0; i < count; ++i) {
    std::string name(reader.string());
    if (reader.byte() == 1) {
      options.restore(std::move(name), reader.string_map());
    } else {
      options.restore(std::move(name), std::string(reader.long_string()));
    }
  }
}

void append_table(Bytes& out, const Table& table) {
  append_big_endian(out, table.id);
  append_uuid(out, table.uuid);
  append_string(out, table.name);
  append_big_endian(out, table.next_column);
  append_big_endian(out, static_cast<std::uint16_t>(table.columns.size()));
  for (const Column& column : table.columns) {
    append_string(out, column.name);
    append_long_string(out, column.type->to_cql());
    append_big_endian(out, column.id);
    out.push_back(static_cast<std::uint8_t>(column.kind));
    out.push_back(column.descending ? 1 : 0);
    append_big_endian(out, static_cast<std::uint16_t>(column.position));
  }
  append_options(out, table.options);
  append_big_endian(out, static_cast<std::uint16_t>(table.dropped.size()));
  for (const DroppedColumn& column : table.dropped) {
    append_string(out, column.name);
    append_long_string(out, column.type);
    out.push_back(static_cast<std::uint8_t>(column.kind));
    append_big_endian(out, column.dropped_micros);
  }
}

Result<TablePtr> read_table(Reader& reader, const Keyspace& keyspace) {
  const auto udts = [&keyspace](std::string_view, std::string_view name) -> CqlTypePtr {
    const auto found = keyspace.types.find(name);
    return found == keyspace.types.end() ? nullptr : found->second;
  };
  auto table = std::make_shared<Table>();
  table->keyspace = keyspace.name;
  table->id = static_cast<TableId>(reader.int_());
  table->uuid = reader.uuid();
  table->name = reader.string();
  table->next_column = reader.short_();
  const std::size_t columns = reader.count16(11);
  for (std::size_t i = 0; i < columns; ++i) {
    Column column;
    column.name = reader.string();
    STREAMOPS_ASSIGN(column.type, parse_type(reader.long_string(), udts));
    column.id = reader.short_();
    column.kind = static_cast<ColumnKind>(reader.byte() & 3U);
    column.descending = reader.byte() != 0;
    column.position = reader.short_();
    table->columns.push_back(std::move(column));
  }
  read_options(reader, table->options);
  const std::size_t dropped = reader.count16(15);
  for (std::size_t i = 0; i < dropped; ++i) {
    DroppedColumn column;
    column.name = reader.string();
    column.type = reader.long_string();
    column.kind = static_cast<ColumnKind>(reader.byte() & 3U);
    column.dropped_micros = reader.long_();
    table->dropped.push_back(std::move(column));
  }
  STREAMOPS_RETURN_IF_ERROR(reader.status());
  table->arrange();
  return TablePtr(std::move(table));
}

Result<CqlTypePtr> read_user_type(Reader& reader, const Keyspace& keyspace) {
  const auto udts = [&keyspace](std::string_view, std::string_view name) -> CqlTypePtr {
    const auto found = keyspace.types.find(name);
    return found == keyspace.types.end() ? nullptr : found->second;
  };
  std::string name(reader.string());
  const std::vector<std::string> names = reader.string_list();
  const std::vector<std::string> types = reader.string_list();
  if (names.size() != types.size()) return damaged(name);
  std::vector<UdtField> fields;
  for (std::size_t i = 0; i < names.size(); ++i) {
    STREAMOPS_ASSIGN(CqlTypePtr type, parse_type(types[i], udts));
    fields.push_back({names[i], std::move(type)});
  }
  return CqlType::udt(keyspace.name, std::move(name), std::move(fields));
}

/// Types in an order in which each finds those that it uses.
std::vector<CqlTypePtr> in_order(const Keyspace& keyspace) {
  std::vector<CqlTypePtr> out;
  const std::function<void(const CqlTypePtr&)> visit = [&](const CqlTypePtr& type) {
    for (const CqlTypePtr& child : type->children()) visit(child);
    if (type->id() != TypeId::udt) return;
    const auto found = keyspace.types.find(type->name());
    const auto same = [&type](const CqlTypePtr& other) { return other->name() == type->name(); };
    if (found != keyspace.types.end() && std::none_of(out.begin(), out.end(), same)) out.push_back(found->second);
  };
  for (const auto& [name, type] : keyspace.types) visit(type);
  return out;
}

}  // namespace

std::string first_record_key() {
  return table_prefix(0);
}
std::string end_of_records() {
  return table_prefix(1);
}
std::string keyspace_record_key(std::string_view keyspace) {
  return table_prefix(0) + "k" + std::string(keyspace);
}
std::string meta_record_key() {
  return table_prefix(0) + "m";
}

std::string encode_keyspace(const Keyspace& keyspace) {
  Bytes out;
  out.push_back(kFormat);
  append_string(out, keyspace.name);
  out.push_back(keyspace.durable_writes ? 1 : 0);
  append_string_map(out, keyspace.replication);
  append_big_endian(out, static_cast<std::uint16_t>(keyspace.types.size()));
  for (const CqlTypePtr& type : in_order(keyspace)) {
    append_string(out, type->name());
    append_string_list(out, type->field_names());
    std::vector<std::string> types;
    for (const CqlTypePtr& child : type->children()) types.push_back(child->to_cql());
    append_string_list(out, types);
  }
  append_big_endian(out, static_cast<std::uint16_t>(keyspace.tables.size()));
  for (const auto& [name, table] : keyspace.tables) append_table(out, *table);
  return std::string(as_text(out));
}

Result<Keyspace> decode_keyspace(std::string_view record) {
  Reader reader(as_bytes(record));
  Keyspace out;
  if (reader.byte() != kFormat) return damaged("a keyspace");
  out.name = reader.string();
  out.durable_writes = reader.byte() != 0;
  out.replication = reader.string_map();
  const std::size_t types = reader.count16(6);
  for (std::size_t i = 0; i < types; ++i) {
    STREAMOPS_ASSIGN(CqlTypePtr type, read_user_type(reader, out));
    out.types[type->name()] = type;
  }
  const std::size_t tables = reader.count16(20);
  for (std::size_t i = 0; i < tables; ++i) {
    STREAMOPS_ASSIGN(TablePtr table, read_table(reader, out));
    out.tables[table->name] = table;
  }
  if (!reader.ok()) return damaged("keyspace " + out.name);
  return out;
}

std::string encode_meta(const SchemaMeta& meta) {
  Bytes out;
  out.push_back(kFormat);
  append_big_endian(out, meta.next_table);
  append_uuid(out, meta.host_id);
  append_uuid(out, meta.version);
  return std::string(as_text(out));
}

Result<SchemaMeta> decode_meta(std::string_view record) {
  Reader reader(as_bytes(record));
  SchemaMeta out;
  if (reader.byte() != kFormat) return damaged("the store");
  out.next_table = static_cast<TableId>(reader.int_());
  out.host_id = reader.uuid();
  out.version = reader.uuid();
  if (!reader.ok()) return damaged("the store");
  return out;
}

}  // namespace streamops::cql::store
