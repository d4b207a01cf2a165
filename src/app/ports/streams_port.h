// app/ports/streams_port.h — the line as the console draws it: API -> task -> topic -> stream -> table, with live
// counts.
#pragma once

#include <memory>

#include "console/ports.h"
#include "pipeline/pipeline.h"
#include "runtime/loop.h"

namespace streamops::app {

/// Everything given must outlive the port and its subscriptions.
std::shared_ptr<console::StreamsPort> make_streams_port(const pipeline::CheckedPipeline& checked,
                                                        pipeline::Pipeline& pipeline, runtime::Loop& loop);

}  // namespace streamops::app
