#include "runtime/virtual_loop.h"

#include "base/check.h"

namespace streamops::runtime {

/// Takes its timer out of the loop's table; the table outlives the loop for handles that are destroyed late.
class VirtualLoop::Handle final : public Timer {
 public:
  Handle(std::shared_ptr<std::map<Key, Callback>> timers, Key key) : timers_(std::move(timers)), key_(key) {}
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;
  ~Handle() override {
    const auto found = timers_->find(key_);
    if (found == timers_->end()) return;
    const Callback dropped = std::move(found->second);  // destroyed after the erase: it may hold other timers
    timers_->erase(found);
  }

 private:
  std::shared_ptr<std::map<Key, Callback>> timers_;
  Key key_;
};

VirtualLoop::VirtualLoop(WallTime start, std::uint64_t seed)
    : start_(start), random_(seed), timers_(std::make_shared<std::map<Key, Callback>>()) {}

void VirtualLoop::post(Callback callback) {
  posted_.push_back(std::move(callback));
}

TimerPtr VirtualLoop::after(Microseconds delay, Callback callback) {
  const Key key{now_ + std::max<std::int64_t>(delay.count(), 0), created_++};
  timers_->emplace(key, std::move(callback));
  return std::make_unique<Handle>(timers_, key);
}

TimerPtr VirtualLoop::watch_readable(int, Callback) {
  check_failed(__FILE__, __LINE__, "real loop", "a virtual loop watches no descriptor");
}

void VirtualLoop::settle() {
  while (!posted_.empty()) {
    const Callback callback = std::move(posted_.front());
    posted_.pop_front();
    callback();
  }
}

void VirtualLoop::advance(Microseconds duration) {
  const std::int64_t until = now_ + duration.count();
  settle();
  while (!timers_->empty() && timers_->begin()->first.first <= until) {
    const auto first = timers_->begin();
    now_ = std::max(now_, first->first.first);
    const Callback callback = std::move(first->second);
    timers_->erase(first);
    callback();
    settle();
  }
  now_ = until;
}

bool VirtualLoop::run_dry(Microseconds limit) {
  const std::int64_t until = now_ + limit.count();
  settle();
  while (!timers_->empty()) {
    const std::int64_t due = timers_->begin()->first.first;
    if (due > until) return false;
    advance(Microseconds{due - now_});
  }
  return true;
}

std::optional<WallTime> VirtualLoop::next_due() const {
  if (timers_->empty()) return std::nullopt;
  return start_ + Microseconds{timers_->begin()->first.first};
}

}  // namespace streamops::runtime
