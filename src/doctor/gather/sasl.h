// doctor/gather/sasl.h — the client's side of SASL, as far as a login has to be tried: PLAIN (RFC 4616) and SCRAM
// (RFC 5802, RFC 7677).
//
//   PLAIN   client: \0 user \0 password
//   SCRAM   client: n,,n=user,r=nonce   server: r=nonce...,s=salt,i=rounds   client: c=biws,r=...,p=proof   server:
//   v=...
#pragma once

#include <optional>
#include <string>

namespace streamops::doctor {

class SaslClient {
 public:
  /// `mechanism` is PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512.
  SaslClient(std::string mechanism, std::string username, std::string password, std::string nonce);

  /// The first message.
  std::string first();
  /// The message after the server's `challenge`; nothing when the challenge makes no sense (or asks for more than a
  /// million rounds of hashing), an empty text when there is nothing left to say.
  std::optional<std::string> next(const std::string& challenge);

 private:
  std::optional<std::string> prove(const std::string& challenge);

  std::string mechanism_;
  std::string username_;
  std::string password_;
  std::string nonce_;
  std::string first_bare_;
  bool proved_ = false;
};

}  // namespace streamops::doctor
