#include "format/impl/json_tape.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>
#include <limits>

#include "base/text.h"
#include "data/text_form.h"
#include "errors/format.h"
#include "format/impl/json_number.h"

namespace streamops::format {
namespace {

constexpr std::size_t longest_number = 1000;  // characters; as the parser that Spark uses
constexpr std::array<std::string_view, 6> not_finite_words = {"NaN",       "Infinity", "-Infinity",
                                                              "+Infinity", "-INF",     "+INF"};

bool is_space(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

/// What stands for a backslash and `c`; nothing for an unknown escape and for u.
char simple_escape(char c) {
  switch (c) {
    case '"':
    case '\\':
    case '/':
    case '\'':
      return c;
    case 'b':
      return '\b';
    case 'f':
      return '\f';
    case 'n':
      return '\n';
    case 'r':
      return '\r';
    case 't':
      return '\t';
    default:
      return 0;
  }
}

}  // namespace

/// Recursive descent over one text; depth is bounded by the limits.
class JsonTape::Parser {
 public:
  Parser(JsonTape& tape, std::string_view source, int max_depth)
      : tape_(tape), begin_(source.data()), at_(source.data()), end_(at_ + source.size()), max_depth_(max_depth) {}

  Result<void> run() {
    skip_space();
    if (at_ == end_) return Ok();
    if (value(0)) return Ok();
    if (too_deep_) {
      return Error(errors::format::json_too_large, "objects and arrays lie more than {} deep inside each other",
                   max_depth_);
    }
    return Error(errors::format::json_malformed, "not JSON at byte {}: {}", at_ - begin_ + 1, fault_);
  }

 private:
  bool fail(const char* fault) {
    fault_ = fault;
    return false;
  }

  void skip_space() {
    while (at_ < end_ && is_space(*at_)) ++at_;
  }

  bool take(char c) {
    if (at_ == end_ || *at_ != c) return false;
    ++at_;
    return true;
  }

  std::uint32_t add(JsonKind kind) {
    const auto index = static_cast<std::uint32_t>(tape_.items_.size());
    tape_.items_.push_back({kind, index + 1});
    return index;
  }

  void close(std::uint32_t index) { tape_.items_[index].next = static_cast<std::uint32_t>(tape_.items_.size()); }

  bool value(int depth) {
    skip_space();
    if (at_ == end_) return fail("it ends where a value was expected");
    switch (*at_) {
      case '{':
        return object(depth + 1);
      case '[':
        return array(depth + 1);
      case '"':
      case '\'':
        return text();
      default:
        return scalar();
    }
  }

  bool enter(int depth) {
    ++at_;
    too_deep_ = depth > max_depth_;
    return !too_deep_;
  }

  bool object(int depth) {
    const std::uint32_t index = add(JsonKind::object);
    if (!enter(depth)) return false;
    skip_space();
    if (take('}')) return true;
    do {
      skip_space();
      if (at_ == end_ || (*at_ != '"' && *at_ != '\'')) return fail("a name in quotes was expected");
      if (!text()) return false;
      skip_space();
      if (!take(':')) return fail("a colon was expected");
      if (!value(depth)) return false;
      skip_space();
    } while (take(','));
    if (!take('}')) return fail("a comma or } was expected");
    close(index);
    return true;
  }

  bool array(int depth) {
    const std::uint32_t index = add(JsonKind::array);
    if (!enter(depth)) return false;
    skip_space();
    if (take(']')) return true;
    do {
      if (!value(depth)) return false;
      skip_space();
    } while (take(','));
    if (!take(']')) return fail("a comma or ] was expected");
    close(index);
    return true;
  }

  bool scalar() {
    if (word("null")) return add_plain(JsonKind::null);
    if (word("true")) return add_plain(JsonKind::yes);
    if (word("false")) return add_plain(JsonKind::no);
    for (const std::string_view name : not_finite_words) {
      if (word(name)) return add_characters(JsonKind::not_finite, name);
    }
    const NumberToken number = scan_number(at_, end_);
    if (number.kind == NumberKind::malformed) return fail("a value was expected");
    if (number.length > longest_number) return fail("a number has more than 1000 digits");
    const std::string_view digits(at_, number.length);
    at_ += number.length;
    return add_characters(number.kind == NumberKind::integer ? JsonKind::integer : JsonKind::real, digits);
  }

  /// A whole word: what follows must not be a letter or digit.
  bool word(std::string_view expected) {
    if (!std::string_view(at_, static_cast<std::size_t>(end_ - at_)).starts_with(expected)) return false;
    const char* const after = at_ + expected.size();
    const auto follows = after < end_ ? static_cast<unsigned char>(*after) : static_cast<unsigned char>(' ');
    if (std::isalnum(follows) || follows == '_' || follows == '$' || follows >= 0x80) return false;
    at_ = after;
    return true;
  }

  bool add_plain(JsonKind kind) {
    add(kind);
    return true;
  }

  bool add_characters(JsonKind kind, std::string_view characters) {
    JsonItem& item = tape_.items_[add(kind)];
    item.begin = static_cast<std::uint32_t>(tape_.characters_.size());
    item.length = static_cast<std::uint32_t>(characters.size());
    tape_.characters_ += characters;
    return true;
  }

  bool text() {
    const char quote = *at_++;
    const std::uint32_t index = add(JsonKind::text);
    std::string& out = tape_.characters_;
    const std::size_t start = out.size();
    while (at_ < end_ && *at_ != quote) {
      if (static_cast<unsigned char>(*at_) < 0x20) return fail("a control character inside of quotes");
      if (*at_ == '\\') {
        if (!escape(out)) return false;
      } else {
        out += *at_++;
      }
    }
    if (!take(quote)) return fail("it ends inside of quotes");
    tape_.items_[index].begin = static_cast<std::uint32_t>(start);
    tape_.items_[index].length = static_cast<std::uint32_t>(out.size() - start);
    return true;
  }

