#include "cql/grammar/lexer.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "cql/protocol/value.h"
#include "errors/cql_protocol.h"

namespace streamops::cql {

namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
bool is_hex(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}
bool is_word_part(char c) {
  return is_letter(c) || is_digit(c) || c == '_';
}
bool is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/// Length of the run of characters of a kind at the front.
template <typename Kind>
std::size_t run(std::string_view text, Kind kind) {
  return static_cast<std::size_t>(std::find_if_not(text.begin(), text.end(), kind) - text.begin());
}

/// Length of a UUID at the front, or 0.
std::size_t uuid_length(std::string_view rest) {
  constexpr std::size_t kLength = 36;
  if (rest.size() < kLength || (rest.size() > kLength && is_word_part(rest[kLength]))) return 0;
  for (std::size_t i = 0; i < kLength; ++i) {
    const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    if (dash ? rest[i] != '-' : !is_hex(rest[i])) return 0;
  }
  return kLength;
}

/// Length of an ISO 8601 duration ("P1Y2M", "PT5S", "P0001-02-03T04:05:06") at the front, or 0.
std::size_t iso_duration_length(std::string_view rest) {
  if (rest.size() < 3 || rest[0] != 'P' || (!is_digit(rest[1]) && !(rest[1] == 'T' && is_digit(rest[2])))) return 0;
  const std::size_t word = run(rest, is_word_part);
  if (duration_from_text(rest.substr(0, word)).ok()) return word;
  const std::size_t longer = run(rest, [](char c) { return is_word_part(c) || c == '-' || c == ':'; });
  return longer > word && duration_from_text(rest.substr(0, longer)).ok() ? longer : 0;
}

class Lexer {
 public:
  Lexer(std::string_view text, std::size_t max_items) : text_(text), max_items_(max_items) {}

  Result<std::vector<Token>> run_all() {
    for (;;) {
      STREAMOPS_RETURN_IF_ERROR(skip_blanks());
      if (at_ >= text_.size()) break;
      if (tokens_.size() >= max_items_)
        return Error(errors::cql_protocol::too_deep, "a statement has more than {} words and signs", max_items_);
      STREAMOPS_RETURN_IF_ERROR(token());
    }
    tokens_.push_back({TokenKind::end, {}, text_.size()});
    return std::move(tokens_);
  }

 private:
  std::string_view rest() const { return text_.substr(at_); }

  void push(TokenKind kind, std::size_t length) {
    tokens_.push_back({kind, text_.substr(at_, length), at_});
    at_ += length;
  }

  Result<void> skip_blanks() {
    for (;;) {
      at_ += run(rest(), is_blank);
      if (rest().starts_with("--") || rest().starts_with("//")) {
        at_ = std::min(text_.find('\n', at_), text_.size());
      } else if (rest().starts_with("/*")) {
        const std::size_t end = text_.find("*/", at_ + 2);
        if (end == std::string_view::npos)
          return syntax_error(text_, at_, 2, "mismatched character '<EOF>' expecting '*' (a comment has no end)");
        at_ = end + 2;
      } else {
        return Ok();
      }
    }
  }

  Result<void> token() {
    const char first = text_[at_];
    if (first == '\'' || first == '"') return quoted(first);
    if (rest().starts_with("$$")) return dollar_string();
    if (const std::size_t length = uuid_length(rest()); length > 0) {
      push(TokenKind::uuid, length);
    } else if (is_digit(first)) {
      number();
    } else if (const std::size_t iso = iso_duration_length(rest()); iso > 0) {
      push(TokenKind::duration, iso);
    } else if (is_letter(first)) {
      push(TokenKind::word, run(rest(), is_word_part));
    } else {
      return symbol();
    }
    return Ok();
  }

  Result<void> quoted(char quote) {
    std::size_t end = at_ + 1;
    for (;; end += 2) {
      end = text_.find(quote, end);
      if (end == std::string_view::npos) {
        return syntax_error(
            text_, at_, 1,
            fmt::format("mismatched character '<EOF>' expecting '{}' (a text in quotes has no end)", quote));
      }
      if (end + 1 >= text_.size() || text_[end + 1] != quote) break;
    }
    push(quote == '"' ? TokenKind::quoted_name : TokenKind::string, end + 1 - at_);
    return Ok();
  }

