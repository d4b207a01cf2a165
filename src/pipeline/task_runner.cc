#include "pipeline/task_runner.h"

#include <mutex>

#include "errors/pipeline.h"
#include "format/json_reader.h"
#include "pipeline/id_of_run.h"
#include "pipeline/slicer.h"

namespace streamops::pipeline {

class TaskRunner::Impl : public std::enable_shared_from_this<Impl> {
  /// A callback that does nothing once the runner is gone.
  template <typename Body>
  auto guarded(Body body) {
    return [weak = weak_from_this(), body = std::move(body)](auto&&... arguments) {
      if (const std::shared_ptr<Impl> self = weak.lock()) body(*self, std::forward<decltype(arguments)>(arguments)...);
    };
  }

 public:
  Impl(CheckedPipelinePtr pipeline, const CheckedStep& step, std::string run, TaskPorts ports, runtime::Loop& loop,
       const settings::Pipeline& settings, TaskLogLine log, observe::Metrics* metrics)
      : pipeline_(std::move(pipeline)),
        source_(std::move(ports.source)),
        sink_(ports.sink),
        dead_letters_(ports.dead_letters),
        loop_(loop),
        settings_(settings),
        log_(std::move(log)),
        run_id_(id_of_run(run)),
        transform_(step, pipeline_->owner(step), pipeline_->owner(step) + "/" + run,
                   std::make_unique<format::JsonReader>(step.source_schema, step.query->needed())),
        slicer_(transform_, ports.sink, ports.dead_letters, loop, static_cast<std::size_t>(settings.slice_bytes)) {
    status_.name = step.name();
    status_.run = std::move(run);
    status_.topic = step.spec->kafka_sink->topic;
    if (metrics == nullptr) return;
    const observe::Labels labels{{"task", pipeline_->owner(step)}};
    polls_ = &metrics->counter("streamops_task_polls_total", "Answers that the runs of a task have taken in.", labels);
    rows_ = &metrics->counter("streamops_task_rows_total", "Rows that the runs of a task have made durable.", labels);
    poison_ = &metrics->counter("streamops_task_dead_letters_total", "Answers that the runs of a task have put aside.",
                                labels);
  }

  void start(std::function<void(Result<void>)> done) {
    done_ = std::move(done);
    source_->start({}, guarded([](Impl& self) { self.next(); }));
  }

  void cancel() {
    if (done_) finish(Error(errors::pipeline::stopped, "the run {} was stopped", status().run));
  }

  TaskStatus status() const {
    const std::lock_guard lock(mutex_);
    TaskStatus out = status_;
    return out;
  }

 private:
  void next() {
    if (busy_ || !done_) return;
    Result<data::Records> polled = source_->poll(static_cast<std::size_t>(settings_.epoch_bytes));
    if (!polled) return finish(polled.error());
    note_trouble();
    if (!polled->records.empty()) return process(std::move(*polled));
    if (source_->ended()) finish(outcome());
  }

  void process(data::Records records) {
    busy_ = true;
    const std::size_t count = records.records.size();
    const data::Position covered{{}, records.records.back().partition, records.records.back().offset + 1};
    const auto time_of = [](const data::Record& record) { return record.timestamp_ms * 1000; };
    slicer_.run(std::move(records), run_id_, {time_of, time_of},
                guarded([count, covered](Impl& self, Result<Slicer::Outcome> outcome) {
                  self.busy_ = false;
                  if (!self.done_) return;
                  if (!outcome) return self.finish(outcome.error());
                  self.source_->acknowledge({{covered}});
                  self.note(count, covered.next, *outcome);
                  self.loop_.post(self.guarded([](Impl& again) { again.next(); }));
                }));
  }

  void note(std::size_t count, std::int64_t polls, const Slicer::Outcome& outcome) {
    for (const data::DeadLetter& letter : outcome.letters) {
      if (!first_letter_) first_letter_ = letter;
      say(LogKind::warning, fmt::format("answer {}: put aside as {}: {}: {}", letter.offset + 1, letter.identity(),
                                        letter.code, letter.message));
    }
    say(LogKind::info, count == 1 ? fmt::format("answer {}: {} rows", polls, outcome.rows)
                                  : fmt::format("answers {} to {}: {} rows",
                                                polls - static_cast<std::int64_t>(count) + 1, polls, outcome.rows));
    const std::lock_guard lock(mutex_);
    status_.polls += static_cast<std::int64_t>(count);
    status_.rows_out += outcome.rows;
    status_.poison += static_cast<std::int64_t>(outcome.letters.size());
    if (polls_ == nullptr) return;
    polls_->add(count);
    rows_->add(static_cast<std::uint64_t>(outcome.rows));
    poison_->add(outcome.letters.size());
  }

  Result<void> outcome() const {
    const TaskStatus now = status();
    say(LogKind::info,
        fmt::format("{} answers, {} rows into {}, {} put aside", now.polls, now.rows_out, now.topic, now.poison));
    if (now.poison == 0 || now.rows_out > 0) return Ok();
    const ErrorInfo* info = find_error(first_letter_->code);
    return Error(*info, "no answer passed; the first failed so: {}", first_letter_->message);
  }

  void note_trouble() {
    std::optional<Error> trouble = sink_.trouble();
    if (!trouble) trouble = dead_letters_.trouble();
    if (!trouble) trouble = source_->trouble();
    const std::lock_guard lock(mutex_);
    status_.trouble = std::move(trouble);
  }

  void finish(const Result<void>& result) {
    source_->stop();
    {
      const std::lock_guard lock(mutex_);
      status_.trouble = result ? std::nullopt : std::optional(result.error());
      status_.state = result                                         ? TaskRunState::succeeded
                      : result.error().is(errors::pipeline::stopped) ? TaskRunState::cancelled
                                                                     : TaskRunState::failed;
    }
    loop_.post([done = std::exchange(done_, nullptr), result] { done(result); });
  }

  void say(LogKind kind, std::string text) const {
    if (log_) log_(kind, std::move(text));
  }

  CheckedPipelinePtr pipeline_;
  std::unique_ptr<data::Source> source_;
  data::Sink& sink_;
  data::DeadLetterSink& dead_letters_;
  runtime::Loop& loop_;
  settings::Pipeline settings_;
  TaskLogLine log_;
  Uuid run_id_;
  Transform transform_;
  Slicer slicer_;

  std::function<void(Result<void>)> done_;  // empty: not started, or ended
  bool busy_ = false;
  std::optional<data::DeadLetter> first_letter_;

  mutable std::mutex mutex_;  // guards status_, which other threads read
  TaskStatus status_;
  observe::Counter* polls_ = nullptr;
  observe::Counter* rows_ = nullptr;
  observe::Counter* poison_ = nullptr;
};

TaskRunner::TaskRunner(CheckedPipelinePtr pipeline, const CheckedStep& step, std::string run, TaskPorts ports,
                       runtime::Loop& loop, const settings::Pipeline& settings, TaskLogLine log,
                       observe::Metrics* metrics)
    : impl_(std::make_shared<Impl>(std::move(pipeline), step, std::move(run), std::move(ports), loop, settings,
                                   std::move(log), metrics)) {}

TaskRunner::~TaskRunner() = default;

void TaskRunner::start(std::function<void(Result<void>)> done) {
  impl_->start(std::move(done));
}

void TaskRunner::cancel() {
  impl_->cancel();
}

TaskStatus TaskRunner::status() const {
  return impl_->status();
}

}  // namespace streamops::pipeline
