// format/impl/json_tape.h — the lenient parser: one JSON value, by the rules of the parser that Spark uses, as a flat
// list of items.
//
//   {"a":[1,"x"]}  ->  object(2 items below: next=4) text "a" array(next=4) integer "1" text "x"
//
// Accepted beyond RFC 8259: single quotes around names and texts, \' as an escape, NaN, Infinity, -Infinity, +INF, -INF
// and +Infinity as numbers, and anything after the value. Not accepted: comments, names without quotes, trailing
// commas, leading zeros, control characters inside of quotes, a byte order mark.
//
// Invariants: an object's items are name, value, name, value, ...; an item's `next` is the index behind all that
// belongs to it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "format/json_reader.h"

namespace streamops::format {

enum class JsonKind : std::uint8_t { null, no, yes, integer, real, not_finite, text, object, array };

struct JsonItem {
  JsonKind kind;
  std::uint32_t next;
  std::uint32_t begin = 0;  // numbers and texts: into the tape's characters
  std::uint32_t length = 0;
};

class JsonTape {
 public:
  /// Reads the value at the front of `source`, replacing what the tape held. A blank source gives an empty tape.
  /// Errors: SO-F001, SO-F004, SO-F005.
  Result<void> parse(std::string_view source, const JsonLimits& limits);

  bool is_blank() const { return items_.empty(); }
  const JsonItem& operator[](std::uint32_t index) const { return items_[index]; }
  /// The number as it stands in the source, or the text with its escapes resolved.
  std::string_view text(const JsonItem& item) const {
    return std::string_view(characters_).substr(item.begin, item.length);
  }

  /// Appends the value at `index` as compact JSON, as Spark puts objects and numbers into a STRING: 1.50 becomes 1.5.
  void append_compact(std::uint32_t index, std::string& out) const;
  /// "5", "\"abc\"", "an object": for messages, never longer than about 40 characters.
  std::string describe(std::uint32_t index) const;

 private:
  class Parser;
  std::vector<JsonItem> items_;
  std::string characters_;
};

/// Appends `text` with JSON's escapes and quotes, as Spark's writer does: only quotes, backslashes and control
/// characters.
void append_quoted(std::string& out, std::string_view text);

/// Appends a number as Spark's writer does: NaN and the infinities in quotes.
void append_number(std::string& out, double value);

/// The value of NaN, Infinity, +INF and their kin. `word` must be one of them.
double not_finite_value(std::string_view word);
bool is_not_finite_word(std::string_view word);

}  // namespace streamops::format
