#include "format/json_writer.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstring>

#include "base/base64.h"
#include "data/text_form.h"
#include "data/whole_number.h"
#include "format/impl/json_tape.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace streamops::format {
namespace {

using data::Column;
using data::integer_at;
using data::TypeId;

constexpr std::int64_t micros_a_second = 1'000'000;

void append_integer(std::string& out, std::int64_t value) {
  char buffer[24];
  out.append(buffer, std::to_chars(buffer, buffer + sizeof(buffer), value).ptr);
}

template <typename T>
void append_real(std::string& out, T value) {
  const bool finite = std::isfinite(value);
  if (!finite) out += '"';
  if constexpr (sizeof(T) == sizeof(float)) {
    data::append_float(out, value);
  } else {
    data::append_double(out, value);
  }
  if (!finite) out += '"';
}

/// "2024-01-02T03:04:05.600Z" in quotes: always milliseconds; a wall clock has no Z.
void append_instant(std::string& out, std::int64_t micros, bool zone) {
  std::int64_t fraction = micros % micros_a_second;
  if (fraction < 0) fraction += micros_a_second;
  out += '"';
  const std::size_t start = out.size();
  data::append_timestamp(out, micros - fraction);
  out[out.find(' ', start)] = 'T';
  const auto millis = static_cast<int>(fraction / 1000);
  out += '.';
  out += static_cast<char>('0' + millis / 100);
  out += static_cast<char>('0' + millis / 10 % 10);
  out += static_cast<char>('0' + millis % 10);
  out += zone ? "Z\"" : "\"";
}

/// Java's text of a BigDecimal: with an exponent once six zeros would follow the point.
void append_big_decimal(std::string& out, data::Int128 unscaled, int scale) {
  std::string digits;
  data::append_decimal(digits, unscaled < 0 ? -unscaled : unscaled, 0);
  const int exponent = static_cast<int>(digits.size()) - 1 - scale;
  if (scale == 0 || exponent >= -6) return data::append_decimal(out, unscaled, scale);
  if (unscaled < 0) out += '-';
  out += digits[0];
  if (digits.size() > 1) {
    out += '.';
    out.append(digits, 1);
  }
  out += 'E';
  append_integer(out, exponent);
}

void append_structure(const Column& column, std::size_t row, std::string& out) {
  const auto& fields = column.type()->fields();
  char before = '{';
  for (std::size_t i = 0; i < fields.size(); ++i) {
    const Column& member = *column.children()[i];
    if (member.is_null(row) || fields[i].type->id() == TypeId::null) continue;
    out += before;
    before = ',';
    append_quoted(out, fields[i].name);
    out += ':';
    append_json(member, row, out);
  }
  out += before == '{' ? "{}" : "}";
}

void append_list(const Column& column, std::size_t row, std::string& out) {
  const auto offsets = column.offsets();
  out += '[';
  for (std::int32_t i = offsets[row]; i < offsets[row + 1]; ++i) {
    if (i != offsets[row]) out += ',';
    append_json(*column.children()[0], static_cast<std::size_t>(i), out);
  }
  out += ']';
}

/// A key of a map as a name: texts as they are, everything else as the number that it is inside.
void append_map_key(const Column& keys, std::size_t row, std::string& out) {
  const TypeId id = keys.type()->id();
  if (id == TypeId::string) return append_quoted(out, keys.text(row));
  std::string text;
  if (keys.type()->width() > 0 && id < TypeId::float32) {
    append_integer(text, integer_at(keys, row));
  } else {
    append_json(keys, row, text);
    if (text.size() >= 2 && text.front() == '"') text = text.substr(1, text.size() - 2);
  }
  append_quoted(out, text);
}

void append_map(const Column& column, std::size_t row, std::string& out) {
  const auto offsets = column.offsets();
  out += '{';
  for (std::int32_t i = offsets[row]; i < offsets[row + 1]; ++i) {
    if (i != offsets[row]) out += ',';
    append_map_key(*column.children()[0], static_cast<std::size_t>(i), out);
    out += ':';
    append_json(*column.children()[1], static_cast<std::size_t>(i), out);
  }
  out += '}';
}

/// Bytes that a value has room for beside its text: quotes, or a whole number.
constexpr std::size_t most_beside_text = 24;

#if defined(__SSE2__)
/// Which of 16 bytes need an escape: all bits of theirs are set.
__m128i marks_special(__m128i bytes) {
  const __m128i control = _mm_cmpeq_epi8(_mm_min_epu8(bytes, _mm_set1_epi8(0x1F)), bytes);
  const __m128i quote = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('"'));
  return _mm_or_si128(_mm_or_si128(control, quote), _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\')));
}

/// Copies 16 bytes and answers which of them need an escape.
__m128i copy_16(const char* from, char* to) {
  const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(from));
  _mm_storeu_si128(reinterpret_cast<__m128i*>(to), bytes);
  return marks_special(bytes);
}

/// As copy_plain(), for sizes from sizeof(Word) to twice that: the first word and the last one, which may overlap.
template <typename Word>
bool copy_two_words(const char* from, char* to, std::size_t size) {
  Word first = 0, last = 0;
  std::memcpy(&first, from, sizeof first);
  std::memcpy(&last, from + size - sizeof last, sizeof last);
  std::memcpy(to, &first, sizeof first);
  std::memcpy(to + size - sizeof last, &last, sizeof last);
  std::uint64_t low = first, high = last;
  if constexpr (sizeof(Word) == 4) low = high = low | high << 32;
  return _mm_movemask_epi8(marks_special(_mm_set_epi64x(static_cast<long long>(high), static_cast<long long>(low)))) ==
         0;
}
#endif

