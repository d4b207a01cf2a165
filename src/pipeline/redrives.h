// pipeline/redrives.h — the redrives of a running pipeline: which step's, with what ports, one at a time for each.
//
// Threads: the pipeline's loop.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "pipeline/pipeline.h"

namespace streamops::pipeline {

class Redrives {
 public:
  /// `environment` outlives it. What is under way when it goes is done again by the next redrive.
  Redrives(CheckedPipelinePtr pipeline, const PipelineEnvironment& environment)
      : pipeline_(std::move(pipeline)), env_(environment) {}

  /// As Pipeline::redrive().
  void start(const std::string& name, RedriveRequest request, std::function<void(Result<RedriveOutcome>)> done);

 private:
  Result<const CheckedStep*> step_of_letters(const std::string& name) const;
  Result<RedrivePorts> make_ports(const CheckedStep& step) const;
  void end(const std::string& step);

  CheckedPipelinePtr pipeline_;
  const PipelineEnvironment& env_;
  std::map<std::string, std::unique_ptr<Redrive>> running_;  // by step
  std::shared_ptr<int> alive_ = std::make_shared<int>(0);
};

}  // namespace streamops::pipeline
