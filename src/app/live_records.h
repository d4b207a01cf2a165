// app/live_records.h — a few records from the source of a step, as they are now: from the topic of the profile's Kafka
// (or of the running process), or one answer of the API.
//
// Nothing is left behind: no group is joined, no position committed, no topic created; what a poll of an API keeps on
// disk goes into a folder of its own, which is removed. Threads: called from the main thread; waits.
#pragma once

#include <functional>
#include <memory>

#include "app/servers.h"
#include "app/verb.h"
#include "pipeline/check.h"
#include "pipeline/connectors.h"

namespace streamops::app {

struct LiveRecordsOptions {
  std::string data_directory;  // of the process whose embedded servers a profile means
  std::size_t most = 1000;     // records
  bool newest = false;         // what comes from now on, instead of the topic's beginning
  std::chrono::milliseconds patience{10'000};
};

class LiveRecords {
 public:
  /// Reads until there are `most` records, the topic's end is reached or patience ends. Errors: SO-A104 (the profile's
  /// Kafka is embedded and no process runs), those of the source.
  static Result<std::unique_ptr<LiveRecords>> read(const pipeline::CheckedPipeline& pipeline,
                                                   const pipeline::CheckedStep& step,
                                                   const LiveRecordsOptions& options);
  ~LiveRecords();

  const data::Records& records() const { return records_; }
  /// Runs `work` where readers may be used, with one that reads these columns.
  void use(const std::vector<bool>& needed, const std::function<void(format::RecordReaderPtr)>& work);

 private:
  LiveRecords(const pipeline::CheckedPipeline& pipeline, const pipeline::CheckedStep& step);
  Result<void> start(const LiveRecordsOptions& options);
  Result<void> gather(const LiveRecordsOptions& options);

  const pipeline::CheckedPipeline& pipeline_;
  const pipeline::CheckedStep& step_;
  std::string folder_;  // of the poll, while this lives
  std::unique_ptr<runtime::Pool> files_;
  std::unique_ptr<runtime::Pool> clients_;
  Room room_;
  std::unique_ptr<connect::RandomUserServer> look_alike_;
  std::unique_ptr<pipeline::ConnectorFactory> connectors_;
  std::unique_ptr<data::Source> source_;
  data::Records records_;
};

}  // namespace streamops::app
