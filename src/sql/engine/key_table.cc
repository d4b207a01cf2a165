#include "sql/engine/key_table.h"

#include "sql/engine/state_bytes.h"

namespace streamops::sql {
namespace {

__extension__ using Wide = unsigned __int128;

std::uint64_t mix(std::uint64_t a, std::uint64_t b) {
  const Wide product = static_cast<Wide>(a) * b;
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}

std::uint64_t word(const char* from, std::size_t count) {
  std::uint64_t value = 0;
  std::memcpy(&value, from, count);
  return value;
}

}  // namespace

// Multiply and fold, sixteen bytes a step.
std::uint32_t KeyTable::hash(std::string_view key) {
  constexpr std::uint64_t first = 0xA0761D6478BD642FULL, second = 0xE7037ED1A0B428DBULL;
  const char* at = key.data();
  std::size_t left = key.size();
  std::uint64_t value = first ^ left;
  for (; left >= 16; left -= 16, at += 16) value = mix(word(at, 8) ^ second, word(at + 8, 8) ^ value);
  if (left >= 8) {
    value = mix(word(at, 8) ^ second, word(at + left - 8, 8) ^ value);
  } else if (left > 0) {
    value = mix(word(at, left) ^ second, value ^ first);
  }
  value = mix(value ^ second, first);
  return static_cast<std::uint32_t>(value >> 32);
}

std::uint32_t KeyTable::find(std::string_view key, std::uint32_t hash) const {
  if (slots_.empty()) return none;
  for (std::uint32_t at = hash & mask_;; at = (at + 1) & mask_) {
    const Slot& slot = slots_[at];
    if (slot.id_plus_one == 0) return none;
    if (slot.hash == hash && this->key(slot.id_plus_one - 1) == key) return slot.id_plus_one - 1;
  }
}

std::uint32_t KeyTable::add(std::string_view key, std::uint32_t hash, bool& added) {
  added = false;
  if (const std::uint32_t found = find(key, hash); found != none) return found;
  added = true;
  if ((size() + 1) * 8 > slots_.size() * 5) grow();
  std::uint32_t id = static_cast<std::uint32_t>(entries_.size());
  if (free_.empty()) {
    entries_.emplace_back();
  } else {
    id = free_.back();
    free_.pop_back();
  }
  entries_[id] = {arena_.size(), static_cast<std::uint32_t>(key.size()), hash};
  arena_.insert(arena_.end(), key.begin(), key.end());
  std::uint32_t at = hash & mask_;
  while (slots_[at].id_plus_one != 0) at = (at + 1) & mask_;
  slots_[at] = {id + 1, hash};
  return id;
}

void KeyTable::grow() {
  std::vector<Slot> old = std::move(slots_);
  slots_.assign(old.empty() ? 16 : old.size() * 2, {});
  mask_ = static_cast<std::uint32_t>(slots_.size() - 1);
  for (const Slot& slot : old) {
    if (slot.id_plus_one == 0) continue;
    std::uint32_t at = slot.hash & mask_;
    while (slots_[at].id_plus_one != 0) at = (at + 1) & mask_;
    slots_[at] = slot;
  }
}

void KeyTable::remove(std::uint32_t id) {
  Entry& entry = entries_[id];
  std::uint32_t hole = entry.hash & mask_;
  while (slots_[hole].id_plus_one != id + 1) hole = (hole + 1) & mask_;
  // Entries behind the hole move up unless they would leave the run that begins at their home.
  for (std::uint32_t at = (hole + 1) & mask_; slots_[at].id_plus_one != 0; at = (at + 1) & mask_) {
    const std::uint32_t home = slots_[at].hash & mask_;
    if (((at - home) & mask_) < ((at - hole) & mask_)) continue;
    slots_[hole] = slots_[at];
    hole = at;
  }
  slots_[hole] = {};
  dead_bytes_ += entry.length;
  entry.length = dead;
  free_.push_back(id);
  constexpr std::uint64_t least_worth = 1 << 20;
  if (dead_bytes_ * 2 > arena_.size() && (arena_.size() > least_worth || size() == 0)) pack();
}

void KeyTable::pack() {
  std::vector<char> packed;
  packed.reserve(arena_.size() - dead_bytes_);
  for (Entry& entry : entries_) {
    if (entry.length == dead) continue;
    const std::uint64_t offset = packed.size();
    packed.insert(packed.end(), arena_.begin() + static_cast<std::ptrdiff_t>(entry.offset),
                  arena_.begin() + static_cast<std::ptrdiff_t>(entry.offset + entry.length));
    entry.offset = offset;
  }
  arena_ = std::move(packed);
  dead_bytes_ = 0;
}

std::size_t KeyTable::bytes() const {
  return slots_.capacity() * sizeof(Slot) + entries_.capacity() * sizeof(Entry) +
         free_.capacity() * sizeof(std::uint32_t) + arena_.capacity();
}

}  // namespace streamops::sql
