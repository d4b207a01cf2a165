// console/airflow/runs.h — finding runs, for all handlers that need one.
#pragma once

#include "console/airflow/request.h"

namespace streamops::console::airflow {

/// All runs of a DAG that are remembered, newest first; of every DAG where `dag_id` is "~". Or answers with the error.
void with_runs(const Request& request, const std::string& dag_id,
               std::function<void(std::vector<workflow::RunInfo>)> then);
/// The run that the path's first two words name. Or answers with the error.
void with_run(const Request& request, std::function<void(workflow::RunInfo)> then);

}  // namespace streamops::console::airflow
