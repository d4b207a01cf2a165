// cql/protocol/big_number.cc — varint and decimal: numbers of any length between decimal text and two's complement
// bytes.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "cql/protocol/value.h"
#include "errors/cql_protocol.h"

namespace streamops::cql {

namespace {

// Conversion between bases takes time with the square of the length; these lengths take well under a millisecond.
constexpr std::size_t kMaxDigits = 4096;
constexpr std::size_t kMaxPrintedBytes = 2048;
constexpr std::uint32_t kBillion = 1'000'000'000;

Error cannot_make(std::string_view type, std::string_view text) {
  return {errors::cql_protocol::bad_value, "Unable to make {} from '{}'", type, text.substr(0, 100)};
}

bool all_digits(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

/// magnitude = magnitude × factor + add, in 32-bit limbs, least significant first.
void multiply_add(std::vector<std::uint32_t>& magnitude, std::uint32_t factor, std::uint32_t add) {
  std::uint64_t carry = add;
  for (std::uint32_t& limb : magnitude) {
    carry += std::uint64_t{limb} * factor;
    limb = static_cast<std::uint32_t>(carry);
    carry >>= 32;
  }
  if (carry != 0) magnitude.push_back(static_cast<std::uint32_t>(carry));
}

/// Divides by a billion and gives the remainder.
std::uint32_t divide(std::vector<std::uint32_t>& magnitude) {
  std::uint64_t rest = 0;
  for (std::size_t i = magnitude.size(); i-- > 0;) {
    const std::uint64_t part = rest << 32 | magnitude[i];
    magnitude[i] = static_cast<std::uint32_t>(part / kBillion);
    rest = part % kBillion;
  }
  while (!magnitude.empty() && magnitude.back() == 0) magnitude.pop_back();
  return static_cast<std::uint32_t>(rest);
}

void negate(Bytes& bytes) {
  bool carry = true;
  for (std::size_t i = bytes.size(); i-- > 0;) {
    bytes[i] = static_cast<std::uint8_t>(~bytes[i] + (carry ? 1 : 0));
    carry = carry && bytes[i] == 0;
  }
}

/// Drops leading bytes that only repeat the sign.
void shorten(Bytes& bytes) {
  std::size_t drop = 0;
  while (drop + 1 < bytes.size()) {
    const bool repeats =
        (bytes[drop] == 0x00 && bytes[drop + 1] < 0x80) || (bytes[drop] == 0xFF && bytes[drop + 1] >= 0x80);
    if (!repeats) break;
    ++drop;
  }
  bytes.erase(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(drop));
}

Bytes from_digits(std::string_view digits, bool negative) {
  std::vector<std::uint32_t> magnitude;
  while (!digits.empty()) {
    const std::size_t size = (digits.size() - 1) % 9 + 1;
    std::uint32_t group = 0;
    std::from_chars(digits.data(), digits.data() + size, group);
    multiply_add(magnitude, kBillion, group);
    digits.remove_prefix(size);
  }
  Bytes out{0};
  for (std::size_t i = magnitude.size(); i-- > 0;) append_big_endian(out, magnitude[i]);
  if (negative) negate(out);
  shorten(out);
  return out;
}

/// Digits without sign.
std::string digits_of(BytesView bytes, bool& negative) {
  negative = !bytes.empty() && bytes[0] >= 0x80;
  Bytes absolute(bytes.begin(), bytes.end());
  if (negative) negate(absolute);
  std::vector<std::uint32_t> magnitude;
  for (std::size_t i = 0; i < absolute.size(); ++i) multiply_add(magnitude, 256, absolute[i]);
  std::vector<std::uint32_t> groups;
  while (!magnitude.empty()) groups.push_back(divide(magnitude));
  if (groups.empty()) return "0";
  std::string out = std::to_string(groups.back());
  for (std::size_t i = groups.size() - 1; i-- > 0;) out += fmt::format("{:09}", groups[i]);
  return out;
}

}  // namespace

void append_varint(Bytes& out, Int128 value) {
  std::uint8_t raw[16];
  for (int i = 15; i >= 0; --i) {
    raw[i] = static_cast<std::uint8_t>(value);
    value >>= 8;
  }
  std::size_t drop = 0;
  while (drop < 15 && ((raw[drop] == 0x00 && raw[drop + 1] < 0x80) || (raw[drop] == 0xFF && raw[drop + 1] >= 0x80)))
    ++drop;
  out.insert(out.end(), raw + drop, raw + 16);
}

std::optional<Int128> read_varint(BytesView bytes) {
  if (bytes.size() > 16) return std::nullopt;
  Int128 value = !bytes.empty() && bytes[0] >= 0x80 ? -1 : 0;
  for (const std::uint8_t byte : bytes) value = value * 256 + byte;
  return value;
}

Result<Bytes> varint_from_text(std::string_view digits) {
  std::string_view rest = digits;
  const bool negative = rest.starts_with('-');
  if (negative || rest.starts_with('+')) rest.remove_prefix(1);
  if (!all_digits(rest) || rest.size() > kMaxDigits) return cannot_make("varint", digits);
  return from_digits(rest, negative);
}

std::string varint_to_text(BytesView bytes) {
  if (bytes.size() > kMaxPrintedBytes) return "0x" + to_hex(bytes);
  bool negative = false;
  const std::string digits = digits_of(bytes, negative);
  return negative ? "-" + digits : digits;
}

Result<Bytes> decimal_from_text(std::string_view text) {
  const auto refuse = [text] { return cannot_make("decimal", text); };
  std::string_view rest = text;
  const bool negative = rest.starts_with('-');
  if (negative || rest.starts_with('+')) rest.remove_prefix(1);
  std::int64_t exponent = 0;
  if (const std::size_t at = rest.find_first_of("eE"); at != std::string_view::npos) {
    std::string_view power = rest.substr(at + 1);
    if (power.starts_with('+')) power.remove_prefix(1);
    const auto [end, problem] = std::from_chars(power.data(), power.data() + power.size(), exponent);
    if (problem != std::errc() || end != power.data() + power.size()) return refuse();
    rest = rest.substr(0, at);
  }
  const std::size_t point = rest.find('.');
  std::string digits(rest.substr(0, point));
  std::int64_t scale = 0;
  if (point != std::string_view::npos) {
    digits += rest.substr(point + 1);
    scale = static_cast<std::int64_t>(rest.size() - point - 1);
  }
  if (!all_digits(digits) || digits.size() > kMaxDigits) return refuse();
  if (exponent > INT32_MAX || exponent < INT32_MIN) return refuse();
  scale -= exponent;
  if (scale > INT32_MAX || scale < INT32_MIN) return refuse();
  Bytes out;
  append_big_endian(out, static_cast<std::int32_t>(scale));
  append_bytes(out, from_digits(digits, negative));
  return out;
}

std::string decimal_to_text(BytesView bytes) {
  if (bytes.size() < 4) return "0";
  const auto scale = load_big_endian<std::int32_t>(bytes.data());
  if (bytes.size() > kMaxPrintedBytes) return "0x" + to_hex(bytes);
  bool negative = false;
  std::string digits = digits_of(bytes.subspan(4), negative);
  const auto length = static_cast<std::int64_t>(digits.size());
  const std::int64_t adjusted = -std::int64_t{scale} + length - 1;
  if (scale > 0 && adjusted >= -6) {
    if (length <= scale) digits.insert(0, static_cast<std::size_t>(scale - length + 1), '0');
    digits.insert(digits.size() - static_cast<std::size_t>(scale), ".");
  } else if (scale != 0) {
    if (length > 1) digits.insert(1, ".");
    digits += fmt::format("E{:+}", adjusted);
  }
  return negative ? "-" + digits : digits;
}

}  // namespace streamops::cql
