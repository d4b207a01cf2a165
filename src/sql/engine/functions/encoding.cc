// Hashes and encodings.
#include <openssl/evp.h>

#include <array>

#include "sql/engine/functions/families.h"

namespace streamops::sql {
namespace {

constexpr std::string_view upper_digits = "0123456789ABCDEF";

template <typename Out>
void append_digest(Out& out, const EVP_MD* algorithm, std::string_view bytes) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned length = 0;
  if (EVP_Digest(bytes.data(), bytes.size(), digest.data(), &length, algorithm, nullptr) != 1) return out.null();
  out.append(to_hex(BytesView(digest.data(), length)));
}

const EVP_MD* sha2_algorithm(std::int32_t bits) {
  switch (bits) {
    case 0:
    case 256:
      return EVP_sha256();
    case 224:
      return EVP_sha224();
    case 384:
      return EVP_sha384();
    case 512:
      return EVP_sha512();
    default:
      return nullptr;
  }
}

/// Hash functions take BINARY; texts go as their bytes.
template <const EVP_MD* (*algorithm)()>
std::vector<Overload> digest_overloads() {
  return {
      nullable_overload<Text(Text)>([](auto& out, Text text) { append_digest(out, algorithm(), text); }),
      nullable_overload<Text(Binary)>([](auto& out, Binary value) { append_digest(out, algorithm(), value.bytes); })};
}

template <typename Out>
void sha2(Out& out, std::string_view bytes, std::int32_t bits) {
  const EVP_MD* algorithm = sha2_algorithm(bits);
  algorithm == nullptr ? out.null() : append_digest(out, algorithm, bytes);
}

template <typename Out>
void append_base64(Out& out, std::string_view bytes) {
  constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  const auto byte = [&](std::size_t i) { return i < bytes.size() ? static_cast<unsigned char>(bytes[i]) : 0U; };
  constexpr std::size_t bytes_a_line = 57;  // 76 digits, as MIME wants them
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    if (i > 0 && i % bytes_a_line == 0) out.append("\r\n");
    const unsigned group = byte(i) << 16 | byte(i + 1) << 8 | byte(i + 2);
    for (std::size_t k = 0; k < 4; ++k) {
      const bool filled = i + k <= bytes.size();
      out.push(filled ? alphabet[group >> (18 - 6 * k) & 63] : '=');
    }
  }
}

template <typename Out>
void append_hex(Out& out, std::string_view bytes) {
  for (char c : bytes) {
    out.push(upper_digits[static_cast<unsigned char>(c) >> 4]);
    out.push(upper_digits[static_cast<unsigned char>(c) & 15]);
  }
}

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const char lower = static_cast<char>(c | 0x20);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

