#include "storage/rocks/group_commit.h"

#include <deque>
#include <utility>
#include <vector>

namespace streamops::storage {
namespace {

/// Outlives the GroupCommit object while a group is in the pool, so a callback that comes late finds it, closed.
class Committer final : public GroupCommit, public std::enable_shared_from_this<Committer> {
 public:
  Committer(Rocks& rocks, runtime::Loop& loop, runtime::Pool& writer, GroupCommitOptions options)
      : rocks_(rocks), loop_(loop), writer_(writer), options_(options) {}

  void commit(WriteBatch batch, Done done) override {
    pending_bytes_ += batch.bytes();
    waiting_.push_back({std::move(batch), std::move(done)});
    schedule();
  }

  void when_settled(std::function<void()> then) override {
    if (waiting_.empty() && !busy_) return loop_.post(std::move(then));
    commit(WriteBatch(), [then = std::move(then)](const Result<void>&) { then(); });
  }

  std::size_t pending_bytes() const override { return pending_bytes_; }
  std::uint64_t syncs() const override { return syncs_; }
  void close() { closed_ = true; }

 private:
  struct Commit {
    WriteBatch batch;
    Done done;
  };
  struct Group {
    WriteBatch batch;
    std::vector<Done> done;
  };

  void schedule() {
    if (busy_ || scheduled_ || waiting_.empty()) return;
    scheduled_ = true;
    const runtime::MonotonicTime now = loop_.clock().monotonic();
    const bool wait =
        options_.mode == SyncMode::group && last_group_ >= options_.large_group && now < last_start_ + options_.window;
    if (wait) {
      timer_ = loop_.after(last_start_ + options_.window - now, [this] { start(); });
      return;
    }
    // A turn of the loop later: everything that arrived with this commit joins its group.
    loop_.post([self = shared_from_this()] { self->start(); });
  }

  Group next_group() {
    Group group;
    while (!waiting_.empty()) {
      Commit& commit = waiting_.front();
      if (group.done.empty()) {
        group.batch = std::move(commit.batch);
      } else {
        group.batch.append(commit.batch);
      }
      group.done.push_back(std::move(commit.done));
      waiting_.pop_front();
      if (options_.mode == SyncMode::always || group.batch.bytes() >= options_.max_group_bytes) break;
    }
    return group;
  }

  void start() {
    scheduled_ = false;
    if (closed_ || busy_ || waiting_.empty()) return;
    busy_ = true;
    auto group = std::make_shared<Group>(next_group());
    last_group_ = group->done.size();
    last_start_ = loop_.clock().monotonic();
    const bool sync = options_.mode == SyncMode::group || options_.mode == SyncMode::always;
    writer_.run_then(
        loop_,
        [this, keep = shared_from_this(), group, sync]() -> Result<void> {
          if (group->batch.empty()) return Ok();
          return rocks_.write(group->batch, sync);
        },
        [keep = shared_from_this(), group, sync](const Result<void>& result) { keep->finish(*group, result, sync); });
  }

  void finish(Group& group, const Result<void>& result, bool synced) {
    busy_ = false;
    if (closed_) return;
    if (synced && !group.batch.empty()) ++syncs_;
    pending_bytes_ -= std::min(pending_bytes_, group.batch.bytes());
    if (waiting_.empty()) pending_bytes_ = 0;
    if (options_.mode == SyncMode::interval) arm_interval();
    schedule();
    for (const Done& done : group.done) done(result);
  }

  void arm_interval() {
    if (interval_timer_) return;
    interval_timer_ = loop_.after(options_.interval, [this] {
      writer_.run_then(
          loop_, [this, keep = shared_from_this()] { return rocks_.sync(); },
          [keep = shared_from_this()](const Result<void>&) {
            ++keep->syncs_;
            keep->interval_timer_.reset();
          });
    });
  }

  Rocks& rocks_;
  runtime::Loop& loop_;
  runtime::Pool& writer_;
  const GroupCommitOptions options_;
  std::deque<Commit> waiting_;
  std::size_t pending_bytes_ = 0;
  std::uint64_t syncs_ = 0;
  std::size_t last_group_ = 0;
  runtime::MonotonicTime last_start_{};
  runtime::TimerPtr timer_;
  runtime::TimerPtr interval_timer_;
  bool busy_ = false;
  bool scheduled_ = false;
  bool closed_ = false;
};

/// The owner's end: when it goes, the committer stops calling back.
class Owner final : public GroupCommit {
 public:
  explicit Owner(std::shared_ptr<Committer> committer) : committer_(std::move(committer)) {}
  ~Owner() override { committer_->close(); }
  void commit(WriteBatch batch, Done done) override { committer_->commit(std::move(batch), std::move(done)); }
  void when_settled(std::function<void()> then) override { committer_->when_settled(std::move(then)); }
  std::size_t pending_bytes() const override { return committer_->pending_bytes(); }
  std::uint64_t syncs() const override { return committer_->syncs(); }

 private:
  std::shared_ptr<Committer> committer_;
};

}  // namespace

SyncMode parse_sync_mode(std::string_view text) {
  if (text == "always") return SyncMode::always;
  if (text == "interval") return SyncMode::interval;
  if (text == "never") return SyncMode::never;
  return SyncMode::group;
}

std::unique_ptr<GroupCommit> make_group_commit(Rocks& rocks, runtime::Loop& loop, runtime::Pool& writer,
                                               GroupCommitOptions options) {
  return std::make_unique<Owner>(std::make_shared<Committer>(rocks, loop, writer, options));
}

}  // namespace streamops::storage
