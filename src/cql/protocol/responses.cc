#include "cql/protocol/responses.h"

#include <array>
#include <tuple>

#include "cql/protocol/requests.h"

namespace streamops::cql {

namespace {

namespace rows_flags {
constexpr std::int32_t global_table = 0x1;
constexpr std::int32_t more_pages = 0x2;
constexpr std::int32_t no_metadata = 0x4;
constexpr std::int32_t metadata_changed = 0x8;
}  // namespace rows_flags

enum class ResultKind : std::int32_t { void_ = 1, rows = 2, set_keyspace = 3, prepared = 4, schema_change = 5 };

constexpr std::array<std::string_view, 3> kChanges = {"CREATED", "UPDATED", "DROPPED"};
constexpr std::array<std::string_view, 5> kTargets = {"KEYSPACE", "TABLE", "TYPE", "FUNCTION", "AGGREGATE"};

template <typename Enum, std::size_t n>
Enum read_word(Reader& reader, const std::array<std::string_view, n>& words, const char* problem) {
  const std::string_view word = reader.string();
  for (std::size_t i = 0; i < n; ++i) {
    if (words[i] == word) return static_cast<Enum>(i);
  }
  reader.fail(problem);
  return Enum{};
}

/// Column specifications: with one keyspace and table for all, or one for each.
std::vector<ColumnSpec> read_columns(Reader& reader, std::size_t count, bool global) {
  std::string keyspace;
  std::string table;
  if (global) {
    keyspace = reader.string();
    table = reader.string();
  }
  std::vector<ColumnSpec> out;
  for (std::size_t i = 0; i < count && reader.ok(); ++i) {
    ColumnSpec column{keyspace, table, {}, nullptr};
    if (!global) {
      column.keyspace = reader.string();
      column.table = reader.string();
    }
    column.name = reader.string();
    column.type = read_type(reader);
    out.push_back(std::move(column));
  }
  return out;
}

bool share_table(const std::vector<ColumnSpec>& columns) {
  for (const ColumnSpec& column : columns) {
    if (column.keyspace != columns[0].keyspace || column.table != columns[0].table) return false;
  }
  return !columns.empty();
}

void append_columns(Bytes& out, const std::vector<ColumnSpec>& columns, bool global, Version version) {
  if (global) {
    append_string(out, columns[0].keyspace);
    append_string(out, columns[0].table);
  }
  for (const ColumnSpec& column : columns) {
    if (!global) {
      append_string(out, column.keyspace);
      append_string(out, column.table);
    }
    append_string(out, column.name);
    append_type(out, *column.type, version);
  }
}

RowsMetadata read_metadata(Reader& reader) {
  RowsMetadata out;
  const std::int32_t flags = reader.int_();
  out.column_count = reader.int_();
  if (out.column_count < 0 || out.column_count > 0xFFFF) {
    reader.fail("the number of columns is impossible");
    return out;
  }
  if ((flags & rows_flags::more_pages) != 0) out.paging_state = reader.bytes();
  if ((flags & rows_flags::metadata_changed) != 0) out.new_metadata_id = reader.short_bytes();
  out.has_columns = (flags & rows_flags::no_metadata) == 0;
  const bool global = (flags & rows_flags::global_table) != 0;
  if (out.has_columns) out.columns = read_columns(reader, static_cast<std::size_t>(out.column_count), global);
  return out;
}

void append_metadata(Bytes& out, const RowsMetadata& metadata, Version version) {
  const bool changed = metadata.new_metadata_id && version >= Version::v5;
  const bool global = metadata.has_columns && share_table(metadata.columns);
  const std::int32_t flags =
      (global ? rows_flags::global_table : 0) | (metadata.paging_state ? rows_flags::more_pages : 0) |
      (metadata.has_columns ? 0 : rows_flags::no_metadata) | (changed ? rows_flags::metadata_changed : 0);
  append_big_endian(out, flags);
  append_big_endian(out,
                    metadata.has_columns ? static_cast<std::int32_t>(metadata.columns.size()) : metadata.column_count);
  if (metadata.paging_state) append_bytes_value(out, metadata.paging_state);
  if (changed) append_short_bytes(out, *metadata.new_metadata_id);
  if (metadata.has_columns) append_columns(out, metadata.columns, global, version);
}

Rows read_rows(Reader& reader) {
  Rows out;
  out.metadata = read_metadata(reader);
  const auto columns = static_cast<std::size_t>(out.metadata.column_count);
  out.row_count = static_cast<std::int32_t>(reader.count32(4 * columns));
  if (columns == 0) out.row_count = 0;
  out.cells = reader.raw(reader.left());
  return out;
}

Prepared read_prepared(Reader& reader, Version version) {
  Prepared out;
  out.id = reader.short_bytes();
  if (version >= Version::v5) out.result_metadata_id = reader.short_bytes();
  const std::int32_t flags = reader.int_();
  const std::int32_t count = reader.int_();
  if (count < 0 || count > 0xFFFF) reader.fail("the number of variables is impossible");
  if (version >= Version::v4) {
    const std::size_t keys = reader.count32(2);
    for (std::size_t i = 0; i < keys; ++i) out.partition_key.push_back(reader.short_());
  }
  if (!reader.ok()) return out;
  out.variables = read_columns(reader, static_cast<std::size_t>(count), (flags & rows_flags::global_table) != 0);
  out.result = read_metadata(reader);
  return out;
}

SchemaChange read_schema_change(Reader& reader) {
  SchemaChange out;
  out.change = read_word<SchemaChange::Change>(reader, kChanges, "a schema change is of an unknown kind");
  out.target = read_word<SchemaChange::Target>(reader, kTargets, "a schema change has an unknown target");
  out.keyspace = reader.string();
  if (out.target != SchemaChange::Target::keyspace) out.name = reader.string();
  if (out.target >= SchemaChange::Target::function) out.arguments = reader.string_list();
  return out;
}

void append_schema_change(Bytes& out, const SchemaChange& change) {
  append_string(out, kChanges[static_cast<std::size_t>(change.change)]);
  append_string(out, kTargets[static_cast<std::size_t>(change.target)]);
  append_string(out, change.keyspace);
  if (change.target != SchemaChange::Target::keyspace) append_string(out, change.name);
  if (change.target >= SchemaChange::Target::function) append_string_list(out, change.arguments);
}

void append_kind(Bytes& out, ResultKind kind) {
  append_big_endian(out, static_cast<std::int32_t>(kind));
}

}  // namespace

bool RowReader::next(std::vector<std::optional<BytesView>>& cells) {
  if (left_ <= 0) return false;
  --left_;
  cells.resize(static_cast<std::size_t>(columns_));
  for (auto& cell : cells) cell = reader_.bytes();
  return reader_.ok();
}

Result<StringMultimap> decode_supported(const Frame& frame) {
  Reader reader = start_message(frame);
  StringMultimap out = reader.string_multimap();
  return whole_message(reader, std::move(out));
}

Result<std::string> decode_authenticate(const Frame& frame) {
  Reader reader = start_message(frame);
  std::string out(reader.string());
  return whole_message(reader, std::move(out));
}

Result<std::optional<BytesView>> decode_auth_token(const Frame& frame) {
  Reader reader = start_message(frame);
  const std::optional<BytesView> out = reader.bytes();
  return whole_message(reader, out);
}

Result<ResultMessage> decode_result(const Frame& frame) {
  Reader reader = start_message(frame);
  ResultMessage out;
  switch (static_cast<ResultKind>(reader.int_())) {
    case ResultKind::void_:
      out = VoidResult{};
      break;
    case ResultKind::rows:
      out = read_rows(reader);
      break;
    case ResultKind::set_keyspace:
      out = SetKeyspace{reader.string()};
      break;
    case ResultKind::prepared:
      out = read_prepared(reader, frame.version);
      break;
    case ResultKind::schema_change:
      out = read_schema_change(reader);
      break;
    default:
      reader.fail("a result is of an unknown kind");
  }
  return whole_message(reader, std::move(out));
}

Result<EventMessage> decode_event(const Frame& frame) {
  Reader reader = start_message(frame);
  const std::string_view kind = reader.string();
  if (kind == "SCHEMA_CHANGE") {
    EventMessage change = read_schema_change(reader);
    return whole_message(reader, std::move(change));
  }
  NodeEvent out;
  out.topology = kind == "TOPOLOGY_CHANGE";
  if (!out.topology && kind != "STATUS_CHANGE") reader.fail("an event is of an unknown kind");
  out.change = reader.string();
  std::tie(out.address, out.port) = reader.inet();
  return whole_message(reader, EventMessage(std::move(out)));
}

void append_supported(Bytes& out, const StringMultimap& options) {
  append_string_multimap(out, options);
}
void append_authenticate(Bytes& out, std::string_view authenticator) {
  append_string(out, authenticator);
}
void append_auth_token(Bytes& out, const std::optional<BytesView>& token) {
  append_bytes_value(out, token);
}

void append_void_result(Bytes& out) {
  append_kind(out, ResultKind::void_);
}

void append_set_keyspace(Bytes& out, std::string_view keyspace) {
  append_kind(out, ResultKind::set_keyspace);
  append_string(out, keyspace);
}

void append_rows(Bytes& out, const RowsMetadata& metadata, std::int32_t row_count, BytesView cells, Version version) {
  append_kind(out, ResultKind::rows);
  append_metadata(out, metadata, version);
  append_big_endian(out, row_count);
  append_bytes(out, cells);
}

void append_prepared(Bytes& out, const Prepared& message, Version version) {
  append_kind(out, ResultKind::prepared);
  append_short_bytes(out, message.id);
  if (version >= Version::v5) append_short_bytes(out, message.result_metadata_id);
  const bool global = share_table(message.variables);
  append_big_endian(out, global ? rows_flags::global_table : 0);
  append_big_endian(out, static_cast<std::int32_t>(message.variables.size()));
  if (version >= Version::v4) {
    append_big_endian(out, static_cast<std::int32_t>(message.partition_key.size()));
    for (const std::uint16_t index : message.partition_key) append_big_endian(out, index);
  }
  append_columns(out, message.variables, global, version);
  append_metadata(out, message.result, version);
}

void append_schema_change_result(Bytes& out, const SchemaChange& change, Version) {
  append_kind(out, ResultKind::schema_change);
  append_schema_change(out, change);
}

void append_event(Bytes& out, const EventMessage& event, Version) {
  if (const auto* change = std::get_if<SchemaChange>(&event)) {
    append_string(out, "SCHEMA_CHANGE");
    append_schema_change(out, *change);
    return;
  }
  const auto& node = std::get<NodeEvent>(event);
  append_string(out, node.topology ? "TOPOLOGY_CHANGE" : "STATUS_CHANGE");
  append_string(out, node.change);
  append_inet(out, node.address, node.port);
}

}  // namespace streamops::cql
