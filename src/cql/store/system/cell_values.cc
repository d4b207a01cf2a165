#include "cql/store/system/cell_values.h"

#include <algorithm>
#include <bit>

#include "cql/protocol/value.h"

namespace streamops::cql::store {
namespace {

void append_sized(Bytes& out, std::string_view text) {
  append_big_endian(out, static_cast<std::int32_t>(text.size()));
  append_text(out, text);
}

template <std::integral T>
std::optional<Bytes> big_endian(T value) {
  Bytes out;
  append_big_endian(out, value);
  return out;
}

}  // namespace

std::optional<Bytes> text_value(std::string_view text) {
  return Bytes(text.begin(), text.end());
}
std::optional<Bytes> int_value(std::int32_t value) {
  return big_endian(value);
}
std::optional<Bytes> double_value(double value) {
  return big_endian(std::bit_cast<std::uint64_t>(value));
}
std::optional<Bytes> boolean_value(bool value) {
  return Bytes{static_cast<std::uint8_t>(value ? 1 : 0)};
}
std::optional<Bytes> uuid_value(const Uuid& uuid) {
  return Bytes(uuid.bytes.begin(), uuid.bytes.end());
}

std::optional<Bytes> inet_value(std::string_view address) {
  const Result<InetAddress> parsed = inet_from_text(address);
  if (!parsed) return std::nullopt;
  const BytesView view = parsed->view();
  return Bytes(view.begin(), view.end());
}

std::optional<Bytes> texts_value(const std::vector<std::string>& texts) {
  Bytes out;
  append_big_endian(out, static_cast<std::int32_t>(texts.size()));
  for (const std::string& text : texts) append_sized(out, text);
  return out;
}

std::optional<Bytes> map_value(PropertyMap map) {
  std::sort(map.begin(), map.end());
  Bytes out;
  append_big_endian(out, static_cast<std::int32_t>(map.size()));
  for (const auto& [key, value] : map) {
    append_sized(out, key);
    append_sized(out, value);
  }
  return out;
}

}  // namespace streamops::cql::store
