#include "kafka/broker/broker.h"

#include <sys/resource.h>

#include <algorithm>
#include <utility>

#include "errors/kafka.h"
#include "kafka/broker/groups/groups.h"
#include "kafka/broker/server.h"
#include "kafka/broker/stats.h"
#include "kafka/broker/topics.h"
#include "kafka/broker/transactions/coordinator.h"

namespace streamops::kafka {

namespace {

constexpr Microseconds answer_patience = Milliseconds{500};
constexpr rlim_t most_open_files = 131072;

// Every partition that is written to keeps a file open, and every client a socket: the customary soft limit of 1024 is
// far below what the system allows a process that asks. Where it refuses, appends to further partitions fail one by
// one.
void raise_file_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  const rlim_t wanted = std::min(limit.rlim_max, most_open_files);
  if (limit.rlim_cur >= wanted) return;
  limit.rlim_cur = wanted;
  setrlimit(RLIMIT_NOFILE, &limit);
}

}  // namespace

class Broker::Impl {
 public:
  Impl(Broker& self, BrokerOptions options, runtime::Loop& loop, runtime::Network& network, runtime::Disk& disk,
       runtime::Pool& pool)
      : options_(std::move(options)),
        loop_(loop),
        disk_(disk),
        pool_(pool),
        stats_(options_.metrics != nullptr ? *options_.metrics : own_metrics_),
        server_({self, options_.settings, options_.advertised, stats_, loop, network, options_.on_problem}) {}

  Result<void> open() {
    STREAMOPS_RETURN_IF_ERROR(disk_.make_directories(options_.directory));
    STREAMOPS_ASSIGN(topics_, Topics::open({options_.directory, options_.settings, disk_, loop_, pool_}));
    STREAMOPS_ASSIGN(groups_, Groups::open(options_.directory, group_options(options_.settings), sync_options(), disk_,
                                           loop_, pool_));
    STREAMOPS_ASSIGN(transactions_, TransactionCoordinator::open(
                                        {options_.directory, sync_options(), *topics_, *groups_, disk_, loop_, pool_}));
    report_problems();
    for (const runtime::Endpoint& endpoint : options_.listeners) STREAMOPS_RETURN_IF_ERROR(server_.listen(endpoint));
    schedule_upkeep();
    return Ok();
  }

  void shutdown(std::function<void()> done) {
    upkeep_timer_.reset();
    server_.stop(answer_patience, [this, done = std::move(done)] { topics_->close(done); });
  }

  log::SyncOptions sync_options() const {
    return {log::parse_sync_policy(options_.settings.fsync), options_.settings.fsync_interval};
  }

  void report_problems() const {
    if (!options_.on_problem) return;
    for (const auto& [name, topic] : topics_->all()) {
      for (std::int32_t index = 0; index < topic->partition_count(); ++index) {
        const std::string problem = topic->problem(index);
        if (!problem.empty())
          options_.on_problem(Error(errors::kafka::partition_damaged, "{} partition {}: {}", name, index, problem));
      }
    }
  }

  void schedule_upkeep() {
    upkeep_timer_ = loop_.after(options_.settings.retention_check, [this] {
      topics_->maintain(to_millis(loop_.clock().wall()));
      schedule_upkeep();
    });
  }

  BrokerOptions options_;
  runtime::Loop& loop_;
  runtime::Disk& disk_;
  runtime::Pool& pool_;
  observe::Metrics own_metrics_;
  BrokerStats stats_;
  std::unique_ptr<Topics> topics_;
  std::unique_ptr<Groups> groups_;
  std::unique_ptr<TransactionCoordinator> transactions_;
  Server server_;
  runtime::TimerPtr upkeep_timer_;
};

Result<std::unique_ptr<Broker>> Broker::open(BrokerOptions options, runtime::Loop& loop, runtime::Network& network,
                                             runtime::Disk& disk, runtime::Pool& pool) {
  raise_file_limit();
  std::unique_ptr<Broker> broker(new Broker());
  broker->impl_ = std::make_unique<Impl>(*broker, std::move(options), loop, network, disk, pool);
  STREAMOPS_RETURN_IF_ERROR(broker->impl_->open());
  return broker;
}

Broker::Broker() = default;
Broker::~Broker() = default;

std::vector<runtime::Endpoint> Broker::listeners() const {
  return impl_->server_.listeners();
}
void Broker::shutdown(std::function<void()> done) {
  impl_->shutdown(std::move(done));
}

std::vector<TopicView> Broker::topic_views() const {
  std::vector<TopicView> out;
  for (const auto& [name, topic] : impl_->topics_->all()) {
    TopicView& view = out.emplace_back();
    view.name = name;
    view.id = topic->id();
    view.configs = topic->configs();
    for (std::int32_t index = 0; index < topic->partition_count(); ++index) {
      PartitionView& partition = view.partitions.emplace_back();
      partition.partition = index;
      partition.problem = topic->problem(index);
      const Partition* found = topic->partition(index);
      if (found == nullptr) continue;
      partition.log_start_offset = found->log().start_offset();
      partition.high_watermark = found->log().high_watermark();
      partition.size_bytes = static_cast<std::int64_t>(found->log().size_bytes());
      partition.max_timestamp = found->log().max_timestamp();
    }
  }
  return out;
}

void Broker::remove_topic(const Topic& topic, std::function<void(const Result<void>&)> done) {
  impl_->topics_->remove(topic.id(), [this, name = topic.name(), done = std::move(done)](const Result<void>& removed) {
    if (removed) impl_->groups_->forget_topic(name);
    done(removed);
  });
}

const BrokerStats& Broker::stats() const {
  return impl_->stats_;
}
BrokerStats& Broker::stats() {
  return impl_->stats_;
}
runtime::Loop& Broker::loop() {
  return impl_->loop_;
}
const settings::Kafka& Broker::settings() const {
  return impl_->options_.settings;
}
std::int32_t Broker::node_id() const {
  return impl_->options_.node_id;
}
const std::string& Broker::cluster_id() const {
  return impl_->topics_->cluster_id();
}
const std::string& Broker::directory() const {
  return impl_->options_.directory;
}
log::SyncOptions Broker::sync_options() const {
  return impl_->sync_options();
}
runtime::Disk& Broker::disk() {
  return impl_->disk_;
}
runtime::Pool& Broker::pool() {
  return impl_->pool_;
}
Topics& Broker::topics() const {
  return *impl_->topics_;
}
Groups& Broker::groups() {
  return *impl_->groups_;
}
TransactionCoordinator& Broker::transactions() {
  return *impl_->transactions_;
}

}  // namespace streamops::kafka
