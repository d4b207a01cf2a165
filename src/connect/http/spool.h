// connect/http/spool.h — what a run has polled and nobody has acknowledged yet, on disk. File formats: source.h.
//
// Threads: used from the pool only; open() before all else, then calls for different polls may overlap.
#pragma once

#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "runtime/disk.h"

namespace streamops::connect {

/// One answer as it is kept.
struct SpooledPoll {
  std::int64_t number = 0;
  std::int64_t timestamp_ms = 0;
  std::string body;
};

class Spool {
 public:
  /// `run` names the folder; characters that a file name cannot have are written as %xx.
  Spool(runtime::Disk& disk, const std::string& directory, const std::string& run);

  struct Opened {
    WallTime started;                 // when the try began
    std::vector<std::int64_t> polls;  // numbers of what is kept, ascending
    std::int64_t next = 0;            // above every number that the run has used
  };
  /// Opens the folder or creates it; removes polls below `from`. The try begins at `now`, unless it is `resumed` and
  /// the folder says when it began. Errors: SO-H004.
  Result<Opened> open(WallTime now, std::int64_t from, bool resumed);
  /// Durable when it returns. Errors: SO-H004.
  Result<void> put(const SpooledPoll& poll);
  /// Errors: SO-H004 (missing or not readable).
  Result<SpooledPoll> get(std::int64_t number) const;
  /// Forgets the body of one poll, not its number; one that is not there is fine.
  Result<void> remove(std::int64_t number);
  /// Removes the folder: the run is over.
  Result<void> remove_all();

 private:
  std::string path(std::int64_t number) const;
  std::string done_path(std::int64_t number) const;
  Result<WallTime> start_of_try(WallTime now, bool resumed);

  runtime::Disk& disk_;
  std::string folder_;
  std::mutex mutex_;        // held by remove()
  std::int64_t done_ = -1;  // the newest poll that was removed
};

}  // namespace streamops::connect
