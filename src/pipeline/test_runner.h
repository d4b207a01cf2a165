// pipeline/test_runner.h — the tests of a pipeline: those under `tests:` in its file, and those in .test files.
//
// Both become scenarios (scenario.h) and run in virtual time.
#pragma once

#include <string>
#include <vector>

#include "pipeline/scenario.h"

namespace streamops::pipeline {

/// Runs every test of the file, in its order.
std::vector<TestOutcome> run_file_tests(const CheckedPipelinePtr& pipeline);

/// Runs one .test file; its pipeline is looked up beside it and read for the embedded profile.
TestOutcome run_test_file(const std::string& path);

}  // namespace streamops::pipeline
