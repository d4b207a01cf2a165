#include <doctest/doctest.h>

#include "cql/protocol/murmur3.h"
#include "cql/protocol/requests.h"
#include "cql/protocol/responses.h"
#include "cql/protocol/wire_code.h"
#include "errors/cql_protocol.h"

using namespace streamops;
using namespace streamops::cql;

namespace {

constexpr Version kVersions[] = {Version::v3, Version::v4, Version::v5};

Frame framed(const Bytes& body, Opcode opcode, Version version, bool response = false) {
  return {version, response, 0, 0, opcode, body};
}

QueryParameters full_parameters(Version version) {
  QueryParameters out;
  out.consistency = Consistency::local_quorum;
  out.skip_metadata = true;
  out.values = {Value::of(as_bytes("abc")), Value::null(), Value::unset(), Value::of({})};
  out.page_size = 5000;
  out.paging_state = as_bytes("state");
  out.serial_consistency = Consistency::local_serial;
  out.timestamp = -123456789;
  if (version == Version::v5) {
    out.keyspace = "ks";
    out.now_in_seconds = 77;
  }
  return out;
}

void check_same(const QueryParameters& a, const QueryParameters& b) {
  CHECK(a.consistency == b.consistency);
  CHECK(a.skip_metadata == b.skip_metadata);
  REQUIRE(a.values.size() == b.values.size());
  for (std::size_t i = 0; i < a.values.size(); ++i) {
    CHECK(a.values[i].state == b.values[i].state);
    CHECK(as_text(a.values[i].bytes) == as_text(b.values[i].bytes));
  }
  CHECK(a.names == b.names);
  CHECK(a.page_size == b.page_size);
  CHECK(as_text(*a.paging_state) == as_text(*b.paging_state));
  CHECK(a.serial_consistency == b.serial_consistency);
  CHECK(a.timestamp == b.timestamp);
  CHECK(a.keyspace == b.keyspace);
  CHECK(a.now_in_seconds == b.now_in_seconds);
}

/// Every proper prefix of a message is refused, without reading beyond its end.
template <typename Decode>
void check_truncations(const Bytes& body, Opcode opcode, Version version, Decode decode, bool response = false) {
  for (std::size_t size = 0; size < body.size(); ++size) {
    const Bytes cut(body.begin(), body.begin() + static_cast<std::ptrdiff_t>(size));
    const auto result = decode(framed(cut, opcode, version, response));
    CHECK_MESSAGE(!result.ok(), size);
    if (!result.ok()) CHECK(result.error().is(errors::cql_protocol::bad_message));  // SO-C103
  }
}

CqlTypePtr every_type() {
  std::vector<CqlTypePtr> members;
  for (const char* name :
       {"ascii", "bigint", "blob", "boolean", "date", "decimal", "double", "duration", "float", "inet", "int",
        "smallint", "text", "time", "timestamp", "timeuuid", "tinyint", "uuid", "varint"}) {
    members.push_back(scalar_by_name(name));
  }
  members.push_back(CqlType::map(members[0], CqlType::list(members[1])));
  members.push_back(CqlType::vector(CqlType::scalar(TypeId::float_), 3));
  members.push_back(CqlType::udt("ks", "addr", {{"street", members[12]}, {"Zip", CqlType::set(members[10])}}));
  return CqlType::tuple(members);
}

}  // namespace

TEST_CASE("queries, executions and batches survive the wire at every version") {
  for (const Version version : kVersions) {
    Query query{"SELECT 1", full_parameters(version)};
    query.parameters.names = {"a", "b", "c", "d"};
    Bytes body;
    append_query(body, query, version);
    const auto query_back = decode_query(framed(body, Opcode::query, version));
    REQUIRE(query_back.ok());
    CHECK(query_back->text == query.text);
    check_same(query.parameters, query_back->parameters);
    check_truncations(body, Opcode::query, version, decode_query);

    Execute execute{as_bytes("id"), version == Version::v5 ? as_bytes("meta") : BytesView(), full_parameters(version)};
    body.clear();
    append_execute(body, execute, version);
    const auto execute_back = decode_execute(framed(body, Opcode::execute, version));
    REQUIRE(execute_back.ok());
    CHECK(as_text(execute_back->id) == "id");
    CHECK(as_text(execute_back->result_metadata_id) == (version == Version::v5 ? "meta" : ""));
    check_same(execute.parameters, execute_back->parameters);

    Batch batch;
    batch.kind = Batch::Kind::unlogged;
    batch.statements = {{false, "INSERT", {}, {Value::null()}},
                        {true, {}, as_bytes("id"), {Value::of(as_bytes("x")), Value::unset()}}};
    batch.timestamp = 5;
    body.clear();
    append_batch(body, batch, version);
    const auto batch_back = decode_batch(framed(body, Opcode::batch, version));
    REQUIRE(batch_back.ok());
    CHECK(batch_back->statements.size() == 2);
    CHECK(batch_back->statements[0].text == "INSERT");
    CHECK(batch_back->statements[1].prepared);
    CHECK(batch_back->statements[1].values[1].is_unset());
    CHECK(batch_back->timestamp == 5);
    check_truncations(body, Opcode::batch, version, decode_batch);
  }
}

