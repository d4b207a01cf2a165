// pipeline/redrive.h — dead letters enter again the step that failed them, once each.
//
//   letters behind the cursor -> fix -> decode, SQL -> rows to the sink -> cursor
//        \ of other steps: passed over          \ fails again: a letter again, with one redrive more
//        \ redriven too often, not mended: written again as it was, so that a later redrive finds it
//
// The cursor is a checkpoint of its own; for a step that writes a topic it is committed in the rows' transaction, so a
// kill at any point neither loses a row nor doubles one. Rows into a table carry the letter's original write timestamp:
// written twice they are the same cells, and they never win over a newer row.
//
// Invariants: partition, offset, time and origin of a record stay those of the first failure. Threads: one loop.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "pipeline/check.h"
#include "pipeline/checkpoint.h"
#include "pipeline/connectors.h"
#include "pipeline/letter_fix.h"
#include "pipeline/stream_output.h"
#include "runtime/loop.h"

namespace streamops::pipeline {

struct RedriveRequest {
  std::optional<LetterFix> fix;
  bool dry_run = false;       // nothing is written, no letter passes
  int most_redrives = 3;      // a letter that has entered again so often stays
  std::size_t letters = 500;  // looked at in one call
  /// The ends of the letters' topic when the redrive began, as the first call tells them: what fails again comes behind
  /// them. Empty: the first call.
  std::vector<data::Position> until;
  /// Of a dry run, which moves no cursor: where the call before ended. Empty: the first call.
  std::vector<data::Position> from;
};

/// What became of one letter.
struct RedrivenLetter {
  enum class Fate : std::uint8_t { passed, failed_again, redriven_too_often, not_mended } fate = Fate::passed;
  std::string identity;
  std::string code;  // of the first failure, or of the new one
  std::string message;
  std::int64_t rows = 0;
  std::optional<std::string> value;  // as it entered
};

struct RedriveOutcome {
  std::vector<RedrivenLetter> letters;  // this step's, in the order of their topic
  std::int64_t others = 0;              // letters of other steps
  std::int64_t rows = 0;
  bool more = false;  // call again, with `until` and, for a dry run, with `next` as `from`
  std::vector<data::Position> until;
  std::vector<data::Position> next;
};

/// What a redrive works with; everything outlives it.
struct RedrivePorts {
  runtime::Loop& loop;
  ConnectorFactory& connectors;
  std::unique_ptr<CheckpointStore> cursor;
  /// The step's own checkpoints, of a stream; null for a task.
  std::unique_ptr<CheckpointStore> stream;
  OutputPorts output;  // made for redrive_owner()
  format::RecordReaderPtr reader;
};

/// Names what a redrive of the step keeps: transactions, group, cursor. No step can have such a name.
std::string redrive_owner(const std::string& owner);
/// The topic that holds the letters of a step.
std::string letters_topic(const CheckedPipeline& pipeline, const CheckedStep& step);

class Redrive {
 public:
  Redrive(CheckedPipelinePtr pipeline, const CheckedStep& step, RedrivePorts ports, RedriveRequest request);
  ~Redrive();

  /// `done` comes once, and everything is closed then. Errors: those of the cursor's store, the sinks and the letters'
  /// topic; what was not committed is done again by the next redrive.
  void start(std::function<void(Result<RedriveOutcome>)> done);

 private:
  class Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace streamops::pipeline
