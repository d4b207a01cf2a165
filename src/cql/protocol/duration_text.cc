// cql/protocol/duration_text.cc — durations: months, days and nanoseconds; their four text forms and their vints.
#include <fmt/format.h>

#include <array>
#include <bit>

#include "base/text.h"
#include "cql/protocol/value.h"
#include "errors/cql_protocol.h"

namespace streamops::cql {

namespace {

constexpr std::int64_t kSecond = 1'000'000'000;

enum class Part : std::uint8_t { months, days, nanos };
struct Unit {
  std::string_view name;
  Part part;
  std::int64_t factor;
  int rank;  // units come from large to small, each at most once
};
// Longer names stand before those that they start with.
constexpr std::array kUnits = std::to_array<Unit>({
    {"mo", Part::months, 1, 1},
    {"ms", Part::nanos, 1'000'000, 7},
    {"us", Part::nanos, 1'000, 8},
    {"\xC2\xB5s", Part::nanos, 1'000, 8},
    {"ns", Part::nanos, 1, 9},
    {"y", Part::months, 12, 0},
    {"w", Part::days, 7, 2},
    {"d", Part::days, 1, 3},
    {"h", Part::nanos, 3600 * kSecond, 4},
    {"m", Part::nanos, 60 * kSecond, 5},
    {"s", Part::nanos, kSecond, 6},
});

/// Adds up parts without overflow; `ok` turns false on the first one that does not fit.
struct Sum {
  std::int64_t months = 0;
  std::int64_t days = 0;
  std::int64_t nanos = 0;
  bool ok = true;

  void add(Part part, std::int64_t count, std::int64_t factor) {
    std::int64_t& target = part == Part::months ? months : part == Part::days ? days : nanos;
    std::int64_t product = 0;
    if (__builtin_mul_overflow(count, factor, &product) || __builtin_add_overflow(target, product, &target)) ok = false;
  }
};

bool take_number(std::string_view& rest, std::int64_t& value) {
  std::size_t size = 0;
  value = 0;
  while (size < rest.size() && size < 19 && rest[size] >= '0' && rest[size] <= '9') {
    if (__builtin_mul_overflow(value, 10, &value) || __builtin_add_overflow(value, rest[size] - '0', &value))
      return false;
    ++size;
  }
  rest.remove_prefix(size);
  return size > 0;
}

const Unit* take_unit(std::string_view& rest) {
  for (const Unit& unit : kUnits) {
    if (rest.size() < unit.name.size() || !equals_ignore_case(rest.substr(0, unit.name.size()), unit.name)) continue;
    rest.remove_prefix(unit.name.size());
    return &unit;
  }
  return nullptr;
}

bool parse_standard(std::string_view rest, Sum& sum) {
  int rank = -1;
  while (!rest.empty()) {
    std::int64_t count = 0;
    if (!take_number(rest, count)) return false;
    const Unit* unit = take_unit(rest);
    if (unit == nullptr || unit->rank <= rank) return false;
    rank = unit->rank;
    sum.add(unit->part, count, unit->factor);
  }
  return rank >= 0;
}

/// Behind the P: "1Y2M3DT4H5M6S" or "2W".
bool parse_iso(std::string_view rest, Sum& sum) {
  bool in_time = false;
  bool any = false;
  while (!rest.empty()) {
    if (rest[0] == 'T' && !in_time) {
      in_time = true;
      rest.remove_prefix(1);
      continue;
    }
    std::int64_t count = 0;
    if (!take_number(rest, count) || rest.empty()) return false;
    const char unit = rest[0];
    rest.remove_prefix(1);
    any = true;
    if (!in_time && unit == 'Y') {
      sum.add(Part::months, count, 12);
    } else if (!in_time && unit == 'M') {
      sum.add(Part::months, count, 1);
    } else if (!in_time && unit == 'W') {
      sum.add(Part::days, count, 7);
    } else if (!in_time && unit == 'D') {
      sum.add(Part::days, count, 1);
    } else if (in_time && unit == 'H') {
      sum.add(Part::nanos, count, 3600 * kSecond);
    } else if (in_time && unit == 'M') {
      sum.add(Part::nanos, count, 60 * kSecond);
    } else if (in_time && unit == 'S') {
      sum.add(Part::nanos, count, kSecond);
    } else {
      return false;
    }
  }
  return any;
}

/// Behind the P: "0001-02-03T04:05:06".
bool parse_alternative(std::string_view rest, Sum& sum) {
  struct Step {
    char before;
    Part part;
    std::int64_t factor;
  };
  constexpr std::array kSteps = std::to_array<Step>({{0, Part::months, 12},
                                                     {'-', Part::months, 1},
                                                     {'-', Part::days, 1},
                                                     {'T', Part::nanos, 3600 * kSecond},
                                                     {':', Part::nanos, 60 * kSecond},
                                                     {':', Part::nanos, kSecond}});
  for (const Step& step : kSteps) {
    if (step.before != 0) {
      if (!rest.starts_with(step.before)) return false;
      rest.remove_prefix(1);
    }
    std::int64_t count = 0;
    if (!take_number(rest, count)) return false;
    sum.add(step.part, count, step.factor);
  }
  return rest.empty();
}

bool parse(std::string_view text, Sum& sum) {
  if (!text.starts_with('P')) return parse_standard(text, sum);
  const std::string_view rest = text.substr(1);
  return rest.find('-') == std::string_view::npos ? parse_iso(rest, sum) : parse_alternative(rest, sum);
}

void append_part(std::string& out, std::uint64_t& rest, std::uint64_t factor, std::string_view unit) {
  if (rest / factor == 0) return;
  out += fmt::format("{}{}", rest / factor, unit);
  rest %= factor;
}

std::uint64_t magnitude(std::int64_t value) {
  return value < 0 ? 0 - static_cast<std::uint64_t>(value) : static_cast<std::uint64_t>(value);
}

}  // namespace

void append_unsigned_vint(Bytes& out, std::uint64_t value) {
  const int zeros = std::countl_zero(value | 1);
  const int size = (639 - zeros * 9) >> 6;
  if (size == 9) {
    out.push_back(0xFF);
    append_big_endian(out, value);
    return;
  }
  const auto prefix = static_cast<std::uint8_t>(~(0xFF >> (size - 1)));
  for (int i = size - 1; i >= 0; --i) {
    const auto byte = static_cast<std::uint8_t>(value >> (8 * i));
    out.push_back(i == size - 1 ? static_cast<std::uint8_t>(byte | prefix) : byte);
  }
}

std::optional<std::uint64_t> take_unsigned_vint(BytesView& bytes) {
  if (bytes.empty()) return std::nullopt;
  const auto extra = static_cast<std::size_t>(std::countl_one(bytes[0]));
  if (bytes.size() < extra + 1) return std::nullopt;
  std::uint64_t value = extra >= 8 ? 0 : bytes[0] & (0xFFU >> extra);
  for (std::size_t i = 1; i <= extra; ++i) value = value << 8 | bytes[i];
  bytes = bytes.subspan(extra + 1);
  return value;
}

Result<Duration> duration_from_text(std::string_view text) {
  const bool negative = text.starts_with('-');
  Sum sum;
  const bool read = parse(negative ? text.substr(1) : text, sum);
  if (!read || !sum.ok || sum.months > INT32_MAX || sum.days > INT32_MAX) {
    return Error(errors::cql_protocol::bad_value, "Unable to convert '{}' to a duration", text.substr(0, 100));
  }
  const int sign = negative ? -1 : 1;
  return Duration{static_cast<std::int32_t>(sum.months) * sign, static_cast<std::int32_t>(sum.days) * sign,
                  sum.nanos * sign};
}

std::string duration_to_text(const Duration& duration) {
  std::string out;
  std::uint64_t months = magnitude(duration.months);
  std::uint64_t days = magnitude(duration.days);
  std::uint64_t nanos = magnitude(duration.nanos);
  append_part(out, months, 12, "y");
  append_part(out, months, 1, "mo");
  append_part(out, days, 1, "d");
  append_part(out, nanos, 3600 * kSecond, "h");
  append_part(out, nanos, 60 * kSecond, "m");
  append_part(out, nanos, kSecond, "s");
  append_part(out, nanos, 1'000'000, "ms");
  append_part(out, nanos, 1'000, "us");
  append_part(out, nanos, 1, "ns");
  if (out.empty()) return "0s";
  const bool negative = duration.months < 0 || duration.days < 0 || duration.nanos < 0;
  return negative ? "-" + out : out;
}

void append_duration(Bytes& out, const Duration& duration) {
  const auto zigzag = [](std::int64_t value) {
    return static_cast<std::uint64_t>(value) << 1 ^ static_cast<std::uint64_t>(value >> 63);
  };
  append_unsigned_vint(out, zigzag(duration.months));
  append_unsigned_vint(out, zigzag(duration.days));
  append_unsigned_vint(out, zigzag(duration.nanos));
}

std::optional<Duration> read_duration(BytesView bytes) {
  std::int64_t parts[3];
  for (std::int64_t& part : parts) {
    const std::optional<std::uint64_t> raw = take_unsigned_vint(bytes);
    if (!raw) return std::nullopt;
    part = static_cast<std::int64_t>(*raw >> 1) ^ -static_cast<std::int64_t>(*raw & 1);
  }
  const bool fits = parts[0] == static_cast<std::int32_t>(parts[0]) && parts[1] == static_cast<std::int32_t>(parts[1]);
  const bool some_negative = parts[0] < 0 || parts[1] < 0 || parts[2] < 0;
  const bool some_positive = parts[0] > 0 || parts[1] > 0 || parts[2] > 0;
  if (!bytes.empty() || !fits || (some_negative && some_positive)) return std::nullopt;
  return Duration{static_cast<std::int32_t>(parts[0]), static_cast<std::int32_t>(parts[1]), parts[2]};
}

}  // namespace streamops::cql
