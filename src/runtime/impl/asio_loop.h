// runtime/impl/asio_loop.h — the real loop, over one Asio io_context that one thread runs.
#pragma once

#include <asio/io_context.hpp>
#include <atomic>
#include <thread>

#include "runtime/loop.h"

namespace streamops::runtime {

class AsioLoop final : public Loop {
 public:
  void post(Callback callback) override;
  TimerPtr after(Microseconds delay, Callback callback) override;
  TimerPtr watch_readable(int descriptor, Callback callback) override;
  const Clock& clock() const override { return system_clock(); }
  Random& random() override { return system_random(); }
  bool is_here() const override { return thread_.load() == std::this_thread::get_id(); }

  /// Runs until stop(); the calling thread becomes the loop's.
  void run();
  void stop() { context_.stop(); }

  asio::io_context& context() { return context_; }

 private:
  asio::io_context context_{1};
  std::atomic<std::thread::id> thread_{};
};

}  // namespace streamops::runtime
