#include "log/segment_index.h"

#include <algorithm>

#include "base/crc32c.h"

namespace streamops::log {

namespace {

constexpr std::string_view magic = "SOX1";
constexpr std::size_t head_bytes = 4 + 8 + 8 + 8 + 4;
constexpr std::size_t entry_bytes = 4 + 4 + 8;
constexpr std::uint64_t spacing = 16 * 1024;  // bytes of segment between two entries: 1 MiB of index for 1 GiB of log

}  // namespace

void SegmentIndex::note(const BatchHeader& header, std::uint64_t position, Offset base_offset) {
  if (entries_.empty() || position >= entries_.back().position + spacing) {
    entries_.push_back({static_cast<std::uint32_t>(header.base_offset - base_offset),
                        static_cast<std::uint32_t>(position), max_timestamp});
  }
  verified_bytes = position + header.size;
  next_offset = header.next_offset();
  max_timestamp = std::max(max_timestamp, header.max_timestamp);
}

std::uint64_t SegmentIndex::position_before(Offset offset, Offset base_offset) const {
  const Offset relative = offset - base_offset;
  auto after = std::upper_bound(entries_.begin(), entries_.end(), relative, [](Offset wanted, const Entry& entry) {
    return wanted < static_cast<Offset>(entry.relative_offset);
  });
  return after == entries_.begin() ? 0 : std::prev(after)->position;
}

std::uint64_t SegmentIndex::position_before_time(std::int64_t timestamp) const {
  auto after =
      std::lower_bound(entries_.begin(), entries_.end(), timestamp,
                       [](const Entry& entry, std::int64_t wanted) { return entry.max_timestamp_before < wanted; });
  return after == entries_.begin() ? 0 : std::prev(after)->position;
}

void SegmentIndex::rewind(std::uint64_t position, Offset base_offset) {
  while (!entries_.empty() && entries_.back().position >= position) entries_.pop_back();
  verified_bytes = entries_.empty() ? 0 : entries_.back().position;
  next_offset = entries_.empty() ? base_offset : base_offset + entries_.back().relative_offset;
  max_timestamp = entries_.empty() ? -1 : entries_.back().max_timestamp_before;
}

Bytes SegmentIndex::encode() const {
  Bytes out(magic.begin(), magic.end());
  out.reserve(head_bytes + entries_.size() * entry_bytes + 4);
  append_big_endian(out, verified_bytes);
  append_big_endian(out, next_offset);
  append_big_endian(out, max_timestamp);
  append_big_endian(out, static_cast<std::uint32_t>(entries_.size()));
  for (const Entry& entry : entries_) {
    append_big_endian(out, entry.relative_offset);
    append_big_endian(out, entry.position);
    append_big_endian(out, entry.max_timestamp_before);
  }
  append_big_endian(out, crc32c(out));
  return out;
}

std::optional<SegmentIndex> SegmentIndex::decode(BytesView bytes) {
  if (bytes.size() < head_bytes + 4 || as_text(bytes.first(4)) != magic) return std::nullopt;
  const std::uint8_t* at = bytes.data();
  const auto count = load_big_endian<std::uint32_t>(at + 28);
  if (bytes.size() != head_bytes + std::size_t{count} * entry_bytes + 4) return std::nullopt;
  if (load_big_endian<std::uint32_t>(at + bytes.size() - 4) != crc32c(bytes.first(bytes.size() - 4)))
    return std::nullopt;
  SegmentIndex index;
  index.verified_bytes = load_big_endian<std::uint64_t>(at + 4);
  index.next_offset = load_big_endian<Offset>(at + 12);
  index.max_timestamp = load_big_endian<std::int64_t>(at + 20);
  index.entries_.reserve(count);
  for (const std::uint8_t* entry = at + head_bytes; index.entries_.size() < count; entry += entry_bytes) {
    index.entries_.push_back({load_big_endian<std::uint32_t>(entry), load_big_endian<std::uint32_t>(entry + 4),
                              load_big_endian<std::int64_t>(entry + 8)});
  }
  return index;
}

}  // namespace streamops::log
