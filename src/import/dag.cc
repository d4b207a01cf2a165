#include "import/dag.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "base/text.h"
#include "import/http_source.h"
#include "import/sql_text.h"
#include "pipeline/infer.h"
#include "workflow/schedule.h"

namespace streamops::importer {

namespace {

/// The roots of all paths in a value.
void roots_of(const Value& value, std::set<std::string>& roots, int depth, int& parts) {
  if (depth > 20 || --parts < 0) return;
  if (value.is(ValueKind::path)) roots.insert(value.text);
  for (const ValuePtr& item : value.items) roots_of(*item, roots, depth + 1, parts);
  if (value.is(ValueKind::object)) return;
  for (const auto& [name, item] : value.entries) roots_of(*item, roots, depth + 1, parts);
}

std::optional<double> seconds_of(const ValuePtr& value) {
  if (!value) return std::nullopt;
  if (value->is_object("timedelta")) return value->find("seconds")->as_number();
  return value->as_number();
}

class TaskDrafts {
 public:
  TaskDrafts(const Facts& facts, const TopicTypes& types, PipelineDraft& draft)
      : facts_(facts), types_(types), draft_(draft) {}

  void run() {
    choose_dag();
    std::set<Where> taken;
    for (const SendFact& send : facts_.sends) {
      // The same line may be reached by the DAG and by the script itself.
      if (taken.contains(send.where) && !differs(send)) continue;
      taken.insert(send.where);
      task(send);
    }
    if (dag_ != nullptr) dag_tasks();
    if (dag_ == nullptr) name_without_dag();
    for (TaskDraft& each : draft_.tasks) order(each);
  }

 private:
  bool differs(const SendFact& send) const {
    return std::none_of(facts_.sends.begin(), facts_.sends.end(), [&](const SendFact& other) {
      return &other < &send && other.where == send.where && poll_of(other) != nullptr && poll_of(send) != nullptr &&
             url_of(*poll_of(other)) == url_of(*poll_of(send));
    });
  }
  static std::string url_of(const PollFact& poll) {
    return setting_text(poll.url.get()).value_or("") + setting_text(poll.params.get()).value_or("");
  }

  // --- the DAG -----------------------------------------------------------------------------------------------------

  void choose_dag() {
    for (const DagFact& dag : facts_.dags) {
      if (dag.id.empty()) continue;
      if (dag_ != nullptr) {
        if (dag.id != dag_->id)
          draft_.leave(fmt::format("the DAG {}", dag.id), "a pipeline file holds one DAG: import its script alone",
                       dag.where);
        continue;
      }
      dag_ = &dag;
    }
    if (dag_ == nullptr) return;
    draft_.name = to_name(dag_->id);
    draft_.description = dag_->description;
    draft_.took(fmt::format("DAG {} as the pipeline's name", dag_->id), dag_->where);
    schedule();
    zone();
  }

  void schedule() {
    if (!dag_->schedule) {
      draft_.leave(
          "the schedule",
          "the DAG names none (Airflow 2 takes a day, Airflow 3 none): give the file a `schedule`, or run it by hand",
          dag_->where);
      return;
    }
    const Value& value = *dag_->schedule;
    if (value.is(ValueKind::none)) {
      draft_.took("no schedule: runs are started by hand", dag_->where);
      return;
    }
    if (value.is_object("timedelta")) {
      interval(value.find("seconds")->as_number().value_or(0));
      return;
    }
    const std::string text = setting_text(&value).value_or("");
    if (text.empty() || !workflow::Schedule::parse(text)) {
      draft_.leave(fmt::format("the schedule {}", text), "write a preset or a cron expression as `schedule`",
                   dag_->where);
      return;
    }
    draft_.schedule = text;
    draft_.took(fmt::format("schedule {}", text), dag_->where);
  }

