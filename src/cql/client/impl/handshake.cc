#include "cql/client/impl/handshake.h"

#include <algorithm>

#include "cql/client/impl/failure.h"
#include "cql/protocol/requests.h"
#include "errors/cql_client.h"

namespace streamops::cql {

Handshake::Send Handshake::begin() {
  const bool may_compress = options_.compression != Compression::none &&
                            (version_ != Version::v5 || options_.compression == Compression::lz4);
  if (may_compress) return {Opcode::options, {}};
  return startup();
}

Handshake::Send Handshake::startup() {
  Startup message{{{"CQL_VERSION", "3.0.0"}, {"DRIVER_NAME", options_.client_name}}};
  if (compression_ != Compression::none)
    message.options.emplace_back("COMPRESSION", std::string(to_string(compression_)));
  Send out{Opcode::startup, {}};
  append_startup(out.body, message);
  return out;
}

Handshake::Step Handshake::supported(const Frame& frame) {
  const Result<StringMultimap> offered = decode_supported(frame);
  if (!offered)
    return Failed{
        Error(errors::cql_client::broken_answer, "{}: {}", runtime::to_string(host_), offered.error().message())};
  const std::string wanted(to_string(options_.compression));
  for (const auto& [name, values] : *offered) {
    if (name == "COMPRESSION" && std::find(values.begin(), values.end(), wanted) != values.end())
      compression_ = options_.compression;
  }
  return startup();
}

Handshake::Step Handshake::on_frame(const Frame& frame) {
  switch (frame.opcode) {
    case Opcode::ready:
    case Opcode::auth_success:
      return Ready{};
    case Opcode::supported:
      return supported(frame);
    case Opcode::authenticate: {
      const std::string token = '\0' + options_.username + '\0' + options_.password;
      Send out{Opcode::auth_response, {}};
      append_auth_response(out.body, AuthResponse{as_bytes(token)});
      return out;
    }
    case Opcode::error: {
      const Result<ErrorMessage> message = decode_error(frame);
      if (!message) return Failed{message.error()};
      // Servers answer a version that they do not know with a protocol error, in a frame of one that they do know.
      return Failed{to_error(*message).in(runtime::to_string(host_)), message->code == ErrorCode::protocol_error};
    }
    default:
      return Failed{Error(errors::cql_client::broken_answer, "{} answered STARTUP with {}", runtime::to_string(host_),
                          to_string(frame.opcode))};
  }
}

}  // namespace streamops::cql
