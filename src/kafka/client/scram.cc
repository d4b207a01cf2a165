#include "kafka/client/scram.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <charconv>
#include <optional>

#include "base/base64.h"
#include "base/text.h"
#include "errors/kafka_client.h"

namespace streamops::kafka {
namespace {

constexpr int most_rounds = 1'000'000;  // brokers use 4,096 and up; each costs both sides time

const EVP_MD* digest(ScramHash hash) {
  return hash == ScramHash::sha256 ? EVP_sha256() : EVP_sha512();
}

Bytes hmac(ScramHash hash, BytesView key, std::string_view text) {
  Bytes out(EVP_MAX_MD_SIZE);
  unsigned int size = 0;
  const BytesView bytes = as_bytes(text);
  HMAC(digest(hash), key.data(), static_cast<int>(key.size()), bytes.data(), bytes.size(), out.data(), &size);
  out.resize(size);
  return out;
}

Bytes hashed(ScramHash hash, BytesView bytes) {
  Bytes out(EVP_MAX_MD_SIZE);
  unsigned int size = 0;
  EVP_Digest(bytes.data(), bytes.size(), out.data(), &size, digest(hash), nullptr);
  out.resize(size);
  return out;
}

Bytes salted_password(ScramHash hash, std::string_view password, BytesView salt, int rounds) {
  Bytes out(static_cast<std::size_t>(EVP_MD_get_size(digest(hash))));
  PKCS5_PBKDF2_HMAC(password.data(), static_cast<int>(password.size()), salt.data(), static_cast<int>(salt.size()),
                    rounds, digest(hash), static_cast<int>(out.size()), out.data());
  return out;
}

/// The bytes of an attribute that may not be empty.
std::optional<std::string> decoded(std::string_view text) {
  return text.empty() ? std::nullopt : from_base64(text);
}

/// Commas separate attributes and equals signs escape.
std::string escaped(std::string_view user) {
  std::string out;
  for (const char letter : user) {
    if (letter == ',') {
      out += "=2C";
    } else if (letter == '=') {
      out += "=3D";
    } else {
      out += letter;
    }
  }
  return out;
}

/// The value of attribute `name` in "r=...,s=...,i=..."; empty when it is missing.
std::string_view attribute(std::string_view message, char name) {
  for (const std::string_view piece : split(message, ',')) {
    if (piece.size() > 2 && piece[0] == name && piece[1] == '=') return piece.substr(2);
  }
  return {};
}

int rounds_of(std::string_view text) {
  int rounds = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), rounds);
  return failure == std::errc{} && end == text.data() + text.size() && rounds <= most_rounds ? rounds : 0;
}

}  // namespace

ScramExchange::ScramExchange(ScramHash hash, std::string_view user, std::string password, std::string nonce)
    : hash_(hash),
      password_(std::move(password)),
      nonce_(std::move(nonce)),
      first_bare_("n=" + escaped(user) + ",r=" + nonce_) {}

Result<std::string> ScramExchange::answer(std::string_view server_first) {
  const std::string_view nonce = attribute(server_first, 'r');
  const std::optional<std::string> salt = decoded(attribute(server_first, 's'));
  const int rounds = rounds_of(attribute(server_first, 'i'));
  const bool ours = nonce.size() > nonce_.size() && nonce.starts_with(nonce_);
  if (!ours || !salt || rounds < 1) {
    return Error(errors::kafka_client::credentials_refused, "the broker's first SCRAM message is not one");
  }
  const Bytes salted = salted_password(hash_, password_, as_bytes(*salt), rounds);
  const Bytes client_key = hmac(hash_, salted, "Client Key");
  const std::string bare = "c=biws,r=" + std::string(nonce);  // biws: "n,," in base64, no channel binding
  const std::string signed_text = first_bare_ + "," + std::string(server_first) + "," + bare;
  Bytes proof = hmac(hash_, hashed(hash_, client_key), signed_text);
  for (std::size_t i = 0; i < proof.size(); ++i) proof[i] ^= client_key[i];
  server_signature_ = hmac(hash_, hmac(hash_, salted, "Server Key"), signed_text);
  return bare + ",p=" + to_base64(as_text(proof));
}

Result<void> ScramExchange::verify(std::string_view server_final) const {
  const std::string_view reason = attribute(server_final, 'e');
  if (!reason.empty()) return Error(errors::kafka_client::credentials_refused, "SCRAM: {}", reason);
  const std::optional<std::string> signature = decoded(attribute(server_final, 'v'));
  const bool same = signature && signature->size() == server_signature_.size() && !server_signature_.empty() &&
                    CRYPTO_memcmp(signature->data(), server_signature_.data(), signature->size()) == 0;
  if (same) return Ok();
  return Error(errors::kafka_client::credentials_refused,
               "SCRAM: the broker does not prove that it knows the password");
}

}  // namespace streamops::kafka
