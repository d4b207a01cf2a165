// doctor/gather/sasl.h — the client's side of SASL, as far as a login has to be tried: PLAIN (RFC 4616) and SCRAM
// (kafka/client/scram.h). Whether the server proves itself does not matter to a look at it.
#pragma once

#include <optional>
#include <string>

#include "kafka/client/scram.h"

namespace streamops::doctor {

class SaslClient {
 public:
  /// `mechanism` is PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512.
  SaslClient(const std::string& mechanism, const std::string& username, const std::string& password, std::string nonce);

  const std::string& first() const { return first_; }
  /// The message after the server's `challenge`; nothing when the challenge makes no sense (or asks for more than a
  /// million rounds of hashing), an empty text when there is nothing left to say.
  std::optional<std::string> next(const std::string& challenge);

 private:
  std::string first_;
  std::optional<kafka::ScramExchange> scram_;  // none for PLAIN
  bool proved_ = false;
};

}  // namespace streamops::doctor
