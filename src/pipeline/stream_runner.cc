#include "pipeline/stream_runner.h"

#include <deque>

#include "errors/pipeline.h"
#include "pipeline/epoch.h"
#include "pipeline/gathered_records.h"
#include "pipeline/slicer.h"
#include "pipeline/stream_memory.h"
#include "pipeline/stream_meter.h"
#include "pipeline/stream_topics.h"

namespace streamops::pipeline {
namespace {

constexpr Microseconds tick_interval = Milliseconds{1000};
constexpr Microseconds retry_interval = Milliseconds{500};
constexpr Microseconds close_timeout = Milliseconds{400};

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
        source_(std::move(ports.source)),
        topics_(step, pipeline_->owner(step), *source_, !ports.inputs.empty()),
        output_(std::move(ports.output)),
        checkpoints_(std::move(ports.checkpoints)),
        loop_(loop),
        settings_(settings),
        transform_(step, pipeline_->owner(step), step.spec->kafka_source->topic, std::move(ports.reader)),
        meter_(pipeline_->owner(step), step, metrics) {
    transform_.watch(ports.taps);
    for (InputPorts& input : ports.inputs)
      transform_.add_input(std::move(input.topic), std::move(input.reader), input.is_table);
    if (step.query->keeps_state()) memory_ = std::make_unique<StreamMemory>(step, std::move(ports.state));
  }

  void start(std::function<void(Result<void>)> opened) {
    opened_ = std::move(opened);
    tick();
    checkpoints_->load(guarded([](Impl& self, Result<std::optional<Checkpoint>> loaded) {
      if (!loaded) return self.fail(loaded.error());
      self.checkpoint_ = std::move(*loaded);
      self.open_output();
    }));
  }

  void stop(runtime::Callback done) {
    stopped_ = std::move(done);
    if (state_ != StreamState::failed) set_state(StreamState::stopping);
    stop_timer_ = loop_.after(settings_.stop_timeout, [this] { close(); });
    if (!busy_) end();
  }

  StreamStatus status() const { return meter_.status(); }

 private:
  using Positions = std::vector<data::Position>;

  void open_output() {
    if (stopped_) return end();
    output_.open(transform_.output(), step_.source_schema, guarded([](Impl& self, const Result<Positions>& committed) {
                   if (!committed) return self.start_over_or_fail(committed.error());
                   self.opened(*committed);
                 }));
  }

  void opened(const Positions& committed) {
    committed_ = mark_of(committed);
    slicer_ = std::make_unique<Slicer>(transform_, output_.rows(), output_.dead_letters(), loop_,
                                       static_cast<std::size_t>(settings_.slice_bytes), output_.late());
    local_trouble_.reset();
    if (!output_.commits()) return load_memory();
    if (!checkpoint_ && committed_ != mark_of({})) return forget_committed(committed);
    if (const Result<void> compared = compare(); !compared) return fail(compared.error());
    if (epoch_ && checkpoint_->done) return completed();  // committed, though the answer was lost
    load_memory();
  }

  /// After a reset: the positions of before could be those of the first epoch's end.
  void forget_committed(Positions committed) {
    for (data::Position& position : committed) position.next = 0;
    output_.commit(std::move(committed), guarded([](Impl& self, const Result<void>& forgotten) {
                     if (!forgotten) return self.start_over_or_fail(forgotten.error());
                     self.committed_ = mark_of({});
                     self.load_memory();
                   }));
  }

  /// What is committed in the cluster says whether the last epoch begun has taken place.
  Result<void> compare() {
    if (!checkpoint_) return Ok();
    if (committed_ == mark_of(ends_of(*checkpoint_))) {
      checkpoint_->done = true;
      return Ok();
    }
    // Committed positions that nobody moves for a week are dropped by the cluster.
    const bool dropped = checkpoint_->done && committed_ == mark_of({});
    if (committed_ == checkpoint_->committed || dropped) return Ok();
    return Error(errors::pipeline::newer_owner, "the committed positions of {} are not those of its epoch {}",
                 pipeline_->owner(step_), checkpoint_->epoch);
  }

