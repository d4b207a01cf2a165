#include "format/impl/json_number.h"

#include <charconv>
#include <cstdlib>
#include <string>

namespace streamops::format {
namespace {

const char* skip_digits(const char* at, const char* end) {
  while (at < end && *at >= '0' && *at <= '9') ++at;
  return at;
}

}  // namespace

NumberToken scan_number(const char* at, const char* end) {
  const char* const start = at;
  const auto token = [start](NumberKind kind, const char* to) {
    return NumberToken{kind, static_cast<std::size_t>(to - start)};
  };
  if (at < end && *at == '-') ++at;
  const char* const digits = at;
  at = skip_digits(at, end);
  if (at == digits || (*digits == '0' && at - digits > 1)) return token(NumberKind::malformed, at);
  NumberKind kind = NumberKind::integer;
  if (at < end && *at == '.') {
    kind = NumberKind::real;
    const char* const fraction = ++at;
    at = skip_digits(at, end);
    if (at == fraction) return token(NumberKind::malformed, at);
  }
  if (at < end && (*at == 'e' || *at == 'E')) {
    kind = NumberKind::real;
    ++at;
    if (at < end && (*at == '+' || *at == '-')) ++at;
    const char* const exponent = at;
    at = skip_digits(at, end);
    if (at == exponent) return token(NumberKind::malformed, at);
  }
  return token(kind, at);
}

double number_value(std::string_view token) {
  double value = 0;
  const auto read = std::from_chars(token.data(), token.data() + token.size(), value);
  // Out of range: strtod alone tells zero from infinity.
  return read.ec == std::errc() ? value : std::strtod(std::string(token).c_str(), nullptr);
}

}  // namespace streamops::format
