// base/text.h — small text tools: case, trimming, splitting, UTF-8, and "did you mean".
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace streamops {

/// ASCII only; other bytes stay as they are.
std::string to_lower(std::string_view text);
std::string to_upper(std::string_view text);
/// Without regard to ASCII case.
bool equals_ignore_case(std::string_view a, std::string_view b);

/// Without blanks, tabs and line ends on both sides.
std::string_view trim(std::string_view text);
/// Pieces between separators; an empty text gives one empty piece.
std::vector<std::string_view> split(std::string_view text, char separator);
std::string join(std::span<const std::string> pieces, std::string_view separator);

/// True when every byte sequence is well-formed UTF-8 (no surrogates, nothing overlong, at most U+10FFFF).
bool is_utf8(std::string_view text);
/// Appends one code point as UTF-8; a surrogate or a value above U+10FFFF becomes U+FFFD.
void append_utf8(std::string& out, std::uint32_t code_point);

/// The candidate a person most likely meant: edit distance (with transpositions, case ignored) at most a third of the
/// length and at most 3; nothing when none is near.
std::optional<std::string_view> closest(std::string_view word, std::span<const std::string_view> candidates);
std::optional<std::string_view> closest(std::string_view word, std::span<const std::string> candidates);
/// "did you mean `schema`?" or an empty text.
std::string did_you_mean(std::string_view word, std::span<const std::string_view> candidates);
std::string did_you_mean(std::string_view word, std::span<const std::string> candidates);

}  // namespace streamops
