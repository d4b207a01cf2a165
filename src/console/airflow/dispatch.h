// console/airflow/dispatch.h — the part of Airflow's REST that its clients use most, over our own scheduler.
//
//   POST /auth/token                                    {username, password} -> {access_token} (Airflow 3)
//   GET  version  health | monitor/health
//   GET  dags  dags/D  dags/D/tasks  dags/D/tasks/T      PATCH dags/D {is_paused}
//   GET  dags/D/dagRuns  dags/D/dagRuns/R               POST dags/D/dagRuns {conf, logical_date, dag_run_id}
//   PATCH dags/D/dagRuns/R {state}                      POST dags/D/dagRuns/R/clear  dags/D/clearTaskInstances
//   GET  dags/D/dagRuns/R/taskInstances[/T[/tries[/N] | /logs/N]]
//
// under /api/v1 (Airflow 2) and /api/v2 (Airflow 3); `~` in the place of a DAG stands for all. What is not here answers
// 404, a parameter that is not supported 400: never an answer to another question.
#pragma once

#include "console/impl/call.h"

namespace streamops::console::airflow {

/// True for the paths above.
bool is_served(std::string_view path);
void dispatch(Call call);

}  // namespace streamops::console::airflow
