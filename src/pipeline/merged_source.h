// pipeline/merged_source.h — the topics of a stream as one source: its own, further streams, and tables.
//
//   partition of the merged source = number of the input * partitions_per_input + partition of its topic
//
// The stream's own topic is input 0, so the numbers of a stream that reads one topic are the topic's. Tables come
// first: no record of a stream is handed out before each table has been read as far as it went at the start, and later
// what has arrived of tables is handed out before what has arrived of streams. Threads: the loop.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "data/ports.h"
#include "runtime/loop.h"

namespace streamops::pipeline {

inline constexpr std::int32_t partitions_per_input = 1'000'000;

constexpr std::size_t input_of(std::int32_t partition) {
  return static_cast<std::size_t>(partition / partitions_per_input);
}
constexpr std::int32_t partition_in_topic(std::int32_t partition) {
  return partition % partitions_per_input;
}

struct MergedInput {
  std::unique_ptr<data::Source> source;
  bool is_table = false;
};

class MergedSource final : public data::Source {
 public:
  /// By number of the input.
  MergedSource(std::vector<MergedInput> inputs, runtime::Loop& loop);
  ~MergedSource() override;

  void start(std::vector<data::Position> from, std::function<void()> on_ready) override;
  Result<data::Records> poll(std::size_t max_bytes) override;
  void acknowledge(const data::Ack& ack) override;
  std::optional<Error> trouble() const override;
  /// Of the stream's own topic.
  Uuid topic_id() const override { return inputs_[0].source->topic_id(); }
  std::optional<std::int64_t> lag() const override;
  void stop() override;

  std::size_t inputs() const { return inputs_.size(); }
  /// Of the topic that a partition is of.
  Uuid topic_id_of(std::int32_t partition) const { return inputs_[input_of(partition)].source->topic_id(); }

 private:
  Result<void> poll_input(std::size_t number, std::size_t max_bytes, data::Records& out);
  bool tables_are_read();
  void look_again();
  void notify();

  std::vector<MergedInput> inputs_;
  runtime::Loop& loop_;
  std::function<void()> on_ready_;
  bool notified_ = false;
  bool tables_read_ = false;
  int quiet_looks_ = 0;           // since a table's last record
  runtime::TimerPtr look_timer_;  // while tables are being read
};

}  // namespace streamops::pipeline