  void interval(double seconds) {
    const int minutes = static_cast<int>(seconds / 60);
    std::string cron;
    if (seconds == 60) cron = "* * * * *";
    if (minutes > 1 && minutes < 60 && 60 % minutes == 0) cron = fmt::format("*/{} * * * *", minutes);
    if (minutes >= 60 && minutes < 24 * 60 && minutes % 60 == 0 && 24 % (minutes / 60) == 0)
      cron = minutes == 60 ? "@hourly" : fmt::format("0 */{} * * *", minutes / 60);
    if (minutes == 24 * 60) cron = "@daily";
    if (minutes == 7 * 24 * 60) cron = "@weekly";
    if (cron.empty()) {
      draft_.leave(fmt::format("the schedule every {}", to_duration(seconds)),
                   "no cron expression says it: write the nearest one as `schedule`", dag_->where);
      return;
    }
    draft_.schedule = cron;
    draft_.took(fmt::format("schedule {} (every {}, counted from the full hour instead of start_date)", cron,
                            to_duration(seconds)),
                dag_->where);
  }

  void zone() {
    const ValuePtr date = dag_->start_date;
    const ValuePtr zone = date ? date->find("tz") : nullptr;
    if (!zone || !zone->is(ValueKind::text) || zone->text == "UTC") return;
    if (!workflow::Schedule::parse("@daily", zone->text)) return;
    draft_.time_zone = zone->text;
    draft_.took(fmt::format("time zone {}", zone->text), date->where);
  }

  /// Tasks of the DAG that neither poll nor send, and how often those that do are tried again.
  void dag_tasks() {
    for (const TaskFact& fact : facts_.tasks) {
      const bool used = std::any_of(draft_.tasks.begin(), draft_.tasks.end(),
                                    [&](const TaskDraft& task) { return task.source_task == fact.id; });
      if (used || fact.operator_name == "EmptyOperator" || fact.operator_name == "DummyOperator") continue;
      const std::string command = to_lower(setting_text(fact.command.get()).value_or(""));
      if (fact.operator_name == "SparkSubmitOperator" || command.find("spark-submit") != std::string::npos) {
        draft_.leave(fmt::format("task {} ({})", fact.id, fact.operator_name),
                     "not needed: streams run all the time, nothing submits them", fact.where);
      } else if (!draft_.tasks.empty() && (fact.hands_on || merged_.contains(fact.id))) {
        draft_.took(fmt::format("task {} as a part of {}", fact.id, draft_.tasks[0].name), fact.where);
      } else {
        draft_.leave(fmt::format("task {} ({})", fact.id, fact.operator_name),
                     "it neither polls an API nor writes into a topic: keep it where it runs now", fact.where);
      }
    }
  }

  void name_without_dag() {
    if (draft_.tasks.empty()) return;
    const TaskDraft& first = draft_.tasks[0];
    draft_.took("no DAG: the script runs all the time, which is schedule @continuous here", first.where);
    draft_.schedule = "@continuous";
  }

  void order(TaskDraft& task) const {
    for (const auto& [before, after] : facts_.order) {
      if (after != task.source_task) continue;
      for (const TaskDraft& other : draft_.tasks) {
        if (other.source_task == before && other.name != task.name) task.after.push_back(other.name);
      }
    }
  }

  // --- a task --------------------------------------------------------------------------------------------------------

  const PollFact* poll_of(const SendFact& send) const {
    std::set<std::string> roots;
    int parts = 5000;
    if (send.value) roots_of(*send.value, roots, 0, parts);
    for (const PollFact& poll : facts_.polls) {
      if (roots.contains(poll.root)) return &poll;
    }
    return nullptr;
  }

  bool can_be_task(const SendFact& send, const std::string& topic) {
    const std::string what = fmt::format("what goes to the topic {}", topic.empty() ? "of this line" : topic);
    if (topic.empty()) {
      draft_.leave(what, "its name is known only when the script runs: write a task with the name", send.where);
      return false;
    }
    std::set<std::string> roots;
    int parts = 5000;
    if (send.value) roots_of(*send.value, roots, 0, parts);
    if (roots.empty()) {
      draft_.leave(what, "the records do not come from an API that the script polls; tasks here poll one", send.where);
      return false;
    }
    if (roots.contains("record")) {
      draft_.leave(what, "records go from one topic into another; streams here write tables", send.where);
      return false;
    }
    if (roots.size() > 1) {
      draft_.leave(what,
                   fmt::format("a record is put together of {} answers; a task here has one source", roots.size()),
                   send.where);
      return false;
    }
    return true;
  }