/// Copies `text` and answers whether nothing in it needs an escape.
bool copy_plain(std::string_view text, char* to) {
  const char* const from = text.data();
  const std::size_t size = text.size();
#if defined(__SSE2__)
  if (size >= 16) {
    __m128i special = copy_16(from + size - 16, to + size - 16);  // the rest, with what stands before it
    for (std::size_t at = 0; at + 16 < size; at += 16) special = _mm_or_si128(special, copy_16(from + at, to + at));
    return _mm_movemask_epi8(special) == 0;
  }
  if (size >= 8) return copy_two_words<std::uint64_t>(from, to, size);
  if (size >= 4) return copy_two_words<std::uint32_t>(from, to, size);
#endif
  bool plain = true;
  for (std::size_t i = 0; i < size; ++i) {
    const auto c = static_cast<unsigned char>(from[i]);
    plain = plain && c >= 0x20 && c != '"' && c != '\\';
    to[i] = from[i];
  }
  return plain;
}

/// Writes `text` in quotes at `to`, which moves on; false, and nothing written, when it needs escapes.
bool copy_quoted(std::string_view text, char*& to) {
  if (!copy_plain(text, to + 1)) return false;
  to[0] = '"';
  to[text.size() + 1] = '"';
  to += text.size() + 2;
  return true;
}

}  // namespace

void append_json(const Column& column, std::size_t row, std::string& out) {
  if (column.is_null(row)) {
    out += "null";
    return;
  }
  switch (column.type()->id()) {
    case TypeId::null:
      out += "null";
      return;
    case TypeId::boolean:
      out += column.boolean(row) ? "true" : "false";
      return;
    case TypeId::int8:
    case TypeId::int16:
    case TypeId::int32:
    case TypeId::int64:
    case TypeId::interval_day:
    case TypeId::interval_month:
      return append_integer(out, integer_at(column, row));
    case TypeId::float32:
      return append_real(out, column.values<float>()[row]);
    case TypeId::float64:
      return append_real(out, column.values<double>()[row]);
    case TypeId::decimal:
      return append_big_decimal(out, column.values<data::Int128>()[row], column.type()->scale());
    case TypeId::string:
      return append_quoted(out, column.text(row));
    case TypeId::binary:
      out += '"';
      append_base64(out, column.text(row));
      out += '"';
      return;
    case TypeId::date:
      out += '"';
      data::append_date(out, column.values<std::int32_t>()[row]);
      out += '"';
      return;
    case TypeId::timestamp:
    case TypeId::timestamp_ntz:
      return append_instant(out, column.values<std::int64_t>()[row], column.type()->id() == TypeId::timestamp);
    case TypeId::array:
      return append_list(column, row, out);
    case TypeId::map:
      return append_map(column, row, out);
    case TypeId::structure:
      return append_structure(column, row, out);
  }
}

JsonRowWriter::JsonRowWriter(const data::Schema& schema) {
  for (const data::Field& field : schema.fields()) {
    Name& name = names_.emplace_back();
    name.text = ",";
    append_quoted(name.text, field.name);
    name.text += ':';
    std::memcpy(name.head, name.text.data(), std::min(name.text.size(), sizeof name.head));
    names_size_ += name.text.size() + most_beside_text;
  }
}

// Room for the whole row is made once; texts are copied and looked through for what needs an escape at the same time.
// 85 ns a row of twelve texts (was 462; bench/micro/jobs.cc).
void JsonRowWriter::append(const data::Batch& batch, std::size_t row, std::string& out) const {
  const std::size_t begin = out.size();
  std::size_t room = names_size_ + sizeof(Name::head);
  for (std::size_t i = 0; i < names_.size(); ++i) {
    const Column* const column = batch.columns[i].get();
    if (column != nullptr && column->type()->id() == TypeId::string) room += column->text(row).size();
  }
  out.resize(begin + room);
  char* to = out.data() + begin;
  for (std::size_t i = 0; i < names_.size(); ++i) {
    const Column* const column = batch.columns[i].get();
    if (column == nullptr || column->is_null(row) || column->type()->id() == TypeId::null) continue;
    const Name& name = names_[i];
    std::memcpy(to, name.head, sizeof name.head);  // mostly more than the name: the value takes its place
    if (name.text.size() > sizeof name.head) std::memcpy(to, name.text.data(), name.text.size());
    to += name.text.size();
    if (column->type()->id() == TypeId::string && copy_quoted(column->text(row), to)) continue;
    if (column->type()->is_integer()) {
      to = std::to_chars(to, to + most_beside_text, integer_at(*column, row)).ptr;
      continue;
    }
    // Of unknown length: it grows the text, and what is left of the room moves behind it.
    const auto at = static_cast<std::size_t>(to - out.data());
    const std::size_t left = out.size() - at;
    out.resize(at);
    append_json(*column, row, out);
    out.resize(out.size() + left);
    to = out.data() + (out.size() - left);
  }
  const auto end = static_cast<std::size_t>(to - out.data());
  if (end == begin) {
    out.resize(begin);
    out += "{}";
    return;
  }
  out.resize(end);
  out[begin] = '{';  // in the place of the first comma
  out += '}';
}

}  // namespace streamops::format
