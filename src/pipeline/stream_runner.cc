#include "pipeline/stream_runner.h"

#include <deque>
#include <mutex>

#include "errors/pipeline.h"
#include "pipeline/epoch.h"
#include "pipeline/slicer.h"

namespace streamops::pipeline {

namespace {

constexpr Microseconds tick_interval = Milliseconds{1000};
constexpr Microseconds retry_interval = Milliseconds{500};
constexpr Microseconds close_timeout = Milliseconds{400};
constexpr std::size_t rate_ticks = 5;

}  // namespace

class StreamRunner::Impl : public std::enable_shared_from_this<Impl> {
 private:
  /// A callback that does nothing once the runner is gone.
  template <typename Body>
  auto guarded(Body body) {
    return [weak = weak_from_this(), body = std::move(body)](auto&&... arguments) {
      if (const std::shared_ptr<Impl> self = weak.lock()) body(*self, std::forward<decltype(arguments)>(arguments)...);
    };
  }

 public:
  Impl(CheckedPipelinePtr pipeline, const CheckedStep& step, StreamPorts ports, runtime::Loop& loop,
       const settings::Pipeline& settings, observe::Metrics* metrics)
      : pipeline_(std::move(pipeline)),
        step_(step),
        ports_(std::move(ports)),
        loop_(loop),
        settings_(settings),
        transform_(step, pipeline_->owner(step), step.spec->kafka_source->topic, std::move(ports_.reader)),
        slicer_(transform_, *ports_.sink, *ports_.dead_letters, loop, static_cast<std::size_t>(settings.slice_bytes)) {
    status_.name = step.name();
    status_.topic = step.spec->kafka_source->topic;
    status_.table = step.spec->table.text;
    if (metrics != nullptr) name_metrics(*metrics);
  }

  void start(std::function<void(Result<void>)> opened) {
    opened_ = std::move(opened);
    tick();
    ports_.checkpoints->load(guarded([](Impl& self, Result<std::optional<Checkpoint>> loaded) {
      if (!loaded) return self.fail(loaded.error());
      self.checkpoint_ = std::move(*loaded);
      self.open_sink();
    }));
  }

  void stop(runtime::Callback done) {
    stopped_ = std::move(done);
    if (state_ != StreamState::failed) set_state(StreamState::stopping);
    stop_timer_ = loop_.after(settings_.stop_timeout, [this] { close(); });
    if (!busy_) end();
  }

  StreamStatus status() const {
    const std::lock_guard lock(mutex_);
    return status_;
  }

 private:
  void name_metrics(observe::Metrics& metrics) {
    const observe::Labels labels{{"stream", pipeline_->owner(step_)}};
    records_ = &metrics.counter("streamops_stream_records_total", "Records that a stream has taken in.", labels);
    rows_ = &metrics.counter("streamops_stream_rows_total", "Rows and deletes that a stream has made durable.", labels);
    poison_ = &metrics.counter("streamops_stream_dead_letters_total", "Records that a stream has put aside.", labels);
    latency_ = &metrics.gauge("streamops_stream_epoch_microseconds", "Time that the last epoch took.", labels);
    lag_ = &metrics.gauge("streamops_stream_lag_records", "Records that wait in the topic of a stream.", labels);
  }

  void open_sink() {
    if (stopped_) return end();
    ports_.sink->open(transform_.output(), guarded([](Impl& self, Result<void> result) {
                        if (!result) return self.fail(result.error());
                        self.open_source();
                      }));
  }

  void open_source() {
    if (stopped_) return end();
    busy_ = false;
    std::vector<data::Position> from;
    if (checkpoint_) {
      from = positions_after(*checkpoint_);
      durable_done_ = checkpoint_->done;
      // An epoch of this very plan is written again as it was; one of an older plan gives its records to the next
      // epoch.
      if (!checkpoint_->done && checkpoint_->fingerprint == step_.fingerprint) epoch_.emplace(*checkpoint_);
    }
    set_state(StreamState::running);
    ports_.source->start(std::move(from), guarded([](Impl& self) { self.wake(); }));
    if (auto opened = std::exchange(opened_, nullptr)) opened(Ok());
  }

  void wake() {
    woken_ = true;
    if (!busy_) next();
  }

  /// Takes the next records, when there are any.
  void next() {
    if (stopped_) return end();
    if (state_ != StreamState::running) return;
    woken_ = false;
    Result<data::Records> polled = take();
    if (!polled) return fail(polled.error());
    if (polled->records.empty()) return rest();
    if (!same_topic()) return;
    begun_ = loop_.clock().monotonic();
    if (epoch_) {
      replay(std::move(*polled));
    } else {
      begin(std::move(*polled));
    }
  }

  Result<data::Records> take() {
    if (epoch_ || carried_.empty()) return ports_.source->poll(static_cast<std::size_t>(settings_.epoch_bytes));
    data::Records records = std::move(carried_.front());
    carried_.pop_front();
    return records;
  }

