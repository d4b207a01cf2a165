// DAGs and their timers: what is known, when the next run is due, what happens at start and stop.
#include <algorithm>
#include <utility>

#include "errors/workflow.h"
#include "workflow/impl/scheduler_impl.h"

namespace streamops::workflow {

namespace {

// A longer wait is slept in parts, so that a changed clock or a machine that was suspended is noticed.
constexpr Microseconds longest_sleep = std::chrono::hours{1};
constexpr Microseconds stop_grace = Seconds{1};
constexpr Microseconds continuous_gap = Seconds{1};  // between starts of @continuous runs

}  // namespace

std::optional<TriggerPolicy> parse_trigger_policy(std::string_view text) {
  if (text == "first") return TriggerPolicy::first;
  if (text == "always") return TriggerPolicy::always;
  if (text == "never") return TriggerPolicy::never;
  return std::nullopt;
}

Result<std::unique_ptr<Scheduler>> Scheduler::open(runtime::Loop& loop, runtime::Pool& pool, const std::string& path,
                                                   SchedulerOptions options) {
  STREAMOPS_ASSIGN(std::unique_ptr<StateStore> store, StateStore::open(path));
  STREAMOPS_ASSIGN(Recovered recovered, store->recover());
  return std::unique_ptr<Scheduler>(
      new SchedulerImpl(loop, pool, std::shared_ptr<StateStore>(std::move(store)), std::move(recovered), options));
}

SchedulerImpl::SchedulerImpl(runtime::Loop& loop, runtime::Pool& pool, std::shared_ptr<StateStore> store,
                             Recovered recovered, SchedulerOptions options)
    : loop_(loop),
      options_(options),
      recovered_(std::move(recovered)),
      last_number_(recovered_.last_number),
      journal_(loop, pool, std::move(store)) {}

SchedulerImpl::~SchedulerImpl() = default;

Dag* SchedulerImpl::find_dag(const std::string& dag_id) {
  const auto found = dags_.find(dag_id);
  return found == dags_.end() ? nullptr : &found->second;
}

Result<Dag*> SchedulerImpl::dag_named(const std::string& dag_id) {
  if (stopping_) return Error(errors::workflow::stopping, "the scheduler is stopping");
  Dag* dag = find_dag(dag_id);
  if (dag == nullptr) return Error(errors::workflow::not_found, "there is no DAG `{}`", dag_id);
  return dag;
}

Result<void> SchedulerImpl::add_dag(DagSpec spec, TriggerPolicy policy) {
  STREAMOPS_CHECK(!started_, "DAGs are added before start()");
  STREAMOPS_RETURN_IF_ERROR(check_dag(spec));
  const std::string id = spec.id;
  const auto [entry, is_new] = dags_.try_emplace(id, make_dag(std::move(spec), policy));
  if (!is_new) return Error(errors::workflow::bad_id, "there are two DAGs called `{}`", id);
  Dag& dag = entry->second;
  const std::vector<DagRow>& rows = recovered_.dags;
  const auto row = std::find_if(rows.begin(), rows.end(), [&](const DagRow& known) { return known.dag_id == id; });
  dag.row = row != rows.end() ? *row : DagRow{id, false, now(), std::nullopt};
  if (row == rows.end()) save_dag(dag);
  const std::vector<std::string>& ran = recovered_.dags_with_runs;
  dag.ever_ran = std::find(ran.begin(), ran.end(), id) != ran.end();
  return Ok();
}

void SchedulerImpl::start() {
  started_ = true;
  for (Recovered::Run& run : recovered_.under_way) {
    Dag* dag = find_dag(run.info.dag_id);
    if (dag == nullptr) continue;  // its DAG is not in the file any more: it stays as it is
    const std::int64_t number = run.info.number;
    dag->active.emplace(number, restore(*dag, std::move(run)));
  }
  recovered_ = {};
  for (auto& [id, dag] : dags_) {
    resume(dag);
    trigger_at_start(dag);
    start_queued(dag);
    arm(dag);
  }
}

/// Goes on with the runs that were under way when the process ended.
void SchedulerImpl::resume(Dag& dag) {
  std::vector<std::int64_t> numbers;
  for (const auto& [number, run] : dag.active) {
    if (run.info.state == RunState::running) numbers.push_back(number);
  }
  for (std::int64_t number : numbers) advance(dag, dag.active.at(number));
}

void SchedulerImpl::trigger_at_start(Dag& dag) {
  const bool wanted = dag.policy == TriggerPolicy::always || (dag.policy == TriggerPolicy::first && !dag.ever_ran);
  if (!wanted) return;
  if (dag.row.paused) {
    dag.row.paused = false;
    save_dag(dag);
  }
  NewRun run;
  run.logical_date = now();
  run.triggered_by = "start";
  create_run(dag, std::move(run), [](const Result<RunInfo>&) {});
}

void SchedulerImpl::stop(runtime::Callback done) {
  stopping_ = true;
  for (auto& [id, dag] : dags_) {
    dag.timer.reset();
    for (auto& [number, run] : dag.active) {
      for (Instance& instance : run.instances) {
        instance.timer.reset();
        if (instance.handle) instance.handle->cancel();
      }
    }
  }
  stop_done_ = std::move(done);
  stop_timer_ = loop_.after(stop_grace, [this] { end_stop(); });
  if (bodies_ == 0) end_stop();
}

/// Every body has ended, or had its time.
void SchedulerImpl::end_stop() {
  stop_timer_.reset();
  if (stop_done_) journal_.after(std::exchange(stop_done_, nullptr));
}

/// When the next scheduled run is due, whether or not there is room for it.
std::optional<WallTime> SchedulerImpl::next_run(const Dag& dag) const {
  if (dag.row.paused) return std::nullopt;
  const Schedule& schedule = dag.spec.schedule;
  if (schedule.kind() == Schedule::Kind::continuous) {
    if (!dag.active.empty()) return std::nullopt;
    return dag.row.last_scheduled ? std::max(now(), *dag.row.last_scheduled + continuous_gap) : now();
  }
  const WallTime earliest = dag.spec.start_date.value_or(dag.row.first_seen);
  return schedule.next_run(dag.row.last_scheduled, earliest, dag.spec.catchup, now());
}

/// Sets the DAG's timer. While as many runs are under way as may be, no scheduled run is made: the end of one arms
/// again.
void SchedulerImpl::arm(Dag& dag) {
  dag.timer.reset();
  if (stopping_ || !started_ || dag.active.size() >= static_cast<std::size_t>(dag.spec.max_active_runs)) return;
  const std::optional<WallTime> due = next_run(dag);
  if (!due) return;
  const Microseconds wait = std::clamp(*due - now(), Microseconds{0}, longest_sleep);
  dag.timer = loop_.after(wait, [this, &dag] { on_timer(dag); });
}

void SchedulerImpl::on_timer(Dag& dag) {
  const std::optional<WallTime> due = next_run(dag);
  if (!due || *due > now()) {
    arm(dag);
    return;
  }
  dag.row.last_scheduled = *due;
  save_dag(dag);
  NewRun run;
  run.type = RunType::scheduled;
  run.logical_date = *due;
  run.date_was_given = true;
  run.triggered_by = "schedule";
  create_run(dag, std::move(run), [this, &dag](const Result<RunInfo>& made) {
    if (!made) arm(dag);  // someone has triggered this very date by hand
  });
}

void SchedulerImpl::save_dag(Dag& dag) {
  journal_.write(dag.row);
  publish_later(describe(dag, next_run(dag)));
}

void SchedulerImpl::publish_later(Change change) {
  journal_.after([this, change = std::move(change)] { publish(change); });
}

void SchedulerImpl::publish(const Change& change) {
  const auto listeners = listeners_;  // one of them may end its subscription while it is told
  for (const std::shared_ptr<Listener>& listener : listeners) (*listener)(change);
}

/// Takes its listener off the list.
class SchedulerImpl::ListenerEnd final : public Subscription {
 public:
  ListenerEnd(SchedulerImpl& scheduler, std::shared_ptr<Listener> listener)
      : scheduler_(scheduler), alive_(scheduler.alive_), listener_(std::move(listener)) {}
  ~ListenerEnd() override {
    if (!alive_.expired()) std::erase(scheduler_.listeners_, listener_);
  }

 private:
  SchedulerImpl& scheduler_;
  std::weak_ptr<int> alive_;
  std::shared_ptr<Listener> listener_;
};

std::unique_ptr<Subscription> SchedulerImpl::subscribe(std::function<void(const Change&)> listener) {
  listeners_.push_back(std::make_shared<Listener>(std::move(listener)));
  return std::make_unique<ListenerEnd>(*this, listeners_.back());
}

}  // namespace streamops::workflow
