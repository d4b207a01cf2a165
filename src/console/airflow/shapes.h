// console/airflow/shapes.h — DAGs, runs, task instances as Airflow's clients expect them, in the shape of either line.
//
// What Airflow has and we have not is null, or what a fresh Airflow answers (pool "default_pool", priority 1): clients
// refuse an answer in which a field is missing.
#pragma once

#include "base/json_writer.h"
#include "console/airflow/request.h"
#include "workflow/records.h"

namespace streamops::console::airflow {

void write_dag(JsonWriter& json, const workflow::DagInfo& dag, Line line);
void write_run(JsonWriter& json, const workflow::RunInfo& run, Line line);
void write_task(JsonWriter& json, const workflow::TaskInfo& task, const workflow::DagInfo& dag, Line line);
/// One try of a task in a run, or its newest.
void write_task_instance(JsonWriter& json, const workflow::TaskInstanceInfo& task, const workflow::RunInfo& run,
                         Line line);

}  // namespace streamops::console::airflow
