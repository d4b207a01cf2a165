#include "import/python_token.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.h"

namespace streamops::importer::python {

namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

bool begins_name(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || static_cast<unsigned char>(c) >= 0x80;
}

bool is_name(char c) {
  return begins_name(c) || is_digit(c);
}

constexpr std::array<std::string_view, 25> long_symbols{"**=", "//=", ">>=", "<<=", "...", "**", "//", ">>", "<<",
                                                        "<=",  ">=",  "==",  "!=",  "->",  ":=", "+=", "-=", "*=",
                                                        "/=",  "%=",  "&=",  "|=",  "^=",  "@=", "<>"};

class Tokenizer {
 public:
  Tokenizer(std::string_view source, const Limits& limits, std::vector<Mistake>& mistakes)
      : source_(source), limits_(limits), mistakes_(mistakes) {}

  std::vector<Token> run() {
    if (source_.starts_with("\xEF\xBB\xBF")) at_ = line_start_ = 3;
    while (at_ < source_.size() && tokens_.size() < limits_.max_tokens) {
      if (begins_line_) indentation();
      if (at_ < source_.size()) step();
    }
    if (tokens_.size() >= limits_.max_tokens) mistake("the text is too long");
    if (!tokens_.empty() && tokens_.back().kind != TokenKind::newline) push(TokenKind::newline, at_, 0);
    while (indents_.size() > 1) close_block();
    push(TokenKind::end, source_.size(), 0);
    return std::move(tokens_);
  }

 private:
  void mistake(std::string text) {
    if (mistakes_.size() < 20) mistakes_.push_back({std::move(text), line_, column_of(at_)});
  }
  std::uint32_t column_of(std::size_t at) const {
    return static_cast<std::uint32_t>(at >= line_start_ ? at - line_start_ + 1 : 1);
  }
  void push(TokenKind kind, std::size_t from, std::size_t length) {
    tokens_.push_back({kind, source_.substr(std::min(from, source_.size()), length), line_, column_of(from)});
  }
  void close_block() {
    indents_.pop_back();
    push(TokenKind::dedent, at_, 0);
  }
  void new_line() {
    ++at_;
    ++line_;
    line_start_ = at_;
  }

  /// Blanks at the beginning of a logical line; empty lines and comments count for nothing.
  void indentation() {
    std::size_t width = 0;
    std::size_t at = at_;
    for (; at < source_.size() && (source_[at] == ' ' || source_[at] == '\t' || source_[at] == '\f'); ++at)
      width = source_[at] == '\t' ? (width / 8 + 1) * 8 : width + 1;
    at_ = at;
    begins_line_ = false;
    if (at == source_.size() || source_[at] == '\n' || source_[at] == '\r' || source_[at] == '#') return;
    if (width > indents_.back()) {
      indents_.push_back(width);
      push(TokenKind::indent, at_, 0);
      return;
    }
    while (width < indents_.back()) close_block();
    if (width != indents_.back()) mistake("the indentation fits no line above");
  }

  void step() {
    const char c = source_[at_];
    if (c == '\n') {
      end_of_line();
    } else if (c == ' ' || c == '\t' || c == '\r' || c == '\f') {
      ++at_;
    } else if (c == '#') {
      at_ = std::min(source_.find('\n', at_), source_.size());
    } else if (c == '\\' && at_ + 1 < source_.size() && (source_[at_ + 1] == '\n' || source_[at_ + 1] == '\r')) {
      at_ = std::min(source_.find('\n', at_), source_.size() - 1);
      new_line();
    } else if (!text_token() && !word() && !number()) {
      symbol();
    }
  }

  void end_of_line() {
    if (brackets_ > 0 && begins_definition(at_ + 1)) {
      mistake("a bracket above this line has no end");
      brackets_ = 0;
    }
    if (brackets_ == 0 && !tokens_.empty() && !is_line_end(tokens_.back().kind)) push(TokenKind::newline, at_, 0);
    new_line();
    begins_line_ = brackets_ == 0;
  }
  /// What never stands within brackets at the beginning of a line.
  bool begins_definition(std::size_t at) const {
    constexpr std::array<std::string_view, 5> words{"def ", "class ", "import ", "from ", "with "};
    return std::any_of(words.begin(), words.end(),
                       [&](std::string_view word) { return source_.substr(at).starts_with(word); });
  }
  static bool is_line_end(TokenKind kind) {
    return kind == TokenKind::newline || kind == TokenKind::indent || kind == TokenKind::dedent;
  }

  bool word() {
    if (!begins_name(source_[at_])) return false;
    std::size_t end = at_;
    while (end < source_.size() && is_name(source_[end])) ++end;
    push(TokenKind::name, at_, end - at_);
    at_ = end;
    return true;
  }

  bool number() {
    const bool begins =
        is_digit(source_[at_]) || (source_[at_] == '.' && at_ + 1 < source_.size() && is_digit(source_[at_ + 1]));
    if (!begins) return false;
    std::size_t end = at_;
    while (end < source_.size() && (is_name(source_[end]) || source_[end] == '.' || signs_exponent(end))) ++end;
    push(TokenKind::number, at_, end - at_);
    at_ = end;
    return true;
  }
  bool signs_exponent(std::size_t at) const {
    const char before = at > 0 ? source_[at - 1] : ' ';
    return (source_[at] == '-' || source_[at] == '+') && (before == 'e' || before == 'E') && is_digit(source_[at_]) &&
           !source_.substr(at_).starts_with("0x") && at > at_;
  }

