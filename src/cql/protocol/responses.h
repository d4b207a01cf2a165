// cql/protocol/responses.h — what servers answer (native protocol §4.2), decoded and encoded for versions 3 to 5.
//
// Rows are not unpacked into objects: a Rows result holds a view of the cells, read front to back with RowReader,
// written by append_value. Errors of every decode_…: SO-C103.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "cql/protocol/frame.h"
#include "cql/protocol/notation.h"
#include "cql/protocol/type.h"

namespace streamops::cql {

struct ColumnSpec {
  std::string keyspace;
  std::string table;
  std::string name;
  CqlTypePtr type;
};

struct RowsMetadata {
  std::vector<ColumnSpec> columns;        // empty when has_columns is false
  std::int32_t column_count = 0;          // set also without columns; an encoder takes columns.size() when has_columns
  bool has_columns = true;                // false: NO_METADATA, the client knows them
  std::optional<BytesView> paging_state;  // HAS_MORE_PAGES
  std::optional<BytesView> new_metadata_id;  // v5: METADATA_CHANGED
};

struct VoidResult {};
struct SetKeyspace {
  std::string_view keyspace;
};
struct Rows {
  RowsMetadata metadata;
  std::int32_t row_count = 0;
  BytesView cells;  // row_count × column_count × [bytes]
};
struct Prepared {
  BytesView id;
  BytesView result_metadata_id;  // v5
  std::vector<ColumnSpec> variables;
  std::vector<std::uint16_t> partition_key;  // v4 on: which variables are the partition key, in its order
  RowsMetadata result;                       // no columns for statements that answer no rows
};
/// A RESULT and an EVENT alike.
struct SchemaChange {
  enum class Change : std::uint8_t { created, updated, dropped };
  enum class Target : std::uint8_t { keyspace, table, type, function, aggregate };
  Change change = Change::created;
  Target target = Target::keyspace;
  std::string keyspace;
  std::string name;                    // not for keyspaces
  std::vector<std::string> arguments;  // functions and aggregates: argument types
};
using ResultMessage = std::variant<VoidResult, Rows, SetKeyspace, Prepared, SchemaChange>;

/// "NEW_NODE", "REMOVED_NODE" / "UP", "DOWN".
struct NodeEvent {
  bool topology = false;  // TOPOLOGY_CHANGE, else STATUS_CHANGE
  std::string change;
  InetAddress address;
  std::int32_t port = 0;
};
using EventMessage = std::variant<NodeEvent, SchemaChange>;

/// Error codes of the protocol (§8, v5).
enum class ErrorCode : std::uint32_t {
  server_error = 0x0000,
  protocol_error = 0x000A,
  bad_credentials = 0x0100,
  unavailable = 0x1000,
  overloaded = 0x1001,
  is_bootstrapping = 0x1002,
  truncate_error = 0x1003,
  write_timeout = 0x1100,
  read_timeout = 0x1200,
  read_failure = 0x1300,
  function_failure = 0x1400,
  write_failure = 0x1500,
  cdc_write_failure = 0x1600,
  cas_write_unknown = 0x1700,
  syntax_error = 0x2000,
  unauthorized = 0x2100,
  invalid = 0x2200,
  config_error = 0x2300,
  already_exists = 0x2400,
  unprepared = 0x2500
};
/// "write timeout", "syntax error", …; "error 0x1234" for codes that the specification does not have.
std::string describe(ErrorCode code);

/// An ERROR message. Which fields count depends on the code; the others stay at their defaults.
struct ErrorMessage {
  ErrorCode code = ErrorCode::server_error;
  std::string message;
  Consistency consistency = Consistency::one;  // unavailable, timeouts, failures
  std::int32_t received = 0;                   // unavailable: replicas alive; else answers received
  std::int32_t required = 0;
  bool data_present = false;  // read_timeout, read_failure
  std::string write_type;     // write_timeout, write_failure: "SIMPLE", "BATCH", "UNLOGGED_BATCH", "COUNTER", "CAS", …
  std::optional<std::uint16_t> contentions;                            // v5: write_timeout of a CAS
  std::int32_t failures = 0;                                           // read_failure, write_failure
  std::vector<std::pair<InetAddress, std::uint16_t>> failure_reasons;  // v5
  std::string keyspace;                                                // already_exists, function_failure
  std::string name;  // already_exists: the table (empty: the keyspace); function_failure: the function
  std::vector<std::string> arguments;  // function_failure
  Bytes unprepared_id;                 // unprepared
};

/// Reads the cells of a Rows result, row by row.
class RowReader {
 public:
  explicit RowReader(const Rows& rows)
      : reader_(rows.cells), columns_(rows.metadata.column_count), left_(rows.row_count) {}
  /// Reads the next row into `cells` (resized to the column count; nothing for null). False at the end or on damage:
  /// see status().
  bool next(std::vector<std::optional<BytesView>>& cells);
  Result<void> status() const { return reader_.status(); }

 private:
  Reader reader_;
  std::int32_t columns_;
  std::int32_t left_;
};

Result<StringMultimap> decode_supported(const Frame& frame);
Result<std::string> decode_authenticate(const Frame& frame);
/// AUTH_CHALLENGE and AUTH_SUCCESS.
Result<std::optional<BytesView>> decode_auth_token(const Frame& frame);
Result<ResultMessage> decode_result(const Frame& frame);
Result<EventMessage> decode_event(const Frame& frame);
Result<ErrorMessage> decode_error(const Frame& frame);

void append_supported(Bytes& out, const StringMultimap& options);
void append_authenticate(Bytes& out, std::string_view authenticator);
void append_auth_token(Bytes& out, const std::optional<BytesView>& token);
void append_void_result(Bytes& out);
void append_set_keyspace(Bytes& out, std::string_view keyspace);
/// A whole Rows result: kind, metadata, count and the cells as they stand. `cells` holds row_count × columns [bytes].
void append_rows(Bytes& out, const RowsMetadata& metadata, std::int32_t row_count, BytesView cells, Version version);
void append_prepared(Bytes& out, const Prepared& message, Version version);
void append_schema_change_result(Bytes& out, const SchemaChange& change, Version version);
void append_event(Bytes& out, const EventMessage& event, Version version);
void append_error(Bytes& out, const ErrorMessage& message, Version version);

/// The protocol's type option; younger scalars become custom classes for versions that do not know them.
void append_type(Bytes& out, const CqlType& type, Version version);
/// Nothing (and a failed reader) when it cannot be; nesting is limited to 64.
CqlTypePtr read_type(Reader& reader);
/// "org.apache.cassandra.db.marshal.VectorType(org.apache.cassandra.db.marshal.FloatType , 3)"; unknown classes give a
/// custom type.
CqlTypePtr type_from_java_class(std::string_view java_class);

}  // namespace streamops::cql
