#include "pipeline/stream_meter.h"

namespace streamops::pipeline {

namespace {

constexpr std::size_t rate_ticks = 5;

}  // namespace

StreamMeter::StreamMeter(const std::string& owner, const CheckedStep& step, observe::Metrics* metrics) {
  status_.name = step.name();
  status_.topic = step.spec->kafka_source->topic;
  status_.table = step.spec->kafka_sink ? step.spec->kafka_sink->topic : step.spec->table.text;
  if (metrics != nullptr) name_metrics(*metrics, {{"stream", owner}}, step.query->keeps_state());
}

void StreamMeter::name_metrics(observe::Metrics& metrics, const observe::Labels& labels, bool keeps_state) {
  records_ = &metrics.counter("streamops_stream_records_total", "Records that a stream has taken in.", labels);
  rows_ = &metrics.counter("streamops_stream_rows_total", "Rows and deletes that a stream has made durable.", labels);
  poison_ = &metrics.counter("streamops_stream_dead_letters_total", "Records that a stream has put aside.", labels);
  epoch_ = &metrics.gauge("streamops_stream_epoch_microseconds", "Time that the last epoch took.", labels);
  rate_ = &metrics.gauge("streamops_stream_records_per_second", "Records taken in over the last seconds.", labels);
  latency_ = &metrics.histogram("streamops_stream_latency_seconds",
                                "From a record's timestamp until its rows were durable.", labels);
  checkpoint_ =
      &metrics.histogram("streamops_stream_checkpoint_seconds", "Until a checkpoint, or state, was on disk.", labels);
  lag_ = &metrics.gauge("streamops_stream_lag_records", "Records that wait in the topic of a stream.", labels);
  if (!keeps_state) return;
  late_ = &metrics.counter("streamops_stream_late_rows_total", "Rows behind the watermark of a stream.", labels);
  watermark_ = &metrics.gauge("streamops_stream_watermark_milliseconds",
                              "Event time up to which a stream waits for nothing more, since 1970.", labels);
  state_keys_ = &metrics.gauge("streamops_stream_state_keys", "Groups that a stream remembers.", labels);
  state_bytes_ = &metrics.gauge("streamops_stream_state_bytes", "Memory that these groups take.", labels);
}

void StreamMeter::add_epoch(std::int64_t records, const Slicer::Outcome& outcome, Microseconds took, WallTime at) {
  const auto letters = static_cast<std::int64_t>(outcome.letters.size());
  const std::lock_guard lock(mutex_);
  status_.records_in += records;
  status_.rows_out += outcome.rows;
  status_.deletes_out += outcome.deletes;
  status_.poison += letters;
  status_.late += outcome.late;
  status_.epochs += 1;
  status_.epoch_latency = took;
  status_.last_record_at = at;
  latencies_.written(to_micros(at), latency_);
  status_.latency_p50 = Microseconds{latencies_.percentile(0.5)};
  status_.latency_p99 = Microseconds{latencies_.percentile(0.99)};
  if (records_ == nullptr) return;
  records_->add(static_cast<std::uint64_t>(records));
  rows_->add(static_cast<std::uint64_t>(outcome.rows));
  poison_->add(static_cast<std::uint64_t>(letters));
  epoch_->set(took.count());
  if (late_ != nullptr) late_->add(static_cast<std::uint64_t>(outcome.late));
}

std::function<void(Result<void>)> StreamMeter::timed(const runtime::Loop& loop,
                                                     std::function<void(Result<void>)> done) {
  return [this, alive = std::weak_ptr<int>(alive_), &loop, since = loop.clock().monotonic(),
          done = std::move(done)](const Result<void>& result) {
    if (result && !alive.expired()) add_checkpoint(loop.clock().monotonic() - since);
    done(result);
  };
}

void StreamMeter::add_checkpoint(Microseconds took) {
  const std::lock_guard lock(mutex_);
  status_.checkpoint_time = took;
  if (checkpoint_ != nullptr) checkpoint_->add(took.count());
}

void StreamMeter::update(Now now) {
  const std::lock_guard lock(mutex_);
  status_.state = now.state;
  status_.trouble = std::move(now.trouble);
  status_.lag = now.lag;
  status_.positions = std::move(now.positions);
  status_.memory = now.memory;
  if (lag_ != nullptr) lag_->set(now.lag.value_or(0));
  if (watermark_ == nullptr || !now.memory) return;
  watermark_->set(now.memory->watermark ? to_millis(*now.memory->watermark) : 0);
  state_keys_->set(static_cast<std::int64_t>(now.memory->keys));
  state_bytes_->set(static_cast<std::int64_t>(now.memory->bytes));
}

void StreamMeter::tick() {
  const std::lock_guard lock(mutex_);
  records_by_second_.push_back(status_.records_in);
  if (records_by_second_.size() > rate_ticks + 1) records_by_second_.pop_front();
  const auto seconds = static_cast<double>(records_by_second_.size() - 1);
  const auto records = static_cast<double>(records_by_second_.back() - records_by_second_.front());
  status_.records_per_second = seconds > 0 ? records / seconds : 0.0;
  if (rate_ != nullptr) rate_->set(static_cast<std::int64_t>(status_.records_per_second));
  latencies_.tick();
}

StreamStatus StreamMeter::status() const {
  const std::lock_guard lock(mutex_);
  return status_;
}

}  // namespace streamops::pipeline
