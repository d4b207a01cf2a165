// cql/protocol/error_codec.cc — ERROR messages with the fields that each code has (v5 §8), and which of our errors
// becomes which code.
#include <fmt/format.h>

#include <array>

#include "cql/protocol/requests.h"
#include "cql/protocol/responses.h"
#include "cql/protocol/wire_code.h"
#include "errors/cql_protocol.h"

namespace streamops::cql {

namespace {

struct CodeName {
  ErrorCode code;
  std::string_view name;
};
constexpr std::array kNames = std::to_array<CodeName>({
    {ErrorCode::server_error, "server error"},
    {ErrorCode::protocol_error, "protocol error"},
    {ErrorCode::bad_credentials, "bad credentials"},
    {ErrorCode::unavailable, "unavailable"},
    {ErrorCode::overloaded, "overloaded"},
    {ErrorCode::is_bootstrapping, "is bootstrapping"},
    {ErrorCode::truncate_error, "truncate error"},
    {ErrorCode::write_timeout, "write timeout"},
    {ErrorCode::read_timeout, "read timeout"},
    {ErrorCode::read_failure, "read failure"},
    {ErrorCode::function_failure, "function failure"},
    {ErrorCode::write_failure, "write failure"},
    {ErrorCode::cdc_write_failure, "CDC write failure"},
    {ErrorCode::cas_write_unknown, "outcome of a conditional write unknown"},
    {ErrorCode::syntax_error, "syntax error"},
    {ErrorCode::unauthorized, "unauthorized"},
    {ErrorCode::invalid, "invalid request"},
    {ErrorCode::config_error, "configuration error"},
    {ErrorCode::already_exists, "already exists"},
    {ErrorCode::unprepared, "unprepared"},
});

void read_failures(Reader& reader, Version version, ErrorMessage& out) {
  if (version < Version::v5) {
    out.failures = reader.int_();
    return;
  }
  const std::size_t count = reader.count32(7);
  for (std::size_t i = 0; i < count; ++i) {
    const InetAddress address = reader.inet_address();
    out.failure_reasons.emplace_back(address, reader.short_());
  }
  out.failures = static_cast<std::int32_t>(count);
}

void append_failures(Bytes& out, const ErrorMessage& message, Version version) {
  if (version < Version::v5) {
    append_big_endian(out, message.failures);
    return;
  }
  append_big_endian(out, static_cast<std::int32_t>(message.failure_reasons.size()));
  for (const auto& [address, reason] : message.failure_reasons) {
    out.push_back(address.size);
    append_bytes(out, address.view());
    append_big_endian(out, reason);
  }
}

void read_counts(Reader& reader, ErrorMessage& out) {
  out.consistency = reader.consistency();
  out.received = reader.int_();
  out.required = reader.int_();
}

void read_fields(Reader& reader, Version version, ErrorMessage& out) {
  switch (out.code) {
    case ErrorCode::unavailable:
      out.consistency = reader.consistency();
      out.required = reader.int_();
      out.received = reader.int_();
      break;
    case ErrorCode::write_timeout:
      read_counts(reader, out);
      out.write_type = reader.string();
      if (version >= Version::v5 && out.write_type == "CAS" && reader.left() >= 2) out.contentions = reader.short_();
      break;
    case ErrorCode::read_timeout:
      read_counts(reader, out);
      out.data_present = reader.byte() != 0;
      break;
    case ErrorCode::read_failure:
      read_counts(reader, out);
      read_failures(reader, version, out);
      out.data_present = reader.byte() != 0;
      break;
    case ErrorCode::write_failure:
      read_counts(reader, out);
      read_failures(reader, version, out);
      out.write_type = reader.string();
      break;
    case ErrorCode::cas_write_unknown:
      read_counts(reader, out);
      break;
    case ErrorCode::function_failure:
      out.keyspace = reader.string();
      out.name = reader.string();
      out.arguments = reader.string_list();
      break;
    case ErrorCode::already_exists:
      out.keyspace = reader.string();
      out.name = reader.string();
      break;
    case ErrorCode::unprepared: {
      const BytesView id = reader.short_bytes();
      out.unprepared_id.assign(id.begin(), id.end());
      break;
    }
    default:
      break;
  }
}

void append_counts(Bytes& out, const ErrorMessage& message) {
  append_big_endian(out, static_cast<std::uint16_t>(message.consistency));
  append_big_endian(out, message.received);
  append_big_endian(out, message.required);
}

void append_fields(Bytes& out, const ErrorMessage& message, Version version) {
  switch (message.code) {
    case ErrorCode::unavailable:
      append_big_endian(out, static_cast<std::uint16_t>(message.consistency));
      append_big_endian(out, message.required);
      append_big_endian(out, message.received);
      break;
    case ErrorCode::write_timeout:
      append_counts(out, message);
      append_string(out, message.write_type);
      if (version >= Version::v5 && message.contentions) append_big_endian(out, *message.contentions);
      break;
    case ErrorCode::read_timeout:
      append_counts(out, message);
      out.push_back(message.data_present ? 1 : 0);
      break;
    case ErrorCode::read_failure:
      append_counts(out, message);
      append_failures(out, message, version);
      out.push_back(message.data_present ? 1 : 0);
      break;
    case ErrorCode::write_failure:
      append_counts(out, message);
      append_failures(out, message, version);
      append_string(out, message.write_type);
      break;
    case ErrorCode::cas_write_unknown:
      append_counts(out, message);
      break;
    case ErrorCode::function_failure:
      append_string(out, message.keyspace);
      append_string(out, message.name);
      append_string_list(out, message.arguments);
      break;
    case ErrorCode::already_exists:
      append_string(out, message.keyspace);
      append_string(out, message.name);
      break;
    case ErrorCode::unprepared:
      append_short_bytes(out, message.unprepared_id);
      break;
    default:
      break;
  }
}

/// Cuts a text to what a [string] holds, not in the middle of a UTF-8 sequence.
std::string_view fitting(std::string_view text) {
  if (text.size() <= 0xFFFF) return text;
  std::size_t size = 0xFFFF;
  while (size > 0 && (static_cast<unsigned char>(text[size]) & 0xC0) == 0x80) --size;
  return text.substr(0, size);
}

}  // namespace

std::string describe(ErrorCode code) {
  for (const CodeName& entry : kNames) {
    if (entry.code == code) return std::string(entry.name);
  }
  return fmt::format("error 0x{:04x}", static_cast<std::uint32_t>(code));
}

Result<ErrorMessage> decode_error(const Frame& frame) {
  Reader reader = start_message(frame);
  ErrorMessage out;
  out.code = static_cast<ErrorCode>(reader.int_());
  out.message = reader.string();
  read_fields(reader, frame.version, out);
  return whole_message(reader, std::move(out));
}

void append_error(Bytes& out, const ErrorMessage& message, Version version) {
  append_big_endian(out, static_cast<std::uint32_t>(message.code));
  append_string(out, fitting(message.message));
  append_fields(out, message, version);
}

ErrorCode wire_code(const Error& error) {
  namespace codes = errors::cql_protocol;
  if (error.is(codes::syntax) || error.is(codes::too_deep)) return ErrorCode::syntax_error;
  if (error.is(codes::bad_statement) || error.is(codes::bad_type) || error.is(codes::bad_value))
    return ErrorCode::invalid;
  return error.code().starts_with("SO-C10") ? ErrorCode::protocol_error : ErrorCode::server_error;
}

ErrorMessage to_error_message(const Error& error) {
  ErrorMessage out;
  out.code = wire_code(error);
  out.message = error.message();
  return out;
}

}  // namespace streamops::cql