  Result<void> dollar_string() {
    const std::size_t end = text_.find("$$", at_ + 2);
    if (end == std::string_view::npos)
      return syntax_error(text_, at_, 2, "mismatched character '<EOF>' expecting '$' (a text in $$ has no end)");
    push(TokenKind::string, end + 2 - at_);
    return Ok();
  }

  void number() {
    const std::string_view from = rest();
    if (from.size() > 1 && from[0] == '0' && (from[1] == 'x' || from[1] == 'X'))
      return push(TokenKind::blob, 2 + run(from.substr(2), is_hex));
    std::size_t length = run(from, is_digit);
    const std::size_t with_units = run(from, [](char c) { return is_word_part(c) || c == '\xC2' || c == '\xB5'; });
    if (with_units > length && duration_from_text(from.substr(0, with_units)).ok())
      return push(TokenKind::duration, with_units);
    bool floating = false;
    const auto at = [&](std::size_t i) { return i < from.size() ? from[i] : '\0'; };
    // "1..2" is a range of two integers.
    if (at(length) == '.' && at(length + 1) != '.') {
      floating = true;
      length += 1 + run(from.substr(length + 1), is_digit);
    }
    if (at(length) == 'e' || at(length) == 'E') {
      const std::size_t sign = at(length + 1) == '+' || at(length + 1) == '-' ? 1 : 0;
      const std::size_t digits = run(from.substr(std::min(length + 1 + sign, from.size())), is_digit);
      if (digits > 0) {
        floating = true;
        length += 1 + sign + digits;
      }
    }
    push(floating ? TokenKind::floating : TokenKind::integer, length);
  }

  Result<void> symbol() {
    constexpr std::string_view kDoubles[] = {"<=", ">=", "!=", "+=", "-=", ".."};
    for (const std::string_view two : kDoubles) {
      if (!rest().starts_with(two)) continue;
      push(TokenKind::symbol, 2);
      return Ok();
    }
    constexpr std::string_view kSingles = "()[]{}<>=,;:.?*+-/%";
    if (kSingles.find(text_[at_]) == std::string_view::npos) {
      const std::size_t width =
          1 + run(rest().substr(1), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; });
      return syntax_error(text_, at_, 1,
                          fmt::format("no viable alternative at character '{}'", rest().substr(0, width)));
    }
    push(TokenKind::symbol, 1);
    return Ok();
  }

  std::string_view text_;
  std::size_t max_items_;
  std::size_t at_ = 0;
  std::vector<Token> tokens_;
};

}  // namespace

Result<std::vector<Token>> tokenize(std::string_view text, std::size_t max_items) {
  return Lexer(text, max_items).run_all();
}

std::string unquote(std::string_view raw) {
  if (raw.starts_with("$$")) return std::string(raw.substr(2, raw.size() - 4));
  std::string out;
  for (std::size_t i = 1; i + 1 < raw.size(); ++i) {
    out += raw[i];
    if (raw[i] == raw[0]) ++i;
  }
  return out;
}

Error syntax_error(std::string_view text, std::size_t offset, std::size_t width, std::string_view what) {
  const std::string_view before = text.substr(0, offset);
  const auto line = static_cast<std::uint32_t>(1 + std::count(before.begin(), before.end(), '\n'));
  const std::size_t line_start = before.rfind('\n') == std::string_view::npos ? 0 : before.rfind('\n') + 1;
  const auto column = static_cast<std::uint32_t>(offset - line_start);
  Place place;
  place.line = line;
  place.column = column + 1;
  place.source_line =
      std::string(text.substr(line_start, std::min<std::size_t>(text.find('\n', line_start) - line_start, 400)));
  place.width = static_cast<std::uint32_t>(std::max<std::size_t>(width, 1));
  return Error(errors::cql_protocol::syntax, "line {}:{} {}", line, column, what).with_place(std::move(place));
}

}  // namespace streamops::cql
