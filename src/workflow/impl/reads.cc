// What others may read: from memory the DAGs, from disk the rest, so that an answer never shows what is not yet safe.
#include <algorithm>
#include <utility>

#include "errors/workflow.h"
#include "workflow/impl/scheduler_impl.h"

namespace streamops::workflow {

namespace {

constexpr int most_rows = 10'000;

}  // namespace

std::vector<DagInfo> SchedulerImpl::dags() const {
  std::vector<DagInfo> out;
  out.reserve(dags_.size());
  for (const auto& [id, dag] : dags_) out.push_back(describe(dag, next_run(dag)));
  return out;
}

void SchedulerImpl::runs(const std::string& dag_id, std::optional<std::int64_t> before, int limit,
                         Done<std::vector<RunInfo>> done) {
  if (find_dag(dag_id) == nullptr) {
    done(Error(errors::workflow::not_found, "there is no DAG `{}`", dag_id));
    return;
  }
  journal_.read([dag_id, before, limit = std::clamp(limit, 1, most_rows)](
                    StateStore& store) { return store.runs(dag_id, before, limit); },
                std::move(done));
}

void SchedulerImpl::run(const std::string& dag_id, const std::string& run_id, Done<RunInfo> done) {
  journal_.read([dag_id, run_id](StateStore& store) { return store.run(dag_id, run_id); },
                [done = std::move(done)](const Result<Recovered::Run>& run) {
                  done(run ? Result<RunInfo>(run->info) : Result<RunInfo>(run.error()));
                });
}

void SchedulerImpl::task_instances(const std::string& dag_id, const std::string& run_id,
                                   Done<std::vector<TaskInstanceInfo>> done) {
  journal_.read(
      [dag_id, run_id](StateStore& store) { return store.run(dag_id, run_id); },
      [this, dag_id, done = std::move(done)](const Result<Recovered::Run>& run) {
        if (!run) {
          done(run.error());
          return;
        }
        std::vector<TaskInstanceInfo> out;
        for (const Recovered::Task& task : run->tasks) out.push_back(task.info);
        const Dag* dag = find_dag(dag_id);
        const auto place = [dag](const TaskInstanceInfo& info) -> std::size_t {
          if (dag == nullptr) return 0;
          const auto& tasks = dag->spec.tasks;
          const auto at =
              std::find_if(tasks.begin(), tasks.end(), [&](const TaskSpec& task) { return task.id == info.task_id; });
          return static_cast<std::size_t>(at - tasks.begin());
        };
        std::stable_sort(out.begin(), out.end(), [&](const auto& a, const auto& b) { return place(a) < place(b); });
        done(std::move(out));
      });
}

void SchedulerImpl::tries(const std::string& dag_id, const std::string& run_id, const std::string& task_id,
                          Done<std::vector<TryInfo>> done) {
  const auto look = [dag_id, run_id, task_id](StateStore& store) -> Result<std::vector<TryInfo>> {
    STREAMOPS_ASSIGN(const Recovered::Run run, store.run(dag_id, run_id));
    return store.tries(run.info.number, task_id);
  };
  journal_.read(look, std::move(done));
}

void SchedulerImpl::log(const std::string& dag_id, const std::string& run_id, const std::string& task_id,
                        int try_number, std::int64_t offset, int limit, Done<std::vector<LogLine>> done) {
  const auto look = [=, limit = std::clamp(limit, 1, most_rows)](StateStore& store) -> Result<std::vector<LogLine>> {
    STREAMOPS_ASSIGN(const Recovered::Run run, store.run(dag_id, run_id));
    return store.log(run.info.number, task_id, try_number, offset, limit);
  };
  journal_.read(look, std::move(done));
}

}  // namespace streamops::workflow
