#include "runtime/pool.h"

#include <pthread.h>

#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <vector>

namespace streamops::runtime {
namespace {

class ThreadPool final : public Pool {
 public:
  ThreadPool(const std::string& name, int threads) {
    for (int i = 0; i < threads; ++i) {
      threads_.emplace_back([this] { work(); });
      pthread_setname_np(threads_.back().native_handle(), (name.substr(0, 12) + "-" + std::to_string(i)).c_str());
    }
  }
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;
  ~ThreadPool() override {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    wake_.notify_all();
    for (std::thread& thread : threads_) thread.join();
  }

  void run(Callback callback) override {
    {
      const std::lock_guard lock(mutex_);
      queue_.push_back(std::move(callback));
    }
    wake_.notify_one();
  }

 private:
  void work() {
    std::unique_lock lock(mutex_);
    while (true) {
      wake_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
      if (queue_.empty()) return;
      Callback callback = std::move(queue_.front());
      queue_.pop_front();
      lock.unlock();
      callback();
      callback = nullptr;  // what it holds is let go outside of the lock
      lock.lock();
    }
  }

  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Callback> queue_;
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

class InlinePool final : public Pool {
 public:
  void run(Callback callback) override { callback(); }
};

}  // namespace

std::unique_ptr<Pool> make_pool(const std::string& name, int threads) {
  return std::make_unique<ThreadPool>(name, threads);
}
std::unique_ptr<Pool> make_inline_pool() {
  return std::make_unique<InlinePool>();
}

}  // namespace streamops::runtime
