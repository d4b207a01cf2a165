#include "connect/cassandra/sink.h"

#include <algorithm>
#include <deque>

#include "base/check.h"
#include "connect/cassandra/in_flight_limit.h"
#include "connect/cassandra/row_encoder.h"
#include "connect/cassandra/table_opener.h"
#include "errors/cassandra.h"
#include "errors/cql_client.h"

namespace streamops::connect {

namespace {

constexpr Microseconds kFirstPause = Milliseconds{50};
constexpr Microseconds kLongestPause = Seconds{5};

/// One write() that is not done yet.
struct Job {
  data::SinkBatch batch;
  std::function<void(Result<std::vector<data::RowFailure>>)> done;
  std::size_t next = 0;        // first row that was not tried yet
  std::size_t unfinished = 0;  // rows without an outcome
  std::vector<data::RowFailure> failures;
  bool ended = false;  // done was called
};
using JobPtr = std::shared_ptr<Job>;

struct RowOf {
  JobPtr job;
  std::size_t row;
};

/// A row on its way to the server.
struct Flight {
  RowOf of;
  runtime::MonotonicTime sent;
  bool was_full = false;  // the limit held others back meanwhile
};

class CassandraSink final : public data::Sink, public cql::WriteListener {
 public:
  CassandraSink(CassandraSinkOptions options, std::unique_ptr<cql::Client> client, runtime::Loop& loop)
      : options_(std::move(options)), client_(std::move(client)), loop_(loop), limit_(options_.max_in_flight) {
    client_->set_write_listener(this);
  }
  CassandraSink(const CassandraSink&) = delete;
  CassandraSink& operator=(const CassandraSink&) = delete;
  ~CassandraSink() override { *alive_ = false; }

  void open(const data::SchemaPtr& schema, std::function<void(Result<void>)> done) override {
    opener_ = std::make_unique<TableOpener>(options_, *client_, loop_);
    opener_->open(schema, [this, done = std::move(done)](Result<OpenTable> table) {
      if (!table) return done(table.error());
      table_ = std::make_unique<OpenTable>(std::move(*table));
      encoder_.emplace(table_->plan, RowEncoder::Options{options_.delete_nulls, options_.ttl});
      done(Ok());
    });
  }

  void write(data::SinkBatch rows, std::function<void(Result<std::vector<data::RowFailure>>)> done) override {
    STREAMOPS_CHECK(encoder_.has_value(), "a sink is written to after open() is done");
    auto job = std::make_shared<Job>();
    job->unfinished = rows.batch.rows;
    job->batch = std::move(rows);
    job->done = std::move(done);
    if (job->unfinished == 0) {
      // As with any other write, the answer comes in a turn of its own.
      loop_.post([job] { job->done(std::vector<data::RowFailure>()); });
      return;
    }
    jobs_.push_back(std::move(job));
    pump();
  }

  std::vector<std::string> key_columns() const override {
    return table_ ? table_->plan.key_names : std::vector<std::string>();
  }

  std::optional<Error> trouble() const override {
    if (trouble_) return trouble_;
    if (opener_ && opener_->trouble()) return opener_->trouble();
    return client_->trouble();
  }

  void close(std::function<void()> done) override {
    closing_ = std::move(done);
    finish_closing();
  }

  void on_write(std::uint64_t tag, Outcome outcome, const Error* error) override {
    Flight& flight = flights_[tag];
    const RowOf row = std::move(flight.of);
    free_flights_.push_back(static_cast<std::uint32_t>(tag));
    --in_flight_;
    switch (outcome) {
      case Outcome::written:
        if (!bunch_) bunch_ = loop_.clock().monotonic();
        limit_.answered(*bunch_ - flight.sent, flight.was_full);
        recovered();
        finish_row(row.job, row.row, std::nullopt);
        break;
      case Outcome::again:
        again_.push_back(row);
        break;
      case Outcome::failed:
        failed(row, *error);
        break;
    }
    if (outcome != Outcome::written) pump_soon();  // else on_room() follows
    finish_closing();
  }

  void on_room() override {
    no_room_ = false;
    bunch_.reset();
    pump();
  }

  void on_refused(const Error& error) override {
    no_room_ = false;
    for (const JobPtr& job : std::exchange(jobs_, {})) end(job, error);
    for (const RowOf& row : std::exchange(again_, {})) end(row.job, error);
  }

 private:
  /// Sends as many rows as the limit allows: those that failed first, then the next ones.
  void pump() {
    if (pumping_ || pause_) return;
    pumping_ = true;
    now_ = loop_.clock().wall();
    sending_ = loop_.clock().monotonic();
    while (!no_room_ && in_flight_ < limit_.value() && send_next()) {
    }
    pumping_ = false;
  }

  bool send_next() {
    while (!again_.empty()) {
      const RowOf row = std::move(again_.front());
      again_.pop_front();
      if (row.job->ended) continue;
      send(row);
      return true;
    }
    while (!jobs_.empty()) {
      const JobPtr& job = jobs_.front();
      if (job->ended || job->next == job->batch.batch.rows) {
        jobs_.pop_front();
        continue;
      }
      send({job, job->next++});
      return true;
    }
    return false;
  }

