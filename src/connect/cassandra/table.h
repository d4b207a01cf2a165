// connect/cassandra/table.h — the table as the server has it, and how the columns of a stream map to it.
//
// Pure: the rows of system_schema come in, a plan goes out.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "connect/cassandra/conversion.h"
#include "cql/protocol/responses.h"
#include "data/type.h"

namespace streamops::connect {

struct TableColumn {
  enum class Kind : std::uint8_t { partition_key, clustering, statics, regular };
  std::string name;
  Kind kind = Kind::regular;
  int position = -1;  // within the partition key, within the clustering columns
  cql::CqlTypePtr type;

  bool is_key() const { return kind == Kind::partition_key || kind == Kind::clustering; }
};

struct TableDescription {
  std::string keyspace;
  std::string table;
  std::vector<TableColumn> columns;  // the key first, in its order

  /// Partition key, then clustering columns.
  std::vector<std::string> key() const;
};

/// The statements that read a table's columns and its keyspace's types.
std::string columns_query(std::string_view keyspace, std::string_view table);
std::string types_query(std::string_view keyspace);
/// Reads their answers. Errors: SO-X101 (no such table), SO-C113 (a column of an unknown type), SO-C103.
Result<TableDescription> describe_table(const std::string& keyspace, const std::string& table, const cql::Rows& columns,
                                        const cql::Rows& types);

/// A column of the stream, and where its values go.
struct MappedColumn {
  std::string name;  // as the table has it
  std::size_t source = 0;
  bool is_key = false;
  ColumnWriter writer;
};

/// What to send for a row: the statements' texts and, in the order of their variables, the columns.
struct WritePlan {
  std::vector<MappedColumn> columns;   // INSERT: key and others, as the stream has them
  std::vector<std::size_t> key_order;  // DELETE: indices into columns, in the key's order
  std::vector<std::string> key_names;
  std::string insert;  // … VALUES (?, …) USING TIMESTAMP ? [AND TTL ?]
  std::string erase;   // DELETE … USING TIMESTAMP ? WHERE k = ? AND …
};
/// Errors: SO-X102 (a column that the table lacks; with "did you mean"), SO-X103, SO-X104 (a part of the key is
/// missing), SO-X105 (counters).
Result<WritePlan> plan_writes(const TableDescription& table, const data::Schema& schema, bool with_ttl);

}  // namespace streamops::connect
