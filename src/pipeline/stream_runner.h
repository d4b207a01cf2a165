// pipeline/stream_runner.h — one stream: a topic, a select, a table or a topic; in epochs, so that a replay writes the
// same.
//
//   poll -> checkpoint {epoch, ranges, epoch_us} durable -> transform -> write rows -> write dead letters -> done
//             |                                                                             |
//             +-- acknowledge what the epochs before covered          positions advance ----+
//
//   a query that keeps state:  take every row -> end the epoch -> write its rows -> store the state
//
//   a topic as sink:           written, stored, checkpoint durable -> commit the transaction, with the positions
//
// An epoch takes what has arrived, as soon as the one before is done; nothing waits for more. A record's write
// timestamp is epoch_us + its rank, where the rank counts offsets: partitions by number, offsets in each. After a crash
// the epoch that was not done is read and written again with the checkpoint's epoch_us, hence with the same cells. When
// the plan has changed since, its records form a new epoch, later than the old one, and win. Whether an epoch was done
// is told by the checkpoint's mark; failing that by the stored state, which is of an epoch only when its rows are
// durable; with a topic as sink by the committed positions alone, and the state is taken back where they say
// so. Invariants: no row is visible before the checkpoint of its epoch is durable; a position is acknowledged only
// after a durable checkpoint says so; a record is a row, a part of the state, a delete, a dead letter, late or nothing
// (WHERE), never lost. Memory: one epoch's records, what the sink holds of them, and the state, which has a limit; the
// source's own credit besides. Threads: everything on the loop, but status(), which any thread may call.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "data/ports.h"
#include "format/record_reader.h"
#include "observe/metrics.h"
#include "pipeline/check.h"
#include "pipeline/checkpoint.h"
#include "pipeline/state_store.h"
#include "pipeline/status.h"
#include "pipeline/stream_output.h"
#include "pipeline/tap.h"
#include "runtime/loop.h"
#include "settings/pipeline.h"

namespace streamops::pipeline {

/// A further stream or table of the query.
struct InputPorts {
  std::string topic;
  format::RecordReaderPtr reader;
  bool is_table = false;
};

struct StreamPorts {
  std::unique_ptr<data::Source> source;
  format::RecordReaderPtr reader;
  /// By number of the query's inputs, where it reads several topics: `source` is then a MergedSource. Inputs that are
  /// no topics come last and are not here.
  std::vector<InputPorts> inputs = {};
  OutputPorts output;
  std::unique_ptr<CheckpointStore> checkpoints;
  std::unique_ptr<StateStore> state;  // of a query that keeps state
  Taps* taps = nullptr;               // outlive the runner
};

class StreamRunner {
 public:
  /// `step` is a stream of `pipeline`. `metrics` may be null.
  StreamRunner(CheckedPipelinePtr pipeline, const CheckedStep& step, StreamPorts ports, runtime::Loop& loop,
               const settings::Pipeline& settings, observe::Metrics* metrics);
  /// Drops everything at once, as a crash would; call stop() before for a clean end.
  ~StreamRunner();

  /// Loads the checkpoint and opens the sink, which creates what is missing; `opened` comes once, then records flow.
  /// Errors: SO-P060, SO-P061, SO-P066, SO-P067, the disk's, the sink's. After an error the stream stays failed.
  void start(std::function<void(Result<void>)> opened);
  /// Ends after the epoch under way, or without it after settings.stop_timeout; `done` comes once, within that and half
  /// a second.
  void stop(runtime::Callback done);

  StreamStatus status() const;

 private:
  class Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace streamops::pipeline