  void task(const SendFact& send) {
    const std::string topic = setting_text(send.topic.get()).value_or("");
    if (!can_be_task(send, topic)) return;
    const PollFact& poll = *poll_of(send);
    TaskDraft task;
    task.where = send.where;
    task.topic = topic;
    task.source_task = send.task.empty() ? poll.task : send.task;
    if (!poll.task.empty() && poll.task != task.source_task) merged_.insert(poll.task);
    task.name = unique_name(to_name(task.source_task.empty() ? fmt::format("fetch_{}", topic) : task.source_task));
    if (!draft_http_source(facts_, poll, task, draft_) || !select(send, task)) return;
    retries(task);
    draft_.took(fmt::format("task {}: {} into the topic {}", task.name, task.url, topic), send.where);
    draft_.tasks.push_back(std::move(task));
  }

  std::string unique_name(std::string name) const {
    const std::string base = name;
    const auto taken = [&] {
      return std::any_of(draft_.tasks.begin(), draft_.tasks.end(),
                         [&](const TaskDraft& each) { return each.name == name; });
    };
    for (int n = 2; taken(); ++n) name = fmt::format("{}_{}", base, n);
    return name;
  }

  void retries(TaskDraft& task) {
    ValuePtr count;
    ValuePtr delay;
    Where where = task.where;
    if (dag_ != nullptr && dag_->default_args) {
      count = dag_->default_args->find("retries");
      delay = dag_->default_args->find("retry_delay");
      where = dag_->where;
    }
    for (const TaskFact& fact : facts_.tasks) {
      if (fact.id != task.source_task) continue;
      if (fact.retries) count = fact.retries;
      if (fact.retry_delay) delay = fact.retry_delay;
      where = fact.where;
    }
    const std::optional<double> times = seconds_of(count);
    if (!times || *times < 1 || *times > 1000) return;
    task.retries = static_cast<int>(*times);
    task.retry_delay = seconds_of(delay);
    draft_.took(
        fmt::format("retries: {}{}", *task.retries, task.retry_delay ? " after " + to_duration(*task.retry_delay) : ""),
        where);
  }

  // --- its SELECT
  // ------------------------------------------------------------------------------------------------------

  bool select(const SendFact& send, TaskDraft& task) {
    const Value* value = send.value.get();
    if (value->is_operation("json text")) value = value->items[0].get();
    const auto types = types_.find(task.topic);
    if (value->is(ValueKind::path)) return whole(*value, types, send, task);
    if (!value->is(ValueKind::dict)) {
      draft_.leave(fmt::format("what goes to the topic {}", task.topic),
                   "its values are not JSON objects; `format` takes json and avro", send.where);
      return false;
    }
    SqlWriter writer;
    for (const auto& [name, item] : value->entries) {
      if (types == types_.end() || !item->is(ValueKind::path)) continue;
      for (const auto& [field, type] : types->second) {
        if (field == name) writer.expect(*item, type);
      }
    }
    // Twice: what an expression says about a field's type counts for those before it.
    std::vector<std::string> lines;
    for (int pass = 0; pass < 2; ++pass) {
      lines.clear();
      for (const auto& [name, item] : value->entries) {
        const Result<std::string> sql = writer.expression(*item);
        if (sql) {
          const bool same =
              item->is(ValueKind::path) && (*sql == sql_name(name) || sql->ends_with("." + sql_name(name)));
          lines.push_back(same ? *sql : *sql + " AS " + sql_name(name));
        } else if (pass == 0) {
          const std::string advice = fmt::format("no SQL says it: {}", sql.error().message());
          draft_.leave(fmt::format("the field {} of the topic {}", name, task.topic), advice, send.where);
          task.comments.push_back(fmt::format("Left out: {}, as {} is no SQL.", name, sql.error().message()));
        }
      }
    }
    if (lines.empty()) return false;
    return finish(writer, lines, send, value, task);
  }

