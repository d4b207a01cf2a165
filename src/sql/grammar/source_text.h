// sql/grammar/source_text.h — SQL text with the place where it stands in a file, so that every message can point there.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.h"

namespace streamops::sql {

/// Bytes of the SQL text.
struct Span {
  std::uint32_t offset = 0;
  std::uint32_t length = 0;

  friend bool operator==(const Span&, const Span&) = default;
};

/// From the start of `first` to the end of `last`.
inline Span join(Span first, Span last) {
  return {first.offset, last.offset + last.length - first.offset};
}

/// The text must outlive this view of it.
class SourceText {
 public:
  SourceText(std::string_view text, const Place& at) : text_(text), at_(at) {}

  std::string_view text() const { return text_; }
  std::string_view text(Span span) const { return text_.substr(span.offset, span.length); }
  /// Line and column in the file. Every line of the text starts in the column of the first one, as in a YAML block.
  Place place(Span span) const;
  /// `error` with the place of `span`.
  Error at(Span span, const Error& error) const { return error.with_place(place(span)); }

 private:
  std::string_view text_;
  Place at_;
};

}  // namespace streamops::sql
