#include "sql/grammar/source_text.h"

#include <algorithm>

namespace streamops::sql {
namespace {

/// Columns that a text takes: its code points.
std::uint32_t columns(std::string_view text) {
  return static_cast<std::uint32_t>(std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

constexpr std::size_t longest_line_shown = 400;

}  // namespace

Place SourceText::place(Span span) const {
  const std::string_view before = text_.substr(0, std::min<std::size_t>(span.offset, text_.size()));
  const auto line = static_cast<std::uint32_t>(std::count(before.begin(), before.end(), '\n'));
  const std::size_t start = line == 0 ? 0 : before.rfind('\n') + 1;
  const std::size_t end = std::min(text_.find('\n', start), text_.size());
  const std::string_view whole = text_.substr(start, end - start);

  Place place = at_;
  const std::uint32_t indent = at_.column > 0 ? at_.column - 1 : 0;
  place.line = std::max<std::uint32_t>(at_.line, 1) + line;
  place.column = indent + columns(before.substr(start)) + 1;
  const std::string_view marked = whole.substr(std::min(before.size() - start, whole.size()), span.length);
  place.width = std::max<std::uint32_t>(columns(marked), 1);
  if (line > 0 || at_.source_line.empty()) {
    place.source_line =
        whole.size() > longest_line_shown ? std::string() : std::string(indent, ' ') + std::string(whole);
  }
  return place;
}

}  // namespace streamops::sql
