#include "doctor/gather/sasl.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <charconv>
#include <vector>

#include "base/bytes.h"
#include "base/text.h"

namespace streamops::doctor {
namespace {

constexpr int most_rounds = 1'000'000;

const EVP_MD* digest_of(const std::string& mechanism) {
  return mechanism == "SCRAM-SHA-512" ? EVP_sha512() : EVP_sha256();
}

Bytes hmac(const EVP_MD* digest, BytesView key, std::string_view text) {
  Bytes out(EVP_MAX_MD_SIZE);
  unsigned size = 0;
  HMAC(digest, key.data(), static_cast<int>(key.size()), reinterpret_cast<const std::uint8_t*>(text.data()),
       text.size(), out.data(), &size);
  out.resize(size);
  return out;
}

Bytes hash(const EVP_MD* digest, BytesView bytes) {
  Bytes out(EVP_MAX_MD_SIZE);
  unsigned size = 0;
  EVP_Digest(bytes.data(), bytes.size(), out.data(), &size, digest, nullptr);
  out.resize(size);
  return out;
}

std::string to_base64(BytesView bytes) {
  std::string out(4 * ((bytes.size() + 2) / 3) + 1, '\0');
  const int size =
      EVP_EncodeBlock(reinterpret_cast<std::uint8_t*>(out.data()), bytes.data(), static_cast<int>(bytes.size()));
  out.resize(static_cast<std::size_t>(size));
  return out;
}

std::optional<Bytes> from_base64(std::string_view text) {
  if (text.empty() || text.size() % 4 != 0) return std::nullopt;
  Bytes out(text.size() / 4 * 3);
  const int size =
      EVP_DecodeBlock(out.data(), reinterpret_cast<const std::uint8_t*>(text.data()), static_cast<int>(text.size()));
  if (size < 0) return std::nullopt;
  const std::size_t padding = text.ends_with("==") ? 2 : text.ends_with("=") ? 1 : 0;
  out.resize(static_cast<std::size_t>(size) - padding);
  return out;
}

/// Names may not hold `,` and `=` as they are (RFC 5802 §5.1).
std::string escaped(const std::string& name) {
  std::string out;
  for (const char letter : name) {
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

/// The value of one attribute, "r" of "r=abc,s=...".
std::string_view attribute(std::string_view message, char name) {
  for (const std::string_view piece : split(message, ',')) {
    if (piece.size() >= 2 && piece[0] == name && piece[1] == '=') return piece.substr(2);
  }
  return {};
}

}  // namespace

SaslClient::SaslClient(std::string mechanism, std::string username, std::string password, std::string nonce)
    : mechanism_(std::move(mechanism)),
      username_(std::move(username)),
      password_(std::move(password)),
      nonce_(std::move(nonce)) {}

std::string SaslClient::first() {
  if (mechanism_ == "PLAIN") return std::string(1, '\0') + username_ + std::string(1, '\0') + password_;
  first_bare_ = "n=" + escaped(username_) + ",r=" + nonce_;
  return "n,," + first_bare_;
}

std::optional<std::string> SaslClient::next(const std::string& challenge) {
  if (mechanism_ == "PLAIN" || proved_) return std::string();
  proved_ = true;
  return prove(challenge);
}

std::optional<std::string> SaslClient::prove(const std::string& challenge) {
  const EVP_MD* digest = digest_of(mechanism_);
  const std::string_view nonce = attribute(challenge, 'r');
  const std::optional<Bytes> salt = from_base64(attribute(challenge, 's'));
  const std::string_view rounds_text = attribute(challenge, 'i');
  int rounds = 0;
  std::from_chars(rounds_text.data(), rounds_text.data() + rounds_text.size(), rounds);
  if (!nonce.starts_with(nonce_) || !salt || rounds < 1 || rounds > most_rounds) return std::nullopt;
  Bytes salted(static_cast<std::size_t>(EVP_MD_get_size(digest)));
  if (PKCS5_PBKDF2_HMAC(password_.data(), static_cast<int>(password_.size()), salt->data(),
                        static_cast<int>(salt->size()), rounds, digest, static_cast<int>(salted.size()),
                        salted.data()) != 1) {
    return std::nullopt;
  }
  const Bytes client_key = hmac(digest, salted, "Client Key");
  const std::string without_proof = "c=biws,r=" + std::string(nonce);
  const Bytes signature = hmac(digest, hash(digest, client_key), first_bare_ + "," + challenge + "," + without_proof);
  Bytes proof = client_key;
  for (std::size_t i = 0; i < proof.size(); ++i) proof[i] ^= signature[i];
  return without_proof + ",p=" + to_base64(proof);
}

}  // namespace streamops::doctor