  /// Hot path: once per row. The values go into one buffer that is used again, and from there into the connection's.
  void send(RowOf row) {
    values_.clear();
    const Result<RowEncoder::Outcome> outcome = encoder_->encode(row.job->batch, row.row, now_, values_);
    if (!outcome) return finish_row(row.job, row.row, outcome.error());
    if (*outcome == RowEncoder::Outcome::expired) return finish_row(row.job, row.row, std::nullopt);
    const bool is_insert = *outcome == RowEncoder::Outcome::insert;
    const std::uint32_t tag = take_flight();
    if (!client_->write(is_insert ? *table_->insert : *table_->erase, values_, tag)) {
      free_flights_.push_back(tag);
      again_.push_front(std::move(row));
      no_room_ = true;
      return;
    }
    ++in_flight_;
    flights_[tag] = {std::move(row), sending_, in_flight_ >= limit_.value()};
  }

  std::uint32_t take_flight() {
    if (free_flights_.empty()) {
      flights_.emplace_back();
      return static_cast<std::uint32_t>(flights_.size() - 1);
    }
    const std::uint32_t tag = free_flights_.back();
    free_flights_.pop_back();
    return tag;
  }

  /// Answers come in bunches; one round of sending serves them all.
  void pump_soon() {
    if (pump_posted_ || pause_ || no_room_ || (again_.empty() && jobs_.empty())) return;
    pump_posted_ = true;
    loop_.post([this, alive = alive_] {
      if (!*alive) return;
      pump_posted_ = false;
      pump();
    });
  }

  void recovered() {
    trouble_.reset();
    pause_length_ = kFirstPause;
  }

  void failed(const RowOf& row, const Error& error) {
    switch (cql::classify(error)) {
      case cql::FailureKind::request:
        return finish_row(row.job, row.row, error);
      case cql::FailureKind::fatal:
        return end(row.job, error);
      case cql::FailureKind::retriable:
        break;
    }
    trouble_ = error;
    again_.push_back(row);
    if (pause_) return;
    limit_.overloaded();
    const auto half = static_cast<std::uint64_t>(pause_length_.count() / 2);
    const Microseconds pause{static_cast<std::int64_t>(half + loop_.random().below(half + 1))};
    pause_length_ = std::min(pause_length_ * 2, kLongestPause);
    pause_ = loop_.after(pause, [this] {
      pause_.reset();
      pump();
    });
  }

  void finish_row(const JobPtr& job, std::size_t row, const std::optional<Error>& error) {
    if (job->ended) return;
    if (error) job->failures.push_back({row, *error});
    if (--job->unfinished > 0) return;
    job->ended = true;
    std::sort(job->failures.begin(), job->failures.end(),
              [](const data::RowFailure& a, const data::RowFailure& b) { return a.row < b.row; });
    // In a turn of its own, so that the callback finds this sink at rest.
    loop_.post([job, alive = alive_] {
      if (*alive) job->done(std::move(job->failures));
    });
  }

  /// Every row would meet this error.
  void end(const JobPtr& job, const Error& error) {
    trouble_ = error;
    if (std::exchange(job->ended, true)) return;
    loop_.post([job, alive = alive_, error] {
      if (*alive) job->done(error);
    });
  }

  void finish_closing() {
    if (!closing_ || in_flight_ > 0) return;
    loop_.post([done = std::exchange(closing_, nullptr)] { done(); });
  }

  const CassandraSinkOptions options_;
  std::unique_ptr<cql::Client> client_;
  runtime::Loop& loop_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
  std::unique_ptr<TableOpener> opener_;
  std::unique_ptr<OpenTable> table_;
  std::optional<RowEncoder> encoder_;
  InFlightLimit limit_;
  std::size_t in_flight_ = 0;
  std::vector<Flight> flights_;  // by tag
  std::vector<std::uint32_t> free_flights_;
  Bytes values_;  // of the row being sent
  WallTime now_;  // of this round of sending
  runtime::MonotonicTime sending_;
  std::optional<runtime::MonotonicTime> bunch_;  // of this bunch of answers
  std::deque<JobPtr> jobs_;
  std::deque<RowOf> again_;
  std::optional<Error> trouble_;
  runtime::TimerPtr pause_;
  Microseconds pause_length_ = kFirstPause;
  bool pumping_ = false;
  bool no_room_ = false;  // the client takes nothing until it calls on_room()
  bool pump_posted_ = false;
  std::function<void()> closing_;
};

}  // namespace

std::unique_ptr<data::Sink> make_cassandra_sink(CassandraSinkOptions options, std::unique_ptr<cql::Client> client,
                                                runtime::Loop& loop) {
  return std::make_unique<CassandraSink>(std::move(options), std::move(client), loop);
}

}  // namespace streamops::connect
