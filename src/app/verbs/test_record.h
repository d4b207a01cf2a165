// app/verbs/test_record.h — the part of `streamops test` that writes a test from live records.
#pragma once

#include "app/verb.h"

namespace streamops::app {

/// With --stream, --limit, --out and --json.
ExitCode record_live_test(const Arguments& arguments, Terminal& terminal);

}  // namespace streamops::app
