// sql/engine/java_pattern.h — Java's regular expressions on RE2, which never runs away. What RE2 would take differently
// is translated where that is exact, and refused where it is not: a look-around, a back reference, a possessive
// quantifier.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace streamops::sql {

class JavaPattern {
 public:
  /// Errors: SO-S013, naming what cannot be used.
  static Result<JavaPattern> compile(std::string_view pattern);

  /// The first match at or behind byte `from`; group i is {begin, end}, {npos, npos} when it took no part. False when
  /// there is none.
  struct Group {
    std::size_t begin = std::string_view::npos;
    std::size_t end = std::string_view::npos;
    bool matched() const { return begin != std::string_view::npos; }
  };
  bool find(std::string_view text, std::size_t from, std::vector<Group>& groups) const;
  bool found_in(std::string_view text) const;
  int groups() const;
  /// Some texts would match otherwise in Java (line ends before `$`, letters beyond ASCII with \b or (?i)). Empty when
  /// all is well.
  std::string_view trouble_with(std::string_view text) const;

 private:
  struct Compiled;
  explicit JavaPattern(std::shared_ptr<const Compiled> compiled) : compiled_(std::move(compiled)) {}
  std::shared_ptr<const Compiled> compiled_;
};

/// LIKE: % any characters, _ one, an escape before either takes it literally.
class LikePattern {
 public:
  /// Errors: SO-S013 (the escape ends the pattern, or stands before something else).
  static Result<LikePattern> compile(std::string_view pattern, std::string_view escape);
  bool matches(std::string_view text) const;

 private:
  struct Piece {
    enum class Kind : std::uint8_t { literal, one, any } kind;
    std::string text;
  };
  std::vector<Piece> pieces_;
};

}  // namespace streamops::sql
