#include "pipeline/pipeline.h"

#include <fmt/format.h>

#include <deque>
#include <map>
#include <mutex>
#include <set>

#include "base/text.h"
#include "errors/pipeline.h"
#include "pipeline/merged_source.h"
#include "pipeline/redrives.h"
#include "pipeline/stream_runner.h"
#include "pipeline/task_runner.h"

namespace streamops::pipeline {

namespace {

constexpr std::size_t kept_runs = 16;
constexpr Microseconds look_interval = Milliseconds{250};  // at what keeps topics from being opened

/// Calls `done` with the first error, or success, when each of its shares has been called and every holder has let go.
class Gathering {
 public:
  explicit Gathering(std::function<void(Result<void>)> done) : done_(std::move(done)) {}
  Gathering(const Gathering&) = delete;
  Gathering& operator=(const Gathering&) = delete;
  ~Gathering() { done_(error_ ? Result<void>(*error_) : Result<void>()); }

  void note(const Result<void>& result) {
    if (!result && !error_) error_ = result.error();
  }

 private:
  std::function<void(Result<void>)> done_;
  std::optional<Error> error_;
};

std::function<void(Result<void>)> share(const std::shared_ptr<Gathering>& gathering) {
  return [gathering](const Result<void>& result) { gathering->note(result); };
}

}  // namespace

class Pipeline::Impl : public std::enable_shared_from_this<Impl> {
 public:
  Impl(CheckedPipelinePtr checked, PipelineEnvironment environment)
      : checked_(std::move(checked)), env_(std::move(environment)), redrives_(checked_, env_) {}

  void start(std::function<void(Result<void>)> done) {
    auto all =
        std::make_shared<Gathering>([weak = weak_from_this(), done = std::move(done)](const Result<void>& result) {
          if (const std::shared_ptr<Impl> self = weak.lock()) self->end_opening();
          done(result);
        });
    look_timer_ = env_.loop.after(look_interval, [this] { look_at_opening(); });
    open_tasks([weak = weak_from_this(), all](const Result<void>& opened) {
      all->note(opened);
      const std::shared_ptr<Impl> self = weak.lock();
      if (self == nullptr || self->stopping_ || !self->env_.only_task.empty()) return;
      self->create_topics([weak, all](const Result<void>& created) {
        all->note(created);
        const std::shared_ptr<Impl> alive = weak.lock();
        if (alive != nullptr && !alive->stopping_) alive->start_streams(all);
      });
    });
  }

  void stop(runtime::Callback done) {
    stopping_ = true;
    for (auto& [key, runner] : runs_) runner->cancel();
    for (auto& [key, run] : std::exchange(waiting_, {})) run.done(stopped_early(run.step));
    look_timer_.reset();
    auto all = std::make_shared<Gathering>([done = std::move(done)](const Result<void>&) { done(); });
    for (auto& stream : streams_) stream->stop([all] {});
    for (auto& stream : foreign_) stream->leave([all] {});
    for (auto& [name, task] : tasks_) {
      if (task.sink) task.sink->close([all] {});
      if (task.dead_letters) task.dead_letters->close([all] {});
    }
  }

  /// On the loop: makes the source of one run and lets it go.
  void run_task(const CheckedStep& step, const workflow::TaskContext& context, const workflow::TaskDone& done) {
    const auto log = [sink = context.log](LogKind kind, std::string text) {
      if (sink != nullptr)
        sink->write(kind == LogKind::info ? workflow::LogLevel::info : workflow::LogLevel::warning, std::move(text));
    };
    const auto task = tasks_.find(step.name());
    const bool waits = !stopping_ && task != tasks_.end() && !task->second.opened && !task->second.error;
    if (waits) {
      const std::optional<Error> trouble = task->second.sink->trouble();
      log(LogKind::warning, "the run waits until the topic is open" + (trouble ? ": " + trouble->to_line() : ""));
      waiting_.emplace(step.name() + "/" + context.run_id, WaitingRun{step, context, done});
      return;
    }
    if (stopping_ || task == tasks_.end() || !task->second.opened) {
      const Error missing = task != tasks_.end() && task->second.error
                                ? *task->second.error
                                : workflow::skip_task("the pipeline is not running");
      return done(missing);
    }
    Result<std::unique_ptr<data::Source>> source = env_.connectors.http_source(
        *step.spec->http_source, {env_.loop,
                                  checked_->owner(step),
                                  context.run_id,
                                  {},
                                  [log](std::string text) { log(LogKind::info, std::move(text)); },
                                  context.resumed});
    if (!source) return done(source.error());
    log(LogKind::info, context.resumed ? "the run goes on after a restart" : "the run begins");
    const std::string key = step.name() + "/" + context.run_id;
    TaskPorts ports{std::move(*source), *task->second.sink, *task->second.dead_letters};
    auto runner = std::make_shared<TaskRunner>(checked_, step, context.run_id, std::move(ports), env_.loop,
                                               env_.settings, log, env_.metrics);
    {
      const std::lock_guard lock(mutex_);
      runs_[key] = runner;
    }
    runner->start([weak = weak_from_this(), key, done](const Result<void>& result) {
      if (const std::shared_ptr<Impl> self = weak.lock()) self->end_run(key);
      done(result);
    });
  }

