// app/verbs/explain_plan.h — the part of `streamops explain` that shows the plan of a file.
#pragma once

#include "app/verb.h"

namespace streamops::app {

ExitCode explain_plan(const Arguments& arguments, Terminal& terminal);

}  // namespace streamops::app
