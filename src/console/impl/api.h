// console/impl/api.h — the list of what the console's API serves. Each handler answers its Call, now or later.
//
//   POST login {user, password}     POST logout     GET session
//   GET  status  flow  errors       GET  events?dag=&run=&task=&topic=
//   GET  dags    dags/*/grid        POST dags/*/trigger  dags/*/pause  dags/*/runs/*/clear  dags/*/runs/*/mark
//   GET  dags/*/runs   dags/*/runs/*/tasks   dags/*/runs/*/tasks/*/tries   dags/*/runs/*/tasks/*/log
//   GET  topics  topics/*/messages?from=&position=&limit=&partition=&search=  groups
//   POST steps/*/redrive?most_redrives= {fix, dry_run, until, from}
//   GET  steps/*/tap?edge=&where=&tap=
//   GET  tables  tables/*/*/rows?page=&limit=
//
// Outside of /api/streamops: GET /metrics.
#pragma once

#include <span>
#include <string_view>

#include "console/impl/call.h"

namespace streamops::console {

struct Route {
  std::string_view method;
  std::string_view path;  // under /api/streamops/; `*` stands for one part
  void (*handle)(CallPtr call);
  bool is_open = false;  // needs no login
};

std::span<const Route> dag_routes();
std::span<const Route> data_routes();
std::span<const Route> system_routes();
std::span<const Route> step_routes();

/// GET /metrics: Prometheus' text format; without login for the machine itself, else for the token's bearer.
void serve_metrics(const Call& call);

/// Finds the route of a call and fills its words; answers at once where there is none, or where the caller may not.
void dispatch(Call call);

}  // namespace streamops::console
