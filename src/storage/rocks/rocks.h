// storage/rocks/rocks.h — an ordered key-value store on disk (RocksDB inside; its types stay in the .cc files).
//
//   WriteBatch ──► Rocks::write ──► write-ahead log (synced or not) + memtable ──► sorted files, merged in the
//   background
//
// One Rocks is one directory. Memory is bounded: one block cache and one write budget for the whole database.
// Values of one key may be written as merge operands; a MergeRule folds them, when read or compacted. A PurgeRule drops
// what has expired, and is asked only about complete values: a value that it sees has no older operands under it.
//
// Threads: every call may come from any thread; a WriteBatch and an Iterator belong to one thread at a time. Calls
// block on the disk; GroupCommit (storage/rocks/group_commit.h) is the way for loops.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"

namespace streamops::storage {

/// How operands of one key become one value. Must be associative; called from background threads.
class MergeRule {
 public:
  virtual ~MergeRule() = default;
  /// Stored with the data: never change it for an existing directory.
  virtual const char* name() const = 0;
  /// Folds `parts` (oldest write first; at least one) into `out`. False: a part is damaged; the read then fails.
  virtual bool merge(std::string_view key, std::span<const std::string_view> parts, std::string& out) const = 0;
};

/// What compaction may drop. Called from background threads.
class PurgeRule {
 public:
  enum class Verdict : std::uint8_t { keep, remove, replace };
  virtual ~PurgeRule() = default;
  virtual const char* name() const = 0;
  /// `replacement` is read when the verdict is replace.
  virtual Verdict judge(std::string_view key, std::string_view value, std::string& replacement) const = 0;
};

struct RocksOptions {
  std::string directory;
  std::size_t cache_bytes = 8 * 1024 * 1024;
  std::size_t write_buffer_bytes = 8 * 1024 * 1024;
  int max_open_files = 64;
  std::shared_ptr<const MergeRule> merge;
  std::shared_ptr<const PurgeRule> purge;
  /// Asked before `bytes` are appended to any file; false acts as a full disk. Empty: only the file system decides.
  std::function<bool(std::uint64_t bytes)> has_room;
};

/// Writes that become visible together. Grows as needed; reusable after clear().
class WriteBatch {
 public:
  WriteBatch();
  WriteBatch(WriteBatch&&) noexcept;
  WriteBatch& operator=(WriteBatch&&) noexcept;
  ~WriteBatch();

  void put(std::string_view key, std::string_view value);
  void merge(std::string_view key, std::string_view operand);
  void remove(std::string_view key);
  /// Removes every key in [from, to).
  void remove_range(std::string_view from, std::string_view to);
  /// Takes over everything of `other`, after what is here.
  void append(const WriteBatch& other);
  void clear();

  bool empty() const { return count() == 0; }
  std::uint32_t count() const;
  std::size_t bytes() const;

 private:
  friend class RocksStore;
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// Walks keys in order over a frozen view. Bounds given when it was made end the walk.
class Iterator {
 public:
  virtual ~Iterator() = default;
  virtual void seek(std::string_view key) = 0;
  /// To the last key <= `key`.
  virtual void seek_for_previous(std::string_view key) = 0;
  virtual void next() = 0;
  virtual void previous() = 0;
  virtual bool valid() const = 0;
  /// Valid until the iterator moves.
  virtual std::string_view key() const = 0;
  virtual std::string_view value() const = 0;
  /// Why valid() turned false: the end, or an error (SO-D002, SO-D101).
  virtual Result<void> status() const = 0;
};

/// Bytes held in memory right now.
struct RocksMemory {
  std::uint64_t cache = 0;
  std::uint64_t write_buffers = 0;
  std::uint64_t table_readers = 0;
};

class Rocks {
 public:
  /// Opens or creates. Errors: SO-D001 (disk full), SO-D002 (file operation failed), SO-D003 (locked by another
  /// process), SO-D101 (damaged).
  static Result<std::unique_ptr<Rocks>> open(RocksOptions options);
  virtual ~Rocks() = default;

  /// Applies a batch. With `sync` it is on disk when this returns; without, it survives our crash but not the
  /// machine's. Errors: SO-D001 (nothing was written; later writes succeed once there is room again), SO-D002, SO-D101.
  virtual Result<void> write(WriteBatch& batch, bool sync) = 0;
  /// Makes every write so far durable. Errors: as write.
  virtual Result<void> sync() = 0;

  virtual Result<std::optional<std::string>> get(std::string_view key) const = 0;
  /// As get, but only from memory; outer nothing: the disk would have to be asked (call get from a pool).
  virtual std::optional<Result<std::optional<std::string>>> get_cached(std::string_view key) const = 0;
  /// A view of now, limited to [lower, upper); empty bounds are open. Scans do not push hot blocks out of the cache
  /// when `fill_cache` is false.
  virtual std::unique_ptr<Iterator> iterate(std::string_view lower, std::string_view upper,
                                            bool fill_cache = true) const = 0;

  /// Writes memtables to sorted files. Blocks.
  virtual Result<void> flush() = 0;
  /// Compacts [lower, upper), asking the PurgeRule about everything in it. Blocks.
  virtual Result<void> compact(std::string_view lower, std::string_view upper) = 0;

  virtual RocksMemory memory() const = 0;
};

}  // namespace streamops::storage