  void cancel_run(const std::string& key) {
    const auto found = runs_.find(key);
    if (found != runs_.end()) found->second->cancel();
    const auto waiting = waiting_.find(key);
    if (waiting == waiting_.end()) return;
    const WaitingRun run = std::move(waiting->second);
    waiting_.erase(waiting);
    run.done(stopped_early(run.step));
  }

  PipelineStatus status() const {
    const std::lock_guard lock(mutex_);
    PipelineStatus out;
    out.name = checked_->file.name;
    for (const auto& stream : streams_) out.streams.push_back(stream->status());
    for (const auto& stream : foreign_) out.streams.push_back(stream->status());
    out.opening = opening_;
    out.runs.assign(ended_.begin(), ended_.end());
    for (const auto& [key, runner] : runs_) out.runs.push_back(runner->status());
    return out;
  }

  const CheckedPipeline& checked() const { return *checked_; }
  runtime::Loop& loop() const { return env_.loop; }

 private:
  struct Task {
    std::unique_ptr<data::Sink> sink;
    std::unique_ptr<data::DeadLetterSink> dead_letters;
    bool opened = false;
    std::optional<Error> error;
  };

  /// A run that was asked for before its topic was open.
  struct WaitingRun {
    const CheckedStep& step;
    workflow::TaskContext context;
    workflow::TaskDone done;
  };

  ConnectorUse use(const CheckedStep& step) const {
    return {env_.loop, checked_->owner(step), {}, step.key_columns, {}};
  }

  void open_tasks(std::function<void(Result<void>)> done) {
    const auto all = std::make_shared<Gathering>(std::move(done));
    for (const CheckedStep& step : checked_->tasks) {
      if (!env_.only_task.empty() && step.name() != env_.only_task) continue;
      Task& task = tasks_[step.name()];
      const Result<void> made = make_task(step, task);
      if (!made) {
        task.error = made.error();
        all->note(made);
        continue;
      }
      task.sink->open(step.query->output(),
                      [weak = weak_from_this(), all, &task, name = step.name()](const Result<void>& opened) {
                        all->note(opened);
                        if (weak.expired()) return;
                        task.opened = opened.ok();
                        if (!opened) task.error = opened.error();
                        if (const std::shared_ptr<Impl> self = weak.lock()) self->run_waiting(name);
                      });
    }
  }

  /// The runs that waited for the task's topic.
  void run_waiting(const std::string& task) {
    std::vector<WaitingRun> runs;
    for (auto entry = waiting_.begin(); entry != waiting_.end();) {
      if (entry->second.step.name() != task) {
        ++entry;
        continue;
      }
      runs.push_back(std::move(entry->second));
      entry = waiting_.erase(entry);
    }
    for (const WaitingRun& run : runs) run_task(run.step, run.context, run.done);
  }

  void end_opening() {
    look_timer_.reset();
    const std::lock_guard lock(mutex_);
    opening_.reset();
  }

  static Error stopped_early(const CheckedStep& step) {
    return Error(errors::pipeline::stopped, "{} was stopped before its topic was open", step.name());
  }

