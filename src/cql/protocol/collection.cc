// cql/protocol/collection.cc — values made of values: cut apart, put together, kept in Cassandra's order.
#include <algorithm>

#include "cql/protocol/value.h"

namespace streamops::cql {

std::size_t begin_counted(Bytes& out) {
  append_big_endian(out, std::int32_t{0});
  return out.size() - 4;
}

void end_counted(Bytes& out, std::size_t at, std::int32_t count) {
  store_big_endian(out.data() + at, count);
}

std::vector<BytesView> split_collection(const CqlType& type, BytesView bytes) {
  Reader reader(bytes);
  const std::size_t per_entry = type.id() == TypeId::map ? 2 : 1;
  const std::size_t count = reader.count32(4 * per_entry) * per_entry;
  std::vector<BytesView> out;
  out.reserve(count);
  for (std::size_t i = 0; i < count && reader.ok(); ++i) out.push_back(reader.bytes().value_or(BytesView()));
  return out;
}

namespace {

std::vector<std::optional<BytesView>> split_vector(const CqlType& type, BytesView bytes) {
  std::vector<std::optional<BytesView>> out;
  const int fixed = type.element()->fixed_length();
  for (std::uint32_t i = 0; i < type.dimension(); ++i) {
    std::uint64_t size = fixed >= 0 ? static_cast<std::uint64_t>(fixed) : 0;
    if (fixed < 0) size = take_unsigned_vint(bytes).value_or(0);
    if (size > bytes.size()) return out;
    out.emplace_back(bytes.first(size));
    bytes = bytes.subspan(size);
  }
  return out;
}

}  // namespace

std::vector<std::optional<BytesView>> split_members(const CqlType& type, BytesView bytes) {
  if (type.id() == TypeId::vector) return split_vector(type, bytes);
  std::vector<std::optional<BytesView>> out(type.children().size());
  Reader reader(bytes);
  for (auto& member : out) {
    if (reader.left() == 0) break;
    member = reader.bytes();
  }
  return out;
}

Bytes join_collection(const CqlType& type, std::vector<BytesView> elements) {
  const std::size_t step = type.id() == TypeId::map ? 2 : 1;
  const std::size_t count = elements.size() / step;
  std::vector<std::size_t> order(count);
  for (std::size_t i = 0; i < count; ++i) order[i] = i;
  if (type.id() != TypeId::list) {
    const CqlType& key = *type.element();
    // Equal keys stay in the order in which they were written.
    std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
      const std::strong_ordering by_key = compare_values(key, elements[a * step], elements[b * step]);
      return by_key != 0 ? by_key < 0 : a < b;
    });
    // Of equal keys the last one written wins.
    std::vector<std::size_t> unique;
    for (const std::size_t index : order) {
      if (!unique.empty() && compare_values(key, elements[unique.back() * step], elements[index * step]) == 0)
        unique.pop_back();
      unique.push_back(index);
    }
    order = std::move(unique);
  }
  Bytes out;
  append_big_endian(out, static_cast<std::int32_t>(order.size()));
  for (const std::size_t index : order) {
    for (std::size_t i = 0; i < step; ++i) append_bytes_value(out, elements[index * step + i]);
  }
  return out;
}

}  // namespace streamops::cql
