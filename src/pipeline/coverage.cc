#include "pipeline/coverage.h"

#include <algorithm>

#include "format/json_reader.h"
#include "pipeline/branches_of.h"
#include "sql/engine/query.h"

namespace streamops::pipeline {

namespace {

/// Whether some row of the batch takes the branch; rows that an ANSI error strikes do not.
bool takes(const sql::Query& query, const data::Batch& batch) {
  const sql::QueryResult result = query.run(batch, {});
  const data::Column& reached = *result.batch.columns[0];
  for (std::size_t row = 0; row < result.batch.rows; ++row) {
    if (!reached.is_null(row) && reached.boolean(row)) return true;
  }
  return false;
}

}  // namespace

std::size_t StepCoverage::reached() const {
  return static_cast<std::size_t>(
      std::count_if(branches.begin(), branches.end(), [](const Branch& branch) { return branch.reached; }));
}

struct Coverage::Step {
  StepCoverage coverage;
  std::vector<std::shared_ptr<const sql::Query>> queries;  // as coverage.branches; null: the reader decides
  std::unique_ptr<format::JsonReader> reader;              // null: the source is not JSON
  std::size_t decode = 0;                                  // index of its branch
};

Coverage::Coverage(CheckedPipelinePtr pipeline) : pipeline_(std::move(pipeline)) {
  const yaml::Document& document = *pipeline_->file.document;
  for (const auto* steps : {&pipeline_->tasks, &pipeline_->streams}) {
    for (const CheckedStep& step : *steps) {
      auto made = std::make_unique<Step>();
      made->coverage.step = step.name();
      const auto& kafka = step.spec->kafka_source;
      if (!kafka || kafka->format == "json") {
        made->reader = std::make_unique<format::JsonReader>(step.source_schema);
        made->coverage.branches.push_back(
            {"a record is not what `schema` says: a dead letter", document.place(*step.spec->schema.node), false});
        made->queries.push_back(nullptr);
      }
      const Located& select = step.spec->select;
      for (const BranchText& branch : branches_of(select.text, made->coverage.not_measured)) {
        auto query = sql::Query::compile(branch.query, step.source_schema, {Place{"", 1, 1, {}, 1}});
        if (!query || (*query)->keeps_state()) {
          ++made->coverage.not_measured;
          continue;
        }
        made->coverage.branches.push_back(
            {branch.what, document.place_in(*select.node, branch.span.offset, branch.span.length), false});
        made->queries.push_back(*query);
      }
      steps_.push_back(std::move(made));
    }
  }
}

Coverage::~Coverage() = default;

void Coverage::take(const std::string& name, const data::Records& records) {
  for (const std::unique_ptr<Step>& step : steps_) {
    if (step->coverage.step != name || step->reader == nullptr) continue;
    const format::Decoded decoded = step->reader->decode(records);
    std::vector<Branch>& branches = step->coverage.branches;
    branches[step->decode].reached = branches[step->decode].reached || !decoded.poison.empty();
    for (std::size_t i = 0; i < branches.size(); ++i) {
      if (step->queries[i] != nullptr)
        branches[i].reached = branches[i].reached || takes(*step->queries[i], decoded.batch);
    }
  }
}

std::vector<StepCoverage> Coverage::report() const {
  std::vector<StepCoverage> out;
  for (const std::unique_ptr<Step>& step : steps_) out.push_back(step->coverage);
  return out;
}

}  // namespace streamops::pipeline
