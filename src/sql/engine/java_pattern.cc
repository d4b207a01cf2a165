#include "sql/engine/java_pattern.h"

#include <re2/re2.h>

#include <algorithm>

#include "errors/sql.h"
#include "sql/engine/characters.h"

namespace streamops::sql {
namespace {

constexpr std::int64_t most_memory = 8 << 20;
constexpr std::string_view any_but_line_ends = "[^\\n\\r\\x{85}\\x{2028}\\x{2029}]";

Error refused(std::string_view pattern, std::string_view why) {
  return Error(errors::sql::bad_pattern, "[INVALID_PARAMETER_VALUE] the pattern '{}' {}", pattern, why);
}

/// Rewrites a pattern for RE2 and notes what depends on the text.
class Translator {
 public:
  explicit Translator(std::string_view pattern) : pattern_(pattern) {}

  bool run() {
    while (at_ < pattern_.size() && why_.empty()) {
      const char c = pattern_[at_];
      if (c == '\\') {
        escape(false);
      } else if (c == '[') {
        character_class();
      } else if (c == '(') {
        group();
      } else if (c == '.') {
        out_ += any_but_line_ends;
        ++at_;
      } else if (c == '$') {
        out_ += "\\z";
        depends_on_line_ends_ = true;
        ++at_;
      } else if (c == '^') {
        out_ += "\\A";
        ++at_;
      } else {
        out_ += c;
        ++at_;
      }
    }
    return why_.empty();
  }

  const std::string& out() const { return out_; }
  const std::string& why() const { return why_; }
  bool depends_on_line_ends() const { return depends_on_line_ends_; }
  bool needs_ascii() const { return needs_ascii_; }

 private:
  char peek(std::size_t ahead) const { return at_ + ahead < pattern_.size() ? pattern_[at_ + ahead] : '\0'; }
  void refuse(std::string why) { why_ = std::move(why); }

  void escape(bool in_class) {
    const char c = peek(1);
    if (c == '\0') return refuse("ends with a backslash");
    if (c == 's') {
      out_ += in_class ? "\\t\\n\\x0B\\f\\r " : "[\\t\\n\\x0B\\f\\r ]";
      at_ += 2;
    } else if (c == 'S' && !in_class) {
      out_ += "[^\\t\\n\\x0B\\f\\r ]";
      at_ += 2;
    } else if (c == 'Q') {
      quoted();
    } else if (c == 'e') {
      out_ += "\\x1B";
      at_ += 2;
    } else if (c == 'u') {
      unicode();
    } else if (c == 'b' || c == 'B') {
      needs_ascii_ = true;  // Java's word characters at \b go beyond ASCII
      out_ += '\\';
      out_ += c;
      at_ += 2;
    } else if (c >= '1' && c <= '9') {
      refuse("has a back reference, which is not served");
    } else if (std::string_view("dDwWtnrfaxApPz").find(c) != std::string_view::npos && !(c == 'A' && in_class)) {
      if (c == 'p' || c == 'P') return property();
      out_ += '\\';
      out_ += c;
      at_ += 2;
    } else if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '0') {
      refuse(std::string("has \\") + c + ", which is not served");
    } else {
      literal_character();
    }
  }

  /// A backslash before a sign: the sign itself.
  void literal_character() {
    const std::size_t length = std::min(character_bytes(pattern_[at_ + 1]), pattern_.size() - at_ - 1);
    if (length == 1) out_ += '\\';
    out_ += pattern_.substr(at_ + 1, length);
    at_ += 1 + length;
  }

  void quoted() {
    const std::size_t end = std::min(pattern_.find("\\E", at_ + 2), pattern_.size());
    out_ += re2::RE2::QuoteMeta(std::string(pattern_.substr(at_ + 2, end - at_ - 2)));
    at_ = std::min(end + 2, pattern_.size());
  }

