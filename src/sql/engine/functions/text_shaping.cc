// Functions that cover, pick and code texts: chr, elt, overlay, mask, soundex, ...
#include <array>

#include "sql/engine/functions/build_rows.h"
#include "sql/engine/functions/families.h"
#include "sql/engine/functions/substring.h"
#include "sql/engine/functions/utf8.h"

namespace streamops::sql {
namespace {

using data::Type;
using data::TypeId;
using data::TypePtr;

/// The lowest byte as a character of Latin-1.
constexpr auto chr = [](auto& out, std::int64_t n) {
  if (n < 0) return;
  const auto code = static_cast<unsigned>(n & 0xFF);
  if (code < 0x80) return out.push(static_cast<char>(code));
  out.push(static_cast<char>(0xC0 | code >> 6));
  out.push(static_cast<char>(0x80 | (code & 0x3F)));
};

/// The n-th of the other arguments: all BINARY, or everything as STRING.
Result<NodePtr> bind_elt(Binding& binding) {
  STREAMOPS_RETURN_IF_ERROR(binding.expect_arguments(2, SIZE_MAX));
  STREAMOPS_ASSIGN(binding.arguments()[0], binding.argument_as(0, Type::scalar(TypeId::int32)));
  bool binary = true;
  for (std::size_t i = 1; i < binding.size(); ++i) binary = binary && binding.id(i) == TypeId::binary;
  const TypePtr type = Type::scalar(binary ? TypeId::binary : TypeId::string);
  for (std::size_t i = 1; i < binding.size(); ++i) {
    STREAMOPS_ASSIGN(binding.arguments()[i], binding.argument_as(i, type));
  }
  const auto choices = static_cast<std::int32_t>(binding.size()) - 1;
  return binding.node(type, true, built_rows_with_nulls([choices](const RowAt& at, data::ColumnBuilder& out) {
                        if (at.is_null(0)) return out.append_null();
                        const auto wanted = at.value<std::int32_t>(0);
                        if (wanted >= 1 && wanted <= choices) {
                          const auto chosen = static_cast<std::size_t>(wanted);
                          return at.is_null(chosen) ? out.append_null() : out.append_text(at.text(chosen));
                        }
                        at.fail(Error(errors::sql::invalid_array_index,
                                      "[INVALID_ARRAY_INDEX] elt has {} values, and no value {}", choices, wanted));
                        out.append_null();
                      }));
}

/// Whether the word stands in a list with commas, and where (from 1).
constexpr auto find_in_set = [](auto& out, Text word, Text list) {
  if (word.find(',') != std::string_view::npos) return out.set(0);
  std::int32_t place = 1;
  for (std::size_t start = 0;; ++place) {
    const std::size_t end = std::min(list.find(',', start), list.size());
    if (list.substr(start, end - start) == word) return out.set(place);
    if (end == list.size()) return out.set(0);
    start = end + 1;
  }
};

/// What overlaying leaves before and behind the replacement is cut out as substring() cuts; sums wrap as Java's do.
template <typename Out>
void overlay(Out& out, Text text, Text with, std::int32_t position, std::int32_t length, bool bytes) {
  const std::size_t characters = bytes ? text.size() : count_characters(text);
  const auto size = static_cast<std::int32_t>(bytes ? with.size() : count_characters(with));
  const auto behind = static_cast<std::int32_t>(static_cast<std::uint32_t>(position) +
                                                static_cast<std::uint32_t>(length >= 0 ? length : size));
  const auto before = static_cast<std::int32_t>(static_cast<std::uint32_t>(position) - 1U);
  append_substring(out, text, 1, before, characters);
  out.append(with);
  append_substring(out, text, behind, INT32_MAX, characters);
}

/// As Apache's Soundex: the first letter and three digits; a text that begins otherwise stays.
constexpr auto soundex = [](auto& out, Text text) {
  constexpr std::string_view codes = "01230127022455012623017202";
  const auto letter = [](char c) { return static_cast<char>(c >= 'a' && c <= 'z' ? c - 32 : c); };
  if (text.empty() || letter(text[0]) < 'A' || letter(text[0]) > 'Z') return out.append(text);
  std::array<char, 4> result = {letter(text[0]), '0', '0', '0'};
  char last = codes[static_cast<std::size_t>(result[0] - 'A')];
  std::size_t filled = 1;
  for (std::size_t i = 1; i < text.size() && filled < result.size(); ++i) {
    const char c = letter(text[i]);
    if (c < 'A' || c > 'Z') {
      last = '0';
      continue;
    }
    const char code = codes[static_cast<std::size_t>(c - 'A')];
    if (code == '7') continue;
    if (code != '0' && code != last) result[filled++] = code;
    last = code;
  }
  out.append({result.data(), result.size()});
};

std::vector<std::uint32_t> code_points(Text text) {
  std::vector<std::uint32_t> points;
  for (std::size_t at = 0, length = 0; at < text.size(); at += length)
    points.push_back(code_point_at(text, at, length));
  return points;
}

constexpr std::size_t largest_levenshtein = std::size_t{1} << 28;

/// How many characters must be put in, taken out or replaced.
template <typename Out>
void levenshtein(Out& out, Text a, Text b, std::int32_t most) {
  const std::vector<std::uint32_t> first = code_points(a), second = code_points(b);
  if (first.size() * second.size() > largest_levenshtein)
    return out.fail(Error(errors::sql::value_too_large, "levenshtein of texts this long is not served"));
  std::vector<std::int32_t> row(second.size() + 1);
  for (std::size_t j = 0; j < row.size(); ++j) row[j] = static_cast<std::int32_t>(j);
  for (std::size_t i = 0; i < first.size(); ++i) {
    std::int32_t diagonal = row[0];
    row[0] = static_cast<std::int32_t>(i) + 1;
    for (std::size_t j = 0; j < second.size(); ++j) {
      const std::int32_t replaced = diagonal + (first[i] == second[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({replaced, row[j] + 1, row[j + 1] + 1});
    }
  }
  out.set(row.back() > most ? -1 : row.back());
}

struct Masks {
  std::optional<std::string> upper = "X", lower = "x", digit = "n", other;
};

template <typename Out>
void masked(Out& out, Text text, const Masks& masks) {
  for (std::size_t at = 0, length = 0; at < text.size(); at += length) {
    const std::uint32_t point = code_point_at(text, at, length);
    const std::optional<std::string>& mask = is_upper_letter(point)   ? masks.upper
                                             : is_lower_letter(point) ? masks.lower
                                             : is_digit(point)        ? masks.digit
                                                                      : masks.other;
    if (!mask) {
      out.append(text.substr(at, length));
      continue;
    }
    out.append(*mask);
    if (point >= 0x10000) out.append(*mask);  // two characters in Java
  }
}

Result<NodePtr> bind_mask(Binding& binding) {
  STREAMOPS_RETURN_IF_ERROR(binding.expect_arguments(1, 5));
  STREAMOPS_ASSIGN(binding.arguments()[0], binding.argument_as(0, Type::scalar(TypeId::string)));
  Masks masks;
  std::optional<std::string>* const places[] = {&masks.upper, &masks.lower, &masks.digit, &masks.other};
  for (std::size_t i = 1; i < binding.size(); ++i) {
    const data::ColumnPtr given = binding[i]->constant();
    const auto text = binding.constant_text(i);
    if (!given || (!given->is_null(0) && (!text || count_characters(*text) != 1)))
      return binding.mismatch(i, "a constant text of one character, or NULL");
    *places[i - 1] = text;
  }
  binding.arguments().resize(1);
  return binding.node(Type::scalar(TypeId::string), binding.any_nullable(), [masks](const Call& call) {
    return rows<Text(Text)>(call, [&](auto& out, Text text) { masked(out, text, masks); });
  });
}

/// The checksum of card numbers.
constexpr auto luhn_check = [](auto& out, Text text) {
  int sum = 0;
  bool second = false;
  for (std::size_t i = text.size(); i-- > 0; second = !second) {
    if (text[i] < '0' || text[i] > '9') return out.set(false);
    const int digit = (text[i] - '0') * (second ? 2 : 1);
    sum += digit % 10 + digit / 10;
  }
  out.set(!text.empty() && sum % 10 == 0);
};

constexpr auto validated = [](auto& out, Text text) {
  if (valid_utf8(text)) return out.append(text);
  out.fail(Error(errors::sql::invalid_input, "[INVALID_UTF8_STRING] the text has bytes that are no UTF-8"));
};

}  // namespace

const std::vector<Function>& text_shaping_functions() {
  static const std::vector<Function> all = {
      {"chr",
       "chr(n)",
       "The character of Latin-1 with the code n modulo 256; empty for a negative one.",
       {{"chr(65)", "A"}, {"chr(321)", "A"}, {"chr(233)", "é"}},
       {overload<Text(std::int64_t)>(chr)},
       nullptr,
       {"char"}},
      {"elt",
       "elt(n, a, b, ...)",
       "The n-th of the values, from 1; an error when there is none.",
       {{"elt(2, 'a', 'b')", "b"}},
       {},
       bind_elt},
      {"find_in_set",
       "find_in_set(word, list)",
       "The place of a word in a list with commas, from 1; 0 when it is not there, or holds a comma.",
       {{"find_in_set('b', 'a,b,c')", "2"}},
       {overload<std::int32_t(Text, Text)>(find_in_set)}},
      {"overlay",
       "overlay(text, replacement, position[, length]) or OVERLAY(text PLACING replacement FROM position [FOR length])",
       "A text, or BINARY, with a part replaced; without a length the part is as long as the replacement.",
       {{"overlay('Spark SQL', '_', 6)", "Spark_SQL"}, {"overlay('Spark SQL', 'ANSI ', 7, 0)", "Spark ANSI SQL"}},
       {overload<Text(Text, Text, std::int32_t)>(
            [](auto& out, Text text, Text with, std::int32_t at) { overlay(out, text, with, at, -1, false); }),
        overload<Text(Text, Text, std::int32_t, std::int32_t)>(
            [](auto& out, Text text, Text with, std::int32_t at, std::int32_t n) {
              overlay(out, text, with, at, n, false);
            }),
        overload<Binary(Binary, Binary, std::int32_t)>([](auto& out, Binary value, Binary with, std::int32_t at) {
          overlay(out, value.bytes, with.bytes, at, -1, true);
        }),
        overload<Binary(Binary, Binary, std::int32_t, std::int32_t)>(
            [](auto& out, Binary value, Binary with, std::int32_t at, std::int32_t n) {
              overlay(out, value.bytes, with.bytes, at, n, true);
            })}},
      {"levenshtein",
       "levenshtein(a, b[, most])",
       "How many characters must be put in, taken out or replaced to make b of a; -1 when more than a limit.",
       {{"levenshtein('kitten', 'sitting')", "3"}, {"levenshtein('kitten', 'sitting', 2)", "-1"}},
       {overload<std::int32_t(Text, Text)>([](auto& out, Text a, Text b) { levenshtein(out, a, b, INT32_MAX); }),
        overload<std::int32_t(Text, Text, std::int32_t)>(
            [](auto& out, Text a, Text b, std::int32_t most) { levenshtein(out, a, b, most); })}},
      {"soundex",
       "soundex(text)",
       "The code of how an English word sounds: a letter and three digits.",
       {{"soundex('Miller')", "M460"}},
       {overload<Text(Text)>(soundex)}},
      {"mask",
       "mask(text[, upper[, lower[, digit[, other]]]])",
       "The text with capital letters, small letters, digits and other characters replaced; NULL leaves them.",
       {{"mask('abcd-EFGH-8765')", "xxxx-XXXX-nnnn"}, {"mask('AbC-1', 'Q', NULL, 'd', '*')", "QbQ*d"}},
       {},
       bind_mask},
      {"luhn_check",
       "luhn_check(digits)",
       "Whether the digits' checksum by Luhn's algorithm is right.",
       {{"luhn_check('8112189876')", "true"}, {"luhn_check('x')", "false"}},
       {overload<bool(Text)>(luhn_check)}},
      {"is_valid_utf8",
       "is_valid_utf8(text)",
       "Whether the bytes of the text are UTF-8.",
       {{"is_valid_utf8(string(X'80'))", "false"}},
       {overload<bool(Text)>([](auto& out, Text text) { out.set(valid_utf8(text)); })}},
      {"make_valid_utf8",
       "make_valid_utf8(text)",
       "The text with U+FFFD in place of what is no UTF-8.",
       {{"make_valid_utf8(string(X'6180'))", "a\uFFFD"}},
       {stateful_overload<std::string, Text(Text)>([](std::string& buffer, auto& out, Text text) {
         buffer.clear();
         append_valid_utf8(buffer, text);
         out.append(buffer);
       })}},
      {"validate_utf8",
       "validate_utf8(text)",
       "The text; an error when its bytes are no UTF-8.",
       {{"validate_utf8('é')", "é"}},
       {overload<Text(Text)>(validated)}},
      {"try_validate_utf8",
       "try_validate_utf8(text)",
       "The text; NULL when its bytes are no UTF-8.",
       {{"try_validate_utf8(string(X'80'))", "NULL"}},
       {nullable_overload<Text(Text)>([](auto& out, Text text) { valid_utf8(text) ? out.append(text) : out.null(); })}},
  };
  return all;
}

}  // namespace streamops::sql