  void load_memory() {
    if (memory_ == nullptr) return ready();
    const bool not_committed = output_.commits() && checkpoint_ && !checkpoint_->done;
    const std::uint64_t newest = !checkpoint_ ? 0 : (not_committed ? checkpoint_->state_epoch : checkpoint_->epoch);
    memory_->load(newest, guarded([](Impl& self, const Result<void>& loaded) {
                    if (!loaded) return self.fail(loaded.error());
                    self.compare_memory();
                  }));
  }

  void compare_memory() {
    // The state of an epoch is stored when its rows are durable, and not before.
    if (checkpoint_ && memory_->epoch() == checkpoint_->epoch) checkpoint_->done = true;
    const std::uint64_t expected =
        !checkpoint_ ? 0 : (checkpoint_->done ? checkpoint_->epoch : checkpoint_->state_epoch);
    if (memory_->epoch() != expected) {
      return fail(Error(errors::pipeline::unusable_state,
                        "{} goes on from epoch {}, but the stored state is of epoch {}", pipeline_->owner(step_),
                        expected, memory_->epoch()));
    }
    transform_.use(memory_->state());
    ready();
  }

  /// Everything is open; an epoch that lost its transaction is done again.
  void ready() {
    if (stopped_) return end();
    if (epoch_) return work_off();
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
    source_->start(std::move(from), guarded([](Impl& self) { self.wake(); }));
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
    busy_ = true;
    if (!begun_) begun_ = loop_.clock().monotonic();
    if (epoch_) {
      replay(std::move(*polled));
    } else {
      begin(std::move(*polled));
    }
  }

  Result<data::Records> take() {
    if (epoch_ || carried_.empty()) return source_->poll(static_cast<std::size_t>(settings_.epoch_bytes));
    data::Records records = std::move(carried_.front());
    carried_.pop_front();
    return records;
  }

  bool same_topic() {
    const Result<void> same = checkpoint_ ? topics_.check(*checkpoint_) : Ok();
    if (!same) fail(same.error());
    return same.ok();
  }

  /// Nothing waits: the last epoch is marked as done on disk, so that a restart does not read it again.
  void rest() {
    if (durable_done_ || !checkpoint_ || !checkpoint_->done) return;
    busy_ = true;
    checkpoints_->save(*checkpoint_, guarded([](Impl& self, const Result<void>& saved) {
      self.busy_ = false;
      self.durable_done_ = saved.ok();
      if (saved) self.source_->acknowledge({positions_after(*self.checkpoint_)});
      if (self.stopped_) return self.end();
      if (self.woken_) self.next();
    }));
  }

  Checkpoint checkpoint_for(const data::Records& records) const {
    Checkpoint next = next_checkpoint(checkpoint_ ? &*checkpoint_ : nullptr, records.records, source_->topic_id(),
                                      to_micros(loop_.clock().wall()));
    topics_.note_ids(next);
    const bool new_plan = checkpoint_ && checkpoint_->fingerprint != step_.fingerprint;
    next.generation += new_plan ? 1 : 0;
    next.fingerprint = step_.fingerprint;
    next.state_epoch = memory_ ? memory_->epoch() : 0;
    next.committed = output_.commits() ? committed_ : 0;
    return next;
  }

  void begin(data::Records records) {
    saved_ = false;
    const Checkpoint next = checkpoint_for(records);
    if (!output_.commits()) return save_begin(next, std::make_shared<data::Records>(std::move(records)));
    // Nothing is visible before the commit, which waits for the checkpoint: both go on at once.
    checkpoint_ = next;
    epoch_.emplace(next);
    save_begin(next, nullptr);
    process(std::move(records));
  }

  /// Then processes `records`, if given.
  void save_begin(const Checkpoint& next, const std::shared_ptr<data::Records>& records) {
    checkpoints_->save(next, meter_.timed(loop_, guarded([next, records](Impl& self, const Result<void>& saved) {
                                            saved ? self.begun(next, records)
                                                  : self.retry_begin(saved.error(), next, records);
                                          })));
  }

  /// The disk is full, or fails: nothing is written before a checkpoint is, so wait and try again.
  void retry_begin(const Error& error, const Checkpoint& next, const std::shared_ptr<data::Records>& records) {
    wait(error, retry_timer_, [this, next, records] { save_begin(next, records); });
  }

