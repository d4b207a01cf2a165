#include "kafka/client/impl/group_positions.h"

#include <future>
#include <map>

#include "kafka/client/impl/conversation.h"
#include "kafka/protocol/messages/find_coordinator.h"
#include "kafka/protocol/messages/offset_commit.h"

namespace streamops::kafka {
namespace {

constexpr Microseconds patience = std::chrono::seconds{5};
constexpr Microseconds pause = std::chrono::seconds{1};  // before another try
constexpr Microseconds last_patience = std::chrono::milliseconds{500};
constexpr std::int16_t one_key = 3;        // the newest FindCoordinator that asks for one group
constexpr std::int16_t topic_by_name = 9;  // the newest OffsetCommit that names its topics

}  // namespace

class GroupPositions::Impl : public std::enable_shared_from_this<Impl> {
 public:
  Impl(const ClientConfig& config, std::string group, std::string topic, runtime::Loop& loop)
      : config_(config),
        group_(std::move(group)),
        topic_(std::move(topic)),
        loop_(loop),
        network_(runtime::make_network(loop)),
        servers_(bootstrap_servers(config)) {}

  void tell(std::span<const data::Position> positions) {
    for (const data::Position& position : positions) positions_[position.partition] = position.next;
    untold_ = true;
    if (!busy_ && !pause_timer_) step();
  }

  void leave(runtime::Pool& pool) {
    if (!busy_ && (!untold_ || pause_timer_)) return;
    auto told = std::make_shared<std::promise<void>>();
    pool.run([end = std::make_shared<std::future<void>>(told->get_future())] { end->wait_for(last_patience); });
    // Keeps this alive until it has told, or time is up.
    on_told_ = [self = shared_from_this(), told] { told->set_value(); };
    last_timer_ = loop_.after(last_patience, [this] { end(); });
  }

 private:
  void step() {
    if (!untold_) return on_told_ ? end() : void();
    busy_ = true;
    if (coordinator_ != nullptr && !coordinator_->failure()) return commit();
    find(0);
  }

  /// Asks the bootstrap servers in turn who coordinates the group.
  void find(std::size_t server) {
    if (server == servers_.size()) return try_later();
    asked_ = Conversation::begin(config_, servers_[server], loop_, *network_, patience);
    FindCoordinatorRequest request;
    request.key = group_;
    asked_->ask<FindCoordinatorResponse>(
        std::move(request),
        [this, server, alive = weak_from_this()](const Result<FindCoordinatorResponse>& found) {
          if (alive.expired()) return;
          const std::shared_ptr<Conversation> done_with = std::exchange(asked_, nullptr);
          if (!found || found->error_code != 0) return find(server + 1);
          const auto port = static_cast<std::uint16_t>(found->port);
          coordinator_ = Conversation::begin(config_, {found->host, port}, loop_, *network_, patience);
          commit();
        },
        one_key);
  }

  void commit() {
    untold_ = false;
    OffsetCommitRequest request;
    request.group_id = group_;
    auto& topic = request.topics.emplace_back();
    topic.name = topic_;
    for (const auto& [partition, next] : positions_) {
      auto& one = topic.partitions.emplace_back();
      one.partition_index = partition;
      one.committed_offset = next;
      one.committed_metadata = "";
    }
    coordinator_->ask<OffsetCommitResponse>(
        std::move(request),
        [this, alive = weak_from_this()](const Result<OffsetCommitResponse>& answer) {
          if (alive.expired()) return;
          answer&& is_stored(*answer) ? told() : try_later();
        },
        topic_by_name);
  }

  static bool is_stored(const OffsetCommitResponse& answer) {
    for (const auto& topic : answer.topics) {
      for (const auto& partition : topic.partitions) {
        if (partition.error_code != 0) return false;
      }
    }
    return true;
  }

  void told() {
    busy_ = false;
    step();
  }

  /// The coordinator may have moved; a young cluster has none before somebody has asked for it.
  void try_later() {
    busy_ = false;
    untold_ = true;
    coordinator_.reset();
    if (on_told_) return end();
    pause_timer_ = loop_.after(pause, [this] {
      pause_timer_.reset();
      step();
    });
  }

  void end() {
    last_timer_.reset();
    if (const std::function<void()> done = std::exchange(on_told_, nullptr)) done();  // may be the last to hold this
  }

  ClientConfig config_;
  std::string group_;
  std::string topic_;
  runtime::Loop& loop_;
  std::unique_ptr<runtime::Network> network_;
  std::vector<runtime::Endpoint> servers_;
  std::map<std::int32_t, std::int64_t> positions_;
  std::shared_ptr<Conversation> asked_;  // who coordinates
  std::shared_ptr<Conversation> coordinator_;
  bool busy_ = false;
  bool untold_ = false;  // positions_ is newer than what was sent
  std::function<void()> on_told_;
  runtime::TimerPtr pause_timer_;
  runtime::TimerPtr last_timer_;
};

GroupPositions::GroupPositions(const ClientConfig& config, std::string group, std::string topic, runtime::Loop& loop)
    : impl_(std::make_shared<Impl>(config, std::move(group), std::move(topic), loop)) {}

void GroupPositions::leave(runtime::Pool& pool) {
  impl_->leave(pool);
}

void GroupPositions::tell(std::span<const data::Position> positions) {
  impl_->tell(positions);
}

}  // namespace streamops::kafka