  bool escape(std::string& out) {
    ++at_;
    if (at_ == end_) return fail("it ends inside of quotes");
    if (*at_ != 'u') {
      const char plain = simple_escape(*at_);
      if (plain == 0) return fail("an unknown escape");
      out += plain;
      ++at_;
      return true;
    }
    ++at_;
    std::uint32_t unit = 0;
    if (!hex4(unit)) return false;
    append_unit(out, unit);
    return true;
  }

  bool hex4(std::uint32_t& unit) {
    if (end_ - at_ < 4) return fail("an escape is cut off");
    for (int i = 0; i < 4; ++i) {
      const int digit = hex_digit(*at_);
      if (digit < 0) return fail("an escape with something else than four hexadecimal digits");
      unit = unit * 16 + static_cast<std::uint32_t>(digit);
      ++at_;
    }
    return true;
  }

  /// One UTF-16 unit; a high half takes the low half that follows with it. A half alone becomes a question mark, which
  /// is what Java writes for it.
  void append_unit(std::string& out, std::uint32_t unit) {
    if (unit < 0xD800 || unit > 0xDFFF) return append_utf8(out, unit);
    if (unit < 0xDC00 && end_ - at_ >= 6 && at_[0] == '\\' && at_[1] == 'u') {
      const char* const back = at_;
      at_ += 2;
      std::uint32_t low = 0;
      if (hex4(low) && low >= 0xDC00 && low <= 0xDFFF) {
        return append_utf8(out, 0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00));
      }
      at_ = back;
    }
    out += '?';
  }

  JsonTape& tape_;
  const char* begin_;
  const char* at_;
  const char* end_;
  int max_depth_;
  const char* fault_ = "";
  bool too_deep_ = false;
};

Result<void> JsonTape::parse(std::string_view source, const JsonLimits& limits) {
  items_.clear();
  characters_.clear();
  if (source.size() > limits.max_bytes || source.size() > std::numeric_limits<std::uint32_t>::max() / 4) {
    return Error(errors::format::json_too_large, "the record has {} bytes, {} are read at most", source.size(),
                 limits.max_bytes);
  }
  if (!is_utf8(source))
    return Error(errors::format::json_not_utf8, "the record is not UTF-8 text ({} bytes)", source.size());
  return Parser(*this, source, limits.max_depth).run();
}

void JsonTape::append_compact(std::uint32_t index, std::string& out) const {
  const JsonItem& item = items_[index];
  switch (item.kind) {
    case JsonKind::null:
      out += "null";
      return;
    case JsonKind::no:
      out += "false";
      return;
    case JsonKind::yes:
      out += "true";
      return;
    case JsonKind::integer:
      out += text(item) == "-0" ? "0" : text(item);
      return;
    case JsonKind::real:
      append_number(out, number_value(text(item)));
      return;
    case JsonKind::not_finite:
      append_number(out, not_finite_value(text(item)));
      return;
    case JsonKind::text:
      append_quoted(out, text(item));
      return;
    case JsonKind::array:
    case JsonKind::object:
      break;
  }
  const bool object = item.kind == JsonKind::object;
  out += object ? '{' : '[';
  bool name = object;
  for (std::uint32_t child = index + 1; child < item.next; child = items_[child].next) {
    append_compact(child, out);
    if (items_[child].next < item.next) out += name ? ':' : ',';
    if (object) name = !name;
  }
  out += object ? '}' : ']';
}

std::string JsonTape::describe(std::uint32_t index) const {
  const JsonItem& item = items_[index];
  if (item.kind == JsonKind::object) return "an object";
  if (item.kind == JsonKind::array) return "an array";
  std::string out;
  append_compact(index, out);
  constexpr std::size_t most = 40;
  if (out.size() <= most) return out;
  std::size_t cut = most;
  while (cut > 0 && (static_cast<unsigned char>(out[cut]) & 0xC0) == 0x80) --cut;
  return out.substr(0, cut) + "…";
}

void append_quoted(std::string& out, std::string_view text) {
  out += '"';
  const char* from = text.data();
  const char* const end = from + text.size();
  for (const char* at = from; at < end; ++at) {
    const auto c = static_cast<unsigned char>(*at);
    if (c >= 0x20 && c != '"' && c != '\\') [[likely]]
      continue;
    out.append(from, at);
    from = at + 1;
    out += '\\';
    switch (c) {
      case '"':
      case '\\':
        out += *at;
        break;
      case '\b':
        out += 'b';
        break;
      case '\f':
        out += 'f';
        break;
      case '\n':
        out += 'n';
        break;
      case '\r':
        out += 'r';
        break;
      case '\t':
        out += 't';
        break;
      default:
        constexpr const char* hex = "0123456789ABCDEF";
        out += "u00";
        out += hex[c >> 4];
        out += hex[c & 15];
    }
  }
  out.append(from, end);
  out += '"';
}

void append_number(std::string& out, double value) {
  const bool finite = std::isfinite(value);
  if (!finite) out += '"';
  data::append_double(out, value);
  if (!finite) out += '"';
}

double not_finite_value(std::string_view word) {
  if (word == "NaN") return std::numeric_limits<double>::quiet_NaN();
  constexpr double infinity = std::numeric_limits<double>::infinity();
  return word.front() == '-' ? -infinity : infinity;
}

bool is_not_finite_word(std::string_view word) {
  return std::find(not_finite_words.begin(), not_finite_words.end(), word) != not_finite_words.end();
}

}  // namespace streamops::format