  void unicode() {
    const std::string_view digits = pattern_.substr(std::min(at_ + 2, pattern_.size()), 4);
    const bool good =
        digits.size() == 4 && digits.find_first_not_of("0123456789abcdefABCDEF") == std::string_view::npos;
    if (!good || digits[0] == 'd' || digits[0] == 'D') return refuse("has a \\u escape that is not served");
    out_ += "\\x{" + std::string(digits) + "}";
    at_ += 6;
  }

  void property() {
    const std::string_view rest = pattern_.substr(at_ + 2);
    for (std::string_view name : {"{L}", "{Lu}", "{Ll}", "{N}", "{Nd}", "{P}", "{S}", "{Z}", "{M}", "{IsLatin}"}) {
      if (!rest.starts_with(name)) continue;
      out_ += pattern_.substr(at_, 2);
      out_ += name == "{IsLatin}" ? std::string_view("{Latin}") : name;
      at_ += 2 + name.size();
      return;
    }
    refuse("has a \\p{…} class that is not served");
  }

  void group() {
    if (peek(1) != '?') {
      out_ += '(';
      ++at_;
    } else if (peek(2) == ':') {
      out_ += "(?:";
      at_ += 3;
    } else if (peek(2) == 'i' && (peek(3) == ')' || peek(3) == ':')) {
      needs_ascii_ = true;  // Java folds only ASCII, RE2 all letters
      out_ += pattern_.substr(at_, 4);
      at_ += 4;
    } else if (peek(2) == '<' && peek(3) != '=' && peek(3) != '!') {
      out_ += "(?P<";
      at_ += 3;
    } else if (peek(2) == '=' || peek(2) == '!' || peek(2) == '<') {
      refuse("has a look-around, which is not served");
    } else {
      refuse("has a flag or a group of a kind that is not served");
    }
  }

  void character_class() {
    out_ += pattern_[at_++];
    if (peek(0) == '^') out_ += pattern_[at_++];
    bool first = true;
    while (at_ < pattern_.size() && why_.empty()) {
      const char c = pattern_[at_];
      if (c == ']' && !first) {
        out_ += c;
        ++at_;
        return;
      }
      first = false;
      if (c == '\\') {
        escape(true);
      } else if (c == '[' || c == ']') {
        return refuse("has a class within a class, which is not served");
      } else if (c == '&' && peek(1) == '&') {
        return refuse("has an intersection of classes, which is not served");
      } else {
        out_ += c;
        ++at_;
      }
    }
    if (why_.empty()) refuse("has a class without its end");
  }

  std::string_view pattern_;
  std::size_t at_ = 0;
  std::string out_;
  std::string why_;
  bool depends_on_line_ends_ = false;
  bool needs_ascii_ = false;
};

bool ends_with_line_end(std::string_view text) {
  for (std::string_view end : {"\n", "\r", "\xC2\x85", "\xE2\x80\xA8", "\xE2\x80\xA9"}) {
    if (text.ends_with(end)) return true;
  }
  return false;
}

}  // namespace

struct JavaPattern::Compiled {
  explicit Compiled(const std::string& text, const re2::RE2::Options& options) : re(text, options) {}
  re2::RE2 re;
  bool depends_on_line_ends = false;
  bool needs_ascii = false;
};

Result<JavaPattern> JavaPattern::compile(std::string_view pattern) {
  Translator translator(pattern);
  if (!translator.run()) return refused(pattern, translator.why());
  re2::RE2::Options options;
  options.set_log_errors(false);
  options.set_max_mem(most_memory);
  auto compiled = std::make_shared<Compiled>(translator.out(), options);
  if (!compiled->re.ok()) return refused(pattern, "cannot be used: " + compiled->re.error());
  compiled->depends_on_line_ends = translator.depends_on_line_ends();
  compiled->needs_ascii = translator.needs_ascii();
  return JavaPattern(std::move(compiled));
}

