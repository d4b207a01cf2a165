#include "storage/rocks/rocks.h"

#include <rocksdb/cache.h>
#include <rocksdb/db.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/listener.h>
#include <rocksdb/table.h>
#include <rocksdb/write_batch.h>
#include <rocksdb/write_buffer_manager.h>

#include <atomic>
#include <filesystem>
#include <mutex>

#include "errors/runtime.h"
#include "storage/rocks/impl/adapters.h"

namespace streamops::storage {

struct WriteBatch::Impl {
  rocksdb::WriteBatch batch;
};

namespace {

rocksdb::Slice slice(std::string_view text) {
  return {text.data(), text.size()};
}
std::string_view view(const rocksdb::Slice& text) {
  return {text.data(), text.size()};
}

/// RocksDB's own log is of no use to anybody here; errors come back as statuses.
class SilentLogger final : public rocksdb::Logger {
 public:
  using Logger::Logv;
  void Logv(const char*, va_list) override {}
};

/// Going on after a full disk is our decision, at the next write: RocksDB's own way polls every five seconds.
class ManualRecovery final : public rocksdb::EventListener {
 public:
  void OnErrorRecoveryBegin(rocksdb::BackgroundErrorReason, rocksdb::Status, bool* automatic) override {
    *automatic = false;
  }
};

class RocksIterator final : public Iterator {
 public:
  RocksIterator(rocksdb::DB& db, std::string_view lower, std::string_view upper, bool fill_cache)
      : lower_text_(lower), upper_text_(upper), lower_(lower_text_), upper_(upper_text_) {
    rocksdb::ReadOptions options;
    if (!lower_text_.empty()) options.iterate_lower_bound = &lower_;
    if (!upper_text_.empty()) options.iterate_upper_bound = &upper_;
    options.fill_cache = fill_cache;
    iterator_.reset(db.NewIterator(options));
  }
  void seek(std::string_view key) override { iterator_->Seek(slice(key)); }
  void seek_for_previous(std::string_view key) override { iterator_->SeekForPrev(slice(key)); }
  void next() override { iterator_->Next(); }
  void previous() override { iterator_->Prev(); }
  bool valid() const override { return iterator_->Valid(); }
  std::string_view key() const override { return view(iterator_->key()); }
  std::string_view value() const override { return view(iterator_->value()); }
  Result<void> status() const override {
    if (iterator_->status().ok()) return Ok();
    return to_error(iterator_->status(), "reading the database");
  }

 private:
  const std::string lower_text_;
  const std::string upper_text_;
  const rocksdb::Slice lower_;
  const rocksdb::Slice upper_;
  std::unique_ptr<rocksdb::Iterator> iterator_;
};

/// What a database needs alive while it is open, in the order of creation.
struct Parts {
  std::unique_ptr<rocksdb::Env> env;
  std::unique_ptr<rocksdb::CompactionFilter> filter;
  rocksdb::Options options;
};

rocksdb::BlockBasedTableOptions table_options(const RocksOptions& wanted,
                                              const std::shared_ptr<rocksdb::Cache>& cache) {
  rocksdb::BlockBasedTableOptions table;
  table.block_cache = cache;
  table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10));
  table.block_size = 8 * 1024;
  // Index and filter blocks count against the cache, so memory stays bounded however many files there are.
  table.cache_index_and_filter_blocks = true;
  table.pin_l0_filter_and_index_blocks_in_cache = wanted.cache_bytes >= 4 * 1024 * 1024;
  table.format_version = 5;
  return table;
}

