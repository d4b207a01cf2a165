// connect/http/spool.h — what a run has polled and nobody has acknowledged yet, on disk. File formats: source.h.
//
// Threads: used from the pool only, one call at a time; the caller sees to that.
#pragma once

#include <cstdint>
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
    WallTime started;                 // when the run began first
    std::vector<std::int64_t> polls;  // numbers of what is kept, ascending
  };
  /// Opens the folder, or creates it with `now` as its start; removes polls below `from`. Errors: SO-H004.
  Result<Opened> open(WallTime now, std::int64_t from);
  /// Durable when it returns. Errors: SO-H004.
  Result<void> put(const SpooledPoll& poll);
  /// Errors: SO-H004 (missing or not readable).
  Result<SpooledPoll> get(std::int64_t number) const;
  /// Removes one poll; one that is not there is fine.
  Result<void> remove(std::int64_t number);
  /// Removes the folder: the run is over.
  Result<void> remove_all();

 private:
  std::string path(std::int64_t number) const;

  runtime::Disk& disk_;
  std::string folder_;
};

}  // namespace streamops::connect
