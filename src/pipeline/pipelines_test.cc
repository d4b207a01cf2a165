// Runs what stands in tests/pipelines, and the tests inside of the examples.
#include <doctest/doctest.h>

#include <cstdlib>

#include "base/text.h"
#include "pipeline/file_schema.h"
#include "pipeline/test_runner.h"
#include "runtime/disk.h"

using namespace streamops;
using namespace streamops::pipeline;

namespace {

const std::string root = STREAMOPS_SOURCE_DIR;

/// Expected texts are renewed instead of compared; read the change before committing it.
bool renewing() {
  return std::getenv("STREAMOPS_RENEW") != nullptr;
}

std::vector<std::string> names_in(const std::string& folder, std::string_view ending) {
  const Result<std::vector<std::string>> all = runtime::system_disk().list(folder);
  REQUIRE(all.ok());
  std::vector<std::string> out;
  for (const std::string& name : *all) {
    if (name.ends_with(ending)) out.push_back(name);
  }
  return out;
}

std::string read(const std::string& path) {
  const Result<Bytes> bytes = runtime::system_disk().read_file(path);
  return bytes ? std::string(as_text(*bytes)) : std::string();
}

void compare_or_renew(const std::string& path, const std::string& text) {
  if (renewing()) {
    REQUIRE(runtime::system_disk().replace_file(path, as_bytes(text)).ok());
  } else {
    CHECK_MESSAGE(read(path) == text, path, "\n", text);
  }
}

const Surroundings nothing_set{[](const std::string&) { return std::optional<std::string>(); },
                               [](const std::string& path) -> Result<std::string> {
                                 return Error(*find_error("D002"), "{}: no such file", path);
                               }};

void expect_pass(const TestOutcome& outcome) {
  const std::string report = outcome.error ? outcome.error->to_report() : std::string();
  CHECK_MESSAGE(outcome.passed, outcome.name, "\n", join(outcome.difference, "\n"), "\n", report);
}

}  // namespace

TEST_CASE("every mistake in a pipeline file is reported with its code, place and hint") {
  const std::string folder = root + "/tests/pipelines/bad/";
  const std::vector<std::string> names = names_in(folder, ".yaml");
  CHECK(names.size() >= 40);
  for (const std::string& name : names) {
    const Checking checking = check_pipeline(read(folder + name), name, "embedded", nothing_set);
    REQUIRE_MESSAGE(!checking.errors.empty(), name);
    CHECK(checking.pipeline == nullptr);
    std::string report;
    for (const Error& error : checking.errors) report += error.to_report();
    compare_or_renew(folder + name.substr(0, name.size() - 5) + ".txt", report);
  }
}

TEST_CASE("every test file passes") {
  std::size_t count = 0;
  for (const std::string& folder : names_in(root + "/tests/pipelines", "")) {
    if (folder == "bad") continue;
    const std::string path = root + "/tests/pipelines/" + folder + "/";
    for (const std::string& name : names_in(path, ".test")) {
      expect_pass(run_test_file(path + name));
      ++count;
    }
  }
  CHECK(count >= 25);
}

TEST_CASE("every regression stays away") {
  const std::string path = root + "/tests/regress/";
  for (const std::string& name : names_in(path, ".test")) expect_pass(run_test_file(path + name));
}

TEST_CASE("the examples pass their own tests, for every built-in profile") {
  for (const char* profile : {"embedded", "live", "real"}) {
    const std::string path = root + "/examples/users_created/pipeline.yaml";
    const Checking checking = check_pipeline(read(path), path, profile, nothing_set);
    for (const Error& error : checking.errors) FAIL_CHECK(error.to_report());
    REQUIRE(checking.pipeline != nullptr);
    const std::vector<TestOutcome> outcomes = run_file_tests(checking.pipeline);
    CHECK(outcomes.size() >= 4);
    for (const TestOutcome& outcome : outcomes) expect_pass(outcome);
  }
}

TEST_CASE("the reference page of the pipeline file is fresh") {
  compare_or_renew(root + "/docs/reference/pipeline-file.md", pipeline_file_reference());
}
