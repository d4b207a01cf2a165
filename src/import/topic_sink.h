// import/topic_sink.h — what a stream of Spark writes into a topic: a value that is a JSON object of columns, and a
// key.
//
//   select(col("id").alias("key"), to_json(struct("*")).alias("value")).writeStream.format("kafka").option("topic",
//   "t")
//     ->  topic t, the columns of struct("*"), key id
#pragma once

#include <string>
#include <vector>

#include "import/facts.h"

namespace streamops::importer {

struct TopicSink {
  std::string topic;
  std::vector<Frame::Column> columns;  // of the value
  std::string key;                     // one of them; empty: records have no key, or `no_key` says why
  std::string no_key;                  // what is left out: a key, a partition, headers
  std::string why_not;                 // set: it cannot be taken over
};

TopicSink read_topic_sink(const WriteFact& write);

}  // namespace streamops::importer
