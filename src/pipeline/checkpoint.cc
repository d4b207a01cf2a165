#include "pipeline/checkpoint.h"

#include <algorithm>
#include <array>

#include "base/bytes.h"
#include "base/crc32c.h"
#include "errors/pipeline.h"

namespace streamops::pipeline {

namespace {

constexpr std::string_view magic = "SOCP";
constexpr std::uint16_t version = 2;
constexpr std::size_t head_bytes = 4 + 2 + 2 + 8 + 4;
constexpr std::size_t range_bytes = 16 + 4 + 8 + 8;
constexpr std::size_t fixed_bytes = 8 + 8 + 4 + 4 + 1 + 4;
constexpr std::size_t tail_bytes = 8 + 8;  // from version 2 on
constexpr std::size_t max_bytes = 64 * 1024 * 1024;

template <typename T>
void put(Bytes& out, T value) {
  append_big_endian(out, value);
}

Bytes encode(const Checkpoint& checkpoint, std::uint64_t sequence) {
  Bytes out(magic.begin(), magic.end());
  put(out, version);
  put(out, std::uint16_t{0});
  put(out, sequence);
  put(out, static_cast<std::uint32_t>(fixed_bytes + checkpoint.ranges.size() * range_bytes + tail_bytes));
  put(out, checkpoint.epoch);
  put(out, checkpoint.epoch_us);
  put(out, checkpoint.generation);
  put(out, checkpoint.fingerprint);
  put(out, static_cast<std::uint8_t>(checkpoint.done ? 1 : 0));
  put(out, static_cast<std::uint32_t>(checkpoint.ranges.size()));
  for (const OffsetRange& range : checkpoint.ranges) {
    out.insert(out.end(), range.topic_id.bytes.begin(), range.topic_id.bytes.end());
    put(out, range.partition);
    put(out, range.from);
    put(out, range.to);
  }
  put(out, checkpoint.state_epoch);
  put(out, checkpoint.committed);
  put(out, crc32c(out));
  return out;
}

struct Slot {
  std::uint64_t sequence = 0;
  std::optional<Checkpoint> checkpoint;  // nothing: the slot is missing or damaged
  bool exists = false;
};

/// Takes integers from a buffer whose length was checked before.
class Taker {
 public:
  explicit Taker(BytesView bytes) : at_(bytes.data()) {}
  template <typename T>
  T take() {
    const T value = load_big_endian<T>(at_);
    at_ += sizeof(T);
    return value;
  }
  Uuid uuid() {
    Uuid out;
    std::copy_n(at_, out.bytes.size(), out.bytes.begin());
    at_ += out.bytes.size();
    return out;
  }

 private:
  const std::uint8_t* at_;
};

Result<Slot> decode(BytesView bytes, const std::string& path) {
  Slot slot{0, std::nullopt, true};
  if (bytes.size() < head_bytes + fixed_bytes + 4 || as_text(bytes.first(4)) != magic) return slot;
  const std::uint16_t found = load_big_endian<std::uint16_t>(bytes.data() + 4);
  if (found > version) {
    return Error(errors::pipeline::newer_checkpoint, "{} has version {}, this StreamOps reads up to {}", path, found,
                 version);
  }
  const std::uint32_t length = load_big_endian<std::uint32_t>(bytes.data() + 16);
  if (length < fixed_bytes || length > bytes.size() - head_bytes - 4) return slot;
  const BytesView covered = bytes.first(head_bytes + length);
  if (crc32c(covered) != load_big_endian<std::uint32_t>(bytes.data() + covered.size())) return slot;
  Taker taker(bytes.subspan(head_bytes));
  Checkpoint read;
  read.epoch = taker.take<std::uint64_t>();
  read.epoch_us = taker.take<std::int64_t>();
  read.generation = taker.take<std::uint32_t>();
  read.fingerprint = taker.take<std::uint32_t>();
  read.done = taker.take<std::uint8_t>() != 0;
  const std::uint32_t count = taker.take<std::uint32_t>();
  const std::size_t tail = found >= 2 ? tail_bytes : 0;
  if (length < fixed_bytes + tail || count != (length - fixed_bytes - tail) / range_bytes) return slot;
  for (std::uint32_t n = 0; n < count; ++n) {
    OffsetRange range;
    range.topic_id = taker.uuid();
    range.partition = taker.take<std::int32_t>();
    range.from = taker.take<std::int64_t>();
    range.to = taker.take<std::int64_t>();
    read.ranges.push_back(range);
  }
  if (found >= 2) {
    read.state_epoch = taker.take<std::uint64_t>();
    read.committed = taker.take<std::uint64_t>();
  }
  slot.sequence = load_big_endian<std::uint64_t>(bytes.data() + 8);
  slot.checkpoint = std::move(read);
  return slot;
}

class DiskCheckpoints final : public CheckpointStore {
 public:
  DiskCheckpoints(std::string path, runtime::Disk& disk, runtime::Loop& loop, runtime::Pool& pool)
      : shared_(std::make_shared<Shared>(std::move(path), disk)), loop_(loop), pool_(pool) {}

