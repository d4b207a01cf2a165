// app/verbs/dlq_redrive.h — the part of `streamops dlq` that lets dead letters enter again.
#pragma once

#include <string>

#include "app/local_api.h"

namespace streamops::app {

/// The letters of `name` (a stream, a task or a topic), with --fix, --dry-run, --max-redrives and --json. Exit status 1
/// when some did not pass.
ExitCode redrive_letters(const Arguments& arguments, const std::string& name, LocalApi& api, Terminal& terminal);

}  // namespace streamops::app
