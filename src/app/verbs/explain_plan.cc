#include "app/verbs/explain_plan.h"

#include "app/choose_step.h"
#include "app/pipeline_text.h"
#include "base/json_writer.h"
#include "pipeline/plan_text.h"

namespace streamops::app {
namespace {

void write_names(JsonWriter& json, std::string_view key, const std::vector<std::string>& names) {
  json.key(key).begin_array();
  for (const std::string& name : names) json.string(name);
  json.end_array();
}

std::string to_json(const std::vector<pipeline::StepPlan>& plans) {
  JsonWriter json;
  json.begin_array();
  for (const pipeline::StepPlan& plan : plans) {
    json.begin_object().field("step", plan.step).field("kind", plan.is_stream ? "stream" : "task");
    json.field("engine", plan.on_spark ? "spark" : "streamops");
    write_names(json, "columns_read", plan.read);
    write_names(json, "columns_skipped", plan.skipped);
    json.field("keeps_state", plan.keeps_state).field("state_ends", plan.state_ends).key("plan").begin_array();
    for (const pipeline::PlanLine& line : plan.lines) {
      json.begin_object().field("part", line.part).field("text", line.text).end_object();
    }
    json.end_array().end_object();
  }
  json.end_array();
  return std::move(json).text();
}

void print(const pipeline::StepPlan& plan, Terminal& terminal) {
  terminal.print(terminal.bold(fmt::format("{} {}", plan.is_stream ? "stream" : "task", plan.step)) +
                 (plan.on_spark ? " (on Spark)" : ""));
  for (const pipeline::PlanLine& line : plan.lines) terminal.print(fmt::format("  {:13} {}", line.part, line.text));
}

Result<std::vector<pipeline::StepPlan>> plans_of(const pipeline::CheckedPipeline& checked, const std::string& wanted) {
  std::vector<pipeline::StepPlan> plans;
  if (!wanted.empty()) {
    STREAMOPS_ASSIGN(const pipeline::CheckedStep* step, choose_step(checked, wanted));
    plans.push_back(pipeline::plan_of(checked, *step));
    return plans;
  }
  for (const pipeline::CheckedStep& task : checked.tasks) plans.push_back(pipeline::plan_of(checked, task));
  for (const pipeline::CheckedStep& stream : checked.streams) plans.push_back(pipeline::plan_of(checked, stream));
  return plans;
}

}  // namespace

ExitCode explain_plan(const Arguments& arguments, Terminal& terminal) {
  ExitCode code = ExitCode::success;
  const pipeline::CheckedPipelinePtr checked = load_pipeline(arguments, terminal, code);
  if (!checked) return code;
  const Result<std::vector<pipeline::StepPlan>> plans = plans_of(*checked, arguments.text("--stream"));
  if (!plans) {
    terminal.fail(plans.error());
    return exit_code_for(plans.error());
  }
  if (arguments.has("--json")) {
    terminal.print(to_json(*plans));
    return ExitCode::success;
  }
  for (const pipeline::StepPlan& plan : *plans) print(plan, terminal);
  return ExitCode::success;
}

}  // namespace streamops::app
