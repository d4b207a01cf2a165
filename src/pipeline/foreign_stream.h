// pipeline/foreign_stream.h — the port for a stream that another engine runs, a Spark cluster for instance. `app` wires
// the real one.
//
// Such a stream lives longer than this process: start() may find it running, leave() lets it run on.
// Threads: the pipeline's loop, but status(), which any thread may call.
#pragma once

#include <functional>

#include "base/result.h"
#include "pipeline/status.h"
#include "runtime/loop.h"

namespace streamops::pipeline {

class ForeignStream {
 public:
  virtual ~ForeignStream() = default;

  /// Creates what is missing and has the stream running, or ready for pass(). `done` comes once; errors that pass are
  /// retried and shown by status().
  virtual void start(std::function<void(Result<void>)> done) = 0;
  /// Works off what is in the topic now. `done` comes once, when that is written or cannot be.
  virtual void pass(std::function<void(Result<void>)> done) = 0;
  /// Stops looking after the stream, not the stream. `done` comes once, soon.
  virtual void leave(runtime::Callback done) = 0;

  virtual StreamStatus status() const = 0;
};

}  // namespace streamops::pipeline
