// sql/engine/functions/pattern_cache.h — what functions of regular expressions share: compiled patterns, and their
// steps through a text.
#pragma once

#include <algorithm>

#include "sql/engine/characters.h"
#include "sql/engine/function.h"
#include "sql/engine/java_pattern.h"

namespace streamops::sql {

/// The pattern compiled last: a constant one compiles once a batch.
struct PatternCache {
  std::optional<JavaPattern> pattern;
  std::string text;
  std::vector<JavaPattern::Group> groups;

  /// Null when the pattern or the text cannot be taken; the error is noted.
  template <typename Out>
  const JavaPattern* get(Out& out, std::string_view wanted, std::string_view subject) {
    if (!pattern || wanted != text) {
      auto compiled = JavaPattern::compile(wanted);
      if (!compiled) {
        out.fail(compiled.error());
        return nullptr;
      }
      pattern = std::move(compiled).value();
      text = wanted;
    }
    if (const std::string_view trouble = pattern->trouble_with(subject); !trouble.empty()) {
      out.fail(Error(errors::sql::bad_pattern, "the pattern '{}' is not served for this text: {}", wanted, trouble));
      return nullptr;
    }
    return &*pattern;
  }
};

/// A constant pattern is tried when the query is compiled.
inline Result<void> check_pattern(const Binding& binding, std::size_t index) {
  const auto pattern = binding.constant_text(index);
  if (!pattern) return Ok();
  auto compiled = JavaPattern::compile(*pattern);
  return compiled ? Result<void>() : Result<void>(compiled.error());
}

inline Result<void> take_texts(Binding& binding, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) {
    STREAMOPS_ASSIGN(binding.arguments()[i], binding.argument_as(i, data::Type::scalar(data::TypeId::string)));
  }
  return Ok();
}

/// Where to look next: behind the match, one character further when it was empty.
inline std::size_t next_start(std::string_view text, const JavaPattern::Group& match) {
  if (match.end > match.begin) return match.end;
  return match.end < text.size() ? match.end + std::min(character_bytes(text[match.end]), text.size() - match.end)
                                 : text.size() + 1;
}

}  // namespace streamops::sql
