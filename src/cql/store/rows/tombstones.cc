#include "cql/store/rows/tombstones.h"

#include <algorithm>
#include <tuple>

#include "base/bytes.h"

namespace streamops::cql::store {
namespace {

void append_deletion(std::string& out, const DeletionTime& deletion) {
  const std::int64_t timestamp = to_big_endian(deletion.timestamp);
  const std::uint32_t time = to_big_endian(deletion.time);
  out.append(reinterpret_cast<const char*>(&timestamp), sizeof timestamp);
  out.append(reinterpret_cast<const char*>(&time), sizeof time);
}

void append_size(std::string& out, std::size_t size) {
  const auto value = to_big_endian(static_cast<std::uint32_t>(size));
  out.append(reinterpret_cast<const char*>(&value), sizeof value);
}

bool take(std::string_view& from, std::size_t size, std::string_view& out) {
  if (from.size() < size) return false;
  out = from.substr(0, size);
  from.remove_prefix(size);
  return true;
}

bool take_size(std::string_view& from, std::size_t& size) {
  std::string_view raw;
  if (!take(from, sizeof(std::uint32_t), raw)) return false;
  size = load_big_endian<std::uint32_t>(as_bytes(raw).data());
  return true;
}

bool take_text(std::string_view& from, std::string& out) {
  std::size_t size = 0;
  std::string_view raw;
  if (!take_size(from, size) || !take(from, size, raw)) return false;
  out = raw;
  return true;
}

bool take_deletion(std::string_view& from, DeletionTime& out) {
  std::string_view raw;
  if (!take(from, sizeof(std::int64_t) + sizeof(std::uint32_t), raw)) return false;
  out.timestamp = load_big_endian<std::int64_t>(as_bytes(raw).data());
  out.time = load_big_endian<std::uint32_t>(as_bytes(raw).data() + sizeof(std::int64_t));
  return true;
}

/// True when `a` hides everything that `b` hides.
bool includes(const RangeDeletion& a, const RangeDeletion& b) {
  const bool reaches = a.upper.empty() || (!b.upper.empty() && b.upper <= a.upper);
  return a.lower <= b.lower && reaches && b.deletion.timestamp <= a.deletion.timestamp;
}

}  // namespace

DeletionTime Tombstones::over(std::string_view clustering) const {
  DeletionTime out = partition;
  for (const RangeDeletion& range : ranges) {
    if (range.covers(clustering)) out = stronger(out, range.deletion);
  }
  return out;
}

void append_tombstones(std::string& out, const Tombstones& tombstones) {
  out.push_back(tombstones.partition.any() ? 1 : 0);
  if (tombstones.partition.any()) append_deletion(out, tombstones.partition);
  append_size(out, tombstones.ranges.size());
  for (const RangeDeletion& range : tombstones.ranges) {
    append_size(out, range.lower.size());
    out.append(range.lower);
    append_size(out, range.upper.size());
    out.append(range.upper);
    append_deletion(out, range.deletion);
  }
}

bool parse_tombstones(std::string_view bytes, Tombstones& out) {
  std::string_view flag;
  if (!take(bytes, 1, flag)) return false;
  DeletionTime partition;
  if (flag[0] != 0 && !take_deletion(bytes, partition)) return false;
  out.partition = stronger(out.partition, partition);
  std::size_t count = 0;
  if (!take_size(bytes, count)) return false;
  for (std::size_t i = 0; i < count; ++i) {
    RangeDeletion range;
    if (!take_text(bytes, range.lower) || !take_text(bytes, range.upper) || !take_deletion(bytes, range.deletion))
      return false;
    out.ranges.push_back(std::move(range));
  }
  return bytes.empty();
}

void resolve(Tombstones& tombstones) {
  std::vector<RangeDeletion> kept;
  for (RangeDeletion& range : tombstones.ranges) {
    if (range.deletion.timestamp <= tombstones.partition.timestamp) continue;
    const bool covered =
        std::any_of(kept.begin(), kept.end(), [&range](const RangeDeletion& other) { return includes(other, range); });
    if (covered) continue;
    std::erase_if(kept, [&range](const RangeDeletion& other) { return includes(range, other); });
    kept.push_back(std::move(range));
  }
  std::sort(kept.begin(), kept.end(), [](const RangeDeletion& a, const RangeDeletion& b) {
    return std::tie(a.lower, a.upper, a.deletion.timestamp) < std::tie(b.lower, b.upper, b.deletion.timestamp);
  });
  tombstones.ranges = std::move(kept);
}

}  // namespace streamops::cql::store
