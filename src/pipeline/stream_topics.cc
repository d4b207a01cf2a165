#include "pipeline/stream_topics.h"

#include "errors/pipeline.h"

namespace streamops::pipeline {

Result<void> StreamTopics::check(const Checkpoint& checkpoint) const {
  for (const OffsetRange& range : checkpoint.ranges) {
    if (input_of(range.partition) >= inputs()) continue;  // of an input that the stream had once
    const Uuid now = id_of(range.partition);
    if (now.is_nil() || range.topic_id.is_nil() || range.topic_id == now) continue;
    const std::size_t input = input_of(range.partition);
    const KafkaSourceSpec& topic = input == 0 ? *step_.spec->kafka_source : *step_.inputs[input - 1].spec->kafka;
    return Error(errors::pipeline::topic_recreated, "the topic {} was deleted and created again since {} last read it",
                 topic.topic, owner_);
  }
  return Ok();
}

void StreamTopics::note_ids(Checkpoint& checkpoint) const {
  std::erase_if(checkpoint.ranges, [this](const OffsetRange& range) { return input_of(range.partition) >= inputs(); });
  if (merged_ == nullptr) return;
  for (OffsetRange& range : checkpoint.ranges) range.topic_id = id_of(range.partition);
}

}  // namespace streamops::pipeline