Parts make_parts(const RocksOptions& wanted) {
  Parts parts;
  rocksdb::Options& options = parts.options;
  options.create_if_missing = true;
  options.info_log = std::make_shared<SilentLogger>();
  options.stats_dump_period_sec = 0;
  options.stats_persist_period_sec = 0;
  options.max_background_jobs = 2;
  options.max_open_files = wanted.max_open_files;
  options.allow_mmap_reads = false;
  options.allow_mmap_writes = false;
  options.keep_log_file_num = 1;
  options.max_total_wal_size = 64 * 1024 * 1024;
  options.wal_recovery_mode = rocksdb::WALRecoveryMode::kPointInTimeRecovery;
  options.compression = rocksdb::kLZ4Compression;
  options.level_compaction_dynamic_level_bytes = true;
  options.write_buffer_size = wanted.write_buffer_bytes / 2;
  options.arena_block_size = 256 * 1024;
  options.max_write_buffer_number = 3;
  options.target_file_size_base = 16 * 1024 * 1024;
  options.max_bytes_for_level_base = 64 * 1024 * 1024;
  options.listeners.push_back(std::make_shared<ManualRecovery>());
  options.avoid_flush_during_shutdown = true;  // the log has everything; stopping stays fast
  const std::shared_ptr<rocksdb::Cache> cache = rocksdb::NewLRUCache(wanted.cache_bytes, 0);
  options.write_buffer_manager = std::make_shared<rocksdb::WriteBufferManager>(wanted.write_buffer_bytes);
  options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table_options(wanted, cache)));
  if (wanted.merge) options.merge_operator = make_merge_operator(wanted.merge);
  if (wanted.purge) {
    parts.filter = make_compaction_filter(wanted.purge);
    options.compaction_filter = parts.filter.get();
  }
  if (wanted.has_room) {
    parts.env = make_limited_env(wanted.has_room);
    options.env = parts.env.get();
  }
  return parts;
}

}  // namespace

class RocksStore final : public Rocks {
 public:
  RocksStore(Parts parts, std::unique_ptr<rocksdb::DB> db) : parts_(std::move(parts)), db_(std::move(db)) {}
  ~RocksStore() override {
    // What was written without sync is made durable on an orderly end; an error has nobody left to hear it. After a
    // failed append there is nothing to sync, and RocksDB asserts that nobody tries.
    if (!failed_) static_cast<void>(db_->SyncWAL());
    static_cast<void>(db_->Close());
  }

  Result<void> write(WriteBatch& batch, bool sync) override;
  Result<void> sync() override;
  Result<std::optional<std::string>> get(std::string_view key) const override {
    std::string value;
    return found(db_->Get({}, slice(key), &value), value);
  }
  std::optional<Result<std::optional<std::string>>> get_cached(std::string_view key) const override {
    rocksdb::ReadOptions options;
    options.read_tier = rocksdb::kBlockCacheTier;
    std::string value;
    const rocksdb::Status status = db_->Get(options, slice(key), &value);
    if (status.IsIncomplete()) return std::nullopt;
    return found(status, value);
  }
  std::unique_ptr<Iterator> iterate(std::string_view lower, std::string_view upper, bool fill_cache) const override {
    return std::make_unique<RocksIterator>(*db_, lower, upper, fill_cache);
  }
  Result<void> flush() override { return checked(db_->Flush({}), "writing the database's files"); }
  Result<void> compact(std::string_view lower, std::string_view upper) override {
    const rocksdb::Slice from = slice(lower);
    const rocksdb::Slice to = slice(upper);
    rocksdb::CompactRangeOptions options;
    options.bottommost_level_compaction = rocksdb::BottommostLevelCompaction::kForce;
    return checked(db_->CompactRange(options, lower.empty() ? nullptr : &from, upper.empty() ? nullptr : &to),
                   "compacting the database");
  }
  RocksMemory memory() const override {
    RocksMemory out;
    db_->GetIntProperty(rocksdb::DB::Properties::kBlockCacheUsage, &out.cache);
    db_->GetIntProperty(rocksdb::DB::Properties::kSizeAllMemTables, &out.write_buffers);
    db_->GetIntProperty(rocksdb::DB::Properties::kEstimateTableReadersMem, &out.table_readers);
    return out;
  }

 private:
  static Result<void> checked(const rocksdb::Status& status, std::string_view doing) {
    if (status.ok()) return Ok();
    return to_error(status, doing);
  }
  static Result<std::optional<std::string>> found(const rocksdb::Status& status, std::string& value) {
    if (status.ok()) return std::optional<std::string>(std::move(value));
    if (status.IsNotFound()) return std::optional<std::string>();
    return to_error(status, "reading the database");
  }