TEST_CASE("a keyspace for one request is refused before version 5") {
  Query query{"SELECT 1", {}};
  query.parameters.keyspace = "ks";
  Bytes body;
  append_query(body, query, Version::v4);
  CHECK(decode_query(framed(body, Opcode::query, Version::v4))
            .error()
            .is(errors::cql_protocol::not_in_version));  // SO-C107
}

TEST_CASE("PREPARE, REGISTER, STARTUP and AUTH_RESPONSE survive the wire") {
  for (const Version version : kVersions) {
    Bytes body;
    append_prepare(body, {"SELECT 1", version == Version::v5 ? std::optional<std::string_view>("ks") : std::nullopt},
                   version);
    const auto prepare = decode_prepare(framed(body, Opcode::prepare, version));
    CHECK(prepare->text == "SELECT 1");
    CHECK(prepare->keyspace.has_value() == (version == Version::v5));
    check_truncations(body, Opcode::prepare, version, decode_prepare);
  }
  Bytes body;
  append_register(body, {{"SCHEMA_CHANGE", "STATUS_CHANGE"}});
  CHECK(decode_register(framed(body, Opcode::register_, Version::v4))->events.size() == 2);
  body.clear();
  append_startup(body, {{{"CQL_VERSION", "3.4.7"}, {"Compression", "lz4"}}});
  const auto startup = decode_startup(framed(body, Opcode::startup, Version::v4));
  CHECK(startup->option("COMPRESSION") == "lz4");
  CHECK_FALSE(startup->option("DRIVER_NAME").has_value());
  body.clear();
  append_auth_response(body, {as_bytes(std::string_view("\0user\0pw", 8))});
  CHECK(decode_auth_response(framed(body, Opcode::auth_response, Version::v4))->token->size() == 8);
}

TEST_CASE("every type and every result survives the wire at every version") {
  for (const Version version : kVersions) {
    RowsMetadata metadata;
    metadata.columns = {{"ks", "t", "a", every_type()}, {"ks", "t", "b", CqlType::scalar(TypeId::counter)}};
    metadata.paging_state = as_bytes("more");
    if (version == Version::v5) metadata.new_metadata_id = as_bytes("newid");
    Bytes cells;
    append_bytes_value(cells, as_bytes("x"));
    append_bytes_value(cells, std::nullopt);
    Bytes body;
    append_rows(body, metadata, 1, cells, version);
    const auto result = decode_result(framed(body, Opcode::result, version, true));
    REQUIRE(result.ok());
    const auto& rows = std::get<Rows>(*result);
    CHECK(as_text(*rows.metadata.paging_state) == "more");
    REQUIRE(rows.metadata.columns.size() == 2);
    // Frozen-ness is no part of the wire's type options: compare as the Java classes without it.
    CHECK(rows.metadata.columns[0].type->children().size() == every_type()->children().size());
    CHECK(CqlType::freeze(rows.metadata.columns[0].type)->to_cql() == every_type()->to_cql());
    CHECK(rows.metadata.columns[1].type == CqlType::scalar(TypeId::counter));
    check_truncations(Bytes(body.begin(), body.end() - static_cast<std::ptrdiff_t>(cells.size())), Opcode::result,
                      version, decode_result, true);

    Prepared prepared;
    prepared.id = as_bytes("0123456789abcdef");
    if (version == Version::v5) prepared.result_metadata_id = as_bytes("meta");
    prepared.variables = metadata.columns;
    if (version >= Version::v4) prepared.partition_key = {1, 0};
    prepared.result.has_columns = false;
    body.clear();
    append_prepared(body, prepared, version);
    const auto prepared_back = decode_result(framed(body, Opcode::result, version, true));
    REQUIRE(prepared_back.ok());
    CHECK(std::get<Prepared>(*prepared_back).partition_key == prepared.partition_key);
    CHECK(std::get<Prepared>(*prepared_back).variables[1].name == "b");
    check_truncations(body, Opcode::result, version, decode_result, true);

    body.clear();
    append_schema_change_result(body, {SchemaChange::Change::created, SchemaChange::Target::table, "ks", "t", {}},
                                version);
    CHECK(std::get<SchemaChange>(*decode_result(framed(body, Opcode::result, version, true))).name == "t");
    body.clear();
    append_set_keyspace(body, "ks");
    CHECK(std::get<SetKeyspace>(*decode_result(framed(body, Opcode::result, version, true))).keyspace == "ks");
  }
  Bytes body;
  append_event(body, NodeEvent{true, "NEW_NODE", {}, 9042}, Version::v4);
  CHECK(std::get<NodeEvent>(*decode_event(framed(body, Opcode::event, Version::v4, true))).port == 9042);
  body.clear();
  append_event(body, SchemaChange{SchemaChange::Change::dropped, SchemaChange::Target::keyspace, "ks", {}, {}},
               Version::v4);
  CHECK(std::get<SchemaChange>(*decode_event(framed(body, Opcode::event, Version::v4, true))).keyspace == "ks");
}

