#include "sql/grammar/lexer.h"

#include <array>
#include <optional>

#include "base/text.h"
#include "errors/sql.h"

namespace streamops::sql {
namespace {

constexpr std::size_t longest_text = 1 << 20;

constexpr std::array<std::string_view, 38> symbols = {
    ">>>", "<=>", "<>", "!=", "!<", "!>", "<=", ">=", "==", "||", "::", "->", "=>", "<<", ">>", "(", ")", "[", "]",
    ",",   ".",   ";",  "+",  "-",  "*",  "/",  "%",  "=",  "<",  ">",  "!",  "~",  "&",  "|",  "^", ":", "?", "@"};

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_name_char(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || is_digit(c) || c == '_' || (c & 0x80) != 0;
}
bool is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

class Lexer {
 public:
  explicit Lexer(const SourceText& source) : source_(source), text_(source.text()) {}

  Result<std::vector<Token>> run() {
    if (text_.size() > longest_text) {
      return Error(errors::sql::too_large, "the text has {} bytes; 1 MiB is the most", text_.size());
    }
    while (skip_blanks() && at_ < text_.size()) {
      if (!token()) break;
    }
    if (error_) return *error_;
    push(TokenKind::end, text_.size(), {});
    return std::move(tokens_);
  }

 private:
  char peek(std::size_t ahead = 0) const { return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0'; }

  bool fail(std::size_t start, std::size_t length, std::string message) {
    const Span span{static_cast<std::uint32_t>(start), static_cast<std::uint32_t>(length)};
    error_ = source_.at(span, Error(errors::sql::syntax, std::move(message)));
    return false;
  }

  void push(TokenKind kind, std::size_t start, std::string value) {
    const Span span{static_cast<std::uint32_t>(start), static_cast<std::uint32_t>(at_ - start)};
    tokens_.push_back({kind, span, std::move(value)});
  }

  /// False on an unclosed comment.
  bool skip_blanks() {
    while (at_ < text_.size()) {
      if (is_blank(text_[at_])) {
        ++at_;
      } else if (peek() == '-' && peek(1) == '-') {
        skip_line_comment();
      } else if (peek() == '/' && peek(1) == '*') {
        if (!skip_block_comment()) return false;
      } else {
        break;
      }
    }
    return true;
  }

  void skip_line_comment() {
    for (; at_ < text_.size() && text_[at_] != '\n'; ++at_) {
      if (text_[at_] == '\\' && peek(1) == '\n') ++at_;  // a backslash carries the comment over to the next line
    }
  }

  bool skip_block_comment() {
    const std::size_t start = at_;
    int depth = 0;
    while (at_ < text_.size()) {
      if (peek() == '/' && peek(1) == '*') {
        ++depth;
        at_ += 2;
      } else if (peek() == '*' && peek(1) == '/') {
        at_ += 2;
        if (--depth == 0) return true;
      } else {
        ++at_;
      }
    }
    return fail(start, 2, "the comment that starts here has no end");
  }

  bool token() {
    const char c = peek();
    const bool raw = (c == 'r' || c == 'R') && (peek(1) == '\'' || peek(1) == '"');
    if (raw) return text_literal(true);
    if (c == '\'' || c == '"') return text_literal(false);
    if (c == '`') return quoted_name();
    if (is_digit(c) || (c == '.' && is_digit(peek(1)) && !after_name())) return number_or_name();
    if (is_name_char(c)) return name();
    return symbol();
  }

  /// `a.1b` is a member's name, not the number .1 behind a.
  bool after_name() const {
    if (tokens_.empty() || tokens_.back().span.offset + tokens_.back().span.length != at_) return false;
    const Token& last = tokens_.back();
    return last.kind == TokenKind::name || last.kind == TokenKind::quoted_name || last.value == "]" ||
           last.value == ")";
  }

  bool name() {
    const std::size_t start = at_;
    while (at_ < text_.size() && is_name_char(text_[at_])) ++at_;
    push(TokenKind::name, start, std::string(text_.substr(start, at_ - start)));
    return true;
  }

  std::size_t skip_digits() {
    const std::size_t start = at_;
    while (is_digit(peek())) ++at_;
    return at_ - start;
  }

  bool number_or_name() {
    const std::size_t start = at_;
    skip_digits();
    bool fraction = false;
    if (peek() == '.' &&
        !(peek(1) == '.' || (is_name_char(peek(1)) && !is_digit(peek(1)) && !is_exponent_or_suffix(1)))) {
      fraction = true;
      ++at_;
      skip_digits();
    }
    exponent();
    const std::size_t end_of_digits = at_;
    while (is_name_char(peek())) ++at_;
    const std::string suffix = to_upper(text_.substr(end_of_digits, at_ - end_of_digits));
    const bool known = suffix.empty() || suffix == "D" || suffix == "F" || suffix == "BD" ||
                       (!fraction && (suffix == "L" || suffix == "S" || suffix == "Y"));
    const std::string value(text_.substr(start, at_ - start));
    if (known) {
      push(TokenKind::number, start, value);
    } else if (!fraction && value.find('+') == std::string::npos && value.find('-') == std::string::npos) {
      push(TokenKind::name, start, value);  // Spark's names may begin with a digit
    } else {
      return fail(start, at_ - start, fmt::format("`{}` is neither a number nor a name", value));
    }
    return true;
  }

  /// In `1.e3` and `1.D` the letter belongs to the number.
  bool is_exponent_or_suffix(std::size_t ahead) const {
    const char c = static_cast<char>(peek(ahead) & ~0x20);
    return c == 'E' || ((c == 'D' || c == 'F') && !is_name_char(peek(ahead + 1))) ||
           (c == 'B' && (peek(ahead + 1) & ~0x20) == 'D');
  }

  void exponent() {
    if ((peek() & ~0x20) != 'E') return;
    const std::size_t sign = peek(1) == '+' || peek(1) == '-' ? 1 : 0;
    if (!is_digit(peek(1 + sign))) return;
    at_ += 1 + sign;
    skip_digits();
  }

  bool quoted_name() {
    const std::size_t start = at_++;
    std::string value;
    while (at_ < text_.size()) {
      if (text_[at_] != '`') {
        value += text_[at_++];
      } else if (peek(1) == '`') {
        value += '`';
        at_ += 2;
      } else {
        ++at_;
        if (value.empty()) return fail(start, 2, "a name between backticks must not be empty");
        push(TokenKind::quoted_name, start, std::move(value));
        return true;
      }
    }
    return fail(start, 1, "the name that starts here has no closing backtick");
  }

  bool text_literal(bool raw) {
    const std::size_t start = at_;
    if (raw) ++at_;
    const char quote = text_[at_++];
    std::string value;
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (c == quote) {
        ++at_;
        push(TokenKind::text, start, std::move(value));
        return true;
      } else if (c == '\\' && !raw && at_ + 1 < text_.size()) {
        escape(value);
      } else {
        value += c;
        ++at_;
      }
    }
    return fail(start, raw ? 2 : 1, "the text that starts here has no closing quote");
  }

