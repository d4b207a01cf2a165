#include "app/ports/streams_port.h"

#include <algorithm>
#include <set>

#include "app/ports/redrive_port.h"
#include "app/ports/tap_port.h"

namespace streamops::app {
namespace {

using console::Flow;
using console::FlowNode;

constexpr Milliseconds look_interval{500};  // while somebody watches; nothing is told when nothing moved

FlowNode::State to_node_state(pipeline::StreamState state) {
  switch (state) {
    case pipeline::StreamState::starting:
      return FlowNode::State::waiting;
    case pipeline::StreamState::running:
      return FlowNode::State::running;
    case pipeline::StreamState::failed:
      return FlowNode::State::failed;
    case pipeline::StreamState::stopping:
    case pipeline::StreamState::stopped:
      return FlowNode::State::stopped;
  }
  return FlowNode::State::idle;
}

FlowNode::State to_node_state(pipeline::TaskRunState state) {
  switch (state) {
    case pipeline::TaskRunState::running:
      return FlowNode::State::running;
    case pipeline::TaskRunState::failed:
      return FlowNode::State::failed;
    case pipeline::TaskRunState::succeeded:
    case pipeline::TaskRunState::cancelled:
      return FlowNode::State::idle;
  }
  return FlowNode::State::idle;
}

std::string rhythm_of(const pipeline::HttpSourceSpec& source) {
  std::string text = "every " + format_duration(source.every);
  if (source.duration) text += " for " + format_duration(*source.duration);
  return text;
}

/// Rounded up, so that only what takes no time shows as 0.
std::int64_t to_whole_millis(Microseconds time) {
  return (time.count() + 999) / 1000;
}

/// Builds one Flow: nodes that several steps share (a topic) appear once.
class FlowBuilder {
 public:
  FlowBuilder(const pipeline::CheckedPipeline& checked, const pipeline::PipelineStatus& status) : status_(status) {
    flow_.pipeline = checked.file.name;
    flow_.file = checked.file.document->file();
    flow_.profile = checked.file.profile.name;
    for (const pipeline::CheckedStep& task : checked.tasks) add_task(task);
    for (const pipeline::CheckedStep& stream : checked.streams) add_stream(stream);
  }

  Flow take() && { return std::move(flow_); }

 private:
  FlowNode& node(const std::string& id, FlowNode::Kind kind, const std::string& title) {
    const auto found =
        std::find_if(flow_.nodes.begin(), flow_.nodes.end(), [&](const FlowNode& known) { return known.id == id; });
    if (found != flow_.nodes.end()) return *found;
    FlowNode& added = flow_.nodes.emplace_back();
    added.id = id;
    added.kind = kind;
    added.title = title;
    return added;
  }

  void connect(const std::string& from, const std::string& to, std::int64_t records) {
    flow_.edges.push_back({from, to, records});
  }

  void add_dead_letters(const std::string& step, const std::string& topic, std::int64_t poison) {
    const std::string id = "dead_letters:" + topic;
    FlowNode& letters = node(id, FlowNode::Kind::dead_letters, topic);
    letters.records += poison;
    connect(step, id, poison);
  }

  void add_task(const pipeline::CheckedStep& task) {
    const pipeline::StepSpec& spec = *task.spec;
    pipeline::TaskStatus total;
    bool ran = false;
    for (const pipeline::TaskStatus& run : status_.runs) {
      if (run.name != task.name()) continue;
      ran = true;
      total.polls += run.polls;
      total.rows_out += run.rows_out;
      total.poison += run.poison;
      total.state = run.state;
      total.trouble = run.trouble;
    }
    const std::string id = "task:" + task.name();
    if (spec.http_source) {
      const std::string api = "api:" + spec.http_source->url;
      FlowNode& source =
          node(api, FlowNode::Kind::api,
               spec.http_source->url == pipeline::built_in_users_api ? "randomuser look-alike" : spec.http_source->url);
      source.detail = rhythm_of(*spec.http_source);
      source.records += total.polls;
      source.state = ran ? to_node_state(total.state) : FlowNode::State::idle;
      connect(api, id, total.polls);
    }
    FlowNode& step = node(id, FlowNode::Kind::task, task.name());
    step.detail = "task";
    step.sql = spec.select.text;
    step.state = ran ? to_node_state(total.state) : FlowNode::State::idle;
    step.records = total.rows_out;
    step.counters = {{"polls", total.polls}, {"rows", total.rows_out}, {"dead letters", total.poison}};
    step.error = total.trouble;
    if (status_.opening) {
      step.state = FlowNode::State::waiting;
      step.error = status_.opening;
    }
    if (spec.kafka_sink) {
      const std::string topic = "topic:" + spec.kafka_sink->topic;
      node(topic, FlowNode::Kind::topic, spec.kafka_sink->topic).records += total.rows_out;
      connect(id, topic, total.rows_out);
    }
    if (total.poison > 0) add_dead_letters(id, flow_.pipeline + "." + task.name() + ".dlq", total.poison);
  }