TEST_CASE("every error survives the wire with its fields") {
  for (const Version version : kVersions) {
    for (const std::uint32_t code :
         {0x0000U, 0x000AU, 0x0100U, 0x1000U, 0x1001U, 0x1002U, 0x1003U, 0x1100U, 0x1200U, 0x1300U,
          0x1400U, 0x1500U, 0x1600U, 0x1700U, 0x2000U, 0x2100U, 0x2200U, 0x2300U, 0x2400U, 0x2500U}) {
      ErrorMessage message;
      message.code = static_cast<ErrorCode>(code);
      message.message = "what happened";
      message.required = 3;
      message.received = 2;
      message.write_type = "CAS";
      message.data_present = true;
      message.keyspace = "ks";
      message.name = "t";
      message.unprepared_id = {1, 2};
      message.failure_reasons = {{InetAddress{}, 1}};
      Bytes body;
      append_error(body, message, version);
      const auto back = decode_error(framed(body, Opcode::error, version, true));
      REQUIRE(back.ok());
      CHECK(back->code == message.code);
      CHECK(back->message == message.message);
      if (code == 0x1000 || code == 0x1100) CHECK(back->required == 3);
      if (code == 0x2500) CHECK(back->unprepared_id == message.unprepared_id);
      if (code == 0x2400) CHECK(back->name == "t");
      check_truncations(body, Opcode::error, version, decode_error, true);
    }
  }
  CHECK(describe(static_cast<ErrorCode>(0x1234)) == "error 0x1234");
}

TEST_CASE("a count that the bytes cannot hold is refused before it is believed") {
  const Bytes rows{0, 0, 0, 2, 0, 0, 0, 4, 0, 0, 0, 1, 0x7F, 0xFF, 0xFF, 0xFF};
  CHECK_FALSE(decode_result(framed(rows, Opcode::result, Version::v4, true)).ok());
  Bytes deep{0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0};
  for (int i = 0; i < 100'000; ++i) append_big_endian(deep, std::uint16_t{0x20});
  CHECK_FALSE(decode_result(framed(deep, Opcode::result, Version::v4, true)).ok());
}

TEST_CASE("tokens are those of Cassandra") {
  // SELECT token(k) on Cassandra.
  CHECK(murmur3_token({}) == INT64_MIN);
  CHECK(murmur3_token(as_bytes("123")) == -7468325962851647638);
  Bytes high;
  for (int i = 0; i < 10; ++i) append_bytes(high, Bytes{0x00, 0xff, 0x10, 0xfa, 0x99});
  CHECK(murmur3_token(high) == 5837342703291459765);
  CHECK(murmur3_token(as_bytes("\xfe\xfe\xfe\xfe\xfe\xfe\xfe\xfe")) == -8927430733708461935);
  CHECK(murmur3_token(as_bytes("\x10\x10\x10\x10\x10\x10\x10\x10")) == 1446172840243228796);
  CHECK(murmur3_token(as_bytes("9223372036854775807")) == 7162290910810015547);
  const BytesView pair[] = {as_bytes("a"), as_bytes("bc")};
  CHECK(to_hex(partition_key(pair)) == "000161000002626300");
}
