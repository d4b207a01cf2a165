#include "workflow/impl/journal.h"

#include <iterator>
#include <utility>

namespace streamops::workflow {

namespace {

constexpr Microseconds lazy_delay = Milliseconds{250};
constexpr Microseconds retry_delay_after_failure = Seconds{1};

}  // namespace

Journal::Journal(runtime::Loop& loop, runtime::Pool& pool, std::shared_ptr<StateStore> store)
    : loop_(loop), pool_(pool), store_(std::move(store)) {}

void Journal::write(Write write) {
  next_.writes.push_back(std::move(write));
  schedule();
}

void Journal::write_lazily(Write write) {
  next_.writes.push_back(std::move(write));
  if (!lazy_timer_) lazy_timer_ = loop_.after(lazy_delay, [this] { schedule(); });
}

void Journal::after(runtime::Callback callback) {
  next_.callbacks.push_back(std::move(callback));
  schedule();
}

/// Commits at the end of this turn of the loop, or when the commit under way is done.
void Journal::schedule() {
  lazy_timer_.reset();
  if (scheduled_ || in_flight_ > 0) return;
  scheduled_ = true;
  loop_.post([this, alive = std::weak_ptr<int>(alive_)] {
    if (alive.expired()) return;
    scheduled_ = false;
    if (in_flight_ == 0) submit();
  });
}

void Journal::submit() {
  if (holding_ || (next_.writes.empty() && next_.callbacks.empty())) return;
  lazy_timer_.reset();
  auto group = std::make_shared<Group>(std::exchange(next_, {}));
  in_flight_ += 1;
  pool_.run_then(
      loop_, [store = store_, group] { return store->commit(group->writes); },
      [this, group, alive = std::weak_ptr<int>(alive_)](const Result<void>& result) {
        if (!alive.expired()) committed(*group, result);
      });
}

void Journal::committed(Group& group, const Result<void>& result) {
  in_flight_ -= 1;
  if (!result) {
    trouble_ = result.error();
    holding_ = true;
  }
  if (holding_) {
    // A later group may have got through where an earlier one failed: rows are written whole, so writing both again, in
    // order, is right.
    append(failed_, std::move(group));
    if (in_flight_ == 0) retry_timer_ = loop_.after(retry_delay_after_failure, [this] { retry(); });
    return;
  }
  trouble_.reset();
  for (const runtime::Callback& callback : group.callbacks) callback();
  if (!next_.writes.empty() || !next_.callbacks.empty()) schedule();
}

void Journal::retry() {
  holding_ = false;
  append(failed_, std::exchange(next_, {}));
  next_ = std::exchange(failed_, {});
  submit();
}

void Journal::append(Group& to, Group&& from) {
  std::move(from.writes.begin(), from.writes.end(), std::back_inserter(to.writes));
  std::move(from.callbacks.begin(), from.callbacks.end(), std::back_inserter(to.callbacks));
}

}  // namespace streamops::workflow
