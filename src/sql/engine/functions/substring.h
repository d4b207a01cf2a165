// sql/engine/functions/substring.h — a part of a text by positions as SQL counts them.
#pragma once

#include <algorithm>

#include "sql/engine/characters.h"
#include "sql/engine/kernel.h"

namespace streamops::sql {

/// Positions count from 1; negative ones from the end; 0 is the start. `characters` is the text's length; of BINARY its
/// bytes.
template <typename Out>
void append_substring(Out& out, Text text, std::int32_t position, std::int32_t length, std::size_t characters) {
  const auto total = static_cast<std::int64_t>(characters);
  const std::int64_t start = position > 0 ? position - 1 : position < 0 ? total + position : 0;
  if (characters == text.size()) {  // one byte a character
    const std::int64_t from = std::clamp<std::int64_t>(start, 0, total);
    const std::int64_t to = std::clamp<std::int64_t>(start + length, from, total);
    return out.append(text.substr(static_cast<std::size_t>(from), static_cast<std::size_t>(to - from)));
  }
  out.append(character_range(text, start, start + length));
}

}  // namespace streamops::sql
