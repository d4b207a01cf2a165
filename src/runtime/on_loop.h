// runtime/on_loop.h — start and stop need answers from loops: these calls wait for them. For a thread that is no
// loop; nothing on a loop may wait, but for the work of `on_loop`, which may read and sync disks: it is what servers
// are opened and closed by.
#pragma once

#include <future>
#include <utility>

#include "runtime/impl/callback_watch.h"
#include "runtime/loop.h"

namespace streamops::runtime {

/// Runs `work` on the loop and waits for what it returns.
template <typename Work>
auto on_loop(Loop& loop, Work work) -> decltype(work()) {
  using Answer = decltype(work());
  std::promise<Answer> promise;
  loop.post([&] {
    const WatchPause opening_or_closing;
    if constexpr (std::is_void_v<Answer>) {
      work();
      promise.set_value();
    } else {
      promise.set_value(work());
    }
  });
  return promise.get_future().get();
}

/// Runs `work(done)` on the loop and waits until it calls `done(answer)`, on whatever thread.
template <typename Answer, typename Work>
Answer wait_for(Loop& loop, Work work) {
  auto promise = std::make_shared<std::promise<Answer>>();
  loop.post([promise, work = std::move(work)]() mutable {
    work([promise](Answer answer) { promise->set_value(std::move(answer)); });
  });
  return promise->get_future().get();
}

}  // namespace streamops::runtime
