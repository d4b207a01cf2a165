// encode, decode, to_binary: texts in other encodings.
#include "base/text.h"
#include "sql/engine/branches.h"
#include "sql/engine/characters.h"
#include "sql/engine/functions/build_rows.h"
#include "sql/engine/functions/families.h"
#include "sql/engine/functions/utf8.h"

namespace streamops::sql {
namespace {

using data::Type;
using data::TypeId;
using data::TypePtr;

enum class Charset : std::uint8_t { ascii, latin1, utf8, utf16, utf16be, utf16le, utf32 };

std::optional<Charset> charset_of(std::string_view name) {
  constexpr std::pair<std::string_view, Charset> known[] = {
      {"us-ascii", Charset::ascii}, {"iso-8859-1", Charset::latin1}, {"utf-8", Charset::utf8},
      {"utf-16", Charset::utf16},   {"utf-16be", Charset::utf16be},  {"utf-16le", Charset::utf16le},
      {"utf-32", Charset::utf32}};
  for (const auto& [word, charset] : known) {
    if (equals_ignore_case(name, word)) return charset;
  }
  return std::nullopt;
}

Error unknown_charset(std::string_view name) {
  return Error(errors::sql::invalid_input,
               "[INVALID_PARAMETER_VALUE] there is no charset '{}'; there are US-ASCII, ISO-8859-1, UTF-8, UTF-16, "
               "UTF-16BE, UTF-16LE and UTF-32",
               name);
}

Error malformed(std::string_view charset) {
  return Error(errors::sql::invalid_input, "[MALFORMED_CHARACTER_CODING] a character has no form in {}", charset);
}

void push_unit(std::string& out, std::uint32_t unit, bool little) {
  const char high = static_cast<char>(unit >> 8 & 0xFF), low = static_cast<char>(unit & 0xFF);
  out += little ? low : high;
  out += little ? high : low;
}

/// False when the charset lacks the character.
bool append_encoded(std::string& out, std::uint32_t point, Charset charset) {
  switch (charset) {
    case Charset::ascii:
    case Charset::latin1:
      if (point >= (charset == Charset::ascii ? 0x80U : 0x100U)) return false;
      out += static_cast<char>(point);
      return true;
    case Charset::utf8:
      append_utf8(out, point);
      return true;
    case Charset::utf32:
      push_unit(out, point >> 16, false);
      push_unit(out, point, false);
      return true;
    default:
      break;
  }
  const bool little = charset == Charset::utf16le;
  if (point < 0x10000) {
    push_unit(out, point, little);
  } else {
    push_unit(out, 0xD800 + ((point - 0x10000) >> 10), little);
    push_unit(out, 0xDC00 + ((point - 0x10000) & 0x3FF), little);
  }
  return true;
}

constexpr auto encode = [](std::string& buffer, auto& out, Text text, Text name) {
  const auto charset = charset_of(name);
  if (!charset) return out.fail(unknown_charset(name));
  buffer.clear();
  append_valid_utf8(buffer, text);
  std::string encoded = *charset == Charset::utf16 && !text.empty() ? "\xFE\xFF" : "";
  for (std::size_t at = 0, length = 0; at < buffer.size(); at += length) {
    if (!append_encoded(encoded, code_point_at(buffer, at, length), *charset)) return out.fail(malformed(name));
  }
  if (out.room_for(encoded.size())) out.append(encoded);
};

std::uint32_t unit_at(std::string_view bytes, std::size_t at, bool little) {
  const auto first = static_cast<unsigned char>(bytes[at]), second = static_cast<unsigned char>(bytes[at + 1]);
  return little ? static_cast<std::uint32_t>(second << 8 | first) : static_cast<std::uint32_t>(first << 8 | second);
}

bool decode_utf16(std::string& out, std::string_view bytes, bool little) {
  for (std::size_t at = 0; at < bytes.size(); at += 2) {
    if (at + 2 > bytes.size()) return false;
    std::uint32_t point = unit_at(bytes, at, little);
    if (point >= 0xDC00 && point < 0xE000) return false;
    if (point >= 0xD800 && point < 0xDC00) {
      if (at + 4 > bytes.size()) return false;
      const std::uint32_t low = unit_at(bytes, at + 2, little);
      if (low < 0xDC00 || low >= 0xE000) return false;
      point = 0x10000 + ((point - 0xD800) << 10) + (low - 0xDC00);
      at += 2;
    }
    append_utf8(out, point);
  }
  return true;
}

bool decode_utf32(std::string& out, std::string_view bytes) {
  bool little = false;
  if (bytes.substr(0, 4) == std::string_view("\xFF\xFE\0\0", 4)) {
    little = true;
    bytes.remove_prefix(4);
  } else if (bytes.substr(0, 4) == std::string_view("\0\0\xFE\xFF", 4)) {
    bytes.remove_prefix(4);
  }
  for (std::size_t at = 0; at < bytes.size(); at += 4) {
    if (at + 4 > bytes.size()) return false;
    const std::uint32_t first = unit_at(bytes, at, little), second = unit_at(bytes, at + 2, little);
    const std::uint32_t point = little ? second << 16 | first : first << 16 | second;
    if (point > 0x10FFFF || (point >= 0xD800 && point < 0xE000)) return false;
    append_utf8(out, point);
  }
  return true;
}

bool append_decoded(std::string& out, std::string_view bytes, Charset charset) {
  switch (charset) {
    case Charset::ascii:
      out += bytes;
      return is_ascii(bytes);
    case Charset::latin1:
      for (char c : bytes) append_utf8(out, static_cast<unsigned char>(c));
      return true;
    case Charset::utf8:
      out += bytes;
      return valid_utf8(bytes);
    case Charset::utf32:
      return decode_utf32(out, bytes);
    default:
      break;
  }
  bool little = charset == Charset::utf16le;
  if (charset == Charset::utf16 && (bytes.starts_with("\xFE\xFF") || bytes.starts_with("\xFF\xFE"))) {
    little = bytes.starts_with("\xFF\xFE");
    bytes.remove_prefix(2);
  }
  return decode_utf16(out, bytes, little);
}

constexpr auto decode = [](std::string& buffer, auto& out, Binary value, Text name) {
  const auto charset = charset_of(name);
  if (!charset) return out.fail(unknown_charset(name));
  buffer.clear();
  if (!append_decoded(buffer, value.bytes, *charset)) return out.fail(malformed(name));
  if (out.room_for(buffer.size())) out.append(buffer);
};

Result<NodePtr> decode_node(const Binding& binding, const NodePtr& bytes, const NodePtr& charset) {
  const Overload code = stateful_overload<std::string, Text(Binary, Text)>(decode);
  std::vector<NodePtr> arguments = {bytes, charset};
  bool nullable = false;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    if (!converts_implicitly(*arguments[i]->type(), *code.parameters[i]))
      return binding.mismatch(i, code.parameters[i]->to_sql());
    STREAMOPS_ASSIGN(arguments[i], cast_node(arguments[i], code.parameters[i], CastMode::strict, binding.span()));
    nullable = nullable || arguments[i]->nullable();
  }
  return call_node(code.result, nullable, binding.span(), std::move(arguments), code.kernel);
}

/// Two arguments: bytes and a charset. More: the value behind the first one that is equal, as Oracle's DECODE.
Result<NodePtr> bind_decode(Binding& binding) {
  STREAMOPS_RETURN_IF_ERROR(binding.expect_arguments(2, SIZE_MAX));
  if (binding.size() == 2) return decode_node(binding, binding[0], binding[1]);
  std::vector<NodePtr> branches;
  for (std::size_t i = 1; i + 1 < binding.size(); i += 2) {
    STREAMOPS_ASSIGN(NodePtr same, call_function("<=>", binding, {binding[0], binding[i]}));
    branches.push_back(std::move(same));
    branches.push_back(binding[i + 1]);
  }
  if (binding.size() % 2 == 0) branches.push_back(binding[binding.size() - 1]);
  return call_function("case", binding, std::move(branches));
}

/// Digits of base64, blanks between them, and the padding at the very end. Nothing when that is not all.
std::optional<std::string> read_base64(std::string_view text) {
  constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::size_t digits = 0, padding = 0;
  std::string out;
  unsigned group = 0;
  for (char c : text) {
    const std::size_t digit = alphabet.find(c);
    const bool blank = c == ' ' || (c >= '\t' && c <= '\r');
    if (c == '=') {
      ++padding;
    } else if (padding > 0 || (digit == std::string_view::npos && !blank)) {
      return std::nullopt;
    } else if (!blank) {
      group = group << 6 | static_cast<unsigned>(digit);
      if (++digits % 4 != 1) out += static_cast<char>(group >> (6 - (digits + 3) % 4 * 2) & 0xFF);
    }
  }
  const std::size_t rest = digits % 4;
  const bool good = padding > 0 ? rest > 1 && rest + padding == 4 : rest != 1;
  return good ? std::optional(out) : std::nullopt;
}

std::optional<std::string> read_hex(std::string_view text) {
  std::string out;
  int carried = text.size() % 2 == 1 ? 0 : -1;  // an odd digit stands alone in front
  for (char c : text) {
    const std::size_t digit =
        std::string_view("0123456789abcdef").find(c >= 'A' && c <= 'F' ? static_cast<char>(c | 0x20) : c);
    if (digit == std::string_view::npos) return std::nullopt;
    if (carried >= 0) out += static_cast<char>(carried << 4 | static_cast<int>(digit));
    carried = carried < 0 ? static_cast<int>(digit) : -1;
  }
  return out;
}

Error no_binary(std::string_view format) {
  return Error(errors::sql::invalid_input, "[CONVERSION_INVALID_INPUT] the text is no BINARY in the format '{}'",
               format);
}

/// A text in a format as BINARY.
Result<NodePtr> to_binary(Binding& binding, bool lenient) {
  STREAMOPS_RETURN_IF_ERROR(binding.expect_arguments(1, 2));
  const TypePtr binary = Type::scalar(TypeId::binary);
  STREAMOPS_ASSIGN(NodePtr text, binding.argument_as(0, Type::scalar(TypeId::string)));
  std::string format = "hex";
  if (binding.size() == 2) {
    const data::ColumnPtr given = binding[1]->constant();
    if (!given) return binding.mismatch(1, "a constant text");
    if (given->is_null(0)) return null_node(binary, binding.span());
    format = to_lower(binding.constant_text(1).value_or(""));
  }
  if (format == "utf-8" || format == "utf8") return cast_node(text, binary, CastMode::strict, binding.span());
  if (format != "hex" && format != "base64") {
    if (lenient) return null_node(binary, binding.span());
    return binding.mismatch(1, "'hex', 'utf-8' or 'base64'");
  }
  const bool hex = format == "hex";
  return call_node(binary, true, binding.span(), {text}, built_rows([=](const RowAt& at, data::ColumnBuilder& out) {
                     const auto bytes = hex ? read_hex(at.text(0)) : read_base64(at.text(0));
                     if (bytes) return out.append_text(*bytes);
                     if (!lenient) at.fail(no_binary(hex ? "hex" : "base64"));
                     out.append_null();
                   }));
}

/// to_char of dates and of BINARY; formats of numbers are refused.
Result<NodePtr> bind_to_char(Binding& binding) {
  STREAMOPS_RETURN_IF_ERROR(binding.expect_arguments(2, 2));
  const TypeId id = binding.id(0);
  if (id == TypeId::date || id == TypeId::timestamp || id == TypeId::timestamp_ntz)
    return call_function("date_format", binding, binding.arguments());
  if (id != TypeId::binary)
    return Error(errors::sql::not_served, "to_char with a format of numbers is not served")
        .with_hint("format_number(number, decimals) writes numbers with separators");
  const std::string format = to_lower(binding.constant_text(1).value_or(""));
  if (format == "hex" || format == "base64") return call_function(format, binding, {binding[0]});
  if (format == "utf-8") return decode_node(binding, binding[0], text_constant("utf-8", binding.span()));
  return binding.mismatch(1, "'hex', 'utf-8' or 'base64'");
}

}  // namespace

