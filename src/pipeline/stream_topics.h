// pipeline/stream_topics.h — which topics the partitions of a stream's source are of, and whether they are still those
// of its checkpoint.
//
// Threads: the stream's loop.
#pragma once

#include <string>

#include "data/ports.h"
#include "pipeline/check.h"
#include "pipeline/checkpoint.h"
#include "pipeline/merged_source.h"

namespace streamops::pipeline {

class StreamTopics {
 public:
  /// `merged`: `source` is a MergedSource.
  StreamTopics(const CheckedStep& step, std::string owner, const data::Source& source, bool merged)
      : step_(step),
        owner_(std::move(owner)),
        source_(source),
        merged_(merged ? static_cast<const MergedSource*>(&source) : nullptr) {}

  /// Errors: SO-P062 (a topic was created again since).
  Result<void> check(const Checkpoint& checkpoint) const;
  /// Puts into each range the id that its topic has now; drops those of inputs that the stream has no more.
  void note_ids(Checkpoint& checkpoint) const;

 private:
  Uuid id_of(std::int32_t partition) const {
    return merged_ == nullptr ? source_.topic_id() : merged_->topic_id_of(partition);
  }

  std::size_t inputs() const { return merged_ == nullptr ? 1 : merged_->inputs(); }

  const CheckedStep& step_;
  std::string owner_;
  const data::Source& source_;
  const MergedSource* merged_;
};

}  // namespace streamops::pipeline
