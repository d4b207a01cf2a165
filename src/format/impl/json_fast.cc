#include "format/impl/json_fast.h"

#include <simdjson.h>

#include <cstring>

#include "format/impl/json_number.h"
#include "format/impl/json_scalar.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace streamops::format {
namespace {

using data::TypeId;
namespace ondemand = simdjson::ondemand;

constexpr std::size_t padding = 64;
constexpr std::size_t longest_fast_number = 64;
constexpr std::size_t parser_keeps = 1024 * 1024;  // bytes of document; after a longer one its buffers are given back

/// The first quote or backslash from `at` on; there is one.
const char* find_end_or_escape(const char* at) {
#if defined(__SSE2__)
  const __m128i quote = _mm_set1_epi8('"');
  const __m128i backslash = _mm_set1_epi8('\\');
  // Reads at most 15 bytes beyond the closing quote: less than the padding.
  for (;; at += 16) {
    const __m128i chunk = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
    const __m128i hit = _mm_or_si128(_mm_cmpeq_epi8(chunk, quote), _mm_cmpeq_epi8(chunk, backslash));
    const int mask = _mm_movemask_epi8(hit);
    if (mask != 0) return at + __builtin_ctz(static_cast<unsigned>(mask));
  }
#else
  while (*at != '"' && *at != '\\') ++at;
  return at;
#endif
}

/// The token without the blanks that simdjson leaves behind it.
std::string_view trim_token(std::string_view token) {
  while (!token.empty() &&
         (token.back() == ' ' || token.back() == '\n' || token.back() == '\r' || token.back() == '\t')) {
    token.remove_suffix(1);
  }
  return token;
}

/// Walks one document. Every function that reads a value appends exactly one value to the node's builder, a null when
/// it returns false.
class Walk {
 public:
  explicit Walk(int max_depth) : max_depth_(max_depth) {}

  bool value(ondemand::value value, JsonNode& node) {
    ondemand::json_type type{};
    if (value.type().get(type) != simdjson::SUCCESS) return give_up(node);
    if (type == ondemand::json_type::null) {
      append_null(node);
      bool is_null = false;
      return value.is_null().get(is_null) == simdjson::SUCCESS && is_null;
    }
    switch (type) {
      case ondemand::json_type::string:
        return text(value, node);
      case ondemand::json_type::number:
        return number(value, node);
      case ondemand::json_type::boolean:
        return boolean(value, node);
      case ondemand::json_type::object:
        return node.id == TypeId::structure ? structure(value, node)
               : node.id == TypeId::map     ? map(value, node)
                                            : give_up(node);
      case ondemand::json_type::array:
        return node.id == TypeId::array ? list(value, node) : give_up(node);
      default:
        return give_up(node);
    }
  }

  /// The members of an object into the children of `node`; those that it lacks become null.
  bool members(ondemand::object object, JsonNode& node) {
    node.next_round();
    const bool fine = ++depth_ <= max_depth_ && given_members(object, node);
    --depth_;
    for (std::size_t i = 0; i < node.children.size(); ++i) {
      if (node.seen[i] != node.round) append_null(node.children[i]);
    }
    return fine;
  }

 private:
  static void append_null(JsonNode& node) {
    if (node.out != nullptr) node.out->append_null();
  }
  static bool give_up(JsonNode& node) {
    append_null(node);
    return false;
  }

  bool given_members(ondemand::object& object, JsonNode& node) {
    std::size_t guess = 0;
    for (auto result : object) {
      ondemand::field field;
      if (std::move(result).get(field) != simdjson::SUCCESS) return false;
      int member = -1;
      if (!find(field, node, guess, member)) return false;
      if (member < 0) {
        if (!skip(field.value())) return false;
        continue;
      }
      const auto at = static_cast<std::size_t>(member);
      if (node.seen[at] == node.round) return false;  // twice: the lenient way knows which one counts
      node.seen[at] = node.round;
      guess = at + 1;
      if (!value(field.value(), node.children[at])) return false;
    }
    return true;
  }

