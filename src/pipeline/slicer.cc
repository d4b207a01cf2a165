#include "pipeline/slicer.h"

#include <algorithm>
#include <set>

#include "base/check.h"
#include "format/json_writer.h"
#include "pipeline/merged_source.h"

namespace streamops::pipeline {

void Slicer::Outcome::add(Outcome more) {
  rows += more.rows;
  deletes += more.deletes;
  late += more.late;
  std::move(more.letters.begin(), more.letters.end(), std::back_inserter(letters));
}

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
               std::size_t slice_bytes, data::Sink* late)
    : transform_(transform),
      sink_(sink),
      dead_letters_(dead_letters),
      loop_(loop),
      slice_bytes_(slice_bytes),
      late_(late) {}

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
  constexpr std::size_t usual_record = 400;  // bytes
  const std::size_t expected = std::min(work.records.records.size() - work.next, slice_bytes_ / usual_record);
  slice.records.reserve(expected);
  stamp.write_timestamps.reserve(expected);
  std::vector<data::Record>& all = work.records.records;
  while (work.next < all.size() && slice.bytes < slice_bytes_) {
    data::Record& record = all[work.next];
    const std::int64_t epoch_us = work.times.epoch_us(record);
    if (!slice.records.empty() && epoch_us != stamp.epoch_us) break;
    const bool of_another =
        !slice.records.empty() && input_of(record.partition) != input_of(slice.records[0].partition);
    if (of_another) break;
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
  work->outcome.late += static_cast<std::int64_t>(transformed.late.batch.rows + transformed.late_elsewhere);
  if (transformed.rows.batch.rows == 0 && transformed.late.batch.rows == 0) return;
  const auto kept = std::make_shared<const std::pair<data::Records, Stamp>>(std::move(slice), std::move(stamp));
  const auto letters_by = [this, kept](std::vector<std::size_t> records) {
    const auto shared = std::make_shared<const std::vector<std::size_t>>(std::move(records));
    return LetterOf{[shared](std::size_t row) { return (*shared)[row]; },
                    [this, kept, shared](std::size_t row, const Error& error) {
                      const std::size_t record = (*shared)[row];
                      return transform_.letter(kept->first.records[record], "sink", error,
                                               kept->second.write_timestamps[record]);
                    }};
  };
  if (transformed.late.batch.rows > 0 && late_ != nullptr) {
    write_rows(work, *late_, std::move(transformed.late), letters_by(std::move(transformed.record_of_late)));
  }
  if (transformed.rows.batch.rows == 0) return;
  write_rows(work, sink_, std::move(transformed.rows), letters_by(std::move(transformed.record_of_row)));
}

void Slicer::end_epoch(std::int64_t epoch_us, const Uuid& topic_id, Done done) {
  work_ = std::make_shared<Work>();
  work_->done = std::move(done);
  const std::shared_ptr<Work> work = work_;
  Transformed transformed = transform_.end_epoch(epoch_us, topic_id);
  work->outcome.letters = std::move(transformed.letters);
  if (transformed.rows.batch.rows > 0) {
    const std::size_t first = work->outcome.letters.size();
    const LetterOf letter_of{
        [](std::size_t row) { return row; },
        [this, epoch_us, first, rows = transformed.rows.batch](std::size_t row, const Error& error) {
          std::string json;
          format::JsonRowWriter(*rows.schema).append(rows, row, json);
          return transform_.letter_of_group(epoch_us, first + row, "sink", error, json);
        }};
    write_rows(work, sink_, std::move(transformed.rows), letter_of);
  }
  loop_.post([this, weak = std::weak_ptr<Work>(work)] {
    if (const std::shared_ptr<Work> alive = weak.lock()) written(alive);
  });
}

void Slicer::write_rows(const std::shared_ptr<Work>& work, data::Sink& sink, data::SinkBatch rows, LetterOf letter_of) {
  const std::size_t count = rows.batch.rows;
  const bool counts = &sink == &sink_;  // late rows are counted apart
  const std::int64_t deletes = std::count(rows.deletes.begin(), rows.deletes.end(), 1);
  ++work->writing;
  const auto on_written = [this, weak = std::weak_ptr<Work>(work), letter_of = std::move(letter_of), count, counts,
                           deletes](Result<std::vector<data::RowFailure>> result) {
    const std::shared_ptr<Work> alive = weak.lock();
    if (alive == nullptr || alive->ended) return;
    if (!result) {
      alive->end(result.error());
      return;
    }
    std::set<std::size_t> refused;  // one letter a record, whatever number of its rows is refused
    for (const data::RowFailure& failure : *result) {
      if (!refused.insert(letter_of.record(failure.row)).second) continue;
      alive->outcome.letters.push_back(letter_of.letter(failure.row, failure.error));
    }
    if (counts) {
      alive->outcome.rows += static_cast<std::int64_t>(count - result->size());
      alive->outcome.deletes += deletes;
    }
    --alive->writing;
    written(alive);
  };
  sink.write(std::move(rows), on_written);
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
  dead_letters_.write(work->outcome.letters, [weak = std::weak_ptr<Work>(work)](const Result<void>& result) {
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