  void add_stream(const pipeline::CheckedStep& stream) {
    const pipeline::StepSpec& spec = *stream.spec;
    const auto found = std::find_if(status_.streams.begin(), status_.streams.end(),
                                    [&](const pipeline::StreamStatus& one) { return one.name == stream.name(); });
    const pipeline::StreamStatus now = found == status_.streams.end() ? pipeline::StreamStatus{} : *found;
    const std::string id = "stream:" + stream.name();
    if (spec.kafka_source) {
      const std::string topic = "topic:" + spec.kafka_source->topic;
      FlowNode& source = node(topic, FlowNode::Kind::topic, spec.kafka_source->topic);
      source.state = FlowNode::State::running;
      source.detail = "JSON";
      connect(topic, id, now.records_in);
    }
    FlowNode& step = node(id, FlowNode::Kind::stream, stream.name());
    step.detail = now.engine.empty() ? "stream" : "stream on " + now.engine;
    step.sql = spec.select.text;
    step.state = to_node_state(now.state);
    step.records = now.records_in;
    step.counters = {{"records", now.records_in},
                     {"rows", now.rows_out},
                     {"dead letters", now.poison},
                     {"lag", now.lag.value_or(0)},
                     {"records/s", static_cast<std::int64_t>(now.records_per_second)},
                     {"p50 ms", to_whole_millis(now.latency_p50)},
                     {"p99 ms", to_whole_millis(now.latency_p99)},
                     {"checkpoint ms", to_whole_millis(now.checkpoint_time)}};
    if (now.memory) {
      step.counters.emplace_back("late", now.late);
      step.counters.emplace_back("groups", static_cast<std::int64_t>(now.memory->keys));
      if (now.memory->watermark) step.detail += ", watermark " + to_iso8601(*now.memory->watermark);
      step.counters.emplace_back("state bytes", static_cast<std::int64_t>(now.memory->bytes));
    }
    step.error = now.trouble;
    if (spec.cassandra_sink) {
      const std::string table = spec.cassandra_sink->keyspace + "." + spec.cassandra_sink->table;
      FlowNode& sink = node("table:" + table, FlowNode::Kind::table, table);
      sink.state = FlowNode::State::running;
      sink.records += now.rows_out;
      connect(id, "table:" + table, now.rows_out);
    }
    if (spec.kafka_sink) {
      const std::string topic = "topic:" + spec.kafka_sink->topic;
      node(topic, FlowNode::Kind::topic, spec.kafka_sink->topic).records += now.rows_out;
      connect(id, topic, now.rows_out);
    }
    if (spec.late) {
      const std::string topic = "topic:" + spec.late->topic;
      node(topic, FlowNode::Kind::topic, spec.late->topic).records += now.late;
      connect(id, topic, now.late);
    }
    if (now.poison > 0) add_dead_letters(id, now.topic + ".dlq", now.poison);
  }

  const pipeline::PipelineStatus& status_;
  Flow flow_;
};

/// What makes two flows look the same: their counts and states.
std::string fingerprint(const Flow& flow) {
  std::string text;
  for (const FlowNode& node : flow.nodes) {
    text += fmt::format("{}={},{};", node.id, node.records, static_cast<int>(node.state));
    for (const auto& [name, count] : node.counters) text += fmt::format("{},", count);
    if (node.error) text += node.error->message();
  }
  return text;
}

class PipelineStreamsPort final : public console::StreamsPort {
 public:
  PipelineStreamsPort(const pipeline::CheckedPipeline& checked, pipeline::Pipeline& pipeline, runtime::Loop& loop)
      : checked_(checked), pipeline_(pipeline), loop_(loop) {}

  void flow(console::Done<Flow> done) override { done(now()); }

  void redrive(const console::RedriveQuery& query, console::Done<std::string> done) override {
    app::redrive(pipeline_, loop_, query, std::move(done));
  }

  void tap(const console::TapQuery& query, console::Done<std::string> done) override {
    app::tap(pipeline_, loop_, query, std::move(done));
  }

  console::SubscriptionPtr watch(std::function<void(Flow)> listener) override {
    auto watcher = std::make_shared<Watcher>();
    watcher->listener = std::move(listener);
    loop_.post([this, watcher] { look(watcher); });
    return std::make_unique<WatchSubscription>(std::move(watcher), loop_);
  }

 private:
  struct Watcher {
    std::function<void(Flow)> listener;
    std::string seen;
    runtime::TimerPtr timer;
    bool stopped = false;
  };

  class WatchSubscription final : public console::Subscription {
   public:
    WatchSubscription(std::shared_ptr<Watcher> watcher, runtime::Loop& loop)
        : watcher_(std::move(watcher)), loop_(loop) {}
    WatchSubscription(const WatchSubscription&) = delete;
    WatchSubscription& operator=(const WatchSubscription&) = delete;
    ~WatchSubscription() override {
      loop_.post([watcher = std::move(watcher_)] {
        watcher->stopped = true;
        watcher->timer.reset();
      });
    }

   private:
    std::shared_ptr<Watcher> watcher_;
    runtime::Loop& loop_;
  };

  Flow now() const { return FlowBuilder(checked_, pipeline_.status()).take(); }

  void look(const std::shared_ptr<Watcher>& watcher) {
    if (watcher->stopped) return;
    Flow flow = now();
    std::string looks = fingerprint(flow);
    if (looks != watcher->seen) {
      watcher->seen = std::move(looks);
      watcher->listener(std::move(flow));
    }
    watcher->timer = loop_.after(look_interval, [this, watcher] { look(watcher); });
  }

  const pipeline::CheckedPipeline& checked_;
  pipeline::Pipeline& pipeline_;
  runtime::Loop& loop_;
};

}  // namespace

std::shared_ptr<console::StreamsPort> make_streams_port(const pipeline::CheckedPipeline& checked,
                                                        pipeline::Pipeline& pipeline, runtime::Loop& loop) {
  return std::make_shared<PipelineStreamsPort>(checked, pipeline, loop);
}

}  // namespace streamops::app