  void load(std::function<void(Result<std::optional<Checkpoint>>)> done) override {
    pool_.run_then(loop_, [shared = shared_] { return shared->load(); }, std::move(done));
  }

  void save(Checkpoint checkpoint, std::function<void(Result<void>)> done) override {
    pool_.run_then(
        loop_, [shared = shared_, checkpoint = std::move(checkpoint)] { return shared->save(checkpoint); },
        std::move(done));
  }

 private:
  /// Used by one job of the pool at a time; outlives the store while a job runs.
  struct Shared {
    Shared(std::string where, runtime::Disk& on) : path(std::move(where)), disk(on) {}

    std::string slot_path(std::uint64_t which) const { return path + (which % 2 == 0 ? ".0" : ".1"); }
    std::string folder() const { return path.substr(0, path.rfind('/')); }

    Result<Slot> read(std::uint64_t which) const {
      const std::string file = slot_path(which);
      if (!disk.exists(file)) return Slot{};
      STREAMOPS_ASSIGN(const runtime::FilePtr opened, disk.open(file, runtime::OpenMode::read));
      Bytes bytes(std::min<std::uint64_t>(opened->size(), max_bytes));
      STREAMOPS_ASSIGN(const std::size_t size, opened->read_at(0, bytes));
      bytes.resize(size);
      return decode(bytes, file);
    }

    Result<std::optional<Checkpoint>> load() {
      if (path.rfind('/') != std::string::npos) STREAMOPS_RETURN_IF_ERROR(disk.make_directories(folder()));
      STREAMOPS_ASSIGN(Slot even, read(0));
      STREAMOPS_ASSIGN(Slot odd, read(1));
      Slot& newest = odd.checkpoint && (!even.checkpoint || odd.sequence > even.sequence) ? odd : even;
      // With one file only, a damaged one is the very first save, cut off before anything relied on it.
      if (!newest.checkpoint && even.exists && odd.exists) {
        return Error(errors::pipeline::bad_checkpoint, "both {} and {} are damaged", slot_path(0), slot_path(1));
      }
      sequence = newest.sequence;
      return std::move(newest.checkpoint);
    }

    Result<void> save(const Checkpoint& checkpoint) {
      const std::string file = slot_path(sequence + 1);
      const bool is_new = !disk.exists(file);
      STREAMOPS_ASSIGN(const runtime::FilePtr slot, disk.open(file, runtime::OpenMode::write_create));
      const Bytes bytes = encode(checkpoint, sequence + 1);
      STREAMOPS_RETURN_IF_ERROR(slot->write_at(0, bytes));
      STREAMOPS_RETURN_IF_ERROR(slot->truncate(bytes.size()));
      STREAMOPS_RETURN_IF_ERROR(slot->sync());
      if (is_new && path.rfind('/') != std::string::npos) STREAMOPS_RETURN_IF_ERROR(disk.sync_directory(folder()));
      ++sequence;
      return Ok();
    }

    std::string path;
    runtime::Disk& disk;
    std::uint64_t sequence = 0;
  };

  std::shared_ptr<Shared> shared_;
  runtime::Loop& loop_;
  runtime::Pool& pool_;
};

}  // namespace

std::int64_t Checkpoint::offsets() const {
  std::int64_t sum = 0;
  for (const OffsetRange& range : ranges) sum += range.to - range.from;
  return sum;
}

std::unique_ptr<CheckpointStore> make_disk_checkpoints(std::string path, runtime::Disk& disk, runtime::Loop& loop,
                                                       runtime::Pool& pool) {
  return std::make_unique<DiskCheckpoints>(std::move(path), disk, loop, pool);
}

}  // namespace streamops::pipeline
