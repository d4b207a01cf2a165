// pipeline/test_runner.h — the tests of a pipeline: those under `tests:` in its file, and those in .test files.
//
// Both become scenarios (scenario.h) and run in virtual time.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "pipeline/scenario.h"

namespace streamops::pipeline {

/// Runs every test of the file, in its order; `coverage`, if given, is of the same file.
std::vector<TestOutcome> run_file_tests(const CheckedPipelinePtr& pipeline, Coverage* coverage = nullptr);

/// Runs one .test file; its pipeline is looked up beside it and read for the embedded profile.
/// `coverage`, if given, becomes that of its pipeline.
TestOutcome run_test_file(const std::string& path, std::unique_ptr<Coverage>* coverage = nullptr);

/// A test written from records: what it gives, and what came out.
struct RecordedTest {
  std::string text;          // of a .test file
  std::size_t records = 0;   // that went into it
  std::size_t left_out = 0;  // records that no line of text can hold: of other formats than JSON, or not UTF-8
  std::size_t lines = 0;     // rows and dead letters expected
};

/// Runs the file on `records` of `step` and writes down what comes out, under `clock` or the time of the newest record.
/// The test is run again from its own text. `pipeline_name` is how it names the file. Errors: SO-P092 (it does not
/// pass; two runs give different rows), SO-P091.
Result<RecordedTest> record_test(const CheckedPipelinePtr& pipeline, const CheckedStep& step,
                                 const data::Records& records, const std::string& pipeline_name);

}  // namespace streamops::pipeline
