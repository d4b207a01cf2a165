// Addresses of the web: parse_url, url_encode, url_decode.
#include "sql/engine/characters.h"
#include "sql/engine/functions/address.h"
#include "sql/engine/functions/build_rows.h"
#include "sql/engine/functions/families.h"
#include "sql/engine/functions/utf8.h"

namespace streamops::sql {
namespace {

using data::Type;
using data::TypeId;
using data::TypePtr;

std::optional<std::string> part_of(const Address& address, std::string_view part) {
  if (part == "PROTOCOL") return address.scheme;
  if (part == "HOST") return address.host;
  if (part == "PATH") return address.path;
  if (part == "QUERY") return address.query;
  if (part == "REF") return address.fragment;
  if (part == "AUTHORITY") return address.authority;
  if (part == "USERINFO") return address.user_info;
  if (part == "FILE" && address.path) return *address.path + (address.query ? "?" + *address.query : "");
  return std::nullopt;
}

/// The value behind `key=` in a query; Spark looks for the first one.
std::optional<std::string> value_of(const std::string& query, std::string_view key) {
  for (std::size_t at = 0; at <= query.size();) {
    const std::size_t end = std::min(query.find('&', at), query.size());
    const std::string_view pair = std::string_view(query).substr(at, end - at);
    if (pair.size() > key.size() && pair.starts_with(key) && pair[key.size()] == '=')
      return std::string(pair.substr(key.size() + 1));
    at = end + 1;
  }
  return std::nullopt;
}

Result<NodePtr> parse_url(Binding& binding, bool lenient) {
  STREAMOPS_RETURN_IF_ERROR(binding.expect_arguments(2, 3));
  const TypePtr text = Type::scalar(TypeId::string);
  for (std::size_t i = 0; i < binding.size(); ++i) {
    STREAMOPS_ASSIGN(binding.arguments()[i], binding.argument_as(i, text));
  }
  const bool keyed = binding.size() == 3;
  return binding.node(
      text, true, built_rows([=](const RowAt& at, data::ColumnBuilder& out) {
        const auto address = Address::parse(at.text(0));
        if (!address) {
          if (!lenient || address.error().code() != errors::sql::invalid_input.code) at.fail(address.error());
          return out.append_null();
        }
        if (keyed && at.text(1) != "QUERY") return out.append_null();
        std::optional<std::string> found = part_of(*address, at.text(1));
        if (keyed && at.text(2).find_first_of("\\^$.|?*+()[]{}") != std::string_view::npos) {
          at.fail(Error(errors::sql::not_served, "the key '{}' is not served: Spark takes it as a regular expression",
                        at.text(2)));
          return out.append_null();
        }
        if (found && keyed) found = value_of(*found, at.text(2));
        found ? out.append_text(*found) : out.append_null();
      }));
}

constexpr std::string_view hex_digits = "0123456789ABCDEF";

constexpr auto url_encode = [](std::string& valid, auto& out, Text text) {
  valid.clear();
  append_valid_utf8(valid, text);
  if (!out.room_for(valid.size() * 3)) return;
  for (char c : valid) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
                       c == '-' || c == '*' || c == '_';
    if (plain || c == ' ') {
      out.push(plain ? c : '+');
      continue;
    }
    out.push('%');
    out.push(hex_digits[static_cast<unsigned char>(c) >> 4]);
    out.push(hex_digits[static_cast<unsigned char>(c) & 15]);
  }
};

int hex_value(char c) {
  const std::size_t at = hex_digits.find(c >= 'a' && c <= 'f' ? static_cast<char>(c - 32) : c);
  return at == std::string_view::npos ? -1 : static_cast<int>(at);
}

/// False when a percent sign has no two digits behind it.
bool decode(std::string& out, Text text) {
  std::string bytes;  // of percent signs in a row
  const auto flush = [&] {
    append_valid_utf8(out, bytes);
    bytes.clear();
  };
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      flush();
      out += text[i] == '+' ? ' ' : text[i];
      continue;
    }
    if (i + 2 >= text.size()) return false;
    const int high = hex_value(text[i + 1]), low = hex_value(text[i + 2]);
    if (high < 0 || low < 0) return false;
    bytes += static_cast<char>(high << 4 | low);
    i += 2;
  }
  flush();
  return true;
}

template <bool lenient>
constexpr auto url_decode = [](std::string& decoded, auto& out, Text text) {
  decoded.clear();
  if (decode(decoded, text)) return out.append(decoded);
  if (lenient) return out.null();
  out.fail(Error(errors::sql::invalid_input, "[CANNOT_DECODE_URL] '{}' has a percent sign without two digits",
                 text.substr(0, 100)));
};

}  // namespace

const std::vector<Function>& address_functions() {
  static const std::vector<Function> all = {
      {"parse_url",
       "parse_url(url, part[, key])",
       "A part of an address: PROTOCOL, HOST, PATH, QUERY, REF, FILE, AUTHORITY or USERINFO; of the QUERY also the "
       "value "
       "of one key. NULL when there is none, an error when it is no address.",
       {{"parse_url('http://spark.apache.org/path?query=1', 'HOST')", "spark.apache.org"},
        {"parse_url('http://spark.apache.org/path?query=1', 'QUERY', 'query')", "1"}},
       {},
       [](Binding& binding) { return parse_url(binding, false); }},
      {"try_parse_url",
       "try_parse_url(url, part[, key])",
       "As parse_url, NULL when it is no address.",
       {{"try_parse_url('no url', 'HOST')", "NULL"}},
       {},
       [](Binding& binding) { return parse_url(binding, true); }},
      {"url_encode",
       "url_encode(text)",
       "The text as a form writes it into an address.",
       {{"url_encode('a b&é')", "a+b%26%C3%A9"}},
       {stateful_overload<std::string, Text(Text)>(url_encode)}},
      {"url_decode",
       "url_decode(text)",
       "What url_encode wrote; an error when it is malformed.",
       {{"url_decode('a+b%26')", "a b&"}},
       {stateful_overload<std::string, Text(Text)>(url_decode<false>)}},
      {"try_url_decode",
       "try_url_decode(text)",
       "As url_decode, NULL when it is malformed.",
       {{"try_url_decode('%zz')", "NULL"}},
       {stateful_overload<std::string, Text(Text)>(url_decode<true>)}},
  };
  return all;
}

}  // namespace streamops::sql
