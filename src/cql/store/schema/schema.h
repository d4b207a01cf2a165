// cql/store/schema/schema.h — keyspaces, tables and types as plain, immutable values.
//
//   Schema ─► Keyspace ─► Table ─► Column …
//                     └─► user-defined types
//
// A change makes a new Schema that shares what did not change; statements, compiled plans and reads in pools hold the
// one that they began with. Threads: immutable after construction, so any.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/uuid.h"
#include "cql/protocol/responses.h"
#include "cql/protocol/type.h"
#include "cql/store/rows/key.h"
#include "cql/store/rows/row.h"
#include "cql/store/schema/table_options.h"

namespace streamops::cql::store {

enum class ColumnKind : std::uint8_t { partition_key, clustering, statics, regular };
/// "partition_key", "clustering", "static", "regular".
std::string_view to_string(ColumnKind kind);

struct Column {
  std::string name;
  CqlTypePtr type;
  ColumnKind kind = ColumnKind::regular;
  ColumnId id = 0;           // names the column in stored cells; never reused in its table
  bool descending = false;   // clustering
  std::size_t ordinal = 0;   // place in Table::columns
  std::size_t position = 0;  // place among columns of its kind
};

struct DroppedColumn {
  std::string name;
  std::string type;
  ColumnKind kind = ColumnKind::regular;
  std::int64_t dropped_micros = 0;
};

/// One table. `columns` is in the order of SELECT *: partition key, clustering, static by name, regular by name.
struct Table {
  TableId id = 0;  // 0: not stored, made up in memory (system tables)
  Uuid uuid;
  std::string keyspace;
  std::string name;
  std::vector<Column> columns;
  std::size_t partition_size = 0;   // the first columns
  std::size_t clustering_size = 0;  // those behind them
  ColumnId next_column = 0;
  TableOptions options;
  std::vector<DroppedColumn> dropped;

  const Column* find(std::string_view column) const;
  const Column* by_id(ColumnId column) const;
  const Column& clustering(std::size_t index) const { return columns[partition_size + index]; }
  bool has_statics() const;
  bool is_virtual() const { return id == 0; }
  ColumnSpec spec(const Column& column) const { return {keyspace, name, column.name, column.type}; }
  /// Sorts and numbers `columns` after they have been changed.
  void arrange();

 private:
  std::vector<std::int32_t> ordinal_of_;  // by column id, -1 where dropped
};
using TablePtr = std::shared_ptr<const Table>;

struct Keyspace {
  std::string name;
  PropertyMap replication;  // sorted; the class with its full name
  bool durable_writes = true;
  bool is_system = false;
  std::map<std::string, TablePtr, std::less<>> tables;
  std::map<std::string, CqlTypePtr, std::less<>> types;  // not frozen
};
using KeyspacePtr = std::shared_ptr<const Keyspace>;

struct Schema {
  std::map<std::string, KeyspacePtr, std::less<>> keyspaces;
  Uuid version;

  const Keyspace* find(std::string_view keyspace) const;
  TablePtr find(std::string_view keyspace, std::string_view table) const;
  CqlTypePtr find_type(std::string_view keyspace, std::string_view type) const;

  /// The keyspace to use: the written one, else the session's. Errors: SO-C001 (none).
  static Result<std::string> resolve_keyspace(std::string_view written, std::string_view session);
  /// Errors: SO-C001 with Cassandra's words (no keyspace; "keyspace x does not exist"; "table t does not exist").
  Result<TablePtr> require(std::string_view keyspace, std::string_view session, std::string_view table) const;
};
using SchemaPtr = std::shared_ptr<const Schema>;

}  // namespace streamops::cql::store
