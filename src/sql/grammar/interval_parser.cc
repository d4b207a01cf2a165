// Interval literals. Year-month fields and day-time fields do not mix, as in ANSI SQL.
#include <algorithm>
#include <array>

#include "base/text.h"
#include "data/calendar.h"
#include "data/text_form.h"
#include "errors/sql.h"
#include "sql/grammar/expression_parser.h"
#include "sql/grammar/parser.h"

namespace streamops::sql {
namespace {

using data::Int128;

struct Unit {
  std::string_view name;
  bool months;
  std::int64_t size;  // months or microseconds
};
constexpr std::array<Unit, 9> units = {{
    {"YEAR", true, 12},
    {"MONTH", true, 1},
    {"WEEK", false, 7 * data::micros_per_day},
    {"DAY", false, data::micros_per_day},
    {"HOUR", false, data::micros_per_hour},
    {"MINUTE", false, data::micros_per_minute},
    {"SECOND", false, data::micros_per_second},
    {"MILLISECOND", false, 1000},
    {"MICROSECOND", false, 1},
}};

const Unit* find_unit(std::string_view word) {
  std::string upper = to_upper(word);
  for (const Unit& unit : units) {
    if (upper == unit.name || upper == std::string(unit.name) + "S") return &unit;
  }
  return nullptr;
}

struct Sum {
  Int128 total = 0;
  std::optional<bool> months;
  bool days_only = true;

  /// False when kinds mix or the number is no number of the unit.
  bool add(std::string_view number, const Unit& unit) {
    if (months && *months != unit.months) return false;
    months = unit.months;
    days_only = days_only && (unit.name == "DAY" || unit.name == "WEEK");
    bool overflow = false;
    const auto value = data::parse_decimal(number, overflow);
    if (!value || overflow || value->scale < 0 || value->scale > 6) return false;
    if (value->scale > 0 && unit.name != "SECOND") return false;
    if (value->unscaled > INT64_MAX || value->unscaled < INT64_MIN) return false;
    total += value->unscaled * unit.size / data::power_of_ten(value->scale);
    return true;
  }
};

/// "1 day -2 hours" (also with the word INTERVAL in front): pairs of number and unit.
bool add_words(Sum& sum, std::string_view text) {
  std::vector<std::string_view> words;
  for (std::string_view piece : split(text, ' ')) {
    if (!piece.empty()) words.push_back(piece);
  }
  if (!words.empty() && equals_ignore_case(words[0], "interval")) words.erase(words.begin());
  if (words.empty() || words.size() % 2 != 0) return false;
  for (std::size_t i = 0; i < words.size(); i += 2) {
    const Unit* unit = find_unit(words[i + 1]);
    if (unit == nullptr || !sum.add(words[i], *unit)) return false;
  }
  return true;
}

/// '1-2' YEAR TO MONTH, '1 02:03:04.5' DAY TO SECOND and the parts between.
bool add_range(Sum& sum, std::string_view text, const Unit& from, const Unit& to) {
  text = data::trim_all(text);
  Int128 sign = 1;
  if (!text.empty() && (text[0] == '-' || text[0] == '+')) {
    sign = text[0] == '-' ? -1 : 1;
    text.remove_prefix(1);
  }
  const auto* first = &from;
  const auto* last = &to;
  if (last <= first || first->months != last->months || first->name == "WEEK") return false;
  Sum magnitude;
  for (const Unit* unit = first; unit <= last; ++unit) {
    const char separator = unit->name == "YEAR" ? '-' : unit->name == "DAY" ? ' ' : ':';
    const std::size_t end = unit == last ? text.size() : text.find(separator);
    if (end == std::string_view::npos || end == 0 || text[0] == '-' || text[0] == '+') return false;
    if (!magnitude.add(text.substr(0, end), *unit)) return false;
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  sum.months = magnitude.months;
  sum.days_only = false;
  sum.total += sign * magnitude.total;
  return true;
}

}  // namespace

std::optional<std::int64_t> parse_duration(std::string_view text) {
  Sum sum;
  if (!add_words(sum, text) || sum.months.value_or(true)) return std::nullopt;
  if (sum.total > INT64_MAX || sum.total < INT64_MIN) return std::nullopt;
  return static_cast<std::int64_t>(sum.total);
}

bool starts_interval(const TokenStream& in) {
  if (!in.is_word("INTERVAL")) return false;
  const bool minus = in.is_symbol("-", 1) || in.is_symbol("+", 1);
  const TokenKind kind = in.peek(minus ? 2 : 1).kind;
  return kind == TokenKind::text || kind == TokenKind::number;
}

ExpressionPtr interval_literal(TokenStream& in) {
  const Span start = in.next().span;
  Sum sum;
  bool good = true;
  bool first = true;
  while (good && (first || in.peek().kind == TokenKind::number || in.peek().kind == TokenKind::text)) {
    const bool minus = in.eat_symbol("-");
    if (!minus) in.eat_symbol("+");
    const Token token = in.next();
    const Unit* unit = in.peek().kind == TokenKind::name ? find_unit(in.peek().value) : nullptr;
    const std::string text = minus ? "-" + token.value : token.value;
    if (unit == nullptr) {
      good = first && token.kind == TokenKind::text && add_words(sum, text);
      break;
    }
    in.next();
    const Unit* to = in.is_word("TO") ? find_unit(in.peek(1).value) : nullptr;
    if (to != nullptr) {
      in.next();
      in.next();
      good = first && add_range(sum, text, *unit, *to);
      break;
    }
    good = sum.add(text, *unit);
    first = false;
  }
  const Span span = join(start, in.last().span);
  const Int128 limit = sum.months.value_or(false) ? INT32_MAX : INT64_MAX;
  if (!good || sum.total > limit || sum.total < -limit) {
    in.fail(span, Error(errors::sql::bad_literal, "`{}` is not an interval", in.source().text(span)));
    return nullptr;
  }
  Expression expression;
  expression.span = span;
  expression.head = span;
  expression.literal.type = data::Type::scalar(*sum.months ? data::TypeId::interval_month : data::TypeId::interval_day);
  expression.literal.number = sum.total;
  if (sum.days_only) expression.literal.text = "day";
  return std::make_shared<const Expression>(std::move(expression));
}

}  // namespace streamops::sql
