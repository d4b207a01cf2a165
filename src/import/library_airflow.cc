// Airflow: DAGs, operators and the decorators of TaskFlow. A task's callable is walked through where the task is made.
#include <array>

#include "import/library.h"

namespace streamops::importer {

namespace {

DagFact dag_fact(Call& call, std::string id) {
  DagFact fact;
  fact.where = call.where;
  fact.id = std::move(id);
  fact.description = call.text(1, "description");
  for (const char* keyword : {"schedule", "schedule_interval", "timetable"}) {
    if (ValuePtr value = call.argument(-1, keyword)) {
      fact.schedule = value;
      fact.schedule_keyword = keyword;
    }
  }
  fact.start_date = call.argument(-1, "start_date");
  fact.catchup = call.argument(-1, "catchup");
  fact.default_args = call.argument(-1, "default_args");
  if (!fact.start_date && fact.default_args) fact.start_date = fact.default_args->find("start_date");
  return fact;
}

ValuePtr dag(Call& call) {
  const std::string id = call.text(0, "dag_id");
  call.facts().dags.push_back(dag_fact(call, id));
  ValuePtr made = object("DAG", call.where);
  made->set("id", text_value(id));
  return made;
}

TaskFact task_fact(Call& call, std::string id, std::string operator_name) {
  TaskFact fact;
  fact.where = call.where;
  fact.id = std::move(id);
  fact.operator_name = std::move(operator_name);
  fact.dag = call.interpreter.dag;
  if (const ValuePtr of = call.argument(-1, "dag"); of && of->is_object("DAG")) fact.dag = of->find("id")->text;
  if (fact.dag.empty() && !call.facts().dags.empty() && call.facts().dags.back().where.file == call.where.file)
    fact.dag = call.facts().dags.back().id;
  fact.retries = call.argument(-1, "retries");
  fact.retry_delay = call.argument(-1, "retry_delay");
  fact.command = call.argument(-1, "bash_command");
  return fact;
}

/// Walks through a task's function under the task's name.
ValuePtr run_task(Call& call, const std::string& id, const ValuePtr& function, std::vector<ValuePtr> arguments,
                  std::vector<std::pair<std::string, ValuePtr>> named) {
  const std::string before = std::exchange(call.interpreter.task, id);
  ValuePtr result = call.interpreter.call(function, std::move(arguments), std::move(named), call.where);
  call.interpreter.task = before;
  call.interpreter.results[id] = result;
  for (TaskFact& fact : call.facts().tasks) {
    if (fact.id == id && depends_on_data(*result)) fact.hands_on = true;
  }
  return result;
}

std::string last_name(const std::string& dotted) {
  return dotted.substr(dotted.rfind('.') + 1);
}

ValuePtr any_operator(Call& call) {
  const std::string id = call.text(0, "task_id");
  call.facts().tasks.push_back(task_fact(call, id, last_name(call.name)));
  ValuePtr made = object("Task", call.where);
  made->set("id", text_value(id));
  return made;
}

ValuePtr python_operator(Call& call) {
  ValuePtr made = any_operator(call);
  const ValuePtr function = call.argument(-1, "python_callable");
  std::vector<std::pair<std::string, ValuePtr>> named;
  std::vector<ValuePtr> arguments;
  if (const ValuePtr given = call.argument(-1, "op_kwargs")) named = given->entries;
  if (const ValuePtr given = call.argument(-1, "op_args")) arguments = given->items;
  if (function) run_task(call, made->find("id")->text, function, arguments, named);
  return made;
}

/// `@dag`, `@dag(...)`, `@task`, `@task(...)`: a bare one gets the function at once.
ValuePtr decorate(Call& call, const char* kind) {
  ValuePtr made = object("decorator", call.where);
  made->set("kind", text_value(kind));
  for (const auto& [name, value] : call.named) made->set(name, value);
  if (!call.arguments.empty() && call.arguments[0]->is(ValueKind::text)) made->set("dag_id", call.arguments[0]);
  if (call.arguments.empty() || !call.arguments[0]->is(ValueKind::function)) return made;
  Call apply{call.interpreter, call.where, "decorator", made, call.arguments, {}};
  return find_entry("decorator.()")->function(apply);
}

/// A decorator gets its function.
ValuePtr apply_decorator(Call& call) {
  if (call.arguments.empty()) return unknown("a decorator");
  const ValuePtr function = call.arguments[0];
  ValuePtr made = object("TaskFunction", function->where);
  made->entries = call.self->entries;
  made->set("function", function);
  const bool is_dag = call.self->find("kind")->text == "dag";
  const ValuePtr name = call.self->find(is_dag ? "dag_id" : "task_id");
  made->set("id", name && name->is(ValueKind::text) ? name : text_value(function->text));
  if (!is_dag) return made;
  Call of{call.interpreter, call.self->where, "dag", nullptr, {}, call.self->entries};
  call.facts().dags.push_back(dag_fact(of, made->find("id")->text));
  return made;
}

/// A decorated function is called: the DAG's body, or a task of it.
ValuePtr call_decorated(Call& call) {
  const ValuePtr function = call.self->find("function");
  const std::string id = call.self->find("id")->text;
  if (!function) return unknown(id);
  if (call.self->find("kind")->text == "dag") {
    const std::string before = std::exchange(call.interpreter.dag, id);
    call.interpreter.call(function, call.arguments, call.named, call.where);
    call.interpreter.dag = before;
    return object("DAG object", call.where);
  }
  Call of{call.interpreter, call.self->where, "task", nullptr, {}, call.self->entries};
  call.facts().tasks.push_back(task_fact(of, id, "@task"));
  return run_task(call, id, function, call.arguments, call.named);
}

ValuePtr days_ago(Call& call) {
  ValuePtr made = object("Now", call.where);
  made->set("offset", number_value(0));
  return made;
}

ValuePtr variable(Call& call) {
  const ValuePtr name = call.argument(0, "key");
  if (!name || !name->is(ValueKind::text)) return unknown("a variable of Airflow");
  const ValuePtr fallback = call.argument(1, "default_var");
  return operation("env", {name, fallback ? fallback : none_value()});
}

ValuePtr chain(Call& call) {
  for (std::size_t i = 0; i + 1 < call.arguments.size(); ++i) {
    if (call.arguments[i]->is_object("Task") && call.arguments[i + 1]->is_object("Task"))
      call.facts().order.emplace_back(call.arguments[i]->find("id")->text, call.arguments[i + 1]->find("id")->text);
  }
  return none_value();
}

ValuePtr set_downstream(Call& call) {
  const ValuePtr other = call.argument(0, "task_or_task_list");
  if (other && other->is_object("Task"))
    call.facts().order.emplace_back(call.self->find("id")->text, other->find("id")->text);
  return none_value();
}

constexpr std::array<Entry, 14> entries{{
    {"airflow:DAG", dag},
    {"airflow:dag", [](Call& call) { return decorate(call, "dag"); }},
    {"airflow:task", [](Call& call) { return decorate(call, "task"); }},
    {"airflow:PythonOperator", python_operator},
    {"airflow:PythonVirtualenvOperator", python_operator},
    {"airflow:Operator", any_operator},
    {"airflow:days_ago", days_ago},
    {"airflow:get", variable},
    {"airflow:chain", chain},
    {"decorator.()", apply_decorator},
    {"TaskFunction.()", call_decorated},
    {"TaskFunction.override", [](Call& call) { return call.self; }},
    {"TaskFunction.expand", [](Call&) { return unknown("a task for each of several values"); }},
    {"Task.set_downstream", set_downstream},
}};

}  // namespace

std::span<const Entry> airflow_library() {
  return entries;
}

}  // namespace streamops::importer