int base64_digit(char c) {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (c >= '0' && c <= '9') return c - '0' + 52;
  return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/// As Java's decoder of MIME: signs outside of the alphabet are read over, padding ends the text.
constexpr auto unbase64 = [](auto& out, Text text) {
  unsigned group = 0;
  int digits = 0;  // of the group at hand
  std::size_t at = 0;
  bool good = true;
  for (; at < text.size() && text[at] != '='; ++at) {
    const int digit = base64_digit(text[at]);
    if (digit < 0) continue;
    group = group << 6 | static_cast<unsigned>(digit);
    digits = (digits + 1) % 4;
    if (digits != 1) out.push(static_cast<char>(group >> (digits == 0 ? 0 : 6 - 2 * (digits - 1)) & 0xFF));
  }
  if (at < text.size()) {
    if (digits == 2) ++at;  // two signs of padding
    const bool second = digits != 2 || (at < text.size() && text[at] == '=');
    good = digits > 1 && second;
    for (++at; at < text.size(); ++at) good = good && base64_digit(text[at]) < 0;
  }
  if (!good || digits == 1)
    out.fail(Error(errors::sql::invalid_input,
                   "[CONVERSION_INVALID_INPUT] the text is no base64: its last group is not whole"));
};

constexpr auto unhex = [](auto& out, Text text) {
  int carried = text.size() % 2 == 1 ? 0 : -1;  // an odd digit stands alone in front
  for (char c : text) {
    const int digit = hex_value(c);
    if (digit < 0) return out.null();
    if (carried < 0) {
      carried = digit;
      continue;
    }
    out.push(static_cast<char>(carried << 4 | digit));
    carried = -1;
  }
};

constexpr auto hex_of_number = [](auto& out, std::int64_t value) {
  const auto bits = static_cast<std::uint64_t>(value);
  int shift = 60;
  while (shift > 0 && (bits >> shift & 15) == 0) shift -= 4;
  for (; shift >= 0; shift -= 4) out.push(upper_digits[bits >> shift & 15]);
};

std::uint32_t crc32_of(std::string_view bytes) {
  std::uint32_t crc = ~0U;
  for (char c : bytes) {
    crc ^= static_cast<unsigned char>(c);
    for (int bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ (0xEDB88320U & (0U - (crc & 1U)));
  }
  return ~crc;
}

}  // namespace

const std::vector<Function>& encoding_functions() {
  static const std::vector<Function> all = {
      {"md5",
       "md5(a)",
       "The MD5 of a text or of BINARY, in hexadecimal.",
       {{"md5('a')", "0cc175b9c0f1b6a831c399e269772661"}},
       digest_overloads<EVP_md5>()},
      {"sha1",
       "sha1(a)",
       "The SHA-1 of a text or of BINARY, in hexadecimal.",
       {{"sha1('a')", "86f7e437faa5a7fce15d1ddcb9eaeaea377667b8"}},
       digest_overloads<EVP_sha1>(),
       nullptr,
       {"sha"}},
      {"sha2",
       "sha2(a, bits)",
       "The SHA-2 of 224, 256, 384 or 512 bits, in hexadecimal; NULL for another number.",
       {{"sha2('a', 256)", "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb"}},
       {nullable_overload<Text(Text, std::int32_t)>(
            [](auto& out, Text text, std::int32_t bits) { sha2(out, text, bits); }),
        nullable_overload<Text(Binary, std::int32_t)>(
            [](auto& out, Binary value, std::int32_t bits) { sha2(out, value.bytes, bits); })}},
      {"crc32",
       "crc32(a)",
       "The CRC-32 of a text or of BINARY.",
       {{"crc32('a')", "3904355907"}},
       {overload<std::int64_t(Text)>([](auto& out, Text text) { out.set(crc32_of(text)); }),
        overload<std::int64_t(Binary)>([](auto& out, Binary value) { out.set(crc32_of(value.bytes)); })}},
      {"base64",
       "base64(a)",
       "A text or BINARY in base64.",
       {{"base64('hello')", "aGVsbG8="}},
       {overload<Text(Text)>([](auto& out, Text text) { append_base64(out, text); }),
        overload<Text(Binary)>([](auto& out, Binary value) { append_base64(out, value.bytes); })}},
      {"unbase64",
       "unbase64(text)",
       "The BINARY that a base64 text stands for.",
       {{"string(unbase64('aGVsbG8='))", "hello"}},
       {overload<Binary(Text)>(unbase64)}},
      {"hex",
       "hex(a)",
       "A whole number, a text or BINARY in hexadecimal.",
       {{"hex(255)", "FF"}, {"hex('abc')", "616263"}},
       {overload<Text(std::int64_t)>(hex_of_number),
        overload<Text(Binary)>([](auto& out, Binary value) { append_hex(out, value.bytes); }),
        overload<Text(Text)>([](auto& out, Text text) { append_hex(out, text); })}},
      {"unhex",
       "unhex(text)",
       "The BINARY that hexadecimal digits stand for; NULL when there are others.",
       {{"string(unhex('414243'))", "ABC"}, {"unhex('zz')", "NULL"}},
       {nullable_overload<Binary(Text)>(unhex)}},
  };
  return all;
}

}  // namespace streamops::sql
