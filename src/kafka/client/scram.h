// kafka/client/scram.h — SCRAM, the client's side (RFC 5802, RFC 7677).
//
//   client: n,,n=user,r=NONCE            server: r=NONCE+theirs,s=SALT,i=ROUNDS
//   client: c=biws,r=NONCE+theirs,p=PROOF    server: v=SIGNATURE
//
// Pure: no sockets, no clock; the nonce comes from outside.
#pragma once

#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"

namespace streamops::kafka {

enum class ScramHash : std::uint8_t { sha256, sha512 };

class ScramExchange {
 public:
  /// `nonce` is printable ASCII without commas, new for each exchange.
  ScramExchange(ScramHash hash, std::string_view user, std::string password, std::string nonce);

  /// The client's first message.
  std::string first() const { return "n,," + first_bare_; }
  /// The client's final message, to the server's first one. Errors: SO-K203 (the server's message is not one, or asks
  /// for an absurd number of rounds).
  Result<std::string> answer(std::string_view server_first);
  /// Whether the server knows the password too. Errors: SO-K203.
  Result<void> verify(std::string_view server_final) const;

 private:
  ScramHash hash_;
  std::string password_;
  std::string nonce_;
  std::string first_bare_;
  Bytes server_signature_;
};

}  // namespace streamops::kafka
