#include "log/journal.h"

#include <algorithm>
#include <utility>

#include "base/crc32c.h"
#include "errors/log.h"
#include "log/journal_reader.h"

namespace streamops::log {

using runtime::Disk;
using runtime::File;
using runtime::OpenMode;

namespace {

// What frames one record; `durable` as the file's head describes it.
void append_record(Bytes& out, BytesView payload, std::uint64_t durable) {
  const std::size_t start = out.size();
  append_big_endian(out, static_cast<std::uint32_t>(payload.size()));
  append_big_endian(out, std::uint32_t{0});
  append_big_endian(out, durable);
  append_bytes(out, payload);
  store_big_endian(out.data() + start + 4, journal_record_crc(BytesView(out).subspan(start)));
}

std::string directory_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string::npos ? "." : path.substr(0, slash);
}

}  // namespace

class Journal::Impl {
 public:
  Impl(std::string path, JournalOptions options, Disk& disk, runtime::Loop& loop, runtime::Pool& pool,
       std::shared_ptr<File> file, std::uint64_t cut)
      : path_(std::move(path)),
        options_(options),
        disk_(disk),
        file_(std::move(file)),
        cut_(cut),
        rewritten_(file_->size()),
        sync_(loop, pool, options.sync, static_cast<Sequence>(file_->size()),
              [this](Sequence durable, const Error& error) { take_back(durable, error); }) {}

  Result<Sequence> append(BytesView record) {
    if (broken_) return *broken_;
    if (record.size() > options_.max_record_bytes) {
      return Error(errors::log::record_too_large, "{}: a record of {} bytes is longer than the limit of {}", path_,
                   record.size(), options_.max_record_bytes);
    }
    scratch_.clear();
    append_record(scratch_, record, durable_size());
    return write(scratch_);
  }

  void when_durable(Sequence sequence, GroupSync::Done done) { sync_.when_settled(sequence, std::move(done)); }

  Result<void> rewrite(const std::function<void(const std::function<void(BytesView)>&)>& records) {
    if (broken_) return *broken_;
    if (rewriting_) return Ok();
    Bytes content(journal_magic.begin(), journal_magic.end());
    records([&content](BytesView record) { append_record(content, record, 0); });
    const std::string beside = path_ + ".new";
    STREAMOPS_ASSIGN(runtime::FilePtr opened, disk_.open(beside, OpenMode::write_create));
    std::shared_ptr<File> fresh = std::move(opened);
    STREAMOPS_RETURN_IF_ERROR(fresh->truncate(0));
    STREAMOPS_RETURN_IF_ERROR(fresh->append(content));

    // From here on records go to the new file only, and nothing of them counts as done before the rename below has
    // happened.
    const Sequence mark = sync_.written() + static_cast<Sequence>(content.size());
    base_ = mark - static_cast<Sequence>(content.size());
    file_ = std::move(fresh);
    rewritten_ = content.size();
    rewriting_ = true;
    sync_.written(mark, file_);
    sync_.add_step([&disk = disk_, beside, path = path_] { return disk.rename(beside, path); });
    sync_.flush([this](const Result<void>& result) {
      rewriting_ = false;
      if (!result) broken_ = result.error();
    });
    return Ok();
  }

  bool worth_rewriting(std::uint64_t floor) const {
    return !rewriting_ && !broken_ && file_->size() >= floor && file_->size() > 2 * rewritten_;
  }

  void flush(GroupSync::Done done) { sync_.flush(std::move(done)); }
  std::uint64_t size() const { return file_->size(); }
  std::uint64_t cut() const { return cut_; }

 private:
  std::uint64_t durable_size() const {
    return static_cast<std::uint64_t>(std::max<Sequence>(sync_.durable() - base_, 0));
  }

  Result<Sequence> write(BytesView framed) {
    const std::uint64_t before = file_->size();
    const Result<void> written = file_->append(framed);
    if (!written) {
      if (file_->size() != before) {
        if (const Result<void> cut = file_->truncate(before); !cut) broken_ = cut.error();
      }
      return written.error();
    }
    const Sequence mark = base_ + static_cast<Sequence>(before + framed.size());
    sync_.written(mark, file_);
    return mark;
  }

  // A sync failed: what it did not make durable may be gone from the system's memory too, so it leaves the file.
  void take_back(Sequence durable, const Error& error) {
    if (rewriting_) {
      broken_ = error.in(path_ + " could not be rewritten");
      return;
    }
    if (const Result<void> cut = file_->truncate(static_cast<std::uint64_t>(durable - base_)); !cut)
      broken_ = cut.error();
    sync_.reset(durable);
  }

  std::string path_;
  JournalOptions options_;
  Disk& disk_;
  std::shared_ptr<File> file_;
  std::uint64_t cut_;
  Sequence base_ = 0;        // sequence of the file's first byte
  std::uint64_t rewritten_;  // size after the last rewrite
  bool rewriting_ = false;
  std::optional<Error> broken_;  // the file's state is unknown: only opening it again helps
  Bytes scratch_;
  GroupSync sync_;
};

Result<std::unique_ptr<Journal>> Journal::open(const std::string& path, const JournalOptions& options, Disk& disk,
                                               runtime::Loop& loop, runtime::Pool& pool,
                                               const std::function<Result<void>(BytesView record)>& replay) {
  if (disk.exists(path + ".new")) STREAMOPS_RETURN_IF_ERROR(disk.remove(path + ".new"));
  STREAMOPS_ASSIGN(std::shared_ptr<File> file, disk.open(path, OpenMode::write_create));
  STREAMOPS_ASSIGN(const JournalExtent extent, read_journal(path, *file, options.max_record_bytes, replay));
  const std::uint64_t size = file->size();
  if (extent.whole < size) STREAMOPS_RETURN_IF_ERROR(file->truncate(extent.whole));
  if (extent.whole == 0) STREAMOPS_RETURN_IF_ERROR(file->append(as_bytes(journal_magic)));
  STREAMOPS_RETURN_IF_ERROR(file->sync());
  STREAMOPS_RETURN_IF_ERROR(disk.sync_directory(directory_of(path)));
  auto impl = std::make_unique<Impl>(path, options, disk, loop, pool, std::move(file), size - extent.whole);
  return std::unique_ptr<Journal>(new Journal(std::move(impl)));
}

Journal::Journal(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Journal::~Journal() = default;

Result<Journal::Sequence> Journal::append(BytesView record) {
  return impl_->append(record);
}
void Journal::when_durable(Sequence sequence, GroupSync::Done done) {
  impl_->when_durable(sequence, std::move(done));
}

void Journal::append(BytesView record, GroupSync::Done done) {
  const Result<Sequence> sequence = append(record);
  if (!sequence) return done(sequence.error());
  when_durable(*sequence, std::move(done));
}

Result<void> Journal::rewrite(const std::function<void(const std::function<void(BytesView record)>& emit)>& records) {
  return impl_->rewrite(records);
}
bool Journal::worth_rewriting(std::uint64_t floor) const {
  return impl_->worth_rewriting(floor);
}
void Journal::flush(GroupSync::Done done) {
  impl_->flush(std::move(done));
}
std::uint64_t Journal::size_bytes() const {
  return impl_->size();
}
std::uint64_t Journal::cut_bytes() const {
  return impl_->cut();
}

}  // namespace streamops::log
