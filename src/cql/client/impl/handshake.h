// cql/client/impl/handshake.h — from the first byte of a connection to READY, as a machine without a socket.
//
//   [OPTIONS ─▶ SUPPORTED ─▶]  STARTUP ─▶ READY
//                                     └─▶ AUTHENTICATE ─▶ AUTH_RESPONSE ─▶ AUTH_SUCCESS
//
// OPTIONS is asked only where compression is wanted.
#pragma once

#include <optional>
#include <variant>

#include "cql/client/client.h"
#include "cql/protocol/frame.h"

namespace streamops::cql {

class Handshake {
 public:
  struct Send {
    Opcode opcode;
    Bytes body;
  };
  struct Ready {};
  struct Failed {
    Error error;
    bool version_refused = false;  // try a lower one
  };
  using Step = std::variant<Send, Ready, Failed>;

  /// `options` must outlive the handshake; `host` is for messages.
  Handshake(const ClientOptions& options, runtime::Endpoint host, Version version)
      : options_(options), host_(std::move(host)), version_(version) {}

  Send begin();
  /// What to do about the server's next frame.
  Step on_frame(const Frame& frame);
  /// Agreed once STARTUP was sent; frames behind it may be compressed.
  Compression compression() const { return compression_; }

 private:
  Send startup();
  Step supported(const Frame& frame);

  const ClientOptions& options_;
  runtime::Endpoint host_;
  Version version_;
  Compression compression_ = Compression::none;
};

}  // namespace streamops::cql