  bool same_topic() {
    const Uuid now = ports_.source->topic_id();
    if (!checkpoint_ || now.is_nil()) return true;
    for (const OffsetRange& range : checkpoint_->ranges) {
      if (range.topic_id.is_nil() || range.topic_id == now) continue;
      fail(Error(errors::pipeline::topic_recreated, "the topic {} was deleted and created again since {} last read it",
                 status_.topic, pipeline_->owner(step_)));
      return false;
    }
    return true;
  }

  /// Nothing waits: the last epoch is marked as done on disk, so that a restart does not read it again.
  void rest() {
    if (durable_done_ || !checkpoint_ || !checkpoint_->done) return;
    busy_ = true;
    ports_.checkpoints->save(*checkpoint_, guarded([](Impl& self, Result<void> saved) {
      self.busy_ = false;
      self.durable_done_ = saved.ok();
      if (saved) self.ports_.source->acknowledge({positions_after(*self.checkpoint_)});
      if (self.stopped_) return self.end();
      if (self.woken_) self.next();
    }));
  }

  void begin(data::Records records) {
    busy_ = true;
    Checkpoint next = next_checkpoint(checkpoint_ ? &*checkpoint_ : nullptr, records.records, ports_.source->topic_id(),
                                      to_micros(loop_.clock().wall()));
    const bool new_plan = checkpoint_ && checkpoint_->fingerprint != step_.fingerprint;
    next.generation += new_plan ? 1 : 0;
    next.fingerprint = step_.fingerprint;
    save_begin(std::move(next), std::move(records));
  }

  void save_begin(Checkpoint next, data::Records records) {
    auto kept = std::make_shared<data::Records>(std::move(records));
    ports_.checkpoints->save(next, guarded([next, kept](Impl& self, Result<void> saved) {
                               if (!saved) return self.retry_begin(saved.error(), next, std::move(*kept));
                               if (self.checkpoint_ && self.checkpoint_->done)
                                 self.ports_.source->acknowledge({positions_after(*self.checkpoint_)});
                               self.local_trouble_.reset();
                               self.checkpoint_ = next;
                               self.durable_done_ = false;
                               self.epoch_.emplace(next);
                               self.process(std::move(*kept));
                             }));
  }

  /// The disk is full, or fails: nothing is written before a checkpoint is, so wait and try again.
  void retry_begin(const Error& error, const Checkpoint& next, data::Records records) {
    local_trouble_ = error;
    update_status();
    if (stopped_) return end();
    auto kept = std::make_shared<data::Records>(std::move(records));
    retry_timer_ = loop_.after(retry_interval, [this, next, kept] { save_begin(next, std::move(*kept)); });
  }

  /// Sorts out what belongs to the epoch that is written again; the rest waits for the next one.
  void replay(data::Records records) {
    data::Records rest{records.owner, {}, 0};
    data::Records mine{records.owner, {}, 0};
    for (data::Record& record : records.records) {
      epoch_->see(record);
      (epoch_->covers(record) ? mine : rest).records.push_back(std::move(record));
    }
    if (!rest.records.empty()) carried_.push_back(std::move(rest));
    busy_ = true;
    process(std::move(mine));
  }

  void process(data::Records records) {
    for (const data::Record& record : records.records) epoch_->see(record);
    const std::int64_t count = static_cast<std::int64_t>(records.records.size());
    const Slicer::Times times{[this](const data::Record& record) { return epoch_->write_timestamp(record); },
                              [this](const data::Record&) { return epoch_->checkpoint().epoch_us; }};
    slicer_.run(std::move(records), ports_.source->topic_id(), times,
                guarded([count](Impl& self, Result<Slicer::Outcome> outcome) {
                  if (!outcome) return self.fail(outcome.error());
                  self.processed(count, *outcome);
                }));
  }

  void processed(std::int64_t count, const Slicer::Outcome& outcome) {
    busy_ = false;
    note(count, outcome);
    if (epoch_->complete()) {
      epoch_.reset();
      checkpoint_->done = true;
      durable_done_ = false;
    }
    update_status();
    loop_.post(guarded([](Impl& self) {
      if (!self.busy_) self.next();
    }));
  }

  void note(std::int64_t count, const Slicer::Outcome& outcome) {
    const auto letters = static_cast<std::int64_t>(outcome.letters.size());
    const std::lock_guard lock(mutex_);
    status_.records_in += count;
    status_.rows_out += outcome.rows;
    status_.deletes_out += outcome.deletes;
    status_.poison += letters;
    status_.epochs += 1;
    status_.epoch_latency = loop_.clock().monotonic() - begun_;
    status_.last_record_at = loop_.clock().wall();
    if (records_ == nullptr) return;
    records_->add(static_cast<std::uint64_t>(count));
    rows_->add(static_cast<std::uint64_t>(outcome.rows));
    poison_->add(static_cast<std::uint64_t>(letters));
    latency_->set(status_.epoch_latency.count());
  }

  void fail(const Error& error) {
    busy_ = false;
    failure_ = error;
    set_state(StreamState::failed);
    ports_.source->stop();
    if (auto opened = std::exchange(opened_, nullptr)) opened(error);
    if (stopped_) end();
  }

