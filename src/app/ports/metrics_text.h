// app/ports/metrics_text.h — what GET /metrics answers: the collected metrics and those of the process itself.
#pragma once

#include <string>

#include "observe/metrics.h"

namespace streamops::app {

/// Prometheus' text format 0.0.4. The process's metrics have the names that Prometheus' own clients give them.
std::string metrics_text(const observe::Metrics& metrics);

}  // namespace streamops::app
