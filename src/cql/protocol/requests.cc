#include "cql/protocol/requests.h"

#include "base/text.h"
#include "errors/cql_protocol.h"

namespace streamops::cql {

namespace {

namespace query_flags {
constexpr std::uint32_t values = 0x01;
constexpr std::uint32_t skip_metadata = 0x02;
constexpr std::uint32_t page_size = 0x04;
constexpr std::uint32_t paging_state = 0x08;
constexpr std::uint32_t serial_consistency = 0x10;
constexpr std::uint32_t timestamp = 0x20;
constexpr std::uint32_t names = 0x40;
constexpr std::uint32_t keyspace = 0x80;
constexpr std::uint32_t now_in_seconds = 0x100;
}  // namespace query_flags

std::uint32_t read_flags(Reader& reader, Version version) {
  if (version >= Version::v5) return static_cast<std::uint32_t>(reader.int_());
  return reader.byte();
}

void append_flags(Bytes& out, std::uint32_t flags, Version version) {
  if (version >= Version::v5) {
    append_big_endian(out, flags);
  } else {
    out.push_back(static_cast<std::uint8_t>(flags));
  }
}

Error not_in_version(std::string_view what, Version version) {
  return {errors::cql_protocol::not_in_version, "{} does not exist in protocol version {}", what,
          static_cast<int>(version)};
}

Consistency read_serial(Reader& reader) {
  const Consistency level = reader.consistency();
  if (level != Consistency::serial && level != Consistency::local_serial)
    reader.fail("the serial consistency is neither SERIAL nor LOCAL_SERIAL");
  return level;
}

/// The optional fields that QUERY, EXECUTE and BATCH share, in the order in which all of them have these.
template <typename Message>
void read_tail(Reader& reader, std::uint32_t flags, Message& out) {
  if ((flags & query_flags::serial_consistency) != 0) out.serial_consistency = read_serial(reader);
  if ((flags & query_flags::timestamp) != 0) out.timestamp = reader.long_();
  if ((flags & query_flags::keyspace) != 0) out.keyspace = reader.string();
  if ((flags & query_flags::now_in_seconds) != 0) out.now_in_seconds = reader.int_();
}

template <typename Message>
std::uint32_t tail_flags(const Message& message) {
  return (message.serial_consistency ? query_flags::serial_consistency : 0) |
         (message.timestamp ? query_flags::timestamp : 0) | (message.keyspace ? query_flags::keyspace : 0) |
         (message.now_in_seconds ? query_flags::now_in_seconds : 0);
}

template <typename Message>
void append_tail(Bytes& out, const Message& message) {
  if (message.serial_consistency) append_big_endian(out, static_cast<std::uint16_t>(*message.serial_consistency));
  if (message.timestamp) append_big_endian(out, *message.timestamp);
  if (message.keyspace) append_string(out, *message.keyspace);
  if (message.now_in_seconds) append_big_endian(out, *message.now_in_seconds);
}

Result<QueryParameters> read_parameters(Reader& reader, Version version) {
  QueryParameters out;
  out.consistency = reader.consistency();
  const std::uint32_t flags = read_flags(reader, version);
  if (version < Version::v5 && (flags & query_flags::keyspace) != 0)
    return not_in_version("a keyspace for one request", version);
  out.skip_metadata = (flags & query_flags::skip_metadata) != 0;
  if ((flags & query_flags::values) != 0) {
    const bool named = (flags & query_flags::names) != 0;
    const std::size_t count = reader.count16(named ? 6 : 4);
    out.values.reserve(count);
    for (std::size_t i = 0; i < count; ++i) {
      if (named) out.names.push_back(reader.string());
      out.values.push_back(reader.value());
    }
  }
  if ((flags & query_flags::page_size) != 0) out.page_size = reader.int_();
  if ((flags & query_flags::paging_state) != 0) out.paging_state = reader.bytes();
  read_tail(reader, flags, out);
  STREAMOPS_RETURN_IF_ERROR(reader.status());
  return out;
}

void append_parameters(Bytes& out, const QueryParameters& parameters, Version version) {
  append_big_endian(out, static_cast<std::uint16_t>(parameters.consistency));
  std::uint32_t flags = tail_flags(parameters);
  if (!parameters.values.empty()) flags |= query_flags::values;
  if (!parameters.names.empty()) flags |= query_flags::names;
  if (parameters.skip_metadata) flags |= query_flags::skip_metadata;
  if (parameters.page_size) flags |= query_flags::page_size;
  if (parameters.paging_state) flags |= query_flags::paging_state;
  append_flags(out, flags, version);
  if (!parameters.values.empty()) append_big_endian(out, static_cast<std::uint16_t>(parameters.values.size()));
  for (std::size_t i = 0; i < parameters.values.size(); ++i) {
    if (!parameters.names.empty()) append_string(out, parameters.names[i]);
    append_value(out, parameters.values[i]);
  }
  if (parameters.page_size) append_big_endian(out, *parameters.page_size);
  if (parameters.paging_state) append_bytes_value(out, parameters.paging_state);
  append_tail(out, parameters);
}

Batch::Statement read_batch_statement(Reader& reader) {
  Batch::Statement out;
  const std::uint8_t kind = reader.byte();
  if (kind > 1) reader.fail("a statement of a batch is neither text nor prepared");
  out.prepared = kind == 1;
  if (out.prepared) {
    out.id = reader.short_bytes();
  } else {
    out.text = reader.long_string();
  }
  const std::size_t count = reader.count16(4);
  out.values.reserve(count);
  for (std::size_t i = 0; i < count; ++i) out.values.push_back(reader.value());
  return out;
}

}  // namespace

std::optional<std::string_view> Startup::option(std::string_view name) const {
  for (const auto& [key, value] : options) {
    if (equals_ignore_case(key, name)) return value;
  }
  return std::nullopt;
}

Prologue read_prologue(Reader& reader, const Frame& frame) {
  Prologue out;
  if (frame.response && (frame.flags & frame_flags::tracing) != 0) out.tracing_id = reader.uuid();
  if (frame.response && (frame.flags & frame_flags::warning) != 0) out.warnings = reader.string_list();
  if ((frame.flags & frame_flags::custom_payload) == 0) return out;
  for (std::size_t count = reader.count16(6); count > 0; --count) {
    const std::string_view key = reader.string();
    out.custom_payload.emplace_back(key, reader.bytes());
  }
  return out;
}

Reader start_message(const Frame& frame) {
  Reader reader(frame.body);
  read_prologue(reader, frame);
  return reader;
}

Result<Startup> decode_startup(const Frame& frame) {
  Reader reader = start_message(frame);
  Startup out{reader.string_map()};
  return whole_message(reader, std::move(out));
}

Result<Query> decode_query(const Frame& frame) {
  Reader reader = start_message(frame);
  Query out;
  out.text = reader.long_string();
  STREAMOPS_RETURN_IF_ERROR(reader.status());
  STREAMOPS_ASSIGN(out.parameters, read_parameters(reader, frame.version));
  return out;
}

Result<Prepare> decode_prepare(const Frame& frame) {
  Reader reader = start_message(frame);
  Prepare out;
  out.text = reader.long_string();
  if (frame.version >= Version::v5 && (reader.int_() & 1) != 0) out.keyspace = reader.string();
  return whole_message(reader, out);
}

Result<Execute> decode_execute(const Frame& frame) {
  Reader reader = start_message(frame);
  Execute out;
  out.id = reader.short_bytes();
  if (frame.version >= Version::v5) out.result_metadata_id = reader.short_bytes();
  STREAMOPS_RETURN_IF_ERROR(reader.status());
  STREAMOPS_ASSIGN(out.parameters, read_parameters(reader, frame.version));
  return out;
}

Result<Batch> decode_batch(const Frame& frame) {
  Reader reader = start_message(frame);
  Batch out;
  const std::uint8_t kind = reader.byte();
  if (kind > 2) reader.fail("the kind of a batch does not exist");
  out.kind = static_cast<Batch::Kind>(kind);
  const std::size_t count = reader.count16(5);
  out.statements.reserve(count);
  for (std::size_t i = 0; i < count && reader.ok(); ++i) out.statements.push_back(read_batch_statement(reader));
  out.consistency = reader.consistency();
  const std::uint32_t flags = read_flags(reader, frame.version);
  if ((flags & query_flags::names) != 0) reader.fail("named values do not exist in batches");
  if (frame.version < Version::v5 && (flags & query_flags::keyspace) != 0)
    return not_in_version("a keyspace for one request", frame.version);
  read_tail(reader, flags, out);
  return whole_message(reader, std::move(out));
}

Result<Register> decode_register(const Frame& frame) {
  Reader reader = start_message(frame);
  Register out{reader.string_list()};
  return whole_message(reader, std::move(out));
}

Result<AuthResponse> decode_auth_response(const Frame& frame) {
  Reader reader = start_message(frame);
  AuthResponse out{reader.bytes()};
  return whole_message(reader, out);
}

void append_startup(Bytes& out, const Startup& message) {
  append_string_map(out, message.options);
}

void append_query(Bytes& out, const Query& message, Version version) {
  append_long_string(out, message.text);
  append_parameters(out, message.parameters, version);
}

void append_prepare(Bytes& out, const Prepare& message, Version version) {
  append_long_string(out, message.text);
  if (version < Version::v5) return;
  append_big_endian(out, std::uint32_t{message.keyspace.has_value()});
  if (message.keyspace) append_string(out, *message.keyspace);
}

void append_execute(Bytes& out, const Execute& message, Version version) {
  append_short_bytes(out, message.id);
  if (version >= Version::v5) append_short_bytes(out, message.result_metadata_id);
  append_parameters(out, message.parameters, version);
}

void append_batch(Bytes& out, const Batch& message, Version version) {
  out.push_back(static_cast<std::uint8_t>(message.kind));
  append_big_endian(out, static_cast<std::uint16_t>(message.statements.size()));
  for (const Batch::Statement& statement : message.statements) {
    out.push_back(statement.prepared ? 1 : 0);
    if (statement.prepared) {
      append_short_bytes(out, statement.id);
    } else {
      append_long_string(out, statement.text);
    }
    append_big_endian(out, static_cast<std::uint16_t>(statement.values.size()));
    for (const Value& value : statement.values) append_value(out, value);
  }
  append_big_endian(out, static_cast<std::uint16_t>(message.consistency));
  append_flags(out, tail_flags(message), version);
  append_tail(out, message);
}

void append_register(Bytes& out, const Register& message) {
  append_string_list(out, message.events);
}

void append_auth_response(Bytes& out, const AuthResponse& message) {
  append_bytes_value(out, message.token);
}

}  // namespace streamops::cql
