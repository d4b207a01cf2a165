#include "workflow/impl/state_store.h"

#include <array>

#include "errors/workflow.h"

namespace streamops::workflow {

namespace {

using storage::Database;
using storage::Statement;
using storage::Transaction;

constexpr std::array<std::string_view, 1> migrations = {R"sql(
CREATE TABLE dags (dag_id TEXT PRIMARY KEY, paused INTEGER NOT NULL, first_seen INTEGER NOT NULL, last_scheduled INTEGER)
  WITHOUT ROWID;
CREATE TABLE runs (number INTEGER PRIMARY KEY, dag_id TEXT NOT NULL, run_id TEXT NOT NULL, type TEXT NOT NULL,
  state TEXT NOT NULL, logical_date INTEGER NOT NULL, queued_at INTEGER NOT NULL, started_at INTEGER, ended_at INTEGER,
  conf TEXT NOT NULL, triggered_by TEXT NOT NULL, UNIQUE (dag_id, run_id), UNIQUE (dag_id, logical_date));
CREATE INDEX runs_of_dag ON runs (dag_id, number);
CREATE INDEX runs_under_way ON runs (number) WHERE state IN ('queued', 'running');
CREATE TABLE task_instances (run INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE, task_id TEXT NOT NULL, state TEXT NOT NULL,
  try_number INTEGER NOT NULL, max_tries INTEGER NOT NULL, started_at INTEGER, ended_at INTEGER, retry_at INTEGER,
  error_code TEXT NOT NULL, error TEXT NOT NULL, hint TEXT NOT NULL, PRIMARY KEY (run, task_id)) WITHOUT ROWID;
CREATE TABLE tries (run INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE, task_id TEXT NOT NULL, try_number INTEGER NOT NULL,
  state TEXT NOT NULL, started_at INTEGER NOT NULL, ended_at INTEGER, error_code TEXT NOT NULL, error TEXT NOT NULL,
  PRIMARY KEY (run, task_id, try_number)) WITHOUT ROWID;
CREATE TABLE log_lines (run INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE, task_id TEXT NOT NULL, try_number INTEGER NOT NULL,
  line INTEGER NOT NULL, at INTEGER NOT NULL, level INTEGER NOT NULL, text TEXT NOT NULL,
  PRIMARY KEY (run, task_id, try_number, line)) WITHOUT ROWID;
)sql"};

// In the order of Write's alternatives.
constexpr std::array<std::string_view, 6> write_statements = {
    "INSERT OR REPLACE INTO dags VALUES (?, ?, ?, ?)",
    "INSERT INTO runs VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (number) DO UPDATE SET "
    "state = excluded.state, started_at = excluded.started_at, ended_at = excluded.ended_at",
    "INSERT OR REPLACE INTO task_instances VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    "INSERT OR REPLACE INTO tries VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
    "INSERT OR REPLACE INTO log_lines VALUES (?, ?, ?, ?, ?, ?, ?)",
    "DELETE FROM runs WHERE dag_id = ?1 AND state IN ('success', 'failed') AND number <= "
    "(SELECT number FROM runs WHERE dag_id = ?1 ORDER BY number DESC LIMIT 1 OFFSET ?2)"};

constexpr std::string_view run_columns =
    "SELECT number, dag_id, run_id, type, state, logical_date, queued_at, started_at, ended_at, conf, triggered_by "
    "FROM runs ";

std::optional<std::int64_t> micros(const std::optional<WallTime>& time) {
  if (!time) return std::nullopt;
  return to_micros(*time);
}

std::optional<WallTime> time_at(const Statement& row, int column) {
  const std::optional<std::int64_t> value = row.optional_integer(column);
  if (!value) return std::nullopt;
  return from_micros(*value);
}

RunInfo read_run(const Statement& row) {
  RunInfo run;
  run.number = row.integer(0);
  run.dag_id = row.text(1);
  run.run_id = row.text(2);
  run.type = parse_run_type(row.text(3)).value_or(RunType::manual);
  run.state = parse_run_state(row.text(4)).value_or(RunState::failed);
  run.logical_date = from_micros(row.integer(5));
  run.queued_at = from_micros(row.integer(6));
  run.started_at = time_at(row, 7);
  run.ended_at = time_at(row, 8);
  run.conf = row.text(9);
  run.triggered_by = row.text(10);
  return run;
}

}  // namespace

Result<std::unique_ptr<StateStore>> StateStore::open(const std::string& path) {
  STREAMOPS_ASSIGN(std::unique_ptr<Database> database, Database::open(path));
  STREAMOPS_RETURN_IF_ERROR(database->migrate(migrations));
  std::unique_ptr<StateStore> store(new StateStore(std::move(database)));
  STREAMOPS_RETURN_IF_ERROR(store->prepare());
  return store;
}

Result<void> StateStore::prepare() {
  for (std::string_view sql : write_statements) {
    STREAMOPS_ASSIGN(Statement statement, database_->prepare(sql));
    upserts_.push_back(std::move(statement));
  }
  return Ok();
}

Result<void> StateStore::commit(const std::vector<Write>& writes) {
  if (writes.empty()) return Ok();
  STREAMOPS_ASSIGN(Transaction transaction, Transaction::begin(*database_));
  for (const Write& write : writes) {
    STREAMOPS_RETURN_IF_ERROR(std::visit([this](const auto& row) { return apply(row); }, write));
  }
  return transaction.commit();
}

Result<void> StateStore::apply(const DagRow& row) {
  return upserts_[0]
      .bind(1, row.dag_id)
      .bind(2, row.paused ? 1 : 0)
      .bind(3, to_micros(row.first_seen))
      .bind(4, micros(row.last_scheduled))
      .run();
}

Result<void> StateStore::apply(const RunInfo& row) {
  return upserts_[1]
      .bind(1, row.number)
      .bind(2, row.dag_id)
      .bind(3, row.run_id)
      .bind(4, to_string(row.type))
      .bind(5, to_string(row.state))
      .bind(6, to_micros(row.logical_date))
      .bind(7, to_micros(row.queued_at))
      .bind(8, micros(row.started_at))
      .bind(9, micros(row.ended_at))
      .bind(10, row.conf)
      .bind(11, row.triggered_by)
      .run();
}

Result<void> StateStore::apply(const TaskRow& row) {
  const TaskInstanceInfo& info = row.info;
  return upserts_[2]
      .bind(1, row.run)
      .bind(2, info.task_id)
      .bind(3, to_string(info.state))
      .bind(4, info.try_number)
      .bind(5, info.max_tries)
      .bind(6, micros(info.started_at))
      .bind(7, micros(info.ended_at))
      .bind(8, micros(info.retry_at))
      .bind(9, info.error_code)
      .bind(10, info.error)
      .bind(11, info.hint)
      .run();
}

Result<void> StateStore::apply(const TryRow& row) {
  return upserts_[3]
      .bind(1, row.run)
      .bind(2, row.task_id)
      .bind(3, row.info.try_number)
      .bind(4, to_string(row.info.state))
      .bind(5, to_micros(row.info.started_at))
      .bind(6, micros(row.info.ended_at))
      .bind(7, row.info.error_code)
      .bind(8, row.info.error)
      .run();
}

Result<void> StateStore::apply(const LogRow& row) {
  return upserts_[4]
      .bind(1, row.run)
      .bind(2, row.task_id)
      .bind(3, row.try_number)
      .bind(4, row.line.offset)
      .bind(5, to_micros(row.line.at))
      .bind(6, static_cast<int>(row.line.level))
      .bind(7, row.line.text)
      .run();
}

Result<void> StateStore::apply(const Prune& prune) {
  return upserts_[5].bind(1, prune.dag_id).bind(2, prune.keep).run();
}

Result<Recovered> StateStore::recover() {
  Recovered out;
  STREAMOPS_ASSIGN(Statement dags, database_->prepare("SELECT dag_id, paused, first_seen, last_scheduled FROM dags"));
  for (;;) {
    STREAMOPS_ASSIGN(const bool more, dags.step());
    if (!more) break;
    out.dags.push_back(
        {std::string(dags.text(0)), dags.integer(1) != 0, from_micros(dags.integer(2)), time_at(dags, 3)});
  }
  STREAMOPS_ASSIGN(Statement seen, database_->prepare("SELECT dag_id, max(number) FROM runs GROUP BY dag_id"));
  for (;;) {
    STREAMOPS_ASSIGN(const bool more, seen.step());
    if (!more) break;
    out.dags_with_runs.emplace_back(seen.text(0));
    out.last_number = std::max(out.last_number, seen.integer(1));
  }
  STREAMOPS_ASSIGN(Statement runs, database_->prepare(std::string(run_columns) +
                                                      "WHERE state IN ('queued', 'running') ORDER BY number"));
  for (;;) {
    STREAMOPS_ASSIGN(const bool more, runs.step());
    if (!more) break;
    out.under_way.push_back({read_run(runs), {}});
  }
  for (Recovered::Run& run : out.under_way) {
    STREAMOPS_ASSIGN(run.tasks, tasks_of(run.info));
  }
  return out;
}

Result<std::vector<Recovered::Task>> StateStore::tasks_of(const RunInfo& run) {
  STREAMOPS_ASSIGN(
      Statement rows,
      database_->prepare(
          "SELECT task_id, state, try_number, max_tries, started_at, ended_at, retry_at, error_code, error, hint,"
          " (SELECT max(line) + 1 FROM log_lines l WHERE l.run = t.run AND l.task_id = t.task_id"
          " AND l.try_number = t.try_number) FROM task_instances t WHERE run = ? ORDER BY task_id"));
  rows.bind(1, run.number);
  std::vector<Recovered::Task> out;
  for (;;) {
    STREAMOPS_ASSIGN(const bool more, rows.step());
    if (!more) return out;
    Recovered::Task& task = out.emplace_back();
    task.info.dag_id = run.dag_id;
    task.info.run_id = run.run_id;
    task.info.task_id = rows.text(0);
    task.info.state = parse_task_state(rows.text(1)).value_or(TaskState::failed);
    task.info.try_number = static_cast<int>(rows.integer(2));
    task.info.max_tries = static_cast<int>(rows.integer(3));
    task.info.started_at = time_at(rows, 4);
    task.info.ended_at = time_at(rows, 5);
    task.info.retry_at = time_at(rows, 6);
    task.info.error_code = rows.text(7);
    task.info.error = rows.text(8);
    task.info.hint = rows.text(9);
    task.log_lines = rows.integer(10);
  }
}

Result<std::vector<RunInfo>> StateStore::runs(const std::string& dag_id, std::optional<std::int64_t> before,
                                              int limit) {
  STREAMOPS_ASSIGN(Statement rows, database_->prepare(std::string(run_columns) +
                                                      "WHERE dag_id = ? AND number < ? ORDER BY number DESC LIMIT ?"));
  rows.bind(1, dag_id).bind(2, before.value_or(INT64_MAX)).bind(3, limit);
  std::vector<RunInfo> out;
  for (;;) {
    STREAMOPS_ASSIGN(const bool more, rows.step());
    if (!more) return out;
    out.push_back(read_run(rows));
  }
}

Result<Recovered::Run> StateStore::run(const std::string& dag_id, const std::string& run_id) {
  STREAMOPS_ASSIGN(Statement row, database_->prepare(std::string(run_columns) + "WHERE dag_id = ? AND run_id = ?"));
  STREAMOPS_ASSIGN(const bool found, row.bind(1, dag_id).bind(2, run_id).step());
  if (!found) return Error(errors::workflow::not_found, "DAG `{}` has no run `{}`", dag_id, run_id);
  Recovered::Run out{read_run(row), {}};
  STREAMOPS_ASSIGN(out.tasks, tasks_of(out.info));
  return out;
}

Result<std::vector<TryInfo>> StateStore::tries(std::int64_t run, const std::string& task_id) {
  STREAMOPS_ASSIGN(Statement rows,
                   database_->prepare("SELECT try_number, state, started_at, ended_at, error_code, error FROM tries "
                                      "WHERE run = ? AND task_id = ? ORDER BY try_number"));
  rows.bind(1, run).bind(2, task_id);
  std::vector<TryInfo> out;
  for (;;) {
    STREAMOPS_ASSIGN(const bool more, rows.step());
    if (!more) return out;
    out.push_back({static_cast<int>(rows.integer(0)), parse_task_state(rows.text(1)).value_or(TaskState::failed),
                   from_micros(rows.integer(2)), time_at(rows, 3), std::string(rows.text(4)),
                   std::string(rows.text(5))});
  }
}

Result<std::vector<LogLine>> StateStore::log(std::int64_t run, const std::string& task_id, int try_number,
                                             std::int64_t offset, int limit) {
  STREAMOPS_ASSIGN(Statement rows,
                   database_->prepare("SELECT line, at, level, text FROM log_lines WHERE run = ? AND task_id = ? "
                                      "AND try_number = ? AND line >= ? ORDER BY line LIMIT ?"));
  rows.bind(1, run).bind(2, task_id).bind(3, try_number).bind(4, offset).bind(5, limit);
  std::vector<LogLine> out;
  for (;;) {
    STREAMOPS_ASSIGN(const bool more, rows.step());
    if (!more) return out;
    out.push_back({rows.integer(0), from_micros(rows.integer(1)), static_cast<LogLevel>(rows.integer(2) & 3),
                   std::string(rows.text(3))});
  }
}

Result<Taken> StateStore::taken(const std::string& dag_id, const std::string& run_id, WallTime logical_date) {
  STREAMOPS_ASSIGN(Statement row,
                   database_->prepare("SELECT EXISTS (SELECT 1 FROM runs WHERE dag_id = ?1 AND run_id = ?2), "
                                      "EXISTS (SELECT 1 FROM runs WHERE dag_id = ?1 AND logical_date = ?3)"));
  row.bind(1, dag_id).bind(2, run_id).bind(3, to_micros(logical_date));
  STREAMOPS_RETURN_IF_ERROR(row.step());
  return Taken{row.integer(0) != 0, row.integer(1) != 0};
}

}  // namespace streamops::workflow