  void begun(const Checkpoint& next, const std::shared_ptr<data::Records>& records) {
    if (failure_) return;
    local_trouble_.reset();
    saved_ = true;
    durable_done_ = false;
    if (records == nullptr) {
      if (worked_off_) store_state();
      return;
    }
    if (checkpoint_ && checkpoint_->done) source_->acknowledge({positions_after(*checkpoint_)});
    checkpoint_ = next;
    epoch_.emplace(next);
    process(std::move(*records));
  }

  /// Sorts out what belongs to the epoch that is written again; the rest waits for the next one.
  void replay(data::Records records) {
    saved_ = true;
    data::Records rest{records.owner, {}, 0};
    data::Records mine{records.owner, {}, 0};
    for (data::Record& record : records.records) {
      epoch_->see(record);
      (epoch_->covers(record) ? mine : rest).records.push_back(std::move(record));
    }
    if (!rest.records.empty()) carried_.push_back(std::move(rest));
    process(std::move(mine));
  }

  void process(data::Records records) {
    for (const data::Record& record : records.records) epoch_->see(record);
    meter_.take(records);
    count_ += static_cast<std::int64_t>(records.records.size());
    if (memory_ == nullptr && !output_.commits()) return slice(std::move(records));
    gathered_.add(records);
    if (epoch_->complete()) return work_off();
    go_on();
  }

  /// All records of the epoch are here; comes again when the transaction was lost.
  void work_off() {
    outcome_ = {};
    worked_off_ = false;
    slice(gathered_.in_order());
  }

  void slice(data::Records records) {
    const Slicer::Times times{[this](const data::Record& record) { return epoch_->write_timestamp(record); },
                              [this](const data::Record&) { return epoch_->checkpoint().epoch_us; }};
    slicer_->run(std::move(records), source_->topic_id(), times,
                 guarded([](Impl& self, Result<Slicer::Outcome> outcome) {
                   if (!outcome) return self.start_over_or_fail(outcome.error());
                   self.sliced(std::move(*outcome));
                 }));
  }

  void sliced(Slicer::Outcome outcome) {
    outcome_.add(std::move(outcome));
    if (!epoch_->complete()) return go_on();
    if (memory_ == nullptr) return written();
    slicer_->end_epoch(epoch_->checkpoint().epoch_us, source_->topic_id(),
                       guarded([](Impl& self, Result<Slicer::Outcome> ended) {
                         if (!ended) return self.start_over_or_fail(ended.error());
                         self.outcome_.add(std::move(*ended));
                         self.written();
                       }));
  }

  /// Every row is with the sink.
  void written() {
    worked_off_ = true;
    if (saved_) store_state();
  }

  void store_state() {
    if (memory_ == nullptr) return commit();
    if (const Result<void> fits = memory_->check_limit(); !fits) return fail(fits.error());
    memory_->save(checkpoint_->epoch, meter_.timed(loop_, guarded([](Impl& self, const Result<void>& stored) {
                                                     if (stored) return self.commit();
                                                     self.wait(stored.error(), self.retry_timer_,
                                                               [&self] { self.store_state(); });
                                                   })));
  }

  /// Tells the trouble and goes on a little later, unless the stream is to stop.
  void wait(const Error& error, runtime::TimerPtr& timer, runtime::Callback then) {
    local_trouble_ = error;
    update_status();
    if (stopped_) return end();
    timer = loop_.after(retry_interval, std::move(then));
  }

  void commit() {
    local_trouble_.reset();
    if (!output_.commits()) return completed();
    output_.commit(ends_of(*checkpoint_), guarded([](Impl& self, const Result<void>& committed) {
                     committed ? self.completed() : self.start_over_or_fail(committed.error());
                   }));
  }

  void completed() {
    const runtime::MonotonicTime now = loop_.clock().monotonic();
    meter_.add_epoch(count_, outcome_, now - begun_.value_or(now), loop_.clock().wall());
    count_ = 0;
    outcome_ = {};
    worked_off_ = false;
    begun_.reset();
    gathered_.clear();
    epoch_.reset();
    checkpoint_->done = true;
    durable_done_ = false;
    committed_ = mark_of(ends_of(*checkpoint_));
    go_on();
  }

