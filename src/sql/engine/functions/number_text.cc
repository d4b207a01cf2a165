// format_number and format_string: numbers and values as Java's DecimalFormat and Formatter write them.
#include <cmath>

#include "data/text_form.h"
#include "sql/engine/functions/build_rows.h"
#include "sql/engine/functions/families.h"
#include "sql/engine/functions/java_format.h"

namespace streamops::sql {
namespace {

using data::Int128;
using data::Type;
using data::TypeId;
using data::TypePtr;

constexpr int most_decimals = 340;

/// How the digits are laid out: at least and at most so many behind the point, groups of so many before it.
struct Layout {
  int least_whole = 1;
  int least_decimals = 0;
  int most_decimals = 0;
  int group = 3;
};

/// "#,##0.00": digits, one point, groups as far as the last comma tells. Nothing for any other sign.
std::optional<Layout> read_layout(std::string_view pattern) {
  Layout layout{0, 0, 0, 0};
  bool behind = false, grouped = false, zero_seen = false, optional_seen = false;
  for (char c : pattern) {
    if (c == '.') {
      if (behind) return std::nullopt;
      behind = true;
    } else if (c == ',') {
      if (behind) return std::nullopt;
      grouped = true;
      layout.group = 0;
    } else if (c != '#' && c != '0') {
      return std::nullopt;
    } else if (behind) {
      if (c == '0' && optional_seen) return std::nullopt;
      optional_seen = optional_seen || c == '#';
      layout.least_decimals += c == '0' ? 1 : 0;
      ++layout.most_decimals;
    } else {
      if (c == '#' && zero_seen) return std::nullopt;
      zero_seen = zero_seen || c == '0';
      layout.least_whole += c == '0' ? 1 : 0;
      ++layout.group;
    }
  }
  if (!grouped) layout.group = 0;
  const bool empty_group = grouped && layout.group == 0;
  return pattern.empty() || empty_group ? std::nullopt : std::optional<Layout>(layout);
}

/// Digits with a point ("-1234.50"), as the layout wants them.
std::string laid_out(std::string digits, const Layout& layout) {
  const bool negative = digits.starts_with('-');
  if (negative) digits.erase(0, 1);
  std::size_t point = std::min(digits.find('.'), digits.size());
  std::string decimals = point < digits.size() ? digits.substr(point + 1) : "";
  std::string whole = digits.substr(0, point);
  while (static_cast<int>(decimals.size()) > layout.least_decimals && decimals.ends_with('0')) decimals.pop_back();
  if (layout.least_whole == 0 && whole == "0" && !decimals.empty()) whole.clear();
  if (static_cast<int>(whole.size()) < layout.least_whole)
    whole.insert(0, static_cast<std::size_t>(layout.least_whole) - whole.size(), '0');
  std::string out = negative ? "-" : "";
  for (std::size_t i = 0; i < whole.size(); ++i) {
    const std::size_t left = whole.size() - i;
    if (i > 0 && layout.group > 0 && left % static_cast<std::size_t>(layout.group) == 0) out += ',';
    out += whole[i];
  }
  return decimals.empty() ? out : out + "." + decimals;
}

/// Rounded half to even on the number's exact value, as DecimalFormat does since Java 8.
std::string rounded_digits(double value, int decimals) {
  std::string shortest;
  data::append_double(shortest, value);
  bool too_long = false;
  const auto known = data::parse_decimal(shortest, too_long);
  // Beyond the digits that tell the number apart there are zeros, not those of its binary value.
  if (known && known->scale <= 0) {
    std::string whole = std::signbit(value) && known->unscaled == 0 ? "-" : "";
    data::append_decimal(whole, known->unscaled, 0);
    if (known->unscaled != 0) whole.append(static_cast<std::size_t>(-known->scale), '0');
    return decimals == 0 ? whole : whole + "." + std::string(static_cast<std::size_t>(decimals), '0');
  }
  const int exact = known ? std::min(decimals, std::max(known->scale, 0)) : std::min(decimals, 17);
  std::string out(static_cast<std::size_t>(std::snprintf(nullptr, 0, "%.*f", exact, value)) + 1, '\0');
  (void)std::snprintf(out.data(), out.size(), "%.*f", exact, value);
  out.pop_back();
  if (decimals > exact) out += (exact == 0 ? "." : "") + std::string(static_cast<std::size_t>(decimals - exact), '0');
  return out;
}

std::string rounded_digits(Int128 unscaled, int scale, int decimals) {
  if (scale > decimals) {
    const Int128 factor = data::power_of_ten(scale - decimals);
    const Int128 quotient = unscaled / factor;
    const Int128 rest = unscaled < 0 ? -(unscaled % factor) : unscaled % factor;
    const Int128 half = rest - (factor - rest);
    const bool away = half > 0 || (half == 0 && quotient % 2 != 0);
    const bool negative = unscaled < 0;
    unscaled = away ? quotient + (negative ? -1 : 1) : quotient;
    scale = decimals;
    std::string out = negative && unscaled == 0 ? "-" : "";
    data::append_decimal(out, unscaled, scale);
    return out;
  }
  std::string out;
  data::append_decimal(out, unscaled, scale);
  if (decimals > scale) out += (scale == 0 ? "." : "") + std::string(static_cast<std::size_t>(decimals - scale), '0');
  return out;
}

std::string formatted(const RowAt& at, const Layout& layout) {
  const Type& type = *at.column(0).type();
  if (type.id() == TypeId::decimal)
    return laid_out(rounded_digits(at.value<Int128>(0), type.scale(), layout.most_decimals), layout);
  if (type.id() == TypeId::int64)
    return laid_out(rounded_digits(Int128{at.value<std::int64_t>(0)}, 0, layout.most_decimals), layout);
  const auto value = at.value<double>(0);
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value < 0 ? "-∞" : "∞";
  return laid_out(rounded_digits(value, layout.most_decimals), layout);
}

Result<NodePtr> bind_format_number(Binding& binding) {
  STREAMOPS_RETURN_IF_ERROR(binding.expect_arguments(2, 2));
  const TypePtr text = Type::scalar(TypeId::string);
  if (!binding.type(0).is_numeric()) return binding.mismatch(0, "a number");
  if (binding.type(0).is_integer()) STREAMOPS_RETURN_IF_ERROR(binding.cast_argument(0, Type::scalar(TypeId::int64)));
  if (binding.id(0) == TypeId::float32)
    STREAMOPS_RETURN_IF_ERROR(binding.cast_argument(0, Type::scalar(TypeId::float64)));
  if (binding.id(1) == TypeId::string) {
    const auto pattern = binding.constant_text(1);
    const auto layout = pattern ? read_layout(*pattern) : std::nullopt;
    if (!layout)
      return Error(errors::sql::not_served, "format_number is served with a constant pattern of # 0 , and . only");
    return binding.node(text, true, built_rows([layout](const RowAt& at, data::ColumnBuilder& out) {
                          out.append_text(formatted(at, *layout));
                        }));
  }
  STREAMOPS_ASSIGN(binding.arguments()[1], binding.argument_as(1, Type::scalar(TypeId::int32)));
  return binding.node(
      text, true, built_rows([](const RowAt& at, data::ColumnBuilder& out) {
        const auto decimals = at.value<std::int32_t>(1);
        if (decimals < 0) return out.append_null();
        if (decimals <= most_decimals) return out.append_text(formatted(at, {1, decimals, decimals, 3}));
        at.fail(Error(errors::sql::not_served, "format_number with {} decimals is not served", decimals));
        out.append_null();
      }));
}

/// What Java's Formatter is handed for a value.
FormatValue value_of(const RowAt& at, std::size_t argument) {
  FormatValue out;
  if (at.is_null(argument)) return out;
  switch (at.column(argument).type()->id()) {
    case TypeId::boolean:
      out.kind = FormatValue::Kind::boolean;
      out.whole = at.boolean(argument) ? 1 : 0;
      return out;
    case TypeId::int8:
      return {FormatValue::Kind::whole, at.value<std::int8_t>(argument), 8};
    case TypeId::int16:
      return {FormatValue::Kind::whole, at.value<std::int16_t>(argument), 16};
    case TypeId::int32:
    case TypeId::date:
      return {FormatValue::Kind::whole, at.value<std::int32_t>(argument), 32};
    case TypeId::int64:
    case TypeId::timestamp:
    case TypeId::timestamp_ntz:
      return {FormatValue::Kind::whole, at.value<std::int64_t>(argument), 64};
    case TypeId::float32:
    case TypeId::float64: {
      const bool single = at.column(argument).type()->id() == TypeId::float32;
      out.kind = FormatValue::Kind::real;
      out.real = single ? static_cast<double>(at.value<float>(argument)) : at.value<double>(argument);
      single ? data::append_float(out.text, at.value<float>(argument)) : data::append_double(out.text, out.real);
      return out;
    }
    default:
      out.kind = FormatValue::Kind::text;
      append_text_form(at.column(argument), at.index(argument), out.text);
      return out;
  }
}

Result<NodePtr> bind_format_string(Binding& binding) {
  STREAMOPS_RETURN_IF_ERROR(binding.expect_arguments(1, SIZE_MAX));
  const TypePtr text = Type::scalar(TypeId::string);
  STREAMOPS_ASSIGN(binding.arguments()[0], binding.argument_as(0, text));
  for (std::size_t i = 1; i < binding.size(); ++i) {
    if (binding.type(i).is_nested() || binding.id(i) == TypeId::binary)
      return Error(errors::sql::not_served, "format_string of {} is not served", binding.type(i).to_sql());
  }
  return binding.node(text, true,
                      built_rows_with_nulls([count = binding.size()](const RowAt& at, data::ColumnBuilder& out) {
                        if (at.is_null(0)) return out.append_null();
                        std::vector<FormatValue> values;
                        for (std::size_t i = 1; i < count; ++i) values.push_back(value_of(at, i));
                        const Result<std::string> made = java_format(at.text(0), values);
                        if (made) return out.append_text(*made);
                        at.fail(made.error());
                        out.append_null();
                      }));
}

}  // namespace

const std::vector<Function>& number_text_functions() {
  static const std::vector<Function> all = {
      {"format_number",
       "format_number(number, decimals or pattern)",
       "A number with commas between thousands and some decimals, or by a pattern of # 0 , and . as Java's "
       "DecimalFormat "
       "takes it; rounded half to even.",
       {{"format_number(12332.123456, 4)", "12,332.1235"}, {"format_number(12332.123456, '#.###')", "12332.123"}},
       {},
       bind_format_number},
      {"format_string",
       "format_string(format, a, b, ...)",
       "The values written by a format of Java's Formatter: %s %S %d %x %X %o %f %e %b %c %n %% with width, precision "
       "and "
       "flags.",
       {{"format_string('%s has %05d, %.2f', 'a', 42, 3.14159D)", "a has 00042, 3.14"}},
       {},
       bind_format_string,
       {"printf"}},
  };
  return all;
}

}  // namespace streamops::sql
