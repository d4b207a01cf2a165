// console/dags_port.h — DagsPort over a Scheduler that lives on a loop of its own (or on the console's).
#pragma once

#include <memory>

#include "console/ports.h"
#include "runtime/loop.h"
#include "workflow/scheduler.h"

namespace streamops::console {

/// `scheduler` and its `loop` must outlive the port and every subscription.
std::shared_ptr<DagsPort> make_dags_port(workflow::Scheduler& scheduler, runtime::Loop& loop);

}  // namespace streamops::console
