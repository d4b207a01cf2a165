// connect/kafka/impl/topic_writer.h — one topic to write to: made when it is missing, then filled batch by batch.
//
// Writes are taken at any time and done one after the other, so that records keep the order of the calls.
//
// Threads: one loop.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "data/ports.h"
#include "kafka/client/producer.h"
#include "runtime/loop.h"
#include "runtime/pool.h"

namespace streamops::connect {

/// Makes the producer that a writer sends by; its own one, or a share of one.
using OpenProducer =
    std::function<Result<std::unique_ptr<kafka::Producer>>(kafka::Producer::OnReport, std::function<void()> on_room)>;
/// A producer of its own.
OpenProducer open_own_producer(kafka::ClientConfig config, const kafka::ProducerOptions& options, runtime::Loop& loop,
                               runtime::Pool& pool);

class TopicWriter {
 public:
  struct Target {
    std::string topic;
    int partitions = 1;  // when it has to be created
  };
  using Done = std::function<void(Result<std::vector<data::RowFailure>>)>;
  /// Fills in record `row` (its topic is set already); the views live until the next call. An error refuses the row.
  using Make = std::function<std::optional<Error>(std::size_t row, kafka::OutgoingRecord& record)>;

  TopicWriter(Target target, OpenProducer open_producer, runtime::Loop& loop);

  /// Connects and makes sure of the topic; waits for a cluster that is away. `done` once, from the loop.
  void open(std::function<void(Result<void>)> done);
  /// Sends `rows` records after those of earlier calls; `done` once, when all reports are in or nothing will ever go
  /// through.
  void write(std::size_t rows, Make make, Done done);
  std::optional<Error> trouble() const;

 private:
  struct Write {
    std::size_t rows = 0;
    Make make;
    Done done;
  };
  void look();
  void create();
  void opened(const Result<void>& result);
  void again(const Error& error);
  void begin_next();
  void send_more();
  void on_report(std::uint64_t ticket, const Result<void>& report);
  void on_room();
  void finish_if_done();

  Target target_;
  OpenProducer open_producer_;
  runtime::Loop& loop_;
  std::shared_ptr<int> alive_ = std::make_shared<int>(0);
  std::unique_ptr<kafka::Producer> producer_;
  runtime::TimerPtr retry_;
  std::function<void(Result<void>)> on_opened_;
  std::optional<Error> trouble_;
  std::deque<Write> waiting_;

  // The write under way. A ticket is first_ticket_ plus the row, so that late reports of a write that failed are told
  // apart.
  Make make_;
  Done done_;
  std::size_t rows_ = 0;
  std::size_t next_row_ = 0;
  std::size_t reported_ = 0;
  std::uint64_t first_ticket_ = 1;
  std::vector<data::RowFailure> refused_;
  std::optional<Error> failure_;
};

}  // namespace streamops::connect
