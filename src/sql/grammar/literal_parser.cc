// Literals: numbers with Spark's suffixes, typed texts such as DATE'2024-01-31', intervals.
#include <algorithm>
#include <array>
#include <charconv>
#include <limits>

#include "base/text.h"
#include "data/calendar.h"
#include "data/text_form.h"
#include "errors/sql.h"
#include "sql/grammar/expression_parser.h"

namespace streamops::sql {
namespace {

using data::Int128;
using data::Type;
using data::TypeId;

ExpressionPtr literal(Literal value, Span span) {
  Expression expression;
  expression.span = span;
  expression.head = span;
  expression.literal = std::move(value);
  return std::make_shared<const Expression>(std::move(expression));
}

ExpressionPtr bad(TokenStream& in, Span span, std::string message) {
  in.fail(span, Error(errors::sql::bad_literal, std::move(message)));
  return nullptr;
}

/// The type's name and bounds for the suffixes of whole numbers.
struct Width {
  char suffix;
  TypeId type;
  std::int64_t lowest;
  std::int64_t highest;
};
constexpr std::array<Width, 3> widths = {{
    {'Y', TypeId::int8, INT8_MIN, INT8_MAX},
    {'S', TypeId::int16, INT16_MIN, INT16_MAX},
    {'L', TypeId::int64, INT64_MIN, INT64_MAX},
}};

ExpressionPtr decimal_literal(TokenStream& in, std::string_view digits, bool negative, Span span) {
  bool overflow = false;
  const auto parsed = data::parse_decimal(digits, overflow);
  if (!parsed) return bad(in, span, fmt::format("`{}` is not a number", digits));
  Int128 unscaled = parsed->unscaled;
  int scale = parsed->scale;
  if (!overflow && scale < 0) {
    const auto whole = data::rescale(unscaled, scale, 38, 0);
    overflow = !whole;
    if (whole) unscaled = *whole;
    scale = 0;
  }
  if (overflow || scale > 38)
    return bad(in, span, fmt::format("`{}` needs more than the 38 digits of a DECIMAL", digits));
  int precision = 1;
  while (precision < 38 && unscaled >= data::power_of_ten(precision)) ++precision;
  Literal value;
  value.type = Type::decimal(std::max(precision, std::max(scale, 1)), scale);
  value.number = negative ? -unscaled : unscaled;
  return literal(std::move(value), span);
}

ExpressionPtr real_literal(TokenStream& in, std::string_view digits, bool single, bool negative, Span span) {
  Literal value;
  value.type = Type::scalar(single ? TypeId::float32 : TypeId::float64);
  const auto parsed = single ? std::optional<double>(data::parse_float(digits)) : data::parse_double(digits);
  if (!parsed || *parsed > (single ? static_cast<double>(std::numeric_limits<float>::max())
                                   : std::numeric_limits<double>::max())) {
    return bad(in, span, fmt::format("`{}` is out of the range of {}", digits, single ? "FLOAT" : "DOUBLE"));
  }
  value.real = negative ? -*parsed : *parsed;
  return literal(std::move(value), span);
}

}  // namespace

ExpressionPtr number_literal(TokenStream& in, const Token& token, bool negative, Span span) {
  std::string_view digits = token.value;
  const auto ends_with = [&](char letter) { return !digits.empty() && (digits.back() & ~0x20) == letter; };
  if (ends_with('D')) {
    digits.remove_suffix(1);
    if (!ends_with('B')) return real_literal(in, digits, false, negative, span);
    digits.remove_suffix(1);
    return decimal_literal(in, digits, negative, span);
  }
  if (ends_with('F')) return real_literal(in, digits.substr(0, digits.size() - 1), true, negative, span);
  if (digits.find_first_of("eE") != std::string_view::npos) return real_literal(in, digits, false, negative, span);
  if (digits.find('.') != std::string_view::npos) return decimal_literal(in, digits, negative, span);

  const auto width = std::find_if(widths.begin(), widths.end(), [&](const Width& w) { return ends_with(w.suffix); });
  if (width != widths.end()) digits.remove_suffix(1);
  const auto parsed = data::parse_integer(std::string(negative ? "-" : "") + std::string(digits));
  if (width != widths.end() && (!parsed || *parsed < width->lowest || *parsed > width->highest)) {
    return bad(in, span,
               fmt::format("`{}` is out of the range of {}", token.value, Type::scalar(width->type)->to_sql()));
  }
  if (!parsed) return decimal_literal(in, digits, negative, span);
  Literal value;
  const bool fits_int = *parsed >= INT32_MIN && *parsed <= INT32_MAX;
  value.type = Type::scalar(width != widths.end() ? width->type : fits_int ? TypeId::int32 : TypeId::int64);
  value.number = *parsed;
  return literal(std::move(value), span);
}

bool starts_typed_literal(const TokenStream& in) {
  return in.peek(1).kind == TokenKind::text &&
         in.is_any_word({"DATE", "TIMESTAMP", "TIMESTAMP_NTZ", "TIMESTAMP_LTZ", "X"});
}

ExpressionPtr typed_literal(TokenStream& in) {
  const Span start = in.peek().span;
  const std::string word = to_upper(in.next().value);
  const Token token = in.next();
  const Span span = join(start, token.span);
  Literal value;
  if (word == "X") {
    std::string digits = token.value.size() % 2 == 1 ? "0" + token.value : token.value;
    for (std::size_t i = 0; i < digits.size(); i += 2) {
      std::uint8_t byte = 0;
      const auto [end, error] = std::from_chars(digits.data() + i, digits.data() + i + 2, byte, 16);
      if (error != std::errc() || end != digits.data() + i + 2) return bad(in, span, "X'…' takes hexadecimal digits");
      value.text += static_cast<char>(byte);
    }
    value.type = Type::scalar(TypeId::binary);
    return literal(std::move(value), span);
  }
  std::optional<std::int64_t> read;
  if (word == "DATE") {
    value.type = Type::scalar(TypeId::date);
    read = data::parse_date(token.value);
  } else {
    value.type = Type::scalar(word == "TIMESTAMP_NTZ" ? TypeId::timestamp_ntz : TypeId::timestamp);
    read = word == "TIMESTAMP_NTZ" ? data::parse_timestamp_ntz(token.value) : data::parse_timestamp(token.value);
  }
  if (!read) return bad(in, span, fmt::format("'{}' is not a {}", token.value, word));
  value.number = *read;
  return literal(std::move(value), span);
}

}  // namespace streamops::sql
