#include "log/group_sync.h"

#include <algorithm>
#include <utility>

namespace streamops::log {

SyncPolicy parse_sync_policy(std::string_view text) {
  if (text == "group") return SyncPolicy::group;
  if (text == "always") return SyncPolicy::always;
  if (text == "interval") return SyncPolicy::interval;
  STREAMOPS_CHECK(text == "never", "a sync policy is group, always, interval or never");
  return SyncPolicy::never;
}

struct GroupSync::State : std::enable_shared_from_this<State> {
  struct Waiter {
    Mark mark;
    Done done;
  };

  State(runtime::Loop& loop_, runtime::Pool& pool_, SyncOptions options_, Mark start,
        std::function<void(Mark, const Error&)> on_failed_)
      : loop(loop_), pool(pool_), options(options_), on_failed(std::move(on_failed_)), written(start), durable(start) {}

  bool waits_for_disk() const { return options.policy == SyncPolicy::group || options.policy == SyncPolicy::always; }
  Mark settled() const { return waits_for_disk() ? durable : written; }

  void schedule();
  void begin();
  void finish(const Result<void>& result, Mark target);
  void fail(const Error& error);
  static void insert(std::deque<Waiter>& into, Mark mark, Done done);
  void release(std::deque<Waiter>& from, Mark up_to);

  runtime::Loop& loop;
  runtime::Pool& pool;
  SyncOptions options;
  std::function<void(Mark, const Error&)> on_failed;
  Mark written;
  Mark durable;
  std::vector<Step> dirty;                    // what the next sync does, in order
  const runtime::File* last_dirty = nullptr;  // the file of the last step, so that writes in a row add one step
  std::deque<Mark> single;                    // SyncPolicy::always: one mark a sync
  std::deque<Waiter> waiters;
  std::deque<Waiter> flushes;
  runtime::TimerPtr interval_timer;
  bool owned = true;
  bool scheduled = false;
  bool in_flight = false;
};

void GroupSync::State::insert(std::deque<Waiter>& into, Mark mark, Done done) {
  auto place = into.end();
  while (place != into.begin() && std::prev(place)->mark > mark) --place;
  into.insert(place, Waiter{mark, std::move(done)});
}

void GroupSync::State::release(std::deque<Waiter>& from, Mark up_to) {
  while (owned && !from.empty() && from.front().mark <= up_to) {
    const Done done = std::move(from.front().done);
    from.pop_front();
    done(Ok());
  }
}

// Starts the next sync as the policy asks.
void GroupSync::State::schedule() {
  if (in_flight || scheduled || dirty.empty()) return;
  const bool wanted = waits_for_disk() || !flushes.empty();
  if (wanted) {
    scheduled = true;
    loop.post([self = shared_from_this()] {
      self->scheduled = false;
      if (self->owned) self->begin();
    });
    return;
  }
  if (options.policy != SyncPolicy::interval || interval_timer) return;
  interval_timer = loop.after(options.interval, [this] {
    const runtime::TimerPtr expired = std::move(interval_timer);
    begin();
  });
}

void GroupSync::State::begin() {
  if (in_flight || dirty.empty()) return;
  in_flight = true;
  Mark target = written;
  std::vector<Step> steps;
  if (options.policy == SyncPolicy::always && single.size() > 1) {
    target = single.front();
    single.pop_front();
    steps = dirty;  // the later marks need them again
  } else {
    single.clear();
    steps = std::exchange(dirty, {});
    last_dirty = nullptr;
  }
  pool.run([self = shared_from_this(), steps = std::move(steps), target] {
    Result<void> result = Ok();
    for (const Step& step : steps) {
      result = step();
      if (!result) break;
    }
    self->loop.post([self, result = std::move(result), target] { self->finish(result, target); });
  });
}

void GroupSync::State::finish(const Result<void>& result, Mark target) {
  in_flight = false;
  if (!owned) return;
  if (!result) return fail(result.error());
  durable = std::max(durable, target);
  schedule();  // before the callbacks: the disk works while they run
  release(waiters, settled());
  release(flushes, durable);
}

void GroupSync::State::fail(const Error& error) {
  dirty.clear();
  single.clear();
  last_dirty = nullptr;
  std::deque<Waiter> failed = std::exchange(waiters, {});
  for (Waiter& waiter : std::exchange(flushes, {})) failed.push_back(std::move(waiter));
  const std::shared_ptr<State> self = shared_from_this();
  if (waits_for_disk()) on_failed(durable, error);
  for (const Waiter& waiter : failed) {
    if (!self->owned) return;
    waiter.done(error);
  }
}

GroupSync::GroupSync(runtime::Loop& loop, runtime::Pool& pool, SyncOptions options, Mark start,
                     std::function<void(Mark durable, const Error& error)> on_failed)
    : state_(std::make_shared<State>(loop, pool, options, start, std::move(on_failed))) {}

GroupSync::~GroupSync() {
  state_->owned = false;
  state_->interval_timer.reset();
}

void GroupSync::written(Mark mark, const std::shared_ptr<runtime::File>& file) {
  State& state = *state_;
  state.written = mark;
  if (state.options.policy == SyncPolicy::always) state.single.push_back(mark);
  if (state.last_dirty != file.get()) {
    state.dirty.emplace_back([file] { return file->sync(); });
    state.last_dirty = file.get();
  }
  state.schedule();
}

void GroupSync::add_step(Step step) {
  state_->dirty.push_back(std::move(step));
  state_->last_dirty = nullptr;
  state_->schedule();
}

void GroupSync::when_settled(Mark mark, Done done) {
  if (mark <= state_->settled()) return done(Ok());
  State::insert(state_->waiters, mark, std::move(done));
}

void GroupSync::flush(Done done) {
  State& state = *state_;
  if (state.dirty.empty() && !state.in_flight) return done(Ok());
  State::insert(state.flushes, state.written, std::move(done));
  state.schedule();
}

void GroupSync::reset(Mark mark) {
  state_->written = mark;
  state_->durable = std::min(state_->durable, mark);
  if (!state_->in_flight && state_->dirty.empty()) state_->durable = mark;
}

GroupSync::Mark GroupSync::settled() const {
  return state_->settled();
}
GroupSync::Mark GroupSync::durable() const {
  return state_->durable;
}
GroupSync::Mark GroupSync::written() const {
  return state_->written;
}

}  // namespace streamops::log
