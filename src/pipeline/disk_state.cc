// The state in RocksDB:
//
//   m          -> u8 version, u64 epoch, u64 epoch before                     big-endian
//   e<key>     -> value
//   u<key>     -> 0, or 1 and the value that the key had before the last epoch
#include "base/bytes.h"
#include "errors/pipeline.h"
#include "pipeline/state_store.h"
#include "storage/rocks/rocks.h"

namespace streamops::pipeline {

namespace {

constexpr std::uint8_t version = 1;
constexpr std::string_view meta_key = "m";
constexpr std::size_t meta_bytes = 1 + 8 + 8;
constexpr std::size_t cache_bytes = 1024 * 1024;
constexpr std::size_t write_buffer_bytes = 4 * 1024 * 1024;

struct Meta {
  std::uint64_t epoch = 0;
  std::uint64_t before = 0;
};

std::string encode(const Meta& meta) {
  Bytes out;
  append_big_endian(out, version);
  append_big_endian(out, meta.epoch);
  append_big_endian(out, meta.before);
  return std::string(as_text(out));
}

std::string prefixed(char kind, std::string_view key) {
  std::string out(1, kind);
  out += key;
  return out;
}

/// Used by one job of the pool at a time.
class Folder {
 public:
  Folder(std::string path, runtime::Disk& disk) : path_(std::move(path)), disk_(disk) {}

  Result<StoredState> load(std::uint64_t newest) {
    STREAMOPS_RETURN_IF_ERROR(open());
    STREAMOPS_RETURN_IF_ERROR(read_meta());
    if (meta_.epoch > newest) STREAMOPS_RETURN_IF_ERROR(take_back(newest));
    StoredState state{meta_.epoch, {}};
    const std::unique_ptr<storage::Iterator> at = rocks_->iterate("e", "f", false);
    for (at->seek("e"); at->valid(); at->next()) state.entries.emplace_back(at->key().substr(1), at->value());
    STREAMOPS_RETURN_IF_ERROR(at->status());
    return state;
  }

  Result<void> commit(const StateCommit& commit) {
    storage::WriteBatch batch;
    batch.remove_range("u", "v");
    for (const auto& [key, value] : commit.changes) {
      const std::string entry = prefixed('e', key);
      STREAMOPS_ASSIGN(const std::optional<std::string> old, rocks_->get(entry));
      batch.put(prefixed('u', key), old ? prefixed('\1', *old) : std::string(1, '\0'));
      value ? batch.put(entry, *value) : batch.remove(entry);
    }
    const Meta meta{commit.epoch, meta_.epoch};
    batch.put(meta_key, encode(meta));
    STREAMOPS_RETURN_IF_ERROR(rocks_->write(batch, true));
    meta_ = meta;
    return Ok();
  }

 private:
  Result<void> open() {
    if (rocks_ != nullptr) return Ok();
    STREAMOPS_RETURN_IF_ERROR(disk_.make_directories(path_));
    storage::RocksOptions options;
    options.directory = path_;
    options.cache_bytes = cache_bytes;
    options.write_buffer_bytes = write_buffer_bytes;
    STREAMOPS_ASSIGN(rocks_, storage::Rocks::open(std::move(options)));
    return Ok();
  }

  Result<void> read_meta() {
    STREAMOPS_ASSIGN(const std::optional<std::string> text, rocks_->get(meta_key));
    if (!text) return Ok();
    const BytesView bytes = as_bytes(*text);
    if (bytes.size() != meta_bytes || bytes[0] != version) {
      return Error(errors::pipeline::unusable_state, "{} is of another version of StreamOps", path_);
    }
    meta_ = {load_big_endian<std::uint64_t>(bytes.data() + 1), load_big_endian<std::uint64_t>(bytes.data() + 9)};
    return Ok();
  }

  /// Undoes the last epoch.
  Result<void> take_back(std::uint64_t newest) {
    const std::unique_ptr<storage::Iterator> at = rocks_->iterate("u", "v", false);
    storage::WriteBatch batch;
    for (at->seek("u"); at->valid(); at->next()) {
      const std::string entry = prefixed('e', at->key().substr(1));
      at->value().starts_with('\1') ? batch.put(entry, at->value().substr(1)) : batch.remove(entry);
    }
    STREAMOPS_RETURN_IF_ERROR(at->status());
    if (meta_.before > newest || meta_.before == meta_.epoch) {
      return Error(errors::pipeline::unusable_state, "{} holds epoch {}, and {} is needed", path_, meta_.epoch, newest);
    }
    batch.remove_range("u", "v");
    const Meta meta{meta_.before, meta_.before};  // an epoch further back cannot be had
    batch.put(meta_key, encode(meta));
    STREAMOPS_RETURN_IF_ERROR(rocks_->write(batch, true));
    meta_ = meta;
    return Ok();
  }

  std::string path_;
  runtime::Disk& disk_;
  std::unique_ptr<storage::Rocks> rocks_;
  Meta meta_;
};

class DiskState final : public StateStore {
 public:
  DiskState(std::string path, runtime::Disk& disk, runtime::Loop& loop, runtime::Pool& pool)
      : folder_(std::make_shared<Folder>(std::move(path), disk)), loop_(loop), pool_(pool) {}
  ~DiskState() override {
    pool_.run([folder = std::move(folder_)] {});  // closing blocks
  }
  DiskState(const DiskState&) = delete;
  DiskState& operator=(const DiskState&) = delete;

  void load(std::uint64_t newest, std::function<void(Result<StoredState>)> done) override {
    pool_.run_then(loop_, [folder = folder_, newest] { return folder->load(newest); }, std::move(done));
  }
  void commit(StateCommit commit, std::function<void(Result<void>)> done) override {
    pool_.run_then(
        loop_, [folder = folder_, commit = std::move(commit)] { return folder->commit(commit); }, std::move(done));
  }

 private:
  std::shared_ptr<Folder> folder_;
  runtime::Loop& loop_;
  runtime::Pool& pool_;
};

}  // namespace

std::unique_ptr<StateStore> make_disk_state(std::string path, runtime::Disk& disk, runtime::Loop& loop,
                                            runtime::Pool& pool) {
  return std::make_unique<DiskState>(std::move(path), disk, loop, pool);
}

}  // namespace streamops::pipeline
