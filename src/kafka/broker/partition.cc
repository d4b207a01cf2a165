#include "kafka/broker/partition.h"

#include <algorithm>
#include <utility>

#include "errors/kafka_protocol.h"
#include "errors/runtime.h"
#include "kafka/broker/partition_snapshot.h"
#include "kafka/protocol/compression.h"
#include "kafka/protocol/record_batch.h"

namespace streamops::kafka {

namespace {

constexpr std::int64_t producer_memory_ms = 86'400'000;
constexpr std::size_t most_unpacked_bytes = 256 * 1024 * 1024;
constexpr std::size_t waiters_before_sweep = 16;
constexpr std::uint64_t snapshot_every_bytes = 64 * 1024 * 1024;  // what a start reads of batch headers at most
constexpr std::uint64_t snapshot_floor_bytes = 1024 * 1024;       // reading less is cheaper than a file

AppendOutcome refuse(ErrorCode error, std::string message) {
  return {.error = error, .message = std::move(message), .base_offset = -1};
}

AppendOutcome refuse_batch(const Error& error) {
  if (error.is(errors::kafka_protocol::old_batch_format))
    return refuse(ErrorCode::unsupported_for_message_format, error.message());
  if (error.is(errors::kafka_protocol::unknown_codec))
    return refuse(ErrorCode::unsupported_compression_type, error.message());
  return refuse(ErrorCode::corrupt_message, error.message());
}

std::int64_t now_of(runtime::Loop& loop) {
  return to_millis(loop.clock().wall());
}

// The records of a batch, unpacked where they are compressed; `unpacked` keeps the memory.
Result<BytesView> records_of(const RecordBatchView& batch, Bytes& unpacked) {
  if (batch.compression() == Compression::none) return batch.payload();
  STREAMOPS_ASSIGN(unpacked, decompress(batch.compression(), batch.payload(), most_unpacked_bytes));
  return BytesView(unpacked);
}

// A compacted topic needs a key in every record.
Result<bool> all_have_keys(const RecordBatchView& batch) {
  Bytes unpacked;
  STREAMOPS_ASSIGN(const BytesView payload, records_of(batch, unpacked));
  RecordIterator records(batch, payload);
  while (true) {
    STREAMOPS_ASSIGN(const std::optional<RecordView> record, records.next());
    if (!record) return true;
    if (!record->key) return false;
  }
}

// A control batch of one record: key { version, type }, value { version, coordinator epoch }.
Bytes make_marker(std::int64_t producer_id, std::int16_t epoch, ControlType type, std::int64_t now_ms) {
  Bytes key;
  append_big_endian(key, std::int16_t{0});
  append_big_endian(key, static_cast<std::int16_t>(type));
  Bytes value;
  append_big_endian(value, std::int16_t{0});
  append_big_endian(value, std::int32_t{0});
  RecordBatchBuilder batch(now_ms);
  batch.set_producer(producer_id, epoch, -1);
  batch.set_transactional(true);
  batch.add(now_ms, BytesView(key), BytesView(value));
  return batch.build();
}

}  // namespace

Result<std::shared_ptr<Partition>> Partition::open(std::int32_t index, const std::string& directory,
                                                   const TopicRules& rules, runtime::Disk& disk, runtime::Loop& loop,
                                                   runtime::Pool& pool) {
  STREAMOPS_ASSIGN(std::unique_ptr<log::PartitionLog> log,
                   log::PartitionLog::open(directory, rules.log, disk, loop, pool));
  std::shared_ptr<Partition> partition(new Partition(index, rules, {directory, disk, loop, pool}, std::move(log)));
  STREAMOPS_RETURN_IF_ERROR(partition->learn());
  return partition;
}

Partition::Partition(std::int32_t index, const TopicRules& rules, Place place, std::unique_ptr<log::PartitionLog> log)
    : index_(index), rules_(rules), place_(std::move(place)), log_(std::move(log)) {
  // Batches that a failed sync took back must not count as seen. A log that cannot even be read takes no appends any
  // more.
  log_->set_on_taken_back([this] { (void)learn().ok(); });
}

// From the snapshot where there is one, and from the batches behind it.
Result<void> Partition::learn() {
  producers_.clear();
  transactions_.clear();
  Offset from = log_->start_offset();
  if (place_.disk.exists(snapshot_path())) {
    STREAMOPS_ASSIGN(const Bytes file, place_.disk.read_file(snapshot_path()));
    std::optional<PartitionSnapshot> snapshot = decode_snapshot(file);
    if (snapshot && snapshot->upto <= log_->end_offset()) {
      producers_ = std::move(snapshot->producers);
      transactions_ = std::move(snapshot->transactions);
      from = std::max(from, snapshot->upto);
    }
  }
  unsaved_bytes_ = 0;
  Result<void> learnt = Ok();
  STREAMOPS_RETURN_IF_ERROR(log_->for_each_batch(from, [&](const log::BatchHeader& batch) {
    if (learnt) learnt = learn_batch(batch);
  }));
  return learnt;
}

Result<void> Partition::learn_batch(const log::BatchHeader& header) {
  unsaved_bytes_ += header.size;
  producers_.note(header);
  transactions_.note(header);
  if (!header.is_control()) return Ok();
  Bytes bytes;  // what a marker says is in its record
  STREAMOPS_RETURN_IF_ERROR(log_->read(header.base_offset, 1, bytes));
  if (bytes.empty()) return Ok();
  STREAMOPS_ASSIGN(const RecordBatchView batch, RecordBatchView::parse(bytes));
  STREAMOPS_ASSIGN(const ControlType type, control_type(batch));
  transactions_.note_marker(header.producer_id, type, header.base_offset);
  return Ok();
}

// A snapshot must never speak of a batch that a power cut can take, so it is written when its batches are on disk.
void Partition::save_snapshot() {
  if (saving_) return;
  saving_ = true;
  unsaved_bytes_ = 0;
  const Offset upto = log_->end_offset();
  log_->flush([self = shared_from_this(),
               content = encode_snapshot(upto, producers_, transactions_)](const Result<void>& synced) {
    if (!synced) {
      self->saving_ = false;
      return;
    }
    // A snapshot that cannot be written costs time at the next start and nothing else.
    self->place_.pool.run_then(
        self->place_.loop,
        [&disk = self->place_.disk, path = self->snapshot_path(), content] { return disk.replace_file(path, content); },
        [self](const Result<void>&) { self->saving_ = false; });
  });
}

// --- producing
// --------------------------------------------------------------------------------------------------------

// Everything about a batch that can be wrong before the log is asked.
AppendOutcome Partition::judge(std::span<const std::uint8_t> records, bool wait_for_all) const {
  if (records.size() > static_cast<std::uint64_t>(rules_.max_message_bytes)) {
    return refuse(ErrorCode::message_too_large, fmt::format("the batch of {} bytes is above max.message.bytes = {}",
                                                            records.size(), rules_.max_message_bytes));
  }
  const Result<RecordBatchView> parsed = RecordBatchView::parse(records);
  if (!parsed) return refuse_batch(parsed.error());
  const RecordBatchView& batch = *parsed;
  if (batch.size() != records.size())
    return refuse(ErrorCode::invalid_record, "a produce request carries exactly one batch a partition");
  if (const Result<void> checksum = batch.verify_checksum(); !checksum) return refuse_batch(checksum.error());
  if (batch.is_control()) return refuse(ErrorCode::invalid_record, "clients may not write control batches");
  if (batch.record_count() <= 0 || batch.last_offset_delta() != batch.record_count() - 1) {
    return refuse(ErrorCode::invalid_record, "the batch's count of records does not match its last offset");
  }
  if (wait_for_all && rules_.min_in_sync > 1)
    return refuse(ErrorCode::not_enough_replicas, "min.insync.replicas is above 1, and there is one node");
  const std::int64_t now = now_of(place_.loop);
  const bool too_late = batch.max_timestamp() > now && batch.max_timestamp() - now > rules_.timestamp_after_max_ms;
  const bool too_early = batch.base_timestamp() >= 0 && now - batch.base_timestamp() > rules_.timestamp_before_max_ms;
  if (!rules_.log_append_time && (too_late || too_early))
    return refuse(ErrorCode::invalid_timestamp, "a timestamp is out of the topic's bounds");
  if (rules_.compacted) {
    const Result<bool> keyed = all_have_keys(batch);
    if (!keyed) return refuse_batch(keyed.error());
    if (!*keyed) return refuse(ErrorCode::invalid_record, "a compacted topic takes no record without a key");
  }
  return {};
}

// Hot path: once per produced batch.
void Partition::produce(std::span<std::uint8_t> records, bool wait_for_all, std::function<void(AppendOutcome)> done) {
  if (AppendOutcome refused = judge(records, wait_for_all); refused.error != ErrorCode::none)
    return done(std::move(refused));
  const std::optional<log::BatchHeader> header = log::read_batch_header(records);
  const Producers::Verdict verdict = producers_.check(*header);
  if (verdict.error != ErrorCode::none) {
    return done(refuse(verdict.error,
                       fmt::format("producer {} epoch {}: sequence {} does not follow what the partition has seen",
                                   header->producer_id, header->producer_epoch, header->base_sequence)));
  }
  AppendOutcome outcome;
  if (verdict.is_duplicate) {
    outcome.base_offset = verdict.base_offset;
    return answer_when_durable(verdict.base_offset + header->last_offset_delta + 1, std::move(outcome),
                               std::move(done));
  }
  if (rules_.log_append_time) {
    outcome.log_append_time = now_of(place_.loop);
    set_log_append_time(records, outcome.log_append_time);
  }
  const Result<Offset> base = log_->append(records);
  if (!base) return done(refuse(ErrorCode::kafka_storage_error, base.error().message()));
  const std::optional<log::BatchHeader> placed = log::read_batch_header(records);
  producers_.note(*placed);
  transactions_.note(*placed);
  unsaved_bytes_ += records.size();
  if (unsaved_bytes_ >= snapshot_every_bytes) save_snapshot();
  outcome.base_offset = *base;
  answer_when_durable(*base + header->last_offset_delta + 1, std::move(outcome), std::move(done));
}

void Partition::end_transaction(std::int64_t producer_id, std::int16_t epoch, ControlType type,
                                std::function<void(const Result<void>&)> done) {
  Bytes marker = make_marker(producer_id, epoch, type, now_of(place_.loop));
  const Result<Offset> base = log_->append(marker);
  if (!base) return done(base.error());
  producers_.note(*log::read_batch_header(marker));
  transactions_.note_marker(producer_id, type, *base);
  unsaved_bytes_ += marker.size();
  log_->when_durable(*base + 1, [self = shared_from_this(), done = std::move(done)](const Result<void>& synced) {
    done(synced);
    self->wake_waiters();
  });
}

void Partition::answer_when_durable(Offset end, AppendOutcome outcome, std::function<void(AppendOutcome)> done) {
  log_->when_durable(end, [self = shared_from_this(), outcome = std::move(outcome),
                           done = std::move(done)](const Result<void>& synced) mutable {
    done(synced ? std::move(outcome) : refuse(ErrorCode::kafka_storage_error, synced.error().message()));
    self->wake_waiters();
  });
}

// --- consuming
// --------------------------------------------------------------------------------------------------------

void Partition::wait(const std::shared_ptr<FetchWaiter>& waiter) {
  if (waiters_.size() >= waiters_before_sweep)
    std::erase_if(waiters_, [](const std::weak_ptr<FetchWaiter>& each) { return each.expired(); });
  waiters_.push_back(waiter);
}

void Partition::wake_waiters() {
  if (waiters_.empty()) return;
  for (const std::weak_ptr<FetchWaiter>& each : std::exchange(waiters_, {})) {
    if (const std::shared_ptr<FetchWaiter> waiter = each.lock()) waiter->wake();
  }
}

Result<std::optional<Partition::Found>> Partition::search_batch(
    Offset base_offset, const std::function<bool(std::int64_t timestamp)>& wanted) {
  Bytes bytes;
  STREAMOPS_RETURN_IF_ERROR(log_->read(std::max(base_offset, log_->start_offset()), 1, bytes));
  if (bytes.empty()) return std::optional<Found>();
  STREAMOPS_ASSIGN(const RecordBatchView batch, RecordBatchView::parse(bytes));
  Bytes unpacked;
  STREAMOPS_ASSIGN(const BytesView payload, records_of(batch, unpacked));
  RecordIterator records(batch, payload);
  while (true) {
    STREAMOPS_ASSIGN(const std::optional<RecordView> record, records.next());
    if (!record) return std::optional<Found>();
    const std::int64_t timestamp = batch.has_log_append_time() ? batch.max_timestamp() : record->timestamp;
    if (wanted(timestamp) && record->offset >= log_->start_offset())
      return std::optional<Found>(Found{record->offset, timestamp});
  }
}

Result<std::optional<Partition::Found>> Partition::find_time(std::int64_t timestamp) {
  STREAMOPS_ASSIGN(const std::optional<Offset> base, log_->find_time(timestamp));
  if (!base) return std::optional<Found>();
  return search_batch(*base, [timestamp](std::int64_t each) { return each >= timestamp; });
}

Result<std::optional<Partition::Found>> Partition::find_latest() {
  const std::int64_t latest = log_->max_timestamp();
  if (latest < 0) return std::optional<Found>();
  return find_time(latest);
}

// --- upkeep
// -----------------------------------------------------------------------------------------------------------

void Partition::set_rules(const TopicRules& rules) {
  rules_ = rules;
  log_->set_options(rules.log);
}

void Partition::close(log::GroupSync::Done done) {
  if (unsaved_bytes_ >= snapshot_floor_bytes) save_snapshot();
  log_->close(std::move(done));
}

void Partition::maintain(std::int64_t now) {
  log_->enforce_retention(now);
  transactions_.forget_before(log_->start_offset());
  producers_.expire(now - producer_memory_ms);
}

}  // namespace streamops::kafka