  /// True when the raw name at `raw` is `name`, which has no escapes and is shorter than the padding.
  static bool is_name(const char* raw, const std::string& name) {
    return raw[name.size()] == '"' && std::memcmp(raw, name.data(), name.size()) == 0;
  }

  /// Objects mostly have their members in the schema's order, so the next one is tried first.
  static bool find(ondemand::field& field, JsonNode& node, std::size_t guess, int& member) {
    if (guess < node.names.size() && node.plain_name[guess] != 0 && is_name(field.key().raw(), node.names[guess])) {
      member = static_cast<int>(guess);
      return true;
    }
    std::string_view name;
    if (field.unescaped_key().get(name) != simdjson::SUCCESS) return false;
    member = node.find(name);
    return true;
  }

  bool structure(ondemand::value value, JsonNode& node) {
    ondemand::object object;
    if (value.get_object().get(object) != simdjson::SUCCESS) return give_up(node);
    const bool fine = members(object, node);
    if (node.out != nullptr) node.out->append_present();
    return fine;
  }

  bool list(ondemand::value value, JsonNode& node) {
    ondemand::array array;
    if (value.get_array().get(array) != simdjson::SUCCESS) return give_up(node);
    const bool fine = ++depth_ <= max_depth_ && elements(array, node.children[0]);
    --depth_;
    if (node.out != nullptr) node.out->append_present();
    return fine;
  }

  bool elements(ondemand::array& array, JsonNode& node) {
    for (auto result : array) {
      ondemand::value element;
      if (std::move(result).get(element) != simdjson::SUCCESS || !value(element, node)) return false;
    }
    return true;
  }

  bool map(ondemand::value value, JsonNode& node) {
    ondemand::object object;
    if (node.type->fields()[0].type->id() != TypeId::string || value.get_object().get(object) != simdjson::SUCCESS) {
      return give_up(node);
    }
    const bool fine = ++depth_ <= max_depth_ && entries(object, node);
    --depth_;
    if (node.out != nullptr) node.out->append_present();
    return fine;
  }

  bool entries(ondemand::object& object, JsonNode& node) {
    for (auto result : object) {
      ondemand::field field;
      std::string_view name;
      if (std::move(result).get(field) != simdjson::SUCCESS) return false;
      if (field.unescaped_key().get(name) != simdjson::SUCCESS) return false;
      if (node.out != nullptr) node.out->child(0).append_text(name);
      if (!value(field.value(), node.children[0])) return false;
    }
    return true;
  }

  /// A text without escapes is used where it stands; simdjson unescapes the others.
  static bool read_text(ondemand::value& value, std::string_view& text) {
    const char* const raw = value.raw_json_token().data() + 1;
    const char* const end = find_end_or_escape(raw);
    if (*end != '"') return value.get_string().get(text) == simdjson::SUCCESS;
    text = {raw, static_cast<std::size_t>(end - raw)};
    ondemand::raw_json_string ignored;
    return value.get_raw_json_string().get(ignored) == simdjson::SUCCESS;
  }

  static bool text(ondemand::value value, JsonNode& node) {
    std::string_view text;
    if (!read_text(value, text)) return give_up(node);
    if (node.id == TypeId::string) {
      if (node.out != nullptr) node.out->append_text(text);
      return true;
    }
    return append_text_as(text, *node.type, node.out) || give_up(node);
  }

  static bool boolean(ondemand::value value, JsonNode& node) {
    bool is_true = false;
    if (value.get_bool().get(is_true) != simdjson::SUCCESS) return give_up(node);
    if (node.id == TypeId::boolean) {
      if (node.out != nullptr) node.out->append_boolean(is_true);
      return true;
    }
    if (node.id != TypeId::string) return give_up(node);
    if (node.out != nullptr) node.out->append_text(is_true ? "true" : "false");
    return true;
  }