bool JavaPattern::find(std::string_view text, std::size_t from, std::vector<Group>& groups) const {
  const int count = compiled_->re.NumberOfCapturingGroups() + 1;
  std::vector<re2::StringPiece> pieces(static_cast<std::size_t>(count));
  const re2::StringPiece whole(text.data(), text.size());
  if (!compiled_->re.Match(whole, from, text.size(), re2::RE2::UNANCHORED, pieces.data(), count)) return false;
  groups.assign(pieces.size(), {});
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    if (pieces[i].data() == nullptr) continue;
    groups[i].begin = static_cast<std::size_t>(pieces[i].data() - text.data());
    groups[i].end = groups[i].begin + pieces[i].size();
  }
  return true;
}

bool JavaPattern::found_in(std::string_view text) const {
  return re2::RE2::PartialMatch(re2::StringPiece(text.data(), text.size()), compiled_->re);
}

int JavaPattern::groups() const {
  return compiled_->re.NumberOfCapturingGroups();
}

std::string_view JavaPattern::trouble_with(std::string_view text) const {
  if (compiled_->depends_on_line_ends && ends_with_line_end(text))
    return "`$` before a line end at the end of the text";
  if (compiled_->needs_ascii && !is_ascii(text)) return "\\b or (?i) on letters beyond ASCII";
  return {};
}

Result<LikePattern> LikePattern::compile(std::string_view pattern, std::string_view escape) {
  LikePattern like;
  std::string literal;
  const auto flush = [&] {
    if (!literal.empty()) like.pieces_.push_back({Piece::Kind::literal, std::move(literal)});
    literal.clear();
  };
  for (std::size_t at = 0; at < pattern.size();) {
    if (!escape.empty() && pattern.substr(at).starts_with(escape)) {
      const std::string_view rest = pattern.substr(at + escape.size());
      const bool known = rest.starts_with('%') || rest.starts_with('_') || rest.starts_with(escape);
      if (rest.empty())
        return Error(errors::sql::bad_pattern, "[INVALID_FORMAT] the LIKE pattern '{}' ends with its escape", pattern);
      if (!known) {
        return Error(errors::sql::bad_pattern,
                     "[INVALID_FORMAT] in the LIKE pattern '{}' the escape stands before neither %, _ nor itself",
                     pattern);
      }
      const std::size_t length = rest.starts_with(escape) ? escape.size() : 1;
      literal += rest.substr(0, length);
      at += escape.size() + length;
    } else if (pattern[at] == '%' || pattern[at] == '_') {
      flush();
      like.pieces_.push_back({pattern[at] == '%' ? Piece::Kind::any : Piece::Kind::one, {}});
      ++at;
    } else {
      literal += pattern[at++];
    }
  }
  flush();
  return like;
}

/// Greedy with one step back to the last %: never more than text × pattern steps.
bool LikePattern::matches(std::string_view text) const {
  std::size_t piece = 0, at = 0;
  std::size_t retry_piece = std::string::npos, retry_at = 0;
  while (true) {
    if (piece == pieces_.size() && at == text.size()) return true;
    bool advanced = false;
    if (piece < pieces_.size()) {
      const Piece& now = pieces_[piece];
      if (now.kind == Piece::Kind::any) {
        retry_piece = ++piece;
        retry_at = at;
        continue;
      }
      if (now.kind == Piece::Kind::one && at < text.size()) {
        at += std::min(character_bytes(text[at]), text.size() - at);
        advanced = true;
      } else if (now.kind == Piece::Kind::literal && text.substr(at).starts_with(now.text)) {
        at += now.text.size();
        advanced = true;
      }
    }
    if (advanced) {
      ++piece;
      continue;
    }
    if (retry_piece == std::string::npos || retry_at >= text.size()) return false;
    retry_at += std::min(character_bytes(text[retry_at]), text.size() - retry_at);
    at = retry_at;
    piece = retry_piece;
  }
}

}  // namespace streamops::sql
