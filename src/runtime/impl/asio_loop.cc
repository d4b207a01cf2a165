#include "runtime/impl/asio_loop.h"

#include <pthread.h>

#include <asio/executor_work_guard.hpp>
#include <asio/posix/stream_descriptor.hpp>
#include <asio/post.hpp>
#include <asio/steady_timer.hpp>

#include "runtime/impl/callback_watch.h"

namespace streamops::runtime {
namespace {

/// Asio may have queued the completion already when the timer is destroyed: the shared flag stops it then.
class AsioTimer final : public Timer {
 public:
  AsioTimer(asio::io_context& context, Microseconds delay, Callback callback)
      : timer_(context), alive_(std::make_shared<bool>(true)) {
    timer_.expires_after(delay);
    timer_.async_wait([alive = alive_, callback = std::move(callback)](const asio::error_code& code) {
      if (code || !*alive) return;
      const CallbackWatch watch;
      callback();
    });
  }
  AsioTimer(const AsioTimer&) = delete;
  AsioTimer& operator=(const AsioTimer&) = delete;
  ~AsioTimer() override { *alive_ = false; }

 private:
  asio::steady_timer timer_;
  std::shared_ptr<bool> alive_;
};

class AsioWatch final : public Timer {
 public:
  AsioWatch(asio::io_context& context, int descriptor, Callback callback)
      : state_(std::make_shared<State>(context, descriptor, std::move(callback))) {
    wait(state_);
  }
  AsioWatch(const AsioWatch&) = delete;
  AsioWatch& operator=(const AsioWatch&) = delete;
  ~AsioWatch() override {
    state_->alive = false;
    state_->descriptor.release();  // the caller owns it; this also cancels the wait
  }

 private:
  struct State {
    State(asio::io_context& context, int number, Callback call)
        : descriptor(context, number), callback(std::move(call)) {}
    asio::posix::stream_descriptor descriptor;
    Callback callback;
    bool alive = true;
  };

  static void wait(const std::shared_ptr<State>& state) {
    state->descriptor.async_wait(asio::posix::stream_descriptor::wait_read, [state](const asio::error_code& code) {
      if (code || !state->alive) return;
      const CallbackWatch watch;
      state->callback();
      if (state->alive) wait(state);
    });
  }

  std::shared_ptr<State> state_;
};

class AsioLoopThread final : public LoopThread {
 public:
  explicit AsioLoopThread(const std::string& name) : thread_([this] { loop_.run(); }) {
    pthread_setname_np(thread_.native_handle(), name.substr(0, 15).c_str());
  }
  AsioLoopThread(const AsioLoopThread&) = delete;
  AsioLoopThread& operator=(const AsioLoopThread&) = delete;
  ~AsioLoopThread() override { stop(); }

  Loop& loop() override { return loop_; }
  void stop() override {
    if (!thread_.joinable()) return;
    loop_.post([this] { loop_.stop(); });
    thread_.join();
  }

 private:
  AsioLoop loop_;
  std::thread thread_;
};

}  // namespace

void AsioLoop::post(Callback callback) {
  asio::post(context_, [callback = std::move(callback)] {
    const CallbackWatch watch;
    callback();
  });
}

TimerPtr AsioLoop::after(Microseconds delay, Callback callback) {
  return std::make_unique<AsioTimer>(context_, delay, std::move(callback));
}

TimerPtr AsioLoop::watch_readable(int descriptor, Callback callback) {
  return std::make_unique<AsioWatch>(context_, descriptor, std::move(callback));
}

void AsioLoop::run() {
  thread_ = std::this_thread::get_id();
  const auto work = asio::make_work_guard(context_);
  context_.run();
}

std::unique_ptr<LoopThread> make_loop_thread(const std::string& name) {
  return std::make_unique<AsioLoopThread>(name);
}

}  // namespace streamops::runtime
