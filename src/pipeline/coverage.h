// pipeline/coverage.h — which branches of a file's SQL its tests have reached: arms of CASE and IF, both outcomes of
// each condition of WHERE, and the reasons for which a record can become a dead letter.
//
//   select's text -> branches, each a condition over the source's rows -> a query of its own -> run over what tests
//   gave
//
// A branch counts as reached when some record that a test gave satisfies its condition, under those that lead to it.
// What stands above a GROUP BY, or reads a subquery, is not measured and said so. Production code carries nothing for
// it. Threads: one at a time.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "data/position.h"
#include "pipeline/check.h"

namespace streamops::pipeline {

struct Branch {
  std::string what;  // "CASE WHEN n > 5", "WHERE id <> 'x': a row falls out", "CAST(n AS INT) fails"
  Place place;
  bool reached = false;
};

struct StepCoverage {
  std::string step;
  std::vector<Branch> branches;  // in the order of the text
  int not_measured = 0;          // conditions above groups or over subqueries

  std::size_t reached() const;
};

class Coverage {
 public:
  /// Of all steps of `pipeline`.
  explicit Coverage(CheckedPipelinePtr pipeline);
  ~Coverage();

  /// Records that a test gave to the step of this name.
  void take(const std::string& step, const data::Records& records);
  std::vector<StepCoverage> report() const;

 private:
  struct Step;
  CheckedPipelinePtr pipeline_;
  std::vector<std::unique_ptr<Step>> steps_;
};

}  // namespace streamops::pipeline
