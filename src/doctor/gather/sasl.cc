#include "doctor/gather/sasl.h"

#include <utility>

namespace streamops::doctor {
namespace {

kafka::ScramHash hash_of(const std::string& mechanism) {
  return mechanism == "SCRAM-SHA-512" ? kafka::ScramHash::sha512 : kafka::ScramHash::sha256;
}

}  // namespace

SaslClient::SaslClient(const std::string& mechanism, const std::string& username, const std::string& password,
                       std::string nonce) {
  if (mechanism == "PLAIN") {
    first_ = std::string(1, '\0') + username + std::string(1, '\0') + password;
    return;
  }
  scram_.emplace(hash_of(mechanism), username, password, std::move(nonce));
  first_ = scram_->first();
}

std::optional<std::string> SaslClient::next(const std::string& challenge) {
  if (!scram_ || proved_) return std::string();
  proved_ = true;
  Result<std::string> proof = scram_->answer(challenge);
  if (!proof) return std::nullopt;
  return std::move(*proof);
}

}  // namespace streamops::doctor
