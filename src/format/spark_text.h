// format/spark_text.h — the text forms of scalars as Spark 4.0 reads and writes them (session time zone UTC). Shared by
// the JSON reader and writer and by CAST.
//
//   parse_timestamp   [+-]yyyy[-[m]m[-[d]d[(blank|T)[h]h[:[m]m[:[s]s[.fraction][zone]]]]]]
//                     zone: Z, UTC, GMT, UT (each with an optional offset), ±h[h][:mm[:ss]], ±hhmm; blanks around
//   parse_date        [+-]yyyy[-[m]m[-[d]d[(blank|T)anything]]]
//   doubles           1.0, 1.5, 1.0E10, 1.0E-5, NaN, Infinity: Java's shortest text
//
// Not read: names of regions as zones, and a time of day without a date (Spark would put today's).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "data/column.h"

namespace streamops::format {

/// Microseconds since the epoch; a text without a zone is UTC. Digits after the sixth are dropped. Nothing when
/// malformed.
std::optional<std::int64_t> parse_timestamp(std::string_view text);
/// The wall clock in microseconds. A text with a zone is malformed.
std::optional<std::int64_t> parse_timestamp_ntz(std::string_view text);
/// Days since 1970-01-01.
std::optional<std::int32_t> parse_date(std::string_view text);
/// Rounds half up to `scale`; nothing when malformed or longer than `precision`. Reads 12, -1.5, 1e3.
std::optional<data::Int128> parse_decimal(std::string_view text, int precision, int scale);

/// Appends as CAST(x AS STRING) does.
void append_double(std::string& out, double value);
void append_float(std::string& out, float value);
/// 123.40 for (12340, 2): all digits of the scale, never an exponent.
void append_decimal(std::string& out, data::Int128 unscaled, int scale);
/// "2024-01-02"; years outside of 0000 to 9999 carry a sign.
void append_date(std::string& out, std::int32_t days);
/// "2024-01-02 03:04:05.6": the fraction without trailing zeros.
void append_timestamp(std::string& out, std::int64_t micros);

}  // namespace streamops::format
