// cql/protocol/requests.h — what clients ask (native protocol §4.1), decoded and encoded for versions 3 to 5.
//
// Decoded messages hold views into the frame's body and live as long as it. Encoding appends the body alone:
// FrameWriter adds the header. Errors of every decode_…: SO-C103 (truncated or impossible), SO-C107 (a feature that the
// connection's version does not have).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cql/protocol/frame.h"
#include "cql/protocol/notation.h"

namespace streamops::cql {

/// STARTUP: CQL_VERSION, and perhaps COMPRESSION, DRIVER_NAME, DRIVER_VERSION, CLIENT_ID, …
struct Startup {
  StringMap options;
  /// Nothing when the option was not sent. Names compare without case.
  std::optional<std::string_view> option(std::string_view name) const;
};

/// What goes with a QUERY or an EXECUTE.
struct QueryParameters {
  Consistency consistency = Consistency::one;
  bool skip_metadata = false;
  std::vector<Value> values;
  std::vector<std::string_view> names;  // one a value when values are named, else empty
  std::optional<std::int32_t> page_size;
  std::optional<BytesView> paging_state;
  std::optional<Consistency> serial_consistency;
  std::optional<std::int64_t> timestamp;       // microseconds since the epoch
  std::optional<std::string_view> keyspace;    // v5
  std::optional<std::int32_t> now_in_seconds;  // v5
};

struct Query {
  std::string_view text;
  QueryParameters parameters;
};

struct Prepare {
  std::string_view text;
  std::optional<std::string_view> keyspace;  // v5
};

struct Execute {
  BytesView id;
  BytesView result_metadata_id;  // v5, else empty
  QueryParameters parameters;
};

struct Batch {
  enum class Kind : std::uint8_t { logged = 0, unlogged = 1, counter = 2 };
  struct Statement {
    bool prepared = false;
    std::string_view text;  // not prepared
    BytesView id;           // prepared
    std::vector<Value> values;
  };
  Kind kind = Kind::logged;
  std::vector<Statement> statements;
  Consistency consistency = Consistency::one;
  std::optional<Consistency> serial_consistency;
  std::optional<std::int64_t> timestamp;
  std::optional<std::string_view> keyspace;    // v5
  std::optional<std::int32_t> now_in_seconds;  // v5
};

/// REGISTER: "TOPOLOGY_CHANGE", "STATUS_CHANGE", "SCHEMA_CHANGE".
struct Register {
  std::vector<std::string> events;
};

struct AuthResponse {
  std::optional<BytesView> token;
};

/// What may stand in front of the body proper, by the frame's flags.
struct Prologue {
  std::optional<Uuid> tracing_id;     // responses
  std::vector<std::string> warnings;  // responses
  std::vector<std::pair<std::string_view, std::optional<BytesView>>> custom_payload;
};
/// Reads the prologue of `frame` and leaves `reader` (made over frame.body) at the message itself.
Prologue read_prologue(Reader& reader, const Frame& frame);

/// A reader at the message proper.
Reader start_message(const Frame& frame);
/// `message`, unless the reader failed on the way.
template <typename Message>
Result<Message> whole_message(const Reader& reader, Message message) {
  STREAMOPS_RETURN_IF_ERROR(reader.status());
  return message;
}

// Each takes the whole frame (the prologue is skipped) or, where a Reader is already past it, the rest.
Result<Startup> decode_startup(const Frame& frame);
Result<Query> decode_query(const Frame& frame);
Result<Prepare> decode_prepare(const Frame& frame);
Result<Execute> decode_execute(const Frame& frame);
Result<Batch> decode_batch(const Frame& frame);
Result<Register> decode_register(const Frame& frame);
Result<AuthResponse> decode_auth_response(const Frame& frame);

void append_startup(Bytes& out, const Startup& message);
void append_query(Bytes& out, const Query& message, Version version);
void append_prepare(Bytes& out, const Prepare& message, Version version);
void append_execute(Bytes& out, const Execute& message, Version version);
void append_batch(Bytes& out, const Batch& message, Version version);
void append_register(Bytes& out, const Register& message);
void append_auth_response(Bytes& out, const AuthResponse& message);

}  // namespace streamops::cql
