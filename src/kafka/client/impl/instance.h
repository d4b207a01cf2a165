// kafka/client/impl/instance.h — one librdkafka handle: made from our config, waking a loop, taken down without
// blocking it.
//
// Whoever needs the handle in the pool holds a reference; the last one to let go sends the handle to the pool, because
// taking it down joins the library's threads.
#pragma once

#include <librdkafka/rdkafka.h>

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "kafka/client/config.h"
#include "runtime/loop.h"
#include "runtime/pool.h"

namespace streamops::kafka {

using LibrarySettings = std::vector<std::pair<std::string, std::string>>;

class Instance {
 public:
  /// `events` are RD_KAFKA_EVENT_* of the main queue; `on_wake` is called on the loop when a watched queue has become
  /// non-empty, until release(). Errors: SO-K201.
  static Result<std::shared_ptr<Instance>> open(rd_kafka_type_t type, const ClientConfig& config,
                                                const LibrarySettings& settings, int events, runtime::Loop& loop,
                                                runtime::Pool& pool, std::function<void()> on_wake);
  ~Instance();

  rd_kafka_t* handle() const { return handle_; }
  rd_kafka_queue_t* main_queue() const { return main_queue_; }
  const std::string& bootstrap() const;
  /// The error of an event, with the user whose login it is about.
  Error event_error(rd_kafka_event_t* event, std::string_view doing) const;
  /// A queue of its own that wakes the loop too; owned here.
  rd_kafka_queue_t* add_queue();
  /// No wake-ups from now on; called on the loop by the owner, before it goes.
  void release();
  /// From any thread: the owner is gone, so nobody waits for an answer.
  bool is_released() const { return released_; }

 private:
  struct Context;  // what the library's callbacks see; outlives the handle
  Instance(runtime::Pool& pool, std::shared_ptr<Context> context) : pool_(pool), context_(std::move(context)) {}
  void watch(rd_kafka_queue_t* queue) const;
  static void on_log(const rd_kafka_t* handle, int level, const char* facility, const char* text);

  runtime::Pool& pool_;
  std::shared_ptr<Context> context_;
  rd_kafka_t* handle_ = nullptr;
  rd_kafka_queue_t* main_queue_ = nullptr;
  std::vector<rd_kafka_queue_t*> queues_;
  int wake_ = -1;
  std::atomic<bool> released_{false};
  runtime::TimerPtr watch_;
};

}  // namespace streamops::kafka
