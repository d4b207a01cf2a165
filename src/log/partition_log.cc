#include "log/partition_log.h"

#include <algorithm>
#include <set>
#include <utility>

#include "base/crc32c.h"
#include "errors/log.h"

namespace streamops::log {

namespace {

constexpr std::uint64_t index_save_bytes = 64 * 1024 * 1024;  // what a recovery has to check at most, more or less
constexpr std::uint64_t index_save_floor = 1024 * 1024;       // checking less than this is cheaper than an index file
constexpr std::size_t start_file_bytes = 12;
constexpr std::int32_t leader_epoch = 0;  // a cluster of one: the leader never changes

// Offset of the log-start file; a missing or broken one deletes nothing.
Result<Offset> read_start(runtime::Disk& disk, const std::string& path) {
  if (!disk.exists(path)) return Offset{0};
  STREAMOPS_ASSIGN(const Bytes bytes, disk.read_file(path));
  if (bytes.size() != start_file_bytes) return Offset{0};
  if (load_big_endian<std::uint32_t>(bytes.data() + 8) != crc32c(BytesView(bytes).first(8))) return Offset{0};
  return load_big_endian<Offset>(bytes.data());
}

Bytes encode_start(Offset offset) {
  Bytes out;
  append_big_endian(out, offset);
  append_big_endian(out, crc32c(out));
  return out;
}

}  // namespace

struct PartitionLog::Opened {
  std::deque<std::unique_ptr<Segment>> segments;
  Offset start_offset = 0;
  Recovery recovery;
};

Result<std::unique_ptr<PartitionLog>> PartitionLog::open(std::string directory, const LogOptions& options,
                                                         runtime::Disk& disk, runtime::Loop& loop,
                                                         runtime::Pool& pool) {
  Opened opened;
  std::set<Offset> bases;
  std::set<Offset> indexes;
  if (disk.exists(directory)) {
    STREAMOPS_ASSIGN(const std::vector<std::string> names, disk.list(directory));
    for (const std::string& name : names) {
      if (const std::optional<Offset> base = parse_segment_name(name, ".log")) bases.insert(*base);
      if (const std::optional<Offset> base = parse_segment_name(name, ".index")) indexes.insert(*base);
    }
    STREAMOPS_ASSIGN(opened.start_offset, read_start(disk, directory + "/log-start"));
  }
  for (const Offset base : indexes) {
    if (!bases.contains(base)) STREAMOPS_RETURN_IF_ERROR(disk.remove(directory + "/" + segment_name(base, ".index")));
  }
  for (const Offset base : bases) {
    // A torn end in front of a segment that was synced is damage; in front of one that was not, both are the same
    // unfinished write.
    const bool must_be_whole =
        std::any_of(indexes.upper_bound(base), indexes.end(), [&](Offset later) { return bases.contains(later); });
    STREAMOPS_ASSIGN(std::unique_ptr<Segment> segment,
                     Segment::open(disk, directory, base, must_be_whole, opened.recovery));
    opened.segments.push_back(std::move(segment));
  }
  if (!bases.empty()) {
    opened.start_offset = std::max(opened.start_offset, *bases.begin());
    STREAMOPS_RETURN_IF_ERROR(disk.sync_directory(directory));
  }
  return std::unique_ptr<PartitionLog>(
      new PartitionLog(std::move(directory), options, disk, loop, pool, std::move(opened)));
}

PartitionLog::PartitionLog(std::string directory, const LogOptions& options, runtime::Disk& disk, runtime::Loop& loop,
                           runtime::Pool& pool, Opened opened)
    : directory_(std::move(directory)),
      options_(options),
      disk_(disk),
      loop_(loop),
      pool_(pool),
      segments_(std::move(opened.segments)),
      recovery_(std::move(opened.recovery)),
      active_since_(to_millis(loop.clock().wall())),
      sync_(loop, pool, options.sync,
            std::max(segments_.empty() ? 0 : segments_.back()->next_offset(), opened.start_offset),
            [this](Offset durable, const Error& error) { take_back(durable, error); }) {
  start_offset_ = std::min(opened.start_offset, sync_.written());
  if (const Segment* last = active()) index_saved_at_ = last->size();
}

PartitionLog::~PartitionLog() = default;

// --- writing
// ----------------------------------------------------------------------------------------------------------

// Hot path: once per produced batch. One write into the page cache; the rest is bookkeeping.
Result<Offset> PartitionLog::append(std::span<std::uint8_t> batch) {
  if (failure_) return *failure_;
  STREAMOPS_ASSIGN(Segment * segment, segment_for(batch.size()));
  const Offset base = end_offset();
  place_batch(batch, base, leader_epoch);
  const std::optional<BatchHeader> header = read_batch_header(batch);
  STREAMOPS_CHECK(header && header->size == batch.size(), "an appended batch is whole and of format 2");
  if (const Result<void> written = segment->append(batch, *header); !written) {
    if (segment->is_torn()) failure_ = written.error();
    return written.error();
  }
  sync_.written(header->next_offset(), segment->file());
  if (name_unsynced_) {
    sync_.add_step([&disk = disk_, directory = directory_] { return disk.sync_directory(directory); });
    name_unsynced_ = false;
  }
  if (segment->size() >= index_saved_at_ + index_save_bytes) save_index(*segment);
  return base;
}

Result<Segment*> PartitionLog::segment_for(std::size_t batch_bytes) {
  Segment* last = active();
  if (last == nullptr) return roll();
  const std::int64_t now = to_millis(loop_.clock().wall());
  if (last->empty()) {
    active_since_ = now;
    return last;
  }
  const bool full = last->size() + batch_bytes > static_cast<std::uint64_t>(options_.segment_bytes);
  const bool old = now - active_since_ > options_.segment_ms;
  const bool wide = end_offset() - last->base_offset() > INT32_MAX / 2;  // the index counts offsets in 32 bits
  if (full || old || wide) return roll();
  return last;
}

Result<Segment*> PartitionLog::roll() {
  STREAMOPS_ASSIGN(std::unique_ptr<Segment> fresh, Segment::create(disk_, directory_, end_offset()));
  if (const Segment* sealed = active()) save_index(*sealed);
  segments_.push_back(std::move(fresh));
  active_since_ = to_millis(loop_.clock().wall());
  index_saved_at_ = 0;
  name_unsynced_ = true;
  return active();
}

void PartitionLog::when_durable(Offset offset, GroupSync::Done done) {
  sync_.when_settled(offset, std::move(done));
}

// Writes the index file once all that it vouches for is on disk.
void PartitionLog::save_index(const Segment& segment) {
  if (&segment == active()) index_saved_at_ = segment.size();
  sync_.flush([this, path = segment.index_path(), content = segment.encode_index()](const Result<void>& synced) {
    if (!synced) return;
    // An index that cannot be written costs time at the next start and nothing else, so its error goes nowhere.
    pool_.run([&disk = disk_, path, content] { (void)disk.replace_file(path, content).ok(); });
  });
}

void PartitionLog::take_back(Offset durable, const Error& error) {
  if (const Result<void> cut = cut_to(durable); !cut) failure_ = error;
  sync_.reset(durable);
  if (on_taken_back_) on_taken_back_();
}

Result<void> PartitionLog::cut_to(Offset offset) {
  while (segments_.size() > 1 && segments_.back()->base_offset() >= offset) {
    STREAMOPS_RETURN_IF_ERROR(disk_.remove(segments_.back()->log_path()));
    segments_.pop_back();
  }
  name_unsynced_ = true;
  index_saved_at_ = 0;
  if (segments_.empty()) return Ok();
  return segments_.back()->truncate(offset);
}

void PartitionLog::close(GroupSync::Done done) {
  sync_.flush([this, done = std::move(done)](const Result<void>& synced) {
    const Segment* last = active();
    if (!synced || last == nullptr || last->size() < index_saved_at_ + index_save_floor) return done(synced);
    index_saved_at_ = last->size();
    pool_.run_then(
        loop_,
        [&disk = disk_, path = last->index_path(), content = last->encode_index()] {
          return disk.replace_file(path, content);
        },
        [done](const Result<void>& saved) { done(saved); });
  });
}

// --- reading
// ----------------------------------------------------------------------------------------------------------

Result<void> PartitionLog::read(Offset offset, std::size_t max_bytes, Bytes& out, bool at_least_one, Offset limit) {
  if (offset < start_offset_ || offset > high_watermark()) {
    return Error(errors::log::offset_not_in_log, "offset {} lies outside of {} to {}", offset, start_offset_,
                 high_watermark());
  }
  auto segment =
      std::partition_point(segments_.begin(), segments_.end(),
                           [offset](const std::unique_ptr<Segment>& each) { return each->next_offset() <= offset; });
  // Usually one round; recovery may have left segments that are empty or end early.
  const std::size_t before = out.size();
  for (; segment != segments_.end() && out.size() == before; ++segment) {
    STREAMOPS_RETURN_IF_ERROR(
        (*segment)->read(offset, std::min(limit, high_watermark()), max_bytes, at_least_one, out));
  }
  return Ok();
}

Result<std::optional<Offset>> PartitionLog::find_time(std::int64_t timestamp) {
  for (const std::unique_ptr<Segment>& segment : segments_) {
    if (segment->next_offset() <= start_offset_) continue;
    STREAMOPS_ASSIGN(const std::optional<Offset> found, segment->find_time(timestamp, high_watermark()));
    if (found) return found;
  }
  return std::optional<Offset>();
}

Result<void> PartitionLog::for_each_batch(Offset from, const std::function<void(const BatchHeader&)>& visit) {
  for (const std::unique_ptr<Segment>& segment : segments_) {
    if (segment->next_offset() > from) STREAMOPS_RETURN_IF_ERROR(segment->for_each_batch(from, visit));
  }
  return Ok();
}

std::uint64_t PartitionLog::size_bytes() const {
  std::uint64_t total = 0;
  for (const std::unique_ptr<Segment>& segment : segments_) total += segment->size();
  return total;
}

std::int64_t PartitionLog::max_timestamp() const {
  std::int64_t latest = -1;
  for (const std::unique_ptr<Segment>& segment : segments_) latest = std::max(latest, segment->max_timestamp());
  return latest;
}

// --- letting go
// -------------------------------------------------------------------------------------------------------

bool PartitionLog::first_expired(std::int64_t now) const {
  const Segment& first = *segments_.front();
  if (first.empty() || first.next_offset() > high_watermark()) return false;
  if (first.next_offset() <= start_offset_) return true;
  if (options_.retention_ms >= 0 && first.max_timestamp() < now - options_.retention_ms) return true;
  const bool spare = segments_.size() > 1;
  return spare && options_.retention_bytes >= 0 &&
         size_bytes() - first.size() >= static_cast<std::uint64_t>(options_.retention_bytes);
}

void PartitionLog::enforce_retention(std::int64_t now) {
  while (!segments_.empty() && !failure_ && first_expired(now)) {
    // The last file's name says where the log goes on, so an empty one takes its place first.
    if (segments_.size() == 1 && !roll()) return;
    drop_first();
  }
}

void PartitionLog::drop_first() {
  const std::unique_ptr<Segment> gone = std::move(segments_.front());
  segments_.pop_front();
  start_offset_ = std::max(start_offset_, segments_.front()->base_offset());
  pool_.run([&disk = disk_, directory = directory_, log = gone->log_path(), index = gone->index_path()] {
    // The next segment's name must be on disk before this one's goes. What cannot be removed now is removed after the
    // next start.
    if (!disk.sync_directory(directory)) return;
    (void)disk.remove(log).ok();
    if (disk.exists(index)) (void)disk.remove(index).ok();
  });
}

void PartitionLog::delete_before(Offset offset, GroupSync::Done done) {
  start_offset_ = std::max(start_offset_, std::min(offset, high_watermark()));
  start_waiters_.push_back(std::move(done));
  if (start_waiters_.size() == 1) save_start();
}

// One save at a time, so that an older offset never replaces a newer one; who comes meanwhile waits for the next.
void PartitionLog::save_start() {
  const std::size_t covered = start_waiters_.size();
  pool_.run_then(
      loop_,
      [&disk = disk_, path = start_path(), content = encode_start(start_offset_)] {
        return disk.replace_file(path, content);
      },
      [this, covered, alive = std::weak_ptr<bool>(alive_)](const Result<void>& saved) {
        if (alive.expired()) return;
        std::vector<GroupSync::Done> done(start_waiters_.begin(),
                                          start_waiters_.begin() + static_cast<std::ptrdiff_t>(covered));
        start_waiters_.erase(start_waiters_.begin(), start_waiters_.begin() + static_cast<std::ptrdiff_t>(covered));
        if (!start_waiters_.empty()) save_start();
        for (const GroupSync::Done& each : done) each(saved);
      });
}

}  // namespace streamops::log
