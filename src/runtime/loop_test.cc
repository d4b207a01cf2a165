#include "runtime/loop.h"

#include <doctest/doctest.h>
#include <unistd.h>

#include <future>

#include "runtime/pool.h"
#include "runtime/virtual_loop.h"

using namespace streamops;
using namespace streamops::runtime;

TEST_CASE("virtual time jumps from timer to timer, in order") {
  VirtualLoop loop(from_millis(1000));
  std::string seen;
  const TimerPtr late = loop.after(Seconds{2}, [&] { seen += "late "; });
  const TimerPtr soon = loop.after(Seconds{1}, [&] { seen += "soon "; });
  const TimerPtr dropped = loop.after(Seconds{1}, [&] { seen += "dropped "; });
  TimerPtr cancelled = loop.after(Seconds{1}, [&] { seen += "cancelled "; });
  cancelled.reset();
  loop.post([&] { seen += "posted "; });
  loop.advance(Milliseconds{1500});
  CHECK(seen == "posted soon dropped ");
  CHECK(to_millis(loop.clock().wall()) == 2500);
  CHECK(loop.run_dry(Seconds{10}));
  CHECK(seen == "posted soon dropped late ");
  CHECK(to_millis(loop.clock().wall()) == 3000);
}

TEST_CASE("a virtual timer may be destroyed by its own callback and may outlive the loop") {
  TimerPtr timer;
  {
    VirtualLoop loop;
    timer = loop.after(Seconds{1}, [&] { timer.reset(); });
    loop.advance(Seconds{2});
    CHECK(timer == nullptr);
    timer = loop.after(Seconds{1}, [] {});
  }
  timer.reset();
}

TEST_CASE("a loop runs posts in order on its own thread, and timers after their delay") {
  const auto thread = make_loop_thread("test-loop");
  Loop& loop = thread->loop();
  std::promise<std::string> done;
  std::string seen;
  CHECK_FALSE(loop.is_here());
  TimerPtr timer;
  loop.post([&] { seen += loop.is_here() ? "a" : "?"; });
  loop.post([&] {
    timer = loop.after(Milliseconds{5}, [&] {
      seen += "c";
      done.set_value(seen);
    });
    seen += "b";
  });
  CHECK(done.get_future().get() == "abc");
}

TEST_CASE("a destroyed timer of a real loop never fires") {
  const auto thread = make_loop_thread("test-loop");
  Loop& loop = thread->loop();
  std::promise<bool> done;
  bool fired = false;
  TimerPtr keep;
  loop.post([&] {
    TimerPtr timer = loop.after(Microseconds{0}, [&] { fired = true; });
    timer.reset();
    keep = loop.after(Milliseconds{10}, [&] { done.set_value(fired); });
  });
  CHECK_FALSE(done.get_future().get());
}

TEST_CASE("a watched descriptor wakes the loop each time it can be read") {
  int ends[2];
  REQUIRE(::pipe(ends) == 0);
  const auto thread = make_loop_thread("test-loop");
  Loop& loop = thread->loop();
  std::promise<int> done;
  int bytes = 0;
  TimerPtr watch;
  loop.post([&] {
    watch = loop.watch_readable(ends[0], [&] {
      char buffer[1];
      bytes += static_cast<int>(::read(ends[0], buffer, 1));
      if (bytes == 2) done.set_value(bytes);
    });
  });
  REQUIRE(::write(ends[1], "ab", 2) == 2);
  CHECK(done.get_future().get() == 2);
  std::promise<void> gone;
  loop.post([&] {
    watch.reset();
    gone.set_value();
  });
  gone.get_future().get();
  CHECK(::close(ends[0]) == 0);  // still ours
  ::close(ends[1]);
}

TEST_CASE("work of a pool comes back to the loop") {
  const auto thread = make_loop_thread("test-loop");
  const auto pool = make_pool("test-pool", 2);
  std::promise<bool> done;
  pool->run_then(
      thread->loop(), [] { return 42; }, [&](int value) { done.set_value(value == 42 && thread->loop().is_here()); });
  CHECK(done.get_future().get());
}
