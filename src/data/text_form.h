// data/text_form.h — how Spark writes scalar values as text and reads them back (its CAST to and from STRING), time
// zone UTC.
//
// Shared by CAST, from_json, to_json and the sinks, so that a value looks the same wherever it turns into text.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "data/column.h"

namespace streamops::data {

/// "1.0", "1.0E10", "NaN", "Infinity": the shortest digits that read back equal, plain between 1e-3 and 1e7.
void append_double(std::string& out, double value);
void append_float(std::string& out, float value);
/// Plain digits: "-0.50" for -50 with scale 2.
void append_decimal(std::string& out, Int128 unscaled, int scale);
/// "2024-01-31"; years beyond 9999 carry a plus.
void append_date(std::string& out, std::int32_t days);
/// "2024-01-31 12:00:00.5": the fraction without trailing zeros, left out when zero.
void append_timestamp(std::string& out, std::int64_t micros);

/// A whole number with blanks around and a sign allowed; nothing when malformed or out of 64 bits.
std::optional<std::int64_t> parse_integer(std::string_view text);
/// As Java reads a double, and "inf", "infinity", "nan" in any case.
std::optional<double> parse_double(std::string_view text);
std::optional<float> parse_float(std::string_view text);
/// "true", "t", "yes", "y", "1" and their opposites, in any case.
std::optional<bool> parse_boolean(std::string_view text);

struct DecimalText {
  Int128 unscaled;
  int scale;  // may be negative ("1E5") or above 38
};
/// Digits with an optional point and exponent. Nothing when malformed; `overflow` tells when it is a number of more
/// than 38 digits.
std::optional<DecimalText> parse_decimal(std::string_view text, bool& overflow);
/// The same number at another scale, rounded half up; nothing when it needs more than `precision` digits.
std::optional<Int128> rescale(Int128 unscaled, int from_scale, int precision, int to_scale);
/// 10 to the power of `exponent`, 0 to 38.
Int128 power_of_ten(int exponent);

/// "2024", "2024-1", "2024-01-31", the last also with " …" or "T…" after it.
std::optional<std::int32_t> parse_date(std::string_view text);
/// A date with an optional time of day, fraction and zone (offset, UTC, or a region that `zone` knows).
/// `zone` gives the offset in microseconds east of UTC at a local time; null: only UTC and offsets are known.
using ZoneLookup = std::optional<std::int64_t> (*)(std::string_view zone, std::int64_t local_micros);
std::optional<std::int64_t> parse_timestamp(std::string_view text, ZoneLookup zone = nullptr);
/// As parse_timestamp, keeping the wall clock: a zone in the text is read over.
std::optional<std::int64_t> parse_timestamp_ntz(std::string_view text);
/// "Z", "UTC", "+02:00", "-8", "GMT+1" in microseconds east of UTC; nothing for anything else.
std::optional<std::int64_t> parse_zone_offset(std::string_view zone);

/// Spark's trimAll: without blanks and control characters on both sides.
std::string_view trim_all(std::string_view text);

}  // namespace streamops::data
