// app/ports/redrive_port.h — redrives of the pipeline for the console: its words in, JSON out.
#pragma once

#include "console/ports.h"
#include "pipeline/pipeline.h"
#include "runtime/loop.h"

namespace streamops::app {

/// One piece of a redrive, on the pipeline's loop. Errors: SO-P070, SO-P071, SO-S0xx, those of Redrive::start().
void redrive(pipeline::Pipeline& pipeline, runtime::Loop& loop, const console::RedriveQuery& query,
             console::Done<std::string> done);

}  // namespace streamops::app