  /// Notes for status() what the start waits for.
  void look_at_opening() {
    std::optional<Error> trouble = env_.connectors.trouble();
    for (const auto& [name, task] : tasks_) {
      if (!trouble && task.sink && !task.opened && !task.error) trouble = task.sink->trouble();
    }
    look_timer_ = env_.loop.after(look_interval, [this] { look_at_opening(); });
    const std::lock_guard lock(mutex_);
    opening_ = std::move(trouble);
  }

  Result<void> make_task(const CheckedStep& step, Task& task) {
    STREAMOPS_ASSIGN(task.sink, env_.connectors.kafka_sink(*step.spec->kafka_sink, use(step)));
    STREAMOPS_ASSIGN(task.dead_letters, env_.connectors.dead_letters(checked_->owner(step) + ".dlq", use(step)));
    return Ok();
  }

  /// Topics that no task of the file fills: their writers are elsewhere and may come later.
  void create_topics(std::function<void(Result<void>)> done) {
    const auto all = std::make_shared<Gathering>(std::move(done));
    std::set<std::string> known;
    for (const CheckedStep& task : checked_->tasks) known.insert(task.spec->kafka_sink->topic);
    for (const CheckedStep& stream : checked_->streams) {
      if (const auto& sink = stream.spec->kafka_sink) known.insert(sink->topic);  // made by the stream that fills it
    }
    for (const CheckedStep& stream : checked_->streams) {
      std::vector<std::string> topics{stream.spec->kafka_source->topic};
      for (const CheckedInput& input : stream.inputs) {
        if (input.spec->kafka) topics.push_back(input.spec->kafka->topic);
      }
      for (const std::string& topic : topics) {
        if (known.insert(topic).second) env_.connectors.create_topic(topic, 1, use(stream), share(all));
      }
    }
  }

  void start_streams(const std::shared_ptr<Gathering>& all) {
    for (const CheckedStep& step : checked_->streams) {
      if (start_foreign(step, all)) continue;
      Result<StreamPorts> ports = make_ports(step);
      if (!ports) {
        all->note(ports.error());
        continue;
      }
      auto runner =
          std::make_unique<StreamRunner>(checked_, step, std::move(*ports), env_.loop, env_.settings, env_.metrics);
      StreamRunner& started = *runner;
      {
        const std::lock_guard lock(mutex_);
        streams_.push_back(std::move(runner));
      }
      started.start(share(all));
    }
  }

  /// False when this process is to run the stream itself.
  bool start_foreign(const CheckedStep& step, const std::shared_ptr<Gathering>& all) {
    if (!foreign_streams_) return false;
    Result<std::unique_ptr<ForeignStream>> made = foreign_streams_(step);
    if (!made) all->note(made.error());
    if (!made || *made == nullptr) return !made;
    ForeignStream& started = **made;
    {
      const std::lock_guard lock(mutex_);
      foreign_.push_back(std::move(*made));
    }
    started.start(share(all));
    return true;
  }

  void pass(std::function<void(Result<void>)> done) {
    const auto all = std::make_shared<Gathering>(std::move(done));
    for (auto& stream : foreign_) stream->pass(share(all));
  }

  Result<StreamPorts> make_ports(const CheckedStep& step) {
    StreamPorts ports;
    STREAMOPS_ASSIGN(ports.source, env_.connectors.kafka_source(*step.spec->kafka_source, use(step)));
    // Late rows go on as they came, with all their columns.
    std::vector<bool> needed = step.query->needed();
    if (step.spec->late) needed.assign(needed.size(), true);
    ports.reader = env_.connectors.kafka_reader(
        *step.spec->kafka_source,
        {step.source_schema, step.reader_schema, std::move(needed), step.query->first_conditions()});
    STREAMOPS_RETURN_IF_ERROR(add_inputs(step, ports));
    STREAMOPS_ASSIGN(ports.output, make_output(step));
    ports.checkpoints = env_.checkpoints(checked_->owner(step));
    if (step.query->keeps_state()) ports.state = env_.states(checked_->owner(step));
    ports.taps = taps_.try_emplace(step.name(), std::make_unique<Taps>(step, env_.loop)).first->second.get();
    return ports;
  }

