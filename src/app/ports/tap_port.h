// app/ports/tap_port.h — taps on the pipeline's streams for the console: its words in, JSON out.
#pragma once

#include "console/ports.h"
#include "pipeline/pipeline.h"
#include "runtime/loop.h"

namespace streamops::app {

/// Asks on the pipeline's loop. Errors: SO-P072, SO-S0xx.
void tap(pipeline::Pipeline& pipeline, runtime::Loop& loop, const console::TapQuery& query,
         console::Done<std::string> done);

}  // namespace streamops::app
