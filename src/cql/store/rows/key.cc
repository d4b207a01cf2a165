#include "cql/store/rows/key.h"

namespace streamops::cql::store {
namespace {

constexpr std::size_t kFixed = sizeof(std::uint32_t) + sizeof(std::uint64_t);
constexpr std::uint64_t kSign = std::uint64_t{1} << 63U;

template <std::integral T>
void append_integer(std::string& out, T value) {
  value = to_big_endian(value);
  out.append(reinterpret_cast<const char*>(&value), sizeof(T));
}

const std::uint8_t* raw(std::string_view text) {
  return reinterpret_cast<const std::uint8_t*>(text.data());
}

/// Where the escaped text that starts at `at` ends (behind its 00 00); npos without an end.
std::size_t end_of_escaped(std::string_view text, std::size_t at) {
  while (true) {
    at = text.find('\0', at);
    if (at == std::string_view::npos || at + 1 >= text.size()) return std::string_view::npos;
    if (text[at + 1] == '\0') return at + 2;
    at += 2;
  }
}

}  // namespace

void append_escaped(std::string& out, std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t zero = text.find('\0', at);
    if (zero == std::string_view::npos) {
      out.append(text.substr(at));
      break;
    }
    out.append(text.substr(at, zero + 1 - at));
    out.push_back('\xff');
    at = zero + 1;
  }
  out.append(2, '\0');
}

bool read_escaped(std::string_view from, std::size_t& at, std::string& out) {
  const std::size_t end = end_of_escaped(from, at);
  if (end == std::string_view::npos) return false;
  for (std::size_t i = at; i + 2 < end; ++i) {
    out.push_back(from[i]);
    if (from[i] == '\0') ++i;
  }
  at = end;
  return true;
}

std::string table_prefix(TableId table) {
  std::string out;
  append_integer(out, table);
  return out;
}

std::string token_prefix(TableId table, std::int64_t token) {
  std::string out = table_prefix(table);
  append_integer(out, static_cast<std::uint64_t>(token) ^ kSign);
  return out;
}

std::string partition_prefix(TableId table, std::int64_t token, std::string_view partition) {
  std::string out;
  out.reserve(kFixed + partition.size() + 8);
  append_integer(out, table);
  append_integer(out, static_cast<std::uint64_t>(token) ^ kSign);
  append_escaped(out, partition);
  return out;
}

std::string row_key(std::string_view partition_prefix, RowKind kind, std::string_view clustering) {
  std::string out;
  out.reserve(partition_prefix.size() + 1 + clustering.size());
  out.append(partition_prefix);
  out.push_back(static_cast<char>(kind));
  out.append(clustering);
  return out;
}

std::optional<RowKey> parse_row_key(std::string_view key) {
  if (key.size() < kFixed) return std::nullopt;
  RowKey out;
  out.table = load_big_endian<std::uint32_t>(raw(key));
  out.token = static_cast<std::int64_t>(load_big_endian<std::uint64_t>(raw(key) + sizeof(std::uint32_t)) ^ kSign);
  std::size_t at = kFixed;
  if (!read_escaped(key, at, out.partition) || at >= key.size() || key[at] > 2 || key[at] < 0) return std::nullopt;
  out.kind = static_cast<RowKind>(key[at]);
  out.clustering = key.substr(at + 1);
  return out;
}

std::size_t partition_prefix_size(std::string_view key) {
  if (key.size() < kFixed) return 0;
  const std::size_t end = end_of_escaped(key, kFixed);
  return end == std::string_view::npos || end >= key.size() ? 0 : end;
}

std::string after_prefix(std::string_view prefix) {
  std::string out(prefix);
  while (!out.empty() && out.back() == '\xff') out.pop_back();
  if (!out.empty()) out.back() = static_cast<char>(static_cast<unsigned char>(out.back()) + 1);
  return out;
}

}  // namespace streamops::cql::store
