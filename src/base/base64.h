// base/base64.h — RFC 4648 §4, as HTTP's basic login carries it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace streamops {

/// The bytes; nothing when a letter is foreign, or the padding is not what the length asks for.
std::optional<std::string> from_base64(std::string_view text);

}  // namespace streamops
