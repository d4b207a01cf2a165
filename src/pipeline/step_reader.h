// pipeline/step_reader.h — tasks and streams of the file, with their sources and sinks.
#pragma once

#include "pipeline/file.h"
#include "pipeline/section_reader.h"

namespace streamops::pipeline {

TaskFileSpec read_task(Reading& reading, const yaml::Member& member);
StreamFileSpec read_stream(Reading& reading, const yaml::Member& member);
/// The `tls` section of a connector or endpoint, if it has one.
std::optional<TlsSpec> read_tls(const SectionReader& parent);

}  // namespace streamops::pipeline