  /// Ends after the work under way: marks the epoch as done on disk, then closes.
  void end() {
    if (closing_) return;
    const bool unmarked = checkpoint_ && checkpoint_->done && !durable_done_ && !failure_;
    if (!unmarked) return close();
    busy_ = true;
    durable_done_ = true;  // tried once; without it a restart writes the epoch again, with the same cells
    ports_.checkpoints->save(*checkpoint_, guarded([](Impl& self, Result<void> saved) {
      self.busy_ = false;
      if (saved) self.ports_.source->acknowledge({positions_after(*self.checkpoint_)});
      self.close();
    }));
  }

  void close() {
    if (closing_) return;
    closing_ = true;
    retry_timer_.reset();
    tick_timer_.reset();
    if (!failure_) ports_.source->stop();
    auto open = std::make_shared<int>(2);
    const auto one_closed = guarded([open](Impl& self) {
      if (--*open == 0) self.closed();
    });
    close_timer_ = loop_.after(close_timeout, [this] { closed(); });
    ports_.sink->close(one_closed);
    ports_.dead_letters->close(one_closed);
  }

  void closed() {
    if (!failure_) set_state(StreamState::stopped);
    if (auto done = std::exchange(stopped_, nullptr)) loop_.post(std::move(done));
  }

  void set_state(StreamState state) {
    state_ = state;
    update_status();
  }

  void tick() {
    rates_.push_back(status().records_in);
    if (rates_.size() > rate_ticks + 1) rates_.pop_front();
    update_status();
    tick_timer_ = loop_.after(tick_interval, [this] { tick(); });
  }

  std::optional<Error> trouble() const {
    if (failure_) return failure_;
    if (local_trouble_) return local_trouble_;
    if (auto sink = ports_.sink->trouble()) return sink;
    if (auto letters = ports_.dead_letters->trouble()) return letters;
    return ports_.source->trouble();
  }

  void update_status() {
    const std::optional<Error> now = trouble();
    const std::optional<std::int64_t> lag = ports_.source->lag();
    const std::lock_guard lock(mutex_);
    status_.state = state_;
    status_.trouble = now;
    status_.lag = lag;
    if (lag_ != nullptr) lag_->set(lag.value_or(0));
    const std::size_t seconds = rates_.empty() ? 0 : rates_.size() - 1;
    status_.records_per_second =
        seconds == 0 ? 0.0 : static_cast<double>(rates_.back() - rates_.front()) / static_cast<double>(seconds);
    status_.positions.clear();
    if (!checkpoint_) return;
    for (const data::Position& position : positions_after(*checkpoint_)) {
      status_.positions.emplace_back(position.partition, position.next);
    }
  }

  CheckedPipelinePtr pipeline_;
  const CheckedStep& step_;
  StreamPorts ports_;
  runtime::Loop& loop_;
  settings::Pipeline settings_;
  Transform transform_;
  Slicer slicer_;

  std::function<void(Result<void>)> opened_;
  runtime::Callback stopped_;  // set: a stop was asked for
  StreamState state_ = StreamState::starting;
  bool busy_ = true;    // something is under way; its end calls next()
  bool woken_ = false;  // the source called while busy
  bool closing_ = false;
  std::optional<Checkpoint> checkpoint_;  // of the last epoch begun; `done` as memory knows it
  bool durable_done_ = true;              // the disk knows it too
  std::optional<Epoch> epoch_;            // the one under way
  std::deque<data::Records> carried_;     // polled during a replay, behind its epoch
  runtime::MonotonicTime begun_;
  std::optional<Error> failure_;
  std::optional<Error> local_trouble_;
  runtime::TimerPtr tick_timer_;
  runtime::TimerPtr stop_timer_;
  runtime::TimerPtr close_timer_;
  runtime::TimerPtr retry_timer_;
  std::deque<std::int64_t> rates_;

  mutable std::mutex mutex_;  // guards status_, which other threads read
  StreamStatus status_;
  observe::Counter* records_ = nullptr;
  observe::Counter* rows_ = nullptr;
  observe::Counter* poison_ = nullptr;
  observe::Gauge* latency_ = nullptr;
  observe::Gauge* lag_ = nullptr;
};

StreamRunner::StreamRunner(CheckedPipelinePtr pipeline, const CheckedStep& step, StreamPorts ports, runtime::Loop& loop,
                           const settings::Pipeline& settings, observe::Metrics* metrics)
    : impl_(std::make_shared<Impl>(std::move(pipeline), step, std::move(ports), loop, settings, metrics)) {}

StreamRunner::~StreamRunner() = default;

void StreamRunner::start(std::function<void(Result<void>)> opened) {
  impl_->start(std::move(opened));
}

void StreamRunner::stop(runtime::Callback done) {
  impl_->stop(std::move(done));
}

StreamStatus StreamRunner::status() const {
  return impl_->status();
}

}  // namespace streamops::pipeline