  bool finish(SqlWriter& writer, const std::vector<std::string>& lines, const SendFact& send, const Value* value,
              TaskDraft& task) {
    const Result<std::vector<std::string>> views = writer.views();
    if (!views || writer.schema().members.empty()) {
      draft_.leave(fmt::format("what goes to the topic {}", task.topic), "nothing of the API's answer is in it",
                   send.where);
      return false;
    }
    for (std::size_t i = 0; i < lines.size(); ++i)
      task.select += (i == 0 ? "SELECT " : "       ") + lines[i] + (i + 1 < lines.size() ? ",\n" : "\n");
    task.select += "FROM source";
    for (const std::string& view : *views) task.select += (views->size() > 1 ? "\n  " : " ") + view;
    const data::TypePtr type = writer.schema().to_type();
    task.schema = pipeline::to_schema_text(data::Schema(type->fields()));
    task.schema_comment =
        "What the script reads of the answer. It says no types: STRING takes all. `streamops check --infer` asks the "
        "API.";
    if (value != nullptr) key(send, *value, writer, task);
    return true;
  }

  /// A record's key must be one of its columns.
  void key(const SendFact& send, const Value& value, SqlWriter& writer, TaskDraft& task) {
    if (!send.key || send.key->is(ValueKind::none)) return;
    const Result<std::string> wanted = writer.expression(*send.key);
    for (const auto& [name, item] : value.entries) {
      const Result<std::string> sql = writer.expression(*item);
      if (item != send.key && (!wanted || !sql || *sql != *wanted)) continue;
      task.key = name;
      draft_.took(fmt::format("key {}", name), send.where);
      return;
    }
    draft_.leave("the records' key", "it is none of the columns: add it to the SELECT and name it in `key`",
                 send.where);
  }

  /// The answer, or an object in it, as it is: the readers of the topic say which fields that are.
  bool whole(const Value& value, TopicTypes::const_iterator types, const SendFact& send, TaskDraft& task) {
    if (types == types_.end()) {
      draft_.leave(fmt::format("task {}: {} into the topic {}", task.name, task.url, task.topic),
                   "the script sends the answer as it is and says nowhere what is in it: write the task with a "
                   "`schema` (check --infer asks the API)",
                   send.where);
      return false;
    }
    SqlWriter writer;
    std::vector<std::string> lines;
    for (const auto& [name, type] : types->second) {
      const ValuePtr member = step_into(value, {Step::Kind::member, name, 0});
      writer.expect(*member, type);
      const Result<std::string> sql = writer.expression(*member);
      if (sql) lines.push_back(*sql);
    }
    return finish(writer, lines, send, nullptr, task);
  }

  const Facts& facts_;
  const TopicTypes& types_;
  PipelineDraft& draft_;
  const DagFact* dag_ = nullptr;
  std::set<std::string> merged_;  // tasks that are a part of another one here
};

}  // namespace

void draft_tasks(const Facts& facts, const TopicTypes& types, PipelineDraft& draft) {
  TaskDrafts(facts, types, draft).run();
}

std::string to_name(const std::string& text) {
  std::string name;
  for (const char c : text) {
    const bool fits = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
    name += fits ? c : '_';
  }
  while (name.starts_with('_')) name.erase(0, 1);
  if (name.empty() || (name[0] >= '0' && name[0] <= '9')) name = "p" + name;
  return name.substr(0, 60);
}

std::string to_duration(double seconds) {
  const auto millis = std::llround(std::clamp(seconds, 0.001, 1e9) * 1000);
  std::string out;
  std::int64_t rest = millis;
  constexpr std::pair<std::int64_t, const char*> units[] = {
      {86'400'000, "d"}, {3'600'000, "h"}, {60'000, "m"}, {1000, "s"}, {1, "ms"}};
  for (const auto& [worth, unit] : units) {
    if (rest / worth == 0) continue;
    out += fmt::format("{}{}", rest / worth, unit);
    rest %= worth;
  }
  return out;
}

}  // namespace streamops::importer
