#include "console/dags_port.h"

#include <utility>

namespace streamops::console {

namespace {

/// Carries every call to the scheduler's loop.
class SchedulerPort final : public DagsPort {
 public:
  SchedulerPort(workflow::Scheduler& scheduler, runtime::Loop& loop) : scheduler_(scheduler), loop_(loop) {}

  void dags(Done<std::vector<workflow::DagInfo>> done) override {
    loop_.post([this, done = std::move(done)] { done(scheduler_.dags()); });
  }
  void runs(const std::string& dag_id, std::optional<std::int64_t> before, int limit,
            Done<std::vector<workflow::RunInfo>> done) override {
    loop_.post([this, dag_id, before, limit, done = std::move(done)] { scheduler_.runs(dag_id, before, limit, done); });
  }
  void task_instances(const std::string& dag_id, const std::string& run_id,
                      Done<std::vector<workflow::TaskInstanceInfo>> done) override {
    loop_.post([this, dag_id, run_id, done = std::move(done)] { scheduler_.task_instances(dag_id, run_id, done); });
  }
  void tries(const std::string& dag_id, const std::string& run_id, const std::string& task_id,
             Done<std::vector<workflow::TryInfo>> done) override {
    loop_.post([=, this] { scheduler_.tries(dag_id, run_id, task_id, done); });
  }
  void log(const std::string& dag_id, const std::string& run_id, const std::string& task_id, int try_number,
           std::int64_t offset, int limit, Done<std::vector<workflow::LogLine>> done) override {
    loop_.post([=, this] { scheduler_.log(dag_id, run_id, task_id, try_number, offset, limit, done); });
  }
  void trigger(workflow::TriggerRequest request, Done<workflow::RunInfo> done) override {
    loop_.post([this, request = std::move(request), done = std::move(done)] { scheduler_.trigger(request, done); });
  }
  void set_paused(const std::string& dag_id, bool paused, Done<void> done) override {
    loop_.post([this, dag_id, paused, done = std::move(done)] { scheduler_.set_paused(dag_id, paused, done); });
  }
  void clear(workflow::ClearRequest request, Done<void> done) override {
    loop_.post([this, request = std::move(request), done = std::move(done)] { scheduler_.clear(request, done); });
  }
  void mark_run(const std::string& dag_id, const std::string& run_id, workflow::RunState state,
                Done<void> done) override {
    loop_.post(
        [this, dag_id, run_id, state, done = std::move(done)] { scheduler_.mark_run(dag_id, run_id, state, done); });
  }
  SubscriptionPtr watch(std::function<void(workflow::Change)> listener) override;

 private:
  workflow::Scheduler& scheduler_;
  runtime::Loop& loop_;
};

/// Holds the scheduler's own subscription, which is made and ended on the scheduler's loop.
class Watch final : public Subscription {
 public:
  using Held = std::shared_ptr<std::unique_ptr<workflow::Subscription>>;
  Watch(runtime::Loop& loop, Held held) : loop_(loop), held_(std::move(held)) {}
  ~Watch() override {
    loop_.post([held = held_] { held->reset(); });
  }

 private:
  runtime::Loop& loop_;
  Held held_;
};

SubscriptionPtr SchedulerPort::watch(std::function<void(workflow::Change)> listener) {
  auto held = std::make_shared<std::unique_ptr<workflow::Subscription>>();
  loop_.post([this, held, listener = std::move(listener)] { *held = scheduler_.subscribe(listener); });
  return std::make_unique<Watch>(loop_, held);
}

}  // namespace

std::shared_ptr<DagsPort> make_dags_port(workflow::Scheduler& scheduler, runtime::Loop& loop) {
  return std::make_shared<SchedulerPort>(scheduler, loop);
}

}  // namespace streamops::console
