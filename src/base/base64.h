// base/base64.h — RFC 4648 §4, with padding, as HTTP's basic login, SCRAM and JSON texts carry bytes.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace streamops {

std::string to_base64(std::string_view bytes);
void append_base64(std::string& out, std::string_view bytes);

/// The bytes; nothing when a letter is foreign, or the padding is not what the length asks for.
std::optional<std::string> from_base64(std::string_view text);

}  // namespace streamops