  /// Further topics: streams in the order of the file, then tables, as the query numbers its inputs.
  Result<void> add_inputs(const CheckedStep& step, StreamPorts& ports) {
    if (!step.reads_several()) return Ok();
    std::vector<MergedInput> sources;
    sources.push_back({std::move(ports.source)});
    for (std::size_t i = 0; i < step.inputs.size(); ++i) {
      const FurtherInputSpec& spec = *step.inputs[i].spec;
      if (!spec.kafka) continue;
      STREAMOPS_ASSIGN(auto source, env_.connectors.kafka_source(*spec.kafka, use(step)));
      sources.push_back({std::move(source), spec.is_table});
      auto reader =
          env_.connectors.kafka_reader(*spec.kafka, {step.inputs[i].schema, nullptr, step.query->needed(i + 1), {}});
      ports.inputs.push_back({spec.kafka->topic, std::move(reader), spec.is_table});
    }
    ports.source = std::make_unique<MergedSource>(std::move(sources), env_.loop);
    return Ok();
  }

  Result<OutputPorts> make_output(const CheckedStep& step) {
    const StepSpec& spec = *step.spec;
    const std::string letters = spec.kafka_source->topic + ".dlq";
    OutputPorts ports;
    if (spec.kafka_sink) {
      KafkaTransactionSpec transaction{*spec.kafka_sink, spec.late, step.source_schema, letters,
                                       spec.kafka_source->topic};
      for (const CheckedInput& input : step.inputs) {
        if (input.spec->kafka) transaction.further_sources.push_back(input.spec->kafka->topic);
      }
      STREAMOPS_ASSIGN(ports.topic, env_.connectors.kafka_transaction(transaction, use(step)));
      return ports;
    }
    STREAMOPS_ASSIGN(ports.table, env_.connectors.cassandra_sink(*step.cassandra_sink, use(step)));
    STREAMOPS_ASSIGN(ports.dead_letters, env_.connectors.dead_letters(letters, use(step)));
    if (!spec.late) return ports;
    STREAMOPS_ASSIGN(ports.late, env_.connectors.kafka_sink(*spec.late, use(step)));
    return ports;
  }

  void end_run(const std::string& key) {
    const std::lock_guard lock(mutex_);
    const auto found = runs_.find(key);
    if (found == runs_.end()) return;
    ended_.push_back(found->second->status());
    if (ended_.size() > kept_runs) ended_.pop_front();
    env_.loop.post([gone = std::move(found->second)] {});  // not while it is in a call of its own
    runs_.erase(found);
  }

  CheckedPipelinePtr checked_;
  PipelineEnvironment env_;
  Redrives redrives_;
  std::map<std::string, std::unique_ptr<Taps>> taps_;  // by stream; before what they look at
  std::map<std::string, Task> tasks_;                  // before what uses their sinks
  std::map<std::string, WaitingRun> waiting_;          // by task/run
  runtime::TimerPtr look_timer_;                       // while topics are being opened
  bool stopping_ = false;
  mutable std::mutex mutex_;  // guards what status() reads: the lists, not their members
  std::optional<Error> opening_;
  std::vector<std::unique_ptr<StreamRunner>> streams_;
  std::vector<std::unique_ptr<ForeignStream>> foreign_;
  ForeignStreams foreign_streams_;
  std::map<std::string, std::shared_ptr<TaskRunner>> runs_;
  std::deque<TaskStatus> ended_;

  friend class Pipeline;
};

namespace {

class RunHandle final : public workflow::TaskHandle {
 public:
  explicit RunHandle(std::function<void()> cancel) : cancel_(std::move(cancel)) {}
  void cancel() override { cancel_(); }

 private:
  std::function<void()> cancel_;
};

/// A body from two functions, so that it need not know the pipeline.
class RunBody final : public workflow::TaskBody {
 public:
  using Start = std::function<void(workflow::TaskContext, workflow::TaskDone)>;
  RunBody(Start start, std::function<void(const std::string& run)> cancel)
      : start_(std::move(start)), cancel_(std::move(cancel)) {}

  std::unique_ptr<workflow::TaskHandle> start(workflow::TaskContext context, workflow::TaskDone done) override {
    auto handle = std::make_unique<RunHandle>([cancel = cancel_, run = context.run_id] { cancel(run); });
    start_(std::move(context), std::move(done));
    return handle;
  }

