#include "auth/token.h"

#include <openssl/crypto.h>

#include <array>
#include <cstdint>
#include <cstring>

#include "auth/accounts.h"

namespace streamops::auth {

namespace {

constexpr char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

}  // namespace

std::string make_token(runtime::Random& random) {
  std::array<std::uint8_t, 32> bytes{};
  for (std::size_t i = 0; i < bytes.size(); i += 8) {
    const std::uint64_t word = random.next();
    std::memcpy(bytes.data() + i, &word, sizeof(word));
  }
  std::string out;
  unsigned bits = 0;
  unsigned held = 0;
  for (std::uint8_t byte : bytes) {
    bits = (bits << 8) | byte;
    held += 8;
    for (; held >= 6; held -= 6) out += alphabet[(bits >> (held - 6)) & 63];
  }
  out += alphabet[(bits << (6 - held)) & 63];
  return out;
}

bool equal_in_constant_time(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace streamops::auth
