// pipeline/slicer.h — cuts the records of one poll into slices, transforms them one a turn of the loop and writes their
// rows, several writes at a time; then the dead letters. What streams and tasks have in common between a poll and an
// acknowledgement.
//
// Threads: the loop. Destroying a Slicer drops what is under way.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "data/ports.h"
#include "pipeline/transform.h"
#include "runtime/loop.h"

namespace streamops::pipeline {

class Slicer {
 public:
  /// What became of the records.
  struct Outcome {
    std::int64_t rows = 0;  // durable, deletes among them
    std::int64_t deletes = 0;
    std::int64_t late = 0;                  // rows behind the watermark
    std::vector<data::DeadLetter> letters;  // durable too

    void add(Outcome more);
  };
  using Done = std::function<void(Result<Outcome>)>;
  /// Gives the write timestamp of a record and the instant of current_timestamp() for the slice that begins with it.
  struct Times {
    std::function<std::int64_t(const data::Record&)> write_timestamp;
    std::function<std::int64_t(const data::Record&)> epoch_us;
  };

  /// Everything given must outlive the Slicer; `late` takes rows behind the watermark, null: they are only counted.
  Slicer(Transform& transform, data::Sink& sink, data::DeadLetterSink& dead_letters, runtime::Loop& loop,
         std::size_t slice_bytes, data::Sink* late = nullptr);
  ~Slicer();

  /// Processes `records`; `done` comes once, later: with the outcome when everything is durable, or with the error that
  /// hits every record. One call at a time. Records whose epoch_us or inputs differ never share a slice.
  void run(data::Records records, const Uuid& topic_id, Times times, Done done);
  /// Ends the epoch of a query that keeps state and writes its rows; `done` as of run().
  void end_epoch(std::int64_t epoch_us, const Uuid& topic_id, Done done);

 private:
  struct Work;
  /// The letter of a row that a sink refuses, and the record that it is of: one letter a record.
  struct LetterOf {
    std::function<std::size_t(std::size_t row)> record;
    std::function<data::DeadLetter(std::size_t row, const Error& error)> letter;
  };
  void step(const std::shared_ptr<Work>& work);
  data::Records cut(Work& work, Stamp& stamp) const;
  void write(const std::shared_ptr<Work>& work, data::Records slice, Stamp stamp);
  void write_rows(const std::shared_ptr<Work>& work, data::Sink& sink, data::SinkBatch rows, LetterOf letter_of);
  void written(const std::shared_ptr<Work>& work);

  Transform& transform_;
  data::Sink& sink_;
  data::DeadLetterSink& dead_letters_;
  runtime::Loop& loop_;
  std::size_t slice_bytes_;
  data::Sink* late_;
  std::shared_ptr<Work> work_;  // the one under way; callbacks of an older one find theirs expired
};

}  // namespace streamops::pipeline