  void go_on() {
    busy_ = false;
    update_status();
    loop_.post(guarded([](Impl& self) {
      if (!self.busy_) self.next();
    }));
  }

  /// A transaction that the broker dropped is done again in a new one.
  void start_over_or_fail(const Error& error) {
    if (!output_.can_start_over()) return fail(error);
    wait(error, over_timer_, [this] { open_output(); });
  }

  void fail(const Error& error) {
    busy_ = false;
    failure_ = error;
    set_state(StreamState::failed);
    source_->stop();
    if (auto opened = std::exchange(opened_, nullptr)) opened(error);
    if (stopped_) end();
  }

  /// Ends after the work under way: marks the epoch as done on disk, then closes.
  void end() {
    if (closing_) return;
    if (durable_done_ || !checkpoint_ || !checkpoint_->done || failure_) return close();
    busy_ = true;
    durable_done_ = true;  // tried once; without it a restart writes the epoch again, with the same cells
    checkpoints_->save(*checkpoint_, guarded([](Impl& self, const Result<void>& saved) {
      self.busy_ = false;
      if (saved) self.source_->acknowledge({positions_after(*self.checkpoint_)});
      self.close();
    }));
  }

  void close() {
    if (closing_) return;
    closing_ = true;
    retry_timer_.reset();
    over_timer_.reset();
    tick_timer_.reset();
    if (!failure_) source_->stop();
    close_timer_ = loop_.after(close_timeout, [this] { closed(); });
    output_.close(guarded([](Impl& self) { self.closed(); }));
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
    meter_.tick();
    update_status();
    tick_timer_ = loop_.after(tick_interval, [this] { tick(); });
  }

  std::optional<Error> trouble() const {
    if (failure_) return failure_;
    if (local_trouble_) return local_trouble_;
    const std::optional<Error> output = output_.trouble();
    return output ? output : source_->trouble();
  }

  void update_status() {
    StreamMeter::Now now{state_, trouble(), source_->lag(), {}, std::nullopt};
    if (memory_) now.memory = memory_->status();
    if (checkpoint_) {
      for (const data::Position& position : positions_after(*checkpoint_)) {
        now.positions.emplace_back(position.partition, position.next);
      }
    }
    meter_.update(std::move(now));
  }

  CheckedPipelinePtr pipeline_;
  const CheckedStep& step_;
  std::unique_ptr<data::Source> source_;
  StreamTopics topics_;
  StreamOutput output_;
  std::unique_ptr<CheckpointStore> checkpoints_;
  runtime::Loop& loop_;
  settings::Pipeline settings_;
  Transform transform_;
  std::unique_ptr<StreamMemory> memory_;  // of a query that keeps state
  std::unique_ptr<Slicer> slicer_;        // once the output is open
  StreamMeter meter_;

  std::function<void(Result<void>)> opened_;
  runtime::Callback stopped_;  // set: a stop was asked for
  StreamState state_ = StreamState::starting;
  bool busy_ = true;    // something is under way; its end calls next()
  bool woken_ = false;  // the source called while busy
  bool closing_ = false;
  std::optional<Checkpoint> checkpoint_;  // of the last epoch begun; `done` as memory knows it
  bool durable_done_ = true;              // the disk knows it too
  std::uint64_t committed_ = 0;           // mark_of() what is committed in the cluster
  std::deque<data::Records> carried_;     // polled during a replay, behind its epoch
  std::optional<Error> failure_;
  std::optional<Error> local_trouble_;

  // The epoch under way.
  std::optional<Epoch> epoch_;
  bool saved_ = true;         // its checkpoint is on disk
  bool worked_off_ = false;   // its rows are with the sink
  GatheredRecords gathered_;  // all of them, where an epoch is worked off as a whole
  std::int64_t count_ = 0;    // of its records
  Slicer::Outcome outcome_;
  std::optional<runtime::MonotonicTime> begun_;

  runtime::TimerPtr tick_timer_;
  runtime::TimerPtr stop_timer_;
  runtime::TimerPtr close_timer_;
  runtime::TimerPtr retry_timer_;  // for the disk
  runtime::TimerPtr over_timer_;   // for a new transaction
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
