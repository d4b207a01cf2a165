#include "console/airflow/shapes.h"

#include "base/uuid.h"

namespace streamops::console::airflow {
namespace {

constexpr double microseconds_in_second = 1e6;

void time_field(JsonWriter& json, std::string_view name, const std::optional<WallTime>& time) {
  json.key(name);
  time ? json.string(to_iso8601(*time)) : json.null();
}

void null_fields(JsonWriter& json, std::initializer_list<std::string_view> names) {
  for (const std::string_view name : names) json.key(name).null();
}

void text_or_null(JsonWriter& json, std::string_view name, std::string_view text) {
  json.key(name);
  text.empty() ? json.null() : json.string(text);
}

/// Seconds from start to end; null while it lasts.
void duration_field(JsonWriter& json, const std::optional<WallTime>& start, const std::optional<WallTime>& end) {
  json.key("duration");
  if (start && end) {
    json.number(static_cast<double>((*end - *start).count()) / microseconds_in_second);
  } else {
    json.null();
  }
}

/// The same id for the same task of the same run, whenever it is asked for.
Uuid id_of(const workflow::TaskInstanceInfo& task) {
  std::uint64_t words[2] = {14695981039346656037ULL, 1099511628211ULL};
  for (std::uint64_t& word : words) {
    for (const char c : task.dag_id + "\n" + task.run_id + "\n" + task.task_id) {
      word = (word ^ static_cast<unsigned char>(c)) * 1099511628211ULL;
    }
  }
  return make_uuid(words[0], words[1], 5);
}

void write_dag_of_v1(JsonWriter& json, const workflow::DagInfo& dag) {
  json.field("is_active", true).field("is_subdag", false);
  null_fields(json, {"root_dag_id", "last_pickled", "scheduler_lock", "pickle_id", "default_view"});
  json.key("schedule_interval");
  if (dag.schedule == "none") {
    json.null();
  } else {
    json.begin_object().field("__type", "CronExpression").field("value", dag.schedule).end_object();
  }
  time_field(json, "next_dagrun", dag.next_run);
  time_field(json, "next_dagrun_create_after", dag.next_run);
}

void write_dag_of_v2(JsonWriter& json, const workflow::DagInfo& dag) {
  json.field("is_stale", false).field("timetable_partitioned", false);
  json.field("timetable_periodic", dag.schedule != "none" && dag.schedule != "@once");
  null_fields(json, {"last_parse_duration", "bundle_name", "bundle_version", "relative_fileloc", "allowed_run_types"});
  text_or_null(json, "timetable_summary", dag.schedule == "none" ? "" : dag.schedule);
  json.field("is_backfillable", false);
  time_field(json, "next_dagrun_logical_date", dag.next_run);
  time_field(json, "next_dagrun_run_after", dag.next_run);
}

}  // namespace

void write_dag(JsonWriter& json, const workflow::DagInfo& dag, Line line) {
  json.begin_object().field("dag_id", dag.id).field("dag_display_name", dag.id).field("is_paused", dag.paused);
  null_fields(json, {"last_parsed_time", "last_expired"});
  json.field("fileloc", "").field("file_token", "").key("owners").begin_array().end_array();
  text_or_null(json, "description", dag.description);
  text_or_null(json, "timetable_description", dag.schedule == "none" ? "" : dag.schedule + ", " + dag.time_zone);
  json.key("tags").begin_array().end_array();
  json.field("max_active_tasks", 16).field("max_active_runs", dag.max_active_runs);
  json.field("max_consecutive_failed_dag_runs", 0).field("has_task_concurrency_limits", false);
  json.field("has_import_errors", false);
  time_field(json, "next_dagrun_data_interval_start", dag.next_run);
  time_field(json, "next_dagrun_data_interval_end", dag.next_run);
  line == Line::v1 ? write_dag_of_v1(json, dag) : write_dag_of_v2(json, dag);
  json.end_object();
}

void write_run(JsonWriter& json, const workflow::RunInfo& run, Line line) {
  const bool is_scheduled = run.type == workflow::RunType::scheduled;
  json.begin_object().field("dag_run_id", run.run_id).field("dag_id", run.dag_id);
  json.field("logical_date", to_iso8601(run.logical_date));
  time_field(json, "start_date", run.started_at);
  time_field(json, "end_date", run.ended_at);
  json.field("data_interval_start", to_iso8601(run.logical_date));
  json.field("data_interval_end", to_iso8601(run.logical_date));
  null_fields(json, {"last_scheduling_decision", "note"});
  json.field("run_type", to_string(run.type)).field("state", to_string(run.state)).key("conf").raw(run.conf);
  if (line == Line::v1) {
    json.field("execution_date", to_iso8601(run.logical_date)).field("external_trigger", !is_scheduled).end_object();
    return;
  }
  json.field("queued_at", to_iso8601(run.queued_at)).field("run_after", to_iso8601(run.logical_date));
  duration_field(json, run.started_at, run.ended_at);
  text_or_null(json, "triggered_by", is_scheduled ? "timetable" : "");
  text_or_null(json, "triggering_user_name", is_scheduled ? "" : run.triggered_by);
  json.key("dag_versions").begin_array().end_array().field("dag_display_name", run.dag_id);
  null_fields(json, {"bundle_version", "partition_key", "partition_date"});
  json.end_object();
}

void write_task(JsonWriter& json, const workflow::TaskInfo& task, const workflow::DagInfo& dag, Line line) {
  json.begin_object().field("task_id", task.id).field("task_display_name", task.id).field("owner", "");
  null_fields(json, {"start_date", "end_date", "queue", "execution_timeout", "retry_delay", "doc_md"});
  json.field("trigger_rule", to_string(task.trigger_rule)).field("depends_on_past", false);
  json.field("wait_for_downstream", false).field("retries", task.retries).field("pool", "default_pool");
  json.field("pool_slots", 1).field("priority_weight", 1).field("weight_rule", "downstream").field("is_mapped", false);
  json.field("ui_color", "#fff").field("ui_fgcolor", "#000").field("operator_name", "StreamOps");
  json.key("retry_exponential_backoff");
  line == Line::v1 ? json.boolean(false) : json.number(0);
  json.key("template_fields").begin_array().end_array().key("extra_links").begin_array().end_array();
  json.key("params").begin_object().end_object().key("class_ref").begin_object().end_object();
  json.key("downstream_task_ids").begin_array();
  for (const workflow::TaskInfo& other : dag.tasks) {
    for (const std::string& before : other.upstream) {
      if (before == task.id) json.string(other.id);
    }
  }
  json.end_array().end_object();
}

void write_task_instance(JsonWriter& json, const workflow::TaskInstanceInfo& task, const workflow::RunInfo& run,
                         Line line) {
  json.begin_object().field("task_id", task.task_id).field("task_display_name", task.task_id);
  json.field("dag_id", task.dag_id).field("dag_run_id", task.run_id).field("map_index", -1);
  time_field(json, "start_date", task.started_at);
  time_field(json, "end_date", task.ended_at);
  duration_field(json, task.started_at, task.ended_at);
  text_or_null(json, "state", task.state == workflow::TaskState::none ? "" : to_string(task.state));
  json.field("try_number", task.try_number).field("max_tries", task.max_tries - 1);
  json.field("pool", "default_pool").field("pool_slots", 1).field("priority_weight", 1).field("operator", "StreamOps");
  json.field("hostname", "").field("unixname", "").field("executor_config", "{}");
  null_fields(json, {"queue", "queued_when", "pid", "executor", "rendered_map_index", "trigger", "triggerer_job"});
  text_or_null(json, "note", task.error.empty() ? "" : task.error_code + ": " + task.error);
  json.key("rendered_fields").begin_object().end_object();
  if (line == Line::v1) {
    json.field("execution_date", to_iso8601(run.logical_date)).key("sla_miss").null().end_object();
    return;
  }
  json.field("id", to_string(id_of(task))).field("logical_date", to_iso8601(run.logical_date));
  json.field("run_after", to_iso8601(run.logical_date)).field("dag_display_name", task.dag_id);
  json.field("operator_name", "StreamOps");
  null_fields(json, {"scheduled_when", "dag_version"});
  json.end_object();
}

}  // namespace streamops::console::airflow