 private:
  Start start_;
  std::function<void(const std::string&)> cancel_;
};

}  // namespace

std::function<std::unique_ptr<CheckpointStore>(const std::string& owner)> checkpoints_in(std::string directory,
                                                                                         runtime::Disk& disk,
                                                                                         runtime::Loop& loop,
                                                                                         runtime::Pool& pool) {
  return [directory = std::move(directory), &disk, &loop, &pool](const std::string& owner) {
    return make_disk_checkpoints(fmt::format("{}/{}.checkpoint", directory, owner), disk, loop, pool);
  };
}

std::function<std::unique_ptr<StateStore>(const std::string& owner)> states_in(std::string directory,
                                                                               runtime::Disk& disk, runtime::Loop& loop,
                                                                               runtime::Pool& pool) {
  return [directory = std::move(directory), &disk, &loop, &pool](const std::string& owner) {
    return make_disk_state(fmt::format("{}/{}.state", directory, owner), disk, loop, pool);
  };
}

Pipeline::Pipeline(CheckedPipelinePtr checked, PipelineEnvironment environment)
    : impl_(std::make_shared<Impl>(std::move(checked), std::move(environment))) {}

Pipeline::~Pipeline() = default;

void Pipeline::start(std::function<void(Result<void>)> done) {
  impl_->start(std::move(done));
}

void Pipeline::stop(runtime::Callback done) {
  impl_->stop(std::move(done));
}

void Pipeline::set_foreign_streams(ForeignStreams foreign) {
  impl_->foreign_streams_ = std::move(foreign);
}

void Pipeline::pass(std::function<void(Result<void>)> done) {
  impl_->pass(std::move(done));
}

void Pipeline::redrive(const std::string& name, RedriveRequest request,
                       std::function<void(Result<RedriveOutcome>)> done) {
  if (!impl_->stopping_) return impl_->redrives_.start(name, std::move(request), std::move(done));
  impl_->loop().post([done = std::move(done)] { done(Error(errors::pipeline::no_redrive, "the pipeline stops")); });
}

Result<TapAnswer> Pipeline::tap(const std::string& stream, const TapRequest& request) {
  const auto found = impl_->taps_.find(stream);
  if (found != impl_->taps_.end()) return found->second->ask(request);
  std::vector<std::string> names;
  for (const auto& [name, taps] : impl_->taps_) names.push_back(name);
  return Error(errors::pipeline::no_tap, "no stream {} runs in this process", stream)
      .with_label(did_you_mean(stream, std::span<const std::string>(names)));
}

workflow::DagSpec Pipeline::dag() const {
  const CheckedPipeline& checked = impl_->checked();
  workflow::DagSpec dag;
  dag.id = checked.file.name;
  dag.description = checked.file.description;
  dag.schedule = checked.schedule;
  for (const CheckedStep& step : checked.tasks) {
    const auto& spec = static_cast<const TaskFileSpec&>(*step.spec);
    workflow::TaskSpec task;
    task.id = spec.name;
    for (const Located& before : spec.after) task.upstream.push_back(before.text);
    task.retries = spec.retries;
    task.retry_delay = spec.retry_delay;
    runtime::Loop& loop = impl_->loop();
    const auto start = [weak = std::weak_ptr<Impl>(impl_), &loop, &step](workflow::TaskContext context,
                                                                         workflow::TaskDone done) {
      loop.post([weak, &step, context = std::move(context), done = std::move(done)] {
        const std::shared_ptr<Impl> self = weak.lock();
        if (self == nullptr) return done(workflow::skip_task("the pipeline is not running"));
        self->run_task(step, context, done);
      });
    };
    const auto cancel = [weak = std::weak_ptr<Impl>(impl_), &loop, name = spec.name](const std::string& run) {
      loop.post([weak, key = fmt::format("{}/{}", name, run)] {
        if (const std::shared_ptr<Impl> self = weak.lock()) self->cancel_run(key);
      });
    };
    task.body = std::make_shared<RunBody>(start, cancel);
    dag.tasks.push_back(std::move(task));
  }
  return dag;
}

PipelineStatus Pipeline::status() const {
  return impl_->status();
}

}  // namespace streamops::pipeline
