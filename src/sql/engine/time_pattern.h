// sql/engine/time_pattern.h — patterns of dates and times ("yyyy-MM-dd HH:mm:ss"), as Java's DateTimeFormatter has them
// in UTC.
//
// Served letters: y M L d D E Q q a H h K k m s S X x Z G, '…', [ ] (only to write). Anything else is refused, never
// guessed.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace streamops::sql {

class TimePattern {
 public:
  /// Errors: SO-S013, naming the letter.
  static Result<TimePattern> compile(std::string_view pattern, bool for_reading);

  void append(std::string& out, std::int64_t micros) const;
  /// Microseconds since the epoch; nothing when the text does not fit the pattern in all its length.
  std::optional<std::int64_t> read(std::string_view text) const;

 private:
  struct Item {
    char letter = 0;  // 0: literal
    int count = 0;
    std::string literal;
  };
  std::vector<Item> items_;
};

}  // namespace streamops::sql