  Parts parts_;
  std::unique_ptr<rocksdb::DB> db_;
  std::mutex resume_mutex_;
  std::atomic<bool> failed_ = false;  // an append failed and no write has succeeded since
};

Result<void> RocksStore::write(WriteBatch& batch, bool sync) {
  rocksdb::WriteOptions options;
  options.sync = sync;
  rocksdb::Status status = db_->Write(options, &batch.impl_->batch);
  if (status.ok()) return Ok();
  failed_ = true;
  // After a failed append RocksDB refuses writes until it is told to go on; going on works as soon as there is room.
  const std::scoped_lock lock(resume_mutex_);
  if (db_->Resume().ok()) status = db_->Write(options, &batch.impl_->batch);
  if (status.ok()) failed_ = false;
  return checked(status, "writing to the database");
}

Result<void> RocksStore::sync() {
  if (failed_) return Error(errors::runtime::disk_failed, "the database's log cannot be synced after a failed write");
  const rocksdb::Status status = db_->SyncWAL();
  // Nothing to sync yet is not a failure.
  if (status.IsNotFound()) return Ok();
  return checked(status, "syncing the database's log");
}

Result<std::unique_ptr<Rocks>> Rocks::open(RocksOptions options) {
  std::error_code failed;
  std::filesystem::create_directories(options.directory, failed);
  if (failed)
    return Error(errors::runtime::disk_failed, "{}: cannot create the directory: {}", options.directory,
                 failed.message());
  Parts parts = make_parts(options);
  rocksdb::DB* db = nullptr;
  const rocksdb::Status status = rocksdb::DB::Open(parts.options, options.directory, &db);
  if (!status.ok()) return to_error(status, "opening the database in " + options.directory);
  return std::unique_ptr<Rocks>(std::make_unique<RocksStore>(std::move(parts), std::unique_ptr<rocksdb::DB>(db)));
}

WriteBatch::WriteBatch() : impl_(std::make_unique<Impl>()) {}
WriteBatch::WriteBatch(WriteBatch&&) noexcept = default;
WriteBatch& WriteBatch::operator=(WriteBatch&&) noexcept = default;
WriteBatch::~WriteBatch() = default;

// Adding to a batch in memory fails only for sizes beyond 4 GiB, which callers' limits exclude.
void WriteBatch::put(std::string_view key, std::string_view value) {
  static_cast<void>(impl_->batch.Put(slice(key), slice(value)));
}
void WriteBatch::merge(std::string_view key, std::string_view operand) {
  static_cast<void>(impl_->batch.Merge(slice(key), slice(operand)));
}
void WriteBatch::remove(std::string_view key) {
  static_cast<void>(impl_->batch.Delete(slice(key)));
}
void WriteBatch::remove_range(std::string_view from, std::string_view to) {
  static_cast<void>(impl_->batch.DeleteRange(slice(from), slice(to)));
}

void WriteBatch::append(const WriteBatch& other) {
  class Copier final : public rocksdb::WriteBatch::Handler {
   public:
    explicit Copier(rocksdb::WriteBatch& to) : to_(to) {}
    rocksdb::Status PutCF(std::uint32_t, const rocksdb::Slice& key, const rocksdb::Slice& value) override {
      return to_.Put(key, value);
    }
    rocksdb::Status MergeCF(std::uint32_t, const rocksdb::Slice& key, const rocksdb::Slice& value) override {
      return to_.Merge(key, value);
    }
    rocksdb::Status DeleteCF(std::uint32_t, const rocksdb::Slice& key) override { return to_.Delete(key); }
    rocksdb::Status DeleteRangeCF(std::uint32_t, const rocksdb::Slice& from, const rocksdb::Slice& to) override {
      return to_.DeleteRange(from, to);
    }

   private:
    rocksdb::WriteBatch& to_;
  };
  Copier copier(impl_->batch);
  static_cast<void>(other.impl_->batch.Iterate(&copier));
}

void WriteBatch::clear() {
  impl_->batch.Clear();
}
std::uint32_t WriteBatch::count() const {
  return impl_->batch.Count();
}
std::size_t WriteBatch::bytes() const {
  return impl_->batch.GetDataSize();
}

}  // namespace streamops::storage
