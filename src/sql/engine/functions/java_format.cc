#include "sql/engine/functions/java_format.h"

#include <charconv>
#include <cmath>

#include "base/text.h"
#include "data/text_form.h"
#include "errors/sql.h"
#include "sql/engine/characters.h"

namespace streamops::sql {
namespace {

using data::Int128;
using Kind = FormatValue::Kind;
constexpr int widest = 1 << 20;

struct Specifier {
  int index = 0;  // 0: the next argument
  std::string flags;
  int width = -1;
  int precision = -1;
  char conversion = 0;
  bool has(char flag) const { return flags.find(flag) != std::string::npos; }
};

Error illegal(std::string_view format) {
  return Error(errors::sql::invalid_input, "[IllegalArgumentException] the format '{}' does not fit its values",
               format.substr(0, 100));
}

std::optional<int> read_number(std::string_view text, std::size_t& at) {
  int value = 0;
  const auto [end, problem] = std::from_chars(text.data() + at, text.data() + text.size(), value);
  if (problem != std::errc()) return std::nullopt;
  at = static_cast<std::size_t>(end - text.data());
  return value;
}

/// Behind the percent sign.
std::optional<Specifier> read_specifier(std::string_view text, std::size_t& at) {
  Specifier out;
  std::size_t ahead = at;
  const auto index =
      ahead < text.size() && text[ahead] >= '1' && text[ahead] <= '9' ? read_number(text, ahead) : std::nullopt;
  if (index && ahead < text.size() && text[ahead] == '$') {
    out.index = *index;
    at = ahead + 1;
  }
  for (; at < text.size() && std::string_view("-#+ 0,(").find(text[at]) != std::string_view::npos; ++at) {
    if (out.has(text[at])) return std::nullopt;
    out.flags += text[at];
  }
  if (at < text.size() && text[at] >= '1' && text[at] <= '9') out.width = read_number(text, at).value_or(widest + 1);
  if (at < text.size() && text[at] == '.') {
    ++at;
    const auto precision =
        at < text.size() && text[at] >= '0' && text[at] <= '9' ? read_number(text, at) : std::nullopt;
    if (!precision) return std::nullopt;
    out.precision = *precision;
  }
  if (at >= text.size()) return std::nullopt;
  out.conversion = text[at++];
  return out;
}

std::string padded(std::string text, const Specifier& how) {
  const auto have = static_cast<int>(count_characters(text));
  if (how.width <= have) return text;
  const std::string blanks(static_cast<std::size_t>(how.width - have), ' ');
  return how.has('-') ? text + blanks : blanks + text;
}

/// Sign, groups and zeros around the digits of a number.
std::string dressed(std::string digits, bool negative, const Specifier& how) {
  if (how.has(',')) {
    const std::size_t whole = std::min(digits.find('.'), digits.size());
    for (std::size_t at = whole; at > 3; at -= 3) digits.insert(at - 3, 1, ',');
  }
  std::string front = negative ? (how.has('(') ? "(" : "-") : how.has('+') ? "+" : how.has(' ') ? " " : "";
  const std::string back = negative && how.has('(') ? ")" : "";
  const auto have = static_cast<int>(front.size() + digits.size() + back.size());
  if (how.has('0') && how.width > have) digits.insert(0, static_cast<std::size_t>(how.width - have), '0');
  return front + digits + back;
}

std::string based(const FormatValue& value, int base, const Specifier& how) {
  auto bits = static_cast<std::uint64_t>(static_cast<std::int64_t>(value.whole));
  if (value.bits < 64) bits &= (std::uint64_t{1} << value.bits) - 1;
  char buffer[32];
  const auto end = std::to_chars(buffer, buffer + sizeof(buffer), bits, base).ptr;
  std::string digits(buffer, end);
  if (how.has('#')) digits.insert(0, base == 16 ? "0x" : "0");
  if (how.has('0') && how.width > static_cast<int>(digits.size()))
    digits.insert(how.has('#') && base == 16 ? 2 : 0, static_cast<std::size_t>(how.width) - digits.size(), '0');
  return digits;
}

/// The shortest digits of a number, rounded half up at `decimals` behind the point.
std::string fixed_digits(const data::DecimalText& number, int decimals) {
  Int128 unscaled = number.unscaled < 0 ? -number.unscaled : number.unscaled;
  int scale = number.scale;
  if (scale > decimals) {
    const int drop = scale - decimals;
    if (drop > 38) {
      unscaled = 0;
    } else {
      const Int128 factor = data::power_of_ten(drop);
      const Int128 rest = unscaled % factor;
      unscaled = unscaled / factor + (rest >= factor - rest ? 1 : 0);
    }
    scale = decimals;
  }
  std::string digits;
  data::append_decimal(digits, unscaled, 0);
  if (scale < 0) digits += unscaled == 0 ? "" : std::string(static_cast<std::size_t>(-scale), '0');
  scale = std::max(scale, 0);
  if (static_cast<int>(digits.size()) <= scale)
    digits.insert(0, static_cast<std::size_t>(scale) + 1 - digits.size(), '0');
  digits += std::string(static_cast<std::size_t>(decimals - scale), '0');
  if (decimals > 0) digits.insert(digits.size() - static_cast<std::size_t>(decimals), 1, '.');
  return digits;
}

std::string scientific_digits(const data::DecimalText& number, int decimals) {
  std::string digits;
  data::append_decimal(digits, number.unscaled < 0 ? -number.unscaled : number.unscaled, 0);
  int exponent = number.unscaled == 0 ? 0 : static_cast<int>(digits.size()) - 1 - number.scale;
  std::string kept = fixed_digits({number.unscaled, static_cast<int>(digits.size()) - 1}, decimals);
  if (number.unscaled != 0 && kept.starts_with("10")) {
    kept = "1" + (decimals > 0 ? "." + std::string(static_cast<std::size_t>(decimals), '0') : std::string());
    ++exponent;
  }
  const std::string power = std::to_string(std::abs(exponent));
  return kept + (exponent < 0 ? "e-" : "e+") + (power.size() < 2 ? "0" : "") + power;
}

std::optional<std::string> real_text(const FormatValue& value, const Specifier& how, bool scientific) {
  if (!std::isfinite(value.real)) {
    if (std::isnan(value.real)) return "NaN";
    return value.real < 0 ? (how.has('(') ? "(Infinity)" : "-Infinity") : how.has('+') ? "+Infinity" : "Infinity";
  }
  bool too_long = false;
  const auto number = data::parse_decimal(value.text, too_long);
  if (!number) return std::nullopt;
  const int decimals = how.precision < 0 ? 6 : how.precision;
  return dressed(scientific ? scientific_digits(*number, decimals) : fixed_digits(*number, decimals),
                 std::signbit(value.real), how);
}

std::string plain_text(const FormatValue& value) {
  switch (value.kind) {
    case Kind::null:
      return "null";
    case Kind::boolean:
      return value.whole != 0 ? "true" : "false";
    case Kind::whole: {
      std::string out;
      data::append_decimal(out, value.whole, 0);
      return out;
    }
    default:
      return value.text;
  }
}

std::string cut(const std::string& text, const Specifier& how) {
  return how.precision < 0 ? text : std::string(character_range(text, 0, how.precision));
}

/// The text of one value, without the width; nothing when Java would throw.
std::optional<std::string> converted(const FormatValue& value, const Specifier& how, char conversion) {
  const bool text_like = conversion == 's' || conversion == 'b' || conversion == 'c';
  if (text_like && how.flags.find_first_of("+ 0,(#") != std::string::npos) return std::nullopt;
  if (how.has('-') && how.has('0')) return std::nullopt;
  if (conversion == 's') return cut(plain_text(value), how);
  if (conversion == 'b')
    return cut(value.kind == Kind::null ? "false" : value.kind == Kind::boolean ? plain_text(value) : "true", how);
  if (value.kind == Kind::null) {
    if (conversion == 'f' || conversion == 'e') return cut("null", how);
    return how.precision < 0 ? std::optional<std::string>("null") : std::nullopt;
  }
  if (conversion == 'f' || conversion == 'e') {
    return value.kind == Kind::real ? real_text(value, how, conversion == 'e') : std::nullopt;
  }
  if (value.kind != Kind::whole || how.precision >= 0) return std::nullopt;
  if (conversion == 'd') {
    if (how.has('#')) return std::nullopt;
    std::string digits;
    data::append_decimal(digits, value.whole < 0 ? -value.whole : value.whole, 0);
    return dressed(std::move(digits), value.whole < 0, how);
  }
  if (conversion == 'c') return std::nullopt;
  if (how.flags.find_first_of("+ ,(") != std::string::npos) return std::nullopt;
  return based(value, conversion == 'o' ? 8 : 16, how);
}

}  // namespace

Result<std::string> java_format(std::string_view format, std::span<const FormatValue> values) {
  std::string out;
  std::size_t next = 0;
  for (std::size_t at = 0; at < format.size();) {
    const std::size_t sign = std::min(format.find('%', at), format.size());
    out += format.substr(at, sign - at);
    at = sign + 1;
    if (sign == format.size()) break;
    const auto how = read_specifier(format, at);
    if (!how || how->width > widest || how->precision > widest) return illegal(format);
    if ((how->has('-') || how->has('0')) && how->width < 0) return illegal(format);
    if (how->conversion == '%' || how->conversion == 'n') {
      if (how->conversion == 'n' && how->width >= 0) return illegal(format);
      out += padded(how->conversion == '%' ? "%" : "\n", *how);
      continue;
    }
    const char lower = static_cast<char>(how->conversion | 0x20);
    if (std::string_view("gahtGAHT").find(how->conversion) != std::string_view::npos || lower == 'c')
      return Error(errors::sql::not_served, "%{} in a format is not served", how->conversion);
    if (std::string_view("sSbBdxXofeE").find(how->conversion) == std::string_view::npos) return illegal(format);
    const std::size_t wanted = how->index > 0 ? static_cast<std::size_t>(how->index) - 1 : next++;
    if (wanted >= values.size()) return illegal(format);
    const auto made = converted(values[wanted], *how, lower);
    if (!made) return illegal(format);
    std::string text = padded(*made, *how);
    if (how->conversion != lower) {
      std::string upper;
      append_upper(upper, text);
      text = std::move(upper);
    }
    out += text;
    if (out.size() > (64U << 20)) return Error(errors::sql::value_too_large, "the text would have more than 64 MiB");
  }
  return out;
}

}  // namespace streamops::sql