  void symbol() {
    std::string_view found = source_.substr(at_, 1);
    for (const std::string_view each : long_symbols) {
      if (source_.substr(at_).starts_with(each)) {
        found = each;
        break;
      }
    }
    if (std::string_view("()[]{}.,:;=+-*/%@&|^~<>!->").find(found[0]) == std::string_view::npos) {
      mistake(fmt::format("the character {} does not belong here", found));
      ++at_;
      return;
    }
    if (found == "(" || found == "[" || found == "{") ++brackets_;
    if (found == ")" || found == "]" || found == "}") brackets_ = std::max(0, brackets_ - 1);
    push(TokenKind::symbol, at_, found.size());
    at_ += found.size();
  }

  /// '…', "…" and their long forms, behind up to two letters.
  bool text_token() {
    std::size_t quote = at_;
    Token token{TokenKind::text, {}, line_, column_of(at_)};
    for (; quote < source_.size() && quote < at_ + 2; ++quote) {
      const char c = static_cast<char>(source_[quote] | 0x20);
      if (source_[quote] == '\'' || source_[quote] == '"') break;
      if (c != 'r' && c != 'f' && c != 'b' && c != 'u') return false;
      token.raw = token.raw || c == 'r';
      token.formatted = token.formatted || c == 'f';
    }
    if (quote >= source_.size() || (source_[quote] != '\'' && source_[quote] != '"')) return false;
    const char mark = source_[quote];
    const bool is_long = source_.substr(quote).starts_with(std::string(3, mark));
    const std::size_t begin = quote + (is_long ? 3 : 1);
    const std::size_t end = find_end(begin, mark, is_long, token.formatted);
    if (end == std::string_view::npos) {
      mistake("the text has no end");
      at_ = is_long ? source_.size() : std::min(source_.find('\n', begin), source_.size());
      return true;
    }
    token.text = source_.substr(begin, end - begin);
    tokens_.push_back(token);
    for (std::size_t at = begin; at < end; ++at) {
      if (source_[at] != '\n') continue;
      ++line_;
      line_start_ = at + 1;
    }
    at_ = end + (is_long ? 3 : 1);
    return true;
  }

  /// Quotes within the braces of a formatted text belong to them.
  std::size_t find_end(std::size_t at, char mark, bool is_long, bool formatted) const {
    const std::string ending(is_long ? 3 : 1, mark);
    int braces = 0;
    char inner = 0;  // the quote of a text within braces
    for (; at < source_.size(); ++at) {
      const char c = source_[at];
      if (c == '\n' && !is_long) return std::string_view::npos;
      if (c == '\\') {
        ++at;
      } else if (inner != 0) {
        if (c == inner) inner = 0;
      } else if (braces == 0 && source_.substr(at).starts_with(ending)) {
        return at;
      } else if (formatted && (c == '{' || c == '}')) {
        const bool doubled = braces == 0 && at + 1 < source_.size() && source_[at + 1] == c;
        if (doubled) {
          ++at;
        } else {
          braces = std::max(0, braces + (c == '{' ? 1 : -1));
        }
      } else if (braces > 0 && (c == '\'' || c == '"')) {
        if (is_long && source_.substr(at).starts_with(ending)) return at;
        inner = c;
      }
    }
    return std::string_view::npos;
  }

  std::string_view source_;
  const Limits& limits_;
  std::vector<Mistake>& mistakes_;
  std::vector<Token> tokens_;
  std::vector<std::size_t> indents_{0};
  std::size_t at_ = 0;
  std::size_t line_start_ = 0;
  std::uint32_t line_ = 1;
  int brackets_ = 0;
  bool begins_line_ = true;
};

/// `count` hexadecimal digits at `at`, or nothing.
bool read_hex(std::string_view text, std::size_t at, std::size_t count, std::uint32_t& value) {
  if (at + count > text.size()) return false;
  value = 0;
  for (const char c : text.substr(at, count)) {
    const char lower = static_cast<char>(c | 0x20);
    if (!is_digit(c) && (lower < 'a' || lower > 'f')) return false;
    value = value * 16 + static_cast<std::uint32_t>(is_digit(c) ? c - '0' : lower - 'a' + 10);
  }
  return true;
}

}  // namespace

std::vector<Token> tokenize(std::string_view source, const Limits& limits, std::vector<Mistake>& mistakes) {
  return Tokenizer(source, limits, mistakes).run();
}

std::string unescape(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] != '\\' || at + 1 == text.size()) {
      out += text[at];
      continue;
    }
    const char c = text[++at];
    const std::size_t digits = c == 'x' ? 2 : c == 'u' ? 4 : c == 'U' ? 8 : 0;
    std::uint32_t value = 0;
    if (digits > 0 && read_hex(text, at + 1, digits, value)) {
      append_utf8(out, value);
      at += digits;
    } else if (c == 'n') {
      out += '\n';
    } else if (c == 't') {
      out += '\t';
    } else if (c == 'r') {
      out += '\r';
    } else if (c == '\\' || c == '\'' || c == '"') {
      out += c;
    } else if (c != '\n') {
      out += '\\';
      out += c;
    }
  }
  return out;
}

}  // namespace streamops::importer::python
