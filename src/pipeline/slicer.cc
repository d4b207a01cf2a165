#include "pipeline/slicer.h"

#include <algorithm>
#include <set>

#include "base/check.h"

namespace streamops::pipeline {

struct Slicer::Work {
  data::Records records;
  std::size_t next = 0;  // first record that is not in a slice yet
  Uuid topic_id;
  Times times;
  Done done;
  Outcome outcome;
  int writing = 0;
  bool ended = false;

  void end(Result<Outcome> result) {
    if (ended) return;
    ended = true;
    const Done finish = std::move(done);  // it may begin the next work, and so destroy this one
    finish(std::move(result));
  }
};

Slicer::Slicer(Transform& transform, data::Sink& sink, data::DeadLetterSink& dead_letters, runtime::Loop& loop,
               std::size_t slice_bytes)
    : transform_(transform), sink_(sink), dead_letters_(dead_letters), loop_(loop), slice_bytes_(slice_bytes) {}

Slicer::~Slicer() = default;

void Slicer::run(data::Records records, const Uuid& topic_id, Times times, Done done) {
  work_ = std::make_shared<Work>();
  work_->records = std::move(records);
  work_->topic_id = topic_id;
  work_->times = std::move(times);
  work_->done = std::move(done);
  const std::shared_ptr<Work> work = work_;
  step(work);
}

void Slicer::step(const std::shared_ptr<Work>& work) {
  Stamp stamp;
  data::Records slice = cut(*work, stamp);
  if (!slice.records.empty()) write(work, std::move(slice), std::move(stamp));
  if (work->ended) return;
  if (work->next == work->records.records.size()) {
    written(work);
    return;
  }
  loop_.post([this, weak = std::weak_ptr<Work>(work)] {
    if (const std::shared_ptr<Work> alive = weak.lock()) step(alive);
  });
}

data::Records Slicer::cut(Work& work, Stamp& stamp) const {
  data::Records slice;
  slice.owner = work.records.owner;
  stamp.topic_id = work.topic_id;
  std::vector<data::Record>& all = work.records.records;
  while (work.next < all.size() && slice.bytes < slice_bytes_) {
    data::Record& record = all[work.next];
    const std::int64_t epoch_us = work.times.epoch_us(record);
    if (!slice.records.empty() && epoch_us != stamp.epoch_us) break;
    stamp.epoch_us = epoch_us;
    stamp.write_timestamps.push_back(work.times.write_timestamp(record));
    slice.bytes += (record.key ? record.key->size() : 0) + (record.value ? record.value->size() : 0) + 1;
    slice.records.push_back(std::move(record));
    ++work.next;
  }
  return slice;
}

void Slicer::write(const std::shared_ptr<Work>& work, data::Records slice, Stamp stamp) {
  Transformed transformed = transform_.run(slice, stamp);
  std::move(transformed.letters.begin(), transformed.letters.end(), std::back_inserter(work->outcome.letters));
  const std::size_t rows = transformed.rows.batch.rows;
  if (rows == 0) return;
  const std::int64_t deletes = std::count(transformed.rows.deletes.begin(), transformed.rows.deletes.end(), 1);
  ++work->writing;
  const auto on_written = [this, weak = std::weak_ptr<Work>(work), slice = std::move(slice), stamp = std::move(stamp),
                           origin = std::move(transformed.record_of_row), rows,
                           deletes](Result<std::vector<data::RowFailure>> result) {
    const std::shared_ptr<Work> alive = weak.lock();
    if (alive == nullptr || alive->ended) return;
    if (!result) {
      alive->end(result.error());
      return;
    }
    std::set<std::size_t> refused;  // one letter a record, whatever number of its rows is refused
    for (const data::RowFailure& failure : *result) {
      const std::size_t record = origin[failure.row];
      if (!refused.insert(record).second) continue;
      alive->outcome.letters.push_back(
          transform_.letter(slice.records[record], "sink", failure.error, stamp.write_timestamps[record]));
    }
    alive->outcome.rows += static_cast<std::int64_t>(rows - result->size());
    alive->outcome.deletes += deletes;
    --alive->writing;
    written(alive);
  };
  sink_.write(std::move(transformed.rows), on_written);
}

void Slicer::written(const std::shared_ptr<Work>& work) {
  if (work->ended || work->writing > 0 || work->next < work->records.records.size()) return;
  std::sort(work->outcome.letters.begin(), work->outcome.letters.end(),
            [](const data::DeadLetter& a, const data::DeadLetter& b) {
              return a.partition != b.partition ? a.partition < b.partition : a.offset < b.offset;
            });
  if (work->outcome.letters.empty()) {
    work->end(std::move(work->outcome));
    return;
  }
  ++work->writing;  // the letters themselves: nothing else may end the work
  dead_letters_.write(work->outcome.letters, [weak = std::weak_ptr<Work>(work)](Result<void> result) {
    const std::shared_ptr<Work> alive = weak.lock();
    if (alive == nullptr) return;
    if (!result) {
      alive->end(result.error());
    } else {
      alive->end(std::move(alive->outcome));
    }
  });
}

}  // namespace streamops::pipeline