  /// Numbers go through the same conversion as the lenient parser's; only the commonest targets are read here.
  static bool number(ondemand::value value, JsonNode& node) {
    const std::string_view token = trim_token(value.raw_json_token());
    if (token.size() > longest_fast_number) return give_up(node);
    const NumberToken scanned = scan_number(token.data(), token.data() + token.size());
    if (scanned.kind == NumberKind::malformed || scanned.length != token.size()) return give_up(node);
    if (node.id == TypeId::float64 || node.id == TypeId::float32) {
      double number = 0;
      if (value.get_double().get(number) != simdjson::SUCCESS) return give_up(node);
      if (node.out != nullptr) node.out->append_float(number);
      return true;
    }
    if (node.id == TypeId::string && scanned.kind == NumberKind::integer && token != "-0") {
      if (node.out != nullptr) node.out->append_text(token);
      return true;
    }
    return append_number_token(token, scanned.kind, *node.type, node.out) || give_up(node);
  }

  /// Reads over a value that nobody wants, to see that it is JSON.
  bool skip(ondemand::value value) {
    ondemand::json_type type{};
    if (value.type().get(type) != simdjson::SUCCESS) return false;
    switch (type) {
      case ondemand::json_type::string: {
        std::string_view text;
        return read_text(value, text);
      }
      case ondemand::json_type::number: {
        const std::string_view token = trim_token(value.raw_json_token());
        const NumberToken scanned = scan_number(token.data(), token.data() + token.size());
        return scanned.kind != NumberKind::malformed && scanned.length == token.size() &&
               token.size() <= longest_fast_number;
      }
      case ondemand::json_type::boolean: {
        bool is_true = false;
        return value.get_bool().get(is_true) == simdjson::SUCCESS;
      }
      case ondemand::json_type::null: {
        bool is_null = false;
        return value.is_null().get(is_null) == simdjson::SUCCESS && is_null;
      }
      case ondemand::json_type::object:
        return skip_members(value);
      case ondemand::json_type::array:
        return skip_elements(value);
    }
    return false;
  }

  bool skip_members(ondemand::value& value) {
    ondemand::object object;
    if (value.get_object().get(object) != simdjson::SUCCESS || ++depth_ > max_depth_) return false;
    for (auto result : object) {
      ondemand::field field;
      std::string_view name;
      if (std::move(result).get(field) != simdjson::SUCCESS) return false;
      if (field.unescaped_key().get(name) != simdjson::SUCCESS || !skip(field.value())) return false;
    }
    --depth_;
    return true;
  }

  bool skip_elements(ondemand::value& value) {
    ondemand::array array;
    if (value.get_array().get(array) != simdjson::SUCCESS || ++depth_ > max_depth_) return false;
    for (auto result : array) {
      ondemand::value element;
      if (std::move(result).get(element) != simdjson::SUCCESS || !skip(element)) return false;
    }
    --depth_;
    return true;
  }

  int max_depth_;
  int depth_ = 0;
};

}  // namespace

struct JsonFast::Parser {
  ondemand::parser parser;
};

JsonFast::JsonFast() = default;
JsonFast::~JsonFast() = default;

JsonFast::Outcome JsonFast::read(std::string_view document, JsonNode& root, int max_depth) {
  if (parser_ == nullptr) parser_ = std::make_unique<Parser>();
  ondemand::document parsed;
  ondemand::object object;
  const simdjson::padded_string_view padded(document.data(), document.size(), document.size() + padding);
  if (parser_->parser.iterate(padded).get(parsed) != simdjson::SUCCESS) return Outcome::gave_up_clean;
  if (parsed.get_object().get(object) != simdjson::SUCCESS) return Outcome::gave_up_clean;
  const bool fine = Walk(max_depth).members(object, root);
  if (document.size() > parser_keeps) parser_.reset();
  return fine ? Outcome::row : Outcome::gave_up_dirty;
}

}  // namespace streamops::format
