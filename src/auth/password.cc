#include "auth/password.h"

#include <argon2.h>

#include <array>
#include <cstdint>

#include "base/check.h"
#include "runtime/random.h"

namespace streamops::auth {

namespace {

constexpr std::uint32_t passes = 3;
constexpr std::uint32_t memory_kib = 8192;
constexpr std::uint32_t lanes = 1;
constexpr std::size_t hash_bytes = 32;

}  // namespace

std::string hash_password(std::string_view password) {
  std::array<std::uint64_t, 2> salt{};
  for (std::uint64_t& word : salt) word = runtime::system_random().next();
  std::array<char, 160> encoded{};
  const int status = argon2id_hash_encoded(passes, memory_kib, lanes, password.data(), password.size(), salt.data(),
                                           sizeof(salt), hash_bytes, encoded.data(), encoded.size());
  STREAMOPS_CHECK(status == ARGON2_OK, "argon2id must be able to hash");
  return encoded.data();
}

bool verify_password(std::string_view password, const std::string& hash) {
  return argon2id_verify(hash.c_str(), password.data(), password.size()) == ARGON2_OK;
}

}  // namespace streamops::auth