const std::vector<Function>& charset_functions() {
  static const std::vector<Function> all = {
      {"encode",
       "encode(text, charset)",
       "The text's bytes in US-ASCII, ISO-8859-1, UTF-8, UTF-16, UTF-16BE, UTF-16LE or UTF-32; an error for a "
       "character "
       "that the charset lacks.",
       {{"hex(encode('é', 'iso-8859-1'))", "E9"}, {"hex(encode('é', 'utf-16'))", "FEFF00E9"}},
       {stateful_overload<std::string, Binary(Text, Text)>(encode)}},
      {"decode",
       "decode(bytes, charset) or decode(value, a, result, ...[, otherwise])",
       "Bytes in a charset as text; an error where they are malformed. With more arguments the result behind the first "
       "value that is equal.",
       {{"decode(X'E9', 'iso-8859-1')", "é"}, {"decode(2, 1, 'one', 2, 'two', 'many')", "two"}},
       {},
       bind_decode},
      {"to_binary",
       "to_binary(text[, format])",
       "A text in the format 'hex', 'base64' or 'utf-8' as BINARY; an error where it is malformed.",
       {{"string(to_binary('616263', 'hex'))", "abc"}},
       {},
       [](Binding& binding) { return to_binary(binding, false); }},
      {"try_to_binary",
       "try_to_binary(text[, format])",
       "As to_binary, NULL where the text is malformed.",
       {{"try_to_binary('zz', 'hex')", "NULL"}},
       {},
       [](Binding& binding) { return to_binary(binding, true); }},
      {"to_char",
       "to_char(value, format)",
       "A date or timestamp written by a pattern, or BINARY in the format 'hex', 'base64' or 'utf-8'.",
       {{"to_char(DATE'2024-01-31', 'yyyy/MM')", "2024/01"}, {"to_char(X'616263', 'base64')", "YWJj"}},
       {},
       bind_to_char,
       {"to_varchar"}},
  };
  return all;
}

}  // namespace streamops::sql
