#include "pipeline/status.h"

namespace streamops::pipeline {

std::string_view to_string(StreamState state) {
  switch (state) {
    case StreamState::starting:
      return "starting";
    case StreamState::running:
      return "running";
    case StreamState::stopping:
      return "stopping";
    case StreamState::stopped:
      return "stopped";
    case StreamState::failed:
      return "failed";
  }
  return "failed";
}

std::string_view to_string(TaskRunState state) {
  switch (state) {
    case TaskRunState::running:
      return "running";
    case TaskRunState::succeeded:
      return "succeeded";
    case TaskRunState::failed:
      return "failed";
    case TaskRunState::cancelled:
      return "cancelled";
  }
  return "failed";
}

}  // namespace streamops::pipeline
