// auth/password.h — password hashes: argon2id with 8 MiB, so that a login fits into a small process.
#pragma once

#include <string>
#include <string_view>

namespace streamops::auth {

/// "$argon2id$v=19$m=8192,t=3,p=1$salt$hash" with a salt from the kernel. Blocks for some 20 ms and needs 8 MiB
/// meanwhile.
std::string hash_password(std::string_view password);

/// True when the password belongs to the hash; false for a hash that is none. Blocks as long as hash_password().
bool verify_password(std::string_view password, const std::string& hash);

}  // namespace streamops::auth
