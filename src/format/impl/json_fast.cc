#include "format/impl/json_fast.h"

#include <cstring>

#include "format/impl/json_number.h"
#include "format/impl/json_scalar.h"
#include "format/impl/json_tape.h"
#include "format/impl/json_text.h"

namespace streamops::format {
namespace {

using data::TypeId;

constexpr std::size_t longest_fast_number = 64;

bool is_space(char c) {
  return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

/// Walks one document. Every function that reads a value appends exactly one value to the node's builder, a null when
/// it returns false. Hot path: no allocation, no virtual call; a character behind the document's end may be looked at,
/// but nothing that reaches beyond the end is ever accepted.
class Walk {
 public:
  Walk(std::string_view document, TextStage& texts, int max_depth)
      : at_(document.data()), end_(at_ + document.size()), scan_(end_), texts_(texts), max_depth_(max_depth) {}

  /// False, and nothing appended, when there is no object.
  bool at_object() {
    skip_space();
    return at_ < end_ && *at_ == '{';
  }

  /// The members of an object into the children of `node`; those that it lacks become null.
  bool members(JsonNode& node) {
    node.next_round();
    std::size_t found = 0;
    const bool fine = ++depth_ <= max_depth_ && given_members(node, found);
    --depth_;
    for (std::size_t i = 0; found < node.children.size() && i < node.children.size(); ++i) {
      if (node.seen[i] != node.round) append_null(node.children[i]);
    }
    return fine;
  }

  /// Once the object is read: whether the whole document is UTF-8.
  bool is_utf8(std::string_view document) const {
    return (at_ == end_ && scan_.only_ascii()) || is_valid_utf8(document);
  }

 private:
  void append_null(JsonNode& node) {
    if (node.staged >= 0) {
      texts_.set_null(static_cast<std::size_t>(node.staged));
    } else if (node.out != nullptr) {
      node.out->append_null();
    }
  }
  bool give_up(JsonNode& node) {
    append_null(node);
    return false;
  }
  void append_text(JsonNode& node, std::string_view text) {
    if (node.staged >= 0) {
      texts_.set(static_cast<std::size_t>(node.staged), text);
    } else if (node.out != nullptr) {
      node.out->append_text(text);
    }
  }

  void skip_space() {
    while (at_ < end_ && is_space(*at_)) ++at_;
  }
  bool take(char c) {
    if (at_ >= end_ || *at_ != c) return false;
    ++at_;
    return true;
  }
  bool take_word(std::string_view word) {
    if (static_cast<std::size_t>(end_ - at_) < word.size() || std::memcmp(at_, word.data(), word.size()) != 0)
      return false;
    at_ += word.size();
    return true;
  }

  bool given_members(JsonNode& node, std::size_t& found) {
    ++at_;  // the brace
    for (std::size_t next = 0;;) {
      int member = -1;
      if (const JsonLayout::Step* step = node.layout.find(at_, next)) {
        at_ += step->length;
        member = step->member;
      } else {
        const char* const before = at_;
        bool closed = false;
        if (!next_name(next == 0, closed, node, member)) return false;
        if (closed) return true;
        node.layout.note(before, at_, member, next);
      }
      if (at_ >= end_) return false;
      if (member < 0) {
        if (!skip()) return false;
        continue;
      }
      const auto index = static_cast<std::size_t>(member);
      if (node.seen[index] == node.round) return false;  // twice: the lenient way knows which one counts
      node.seen[index] = node.round;
      ++found;
      JsonNode& child = node.children[index];
      std::string_view text;
      if (child.staged < 0 || *at_ != '"') {  // the commonest kind of value goes the shortest way
        if (!value(child)) return false;
      } else if (read_text(text)) {
        texts_.set(static_cast<std::size_t>(child.staged), text);
      } else {
        return give_up(child);
      }
    }
  }

  /// Reads what stands between two values: up to the next one, or up to the closing brace and over it.
  bool next_name(bool first, bool& closed, const JsonNode& node, int& member) {
    std::string_view name;
    if (!next_name(first, closed, name)) return false;
    if (!closed) member = node.find(name);
    return true;
  }

  bool next_name(bool first, bool& closed, std::string_view& name) {
    skip_space();
    closed = take('}');
    if (closed) return true;
    if (!first && !take(',')) return false;
    skip_space();
    if (at_ >= end_ || *at_ != '"' || !read_text(name)) return false;
    skip_space();
    if (!take(':')) return false;
    skip_space();
    return true;
  }

  /// Reads the text whose opening quote is at hand. One without escapes is used where it stands.
  [[gnu::always_inline]] bool read_text(std::string_view& text) {
    const char* const from = at_ + 1;
    const char* const to = scan_.find_special(from);
    if (to >= end_) return false;
    if (*to != '"') return *to == '\\' && read_escaped(from, to, text);
    text = {from, static_cast<std::size_t>(to - from)};
    at_ = to + 1;
    return true;
  }

  /// `special` is the first backslash. Resolved, a text is never longer.
  [[gnu::noinline]] bool read_escaped(const char* from, const char* special, std::string_view& text) {
    const char* close = special;
    while (close < end_ && *close == '\\') close = scan_.find_special(close + 2);
    if (close >= end_ || *close != '"') return false;
    char* const begin = texts_.room(static_cast<std::size_t>(close - from));
    char* to = begin;
    while (from < close) {
      if (*from == '\\') {
        if (!resolve_escape(from, close, to)) return false;
        continue;
      }
      const auto* const next =
          static_cast<const char*>(std::memchr(from, '\\', static_cast<std::size_t>(close - from)));
      const auto plain = static_cast<std::size_t>((next == nullptr ? close : next) - from);
      std::memcpy(to, from, plain);
      to += plain;
      from += plain;
    }
    text = {begin, static_cast<std::size_t>(to - begin)};
    at_ = close + 1;
    return true;
  }

  bool value(JsonNode& node) {
    switch (*at_) {
      case '"':
        return text(node);
      case '{':
        return node.id == TypeId::structure ? structure(node) : node.id == TypeId::map ? map(node) : give_up(node);
      case '[':
        return node.id == TypeId::array ? list(node) : give_up(node);
      case 'n':
        append_null(node);
        return take_word("null");
      case 't':
        return boolean(node, true);
      case 'f':
        return boolean(node, false);
      default:
        return number(node);
    }
  }

  bool text(JsonNode& node) {
    std::string_view text;
    if (!read_text(text)) return give_up(node);
    if (node.id == TypeId::string) {
      append_text(node, text);
      return true;
    }
    return append_text_as(text, *node.type, node.out) || give_up(node);
  }

  bool boolean(JsonNode& node, bool is_true) {
    const std::string_view word = is_true ? "true" : "false";
    const char* const from = at_;
    if (!take_word(word)) return give_up(node);
    if (node.id == TypeId::string) {
      append_text(node, {from, word.size()});
      return true;
    }
    if (node.id != TypeId::boolean) return give_up(node);
    if (node.out != nullptr) node.out->append_boolean(is_true);
    return true;
  }

  bool take_number(std::string_view& token, NumberKind& kind) {
    const NumberToken scanned = scan_number(at_, end_);
    if (scanned.kind == NumberKind::malformed || scanned.length > longest_fast_number) return false;
    token = {at_, scanned.length};
    kind = scanned.kind;
    at_ += scanned.length;
    return true;
  }

  /// Numbers go through the same conversion as the lenient parser's.
  bool number(JsonNode& node) {
    std::string_view token;
    NumberKind kind{};
    if (!take_number(token, kind)) return give_up(node);
    if (node.id != TypeId::string) return append_number_token(token, kind, *node.type, node.out) || give_up(node);
    if (kind == NumberKind::integer && token != "-0") {
      append_text(node, token);
      return true;
    }
    std::string written;
    if (kind == NumberKind::integer) {
      written = "0";
    } else {
      format::append_number(written, number_value(token));
    }
    append_text(node, node.staged >= 0 ? texts_.copy(written) : std::string_view(written));
    return true;
  }

  bool structure(JsonNode& node) {
    const bool fine = members(node);
    if (node.out != nullptr) node.out->append_present();
    return fine;
  }

  bool list(JsonNode& node) {
    const bool fine = ++depth_ <= max_depth_ && elements([&] { return value(node.children[0]); });
    --depth_;
    if (node.out != nullptr) node.out->append_present();
    return fine;
  }

  /// The elements of an array; `element` reads the value at hand.
  template <typename Element>
  bool elements(Element element) {
    ++at_;
    skip_space();
    if (take(']')) return true;
    do {
      skip_space();
      if (at_ >= end_ || !element()) return false;
      skip_space();
    } while (take(','));
    return take(']');
  }

  bool map(JsonNode& node) {
    if (node.type->fields()[0].type->id() != TypeId::string) return give_up(node);
    const bool fine = ++depth_ <= max_depth_ && entries([&](std::string_view name) {
      if (node.out != nullptr) node.out->child(0).append_text(name);
      return value(node.children[0]);
    });
    --depth_;
    if (node.out != nullptr) node.out->append_present();
    return fine;
  }

  /// The members of an object whose names are not known; `entry` is given a name and reads the value at hand.
  template <typename Entry>
  bool entries(Entry entry) {
    ++at_;
    for (bool first = true;; first = false) {
      std::string_view name;
      bool closed = false;
      if (!next_name(first, closed, name)) return false;
      if (closed) return true;
      if (at_ >= end_ || !entry(name)) return false;
    }
  }

  /// Reads over a value that nobody wants, to see that it is JSON.
  bool skip() {
    std::string_view ignored;
    NumberKind kind{};
    bool fine = false;
    switch (*at_) {
      case '"':
        return read_text(ignored);
      case 'n':
        return take_word("null");
      case 't':
        return take_word("true");
      case 'f':
        return take_word("false");
      case '{':
        fine = ++depth_ <= max_depth_ && entries([this](std::string_view) { return skip(); });
        --depth_;
        return fine;
      case '[':
        fine = ++depth_ <= max_depth_ && elements([this] { return skip(); });
        --depth_;
        return fine;
      default:
        return take_number(ignored, kind);
    }
  }

  const char* at_;
  const char* const end_;
  JsonTextScan scan_;
  TextStage& texts_;
  int max_depth_;
  int depth_ = 0;
};

}  // namespace

JsonFast::Outcome JsonFast::read(std::string_view document, JsonNode& root, int max_depth) {
  Walk walk(document, texts_, max_depth);
  if (!walk.at_object()) return Outcome::gave_up_clean;
  const bool fine = walk.members(root) && walk.is_utf8(document);
  return fine ? Outcome::row : Outcome::gave_up_dirty;
}

}  // namespace streamops::format
