// pipeline/stream_output.h — where a stream's rows go: a table, whose replays are harmless, or a topic, by
// transactions.
//
//   table: rows, then dead letters: each durable when written; a commit is nothing
//   topic: rows and dead letters wait for the commit, which holds the source's positions too
//
// Threads: the stream's loop.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "data/transaction.h"

namespace streamops::pipeline {

/// Either `topic`, or `table` and `dead_letters`.
struct OutputPorts {
  std::unique_ptr<data::TransactionalSink> topic;
  std::unique_ptr<data::Sink> table;
  std::unique_ptr<data::DeadLetterSink> dead_letters;
  std::unique_ptr<data::Sink> late;  // beside a table; may be null
};

class StreamOutput {
 public:
  using Opened = std::function<void(Result<std::vector<data::Position>>)>;

  /// A topic, or a table with its dead letters and, where rows behind the watermark are kept, their topic.
  explicit StreamOutput(OutputPorts ports) : ports_(std::move(ports)) {}

  /// `done` comes once, with the positions that were committed last (a topic's). Again only when can_start_over().
  void open(const data::SchemaPtr& rows, const data::SchemaPtr& late_rows, Opened done);
  /// True when commit() decides whether an epoch has taken place.
  bool commits() const { return ports_.topic != nullptr; }
  /// Once open; new ones after each open().
  data::Sink& rows() { return ports_.topic ? ports_.topic->rows() : *ports_.table; }
  data::DeadLetterSink& dead_letters() { return ports_.topic ? ports_.topic->dead_letters() : *ports_.dead_letters; }
  /// Null: nobody wants them.
  data::Sink* late() { return ports_.topic ? ports_.topic->late() : ports_.late.get(); }
  /// Where commits().
  void commit(std::vector<data::Position> positions, std::function<void(Result<void>)> done) {
    ports_.topic->commit(std::move(positions), std::move(done));
  }
  bool can_start_over() const { return ports_.topic != nullptr && ports_.topic->can_start_over(); }
  std::optional<Error> trouble() const;
  void close(std::function<void()> done);

 private:
  OutputPorts ports_;
};

}  // namespace streamops::pipeline