  /// A number of `digits` digits of base 16 or 8 at the cursor plus `ahead`.
  std::optional<std::uint32_t> code(std::size_t ahead, std::size_t digits, std::uint32_t base) const {
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < digits; ++i) {
      const char c = peek(ahead + i);
      const char lower = static_cast<char>(c | 0x20);
      const bool letter = base == 16 && lower >= 'a' && lower <= 'f';
      if (!letter && !(is_digit(c) && static_cast<std::uint32_t>(c - '0') < base)) return std::nullopt;
      value = value * base + static_cast<std::uint32_t>(letter ? lower - 'a' + 10 : c - '0');
    }
    return value;
  }

  /// A UTF-16 surrogate pair may be written as two \u escapes.
  void append_unit(std::string& out, std::uint32_t unit) {
    if (unit >= 0xD800 && unit < 0xDC00 && peek() == '\\' && peek(1) == 'u') {
      const auto low = code(2, 4, 16);
      if (low && *low >= 0xDC00 && *low < 0xE000) {
        at_ += 6;
        unit = 0x10000 + ((unit - 0xD800) << 10) + (*low - 0xDC00);
      }
    }
    append_utf8(out, unit);
  }

  void escape(std::string& out) {
    const char c = peek(1);
    if (const auto unit = code(2, 4, 16); c == 'u' && unit) {
      at_ += 6;
      return append_unit(out, *unit);
    }
    if (const auto point = code(2, 8, 16); c == 'U' && point) {
      at_ += 10;
      return append_utf8(out, *point);
    }
    if (const auto octal = code(1, 3, 8); (c == '0' || c == '1') && octal) {
      at_ += 4;
      return append_utf8(out, *octal);
    }
    at_ += 2;
    switch (c) {
      case '0':
        out += '\0';
        return;
      case 'b':
        out += '\b';
        return;
      case 'n':
        out += '\n';
        return;
      case 'r':
        out += '\r';
        return;
      case 't':
        out += '\t';
        return;
      case 'Z':
        out += '\x1A';
        return;
      case '%':
      case '_':
        out += '\\';
        break;  // LIKE resolves these
      default:
        break;
    }
    out += c;
  }

  bool symbol() {
    for (std::string_view symbol : symbols) {
      if (text_.substr(at_, symbol.size()) != symbol) continue;
      const std::size_t start = at_;
      at_ += symbol.size();
      push(TokenKind::symbol, start, std::string(symbol));
      return true;
    }
    const std::string shown =
        static_cast<unsigned char>(peek()) < 0x20 ? std::string("a control character") : fmt::format("`{}`", peek());
    return fail(at_, 1, shown + " does not belong here");
  }

  const SourceText& source_;
  std::string_view text_;
  std::size_t at_ = 0;
  std::vector<Token> tokens_;
  std::optional<Error> error_;
};

}  // namespace

Result<std::vector<Token>> tokenize(const SourceText& source) {
  return Lexer(source).run();
}

}  // namespace streamops::sql
