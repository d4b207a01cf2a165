// auth/token.h — random secrets as text, and their comparison.
#pragma once

#include <string>

#include "runtime/random.h"

namespace streamops::auth {

constexpr std::size_t token_letters = 43;

/// 256 random bits as 43 letters of base64url.
std::string make_token(runtime::Random& random);

}  // namespace streamops::auth
