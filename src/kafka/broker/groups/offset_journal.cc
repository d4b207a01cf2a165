#include "kafka/broker/groups/offset_journal.h"

#include <utility>

#include "errors/kafka_groups.h"
#include "kafka/broker/groups/offset_record.h"

namespace streamops::kafka {
namespace {

enum class Kind : std::int8_t { commit = 1, forget = 2, forget_group = 3, group = 4 };

/// A rewrite is not worth it below this size.
constexpr std::uint64_t rewrite_floor = 1 << 20;

Writer start(Kind kind, const std::string& group) {
  Writer out;
  out.i8(static_cast<std::int8_t>(kind));
  out.string(group, true);
  return out;
}

Bytes group_record(const std::string& group, const GroupRecord& record) {
  Writer out = start(Kind::group, group);
  out.string(record.protocol_type, true);
  out.i32(record.generation);
  out.i64(record.empty_since_ms);
  return std::move(out).take();
}

}  // namespace

Result<std::unique_ptr<OffsetJournal>> OffsetJournal::open(const std::string& path, const log::SyncOptions& sync,
                                                           runtime::Disk& disk, runtime::Loop& loop,
                                                           runtime::Pool& pool) {
  std::unique_ptr<OffsetJournal> out(new OffsetJournal());
  log::JournalOptions options;
  options.sync = sync;
  STREAMOPS_ASSIGN(out->journal_, log::Journal::open(path, options, disk, loop, pool,
                                                     [&](BytesView record) { return out->apply(record); }));
  return out;
}

void OffsetJournal::commit(const std::string& group, Offsets offsets, Done done) {
  Writer out = start(Kind::commit, group);
  write_offsets(out, offsets);
  append(std::move(out).take(), std::move(done));
}

void OffsetJournal::forget(const std::string& group, std::vector<TopicPartition> partitions, Done done) {
  Writer out = start(Kind::forget, group);
  out.array(partitions.size(), true);
  for (const TopicPartition& partition : partitions) write_partition(out, partition);
  append(std::move(out).take(), std::move(done));
}

void OffsetJournal::forget_group(const std::string& group, Done done) {
  append(start(Kind::forget_group, group).take(), std::move(done));
}

void OffsetJournal::remember(const std::string& group, GroupRecord record) {
  // A lost record costs nothing: generations then go on from an earlier number, with members that all are new.
  append(group_record(group, record), [](const Result<void>&) {});
}

void OffsetJournal::append(Bytes record, Done done) {
  waiting_.push_back(std::move(record));
  const Result<log::Journal::Sequence> sequence = journal_->append(waiting_.back());
  if (!sequence) {
    waiting_.pop_back();
    return done(sequence.error());
  }
  journal_->when_durable(*sequence, [this, done = std::move(done)](const Result<void>& synced) {
    // The journal answers in the order of the appends.
    const Bytes durable = std::move(waiting_.front());
    waiting_.pop_front();
    if (!synced) return done(synced);
    const Result<void> applied = apply(durable);
    rewrite_when_worth_it();
    done(applied);
  });
}

Result<void> OffsetJournal::apply(BytesView record) {
  Reader in(record);
  const auto kind = static_cast<Kind>(in.i8());
  const std::string group = in.string(true);
  switch (kind) {
    case Kind::commit: {
      auto& offsets = groups_[group].offsets;
      for (auto& [partition, offset] : read_offsets(in)) {
        offsets.insert_or_assign(std::move(partition), std::move(offset));
      }
      break;
    }
    case Kind::forget: {
      auto& offsets = groups_[group].offsets;
      for (std::size_t left = in.array(true, 5); left > 0 && in.ok(); --left) offsets.erase(read_partition(in));
      break;
    }
    case Kind::forget_group:
      groups_.erase(group);
      break;
    case Kind::group: {
      GroupRecord& out = groups_[group].record;
      out.protocol_type = in.string(true);
      out.generation = in.i32();
      out.empty_since_ms = in.i64();
      break;
    }
    default:
      return Error(errors::kafka_groups::unknown_record, "the journal of committed offsets has a record of kind {}",
                   static_cast<int>(kind));
  }
  if (const Result<void> read = in.finish("offset journal record", static_cast<std::int16_t>(kind)); !read)
    return read.error();
  return Ok();
}

void OffsetJournal::rewrite_when_worth_it() {
  if (!journal_->worth_rewriting(rewrite_floor)) return;
  // On an error the old file goes on, and the next commit tries again.
  const Result<void> rewritten = journal_->rewrite([this](const std::function<void(BytesView)>& emit) {
    for (const auto& [name, group] : groups_) {
      emit(group_record(name, group.record));
      if (group.offsets.empty()) continue;
      Writer out = start(Kind::commit, name);
      write_offsets(out, group.offsets);
      emit(std::move(out).take());
    }
    for (const Bytes& record : waiting_) emit(record);
  });
  static_cast<void>(rewritten);
}

const StoredGroup* OffsetJournal::find(std::string_view group) const {
  const auto found = groups_.find(group);
  return found == groups_.end() ? nullptr : &found->second;
}

}  // namespace streamops::kafka
