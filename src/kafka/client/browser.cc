#include "kafka/client/browser.h"

#include <mutex>

#include "kafka/client/impl/failure.h"
#include "kafka/client/impl/group_look.h"
#include "kafka/client/impl/instance.h"
#include "kafka/client/impl/look.h"

namespace streamops::kafka {
namespace {

/// Small buffers: a page shows few messages of a place, and goes elsewhere next.
LibrarySettings browse_settings() {
  return {
      {"enable.auto.commit", "false"}, {"enable.auto.offset.store", "false"}, {"enable.partition.eof", "true"},
      {"auto.offset.reset", "error"},  {"fetch.wait.max.ms", "50"},           {"fetch.message.max.bytes", "262144"},
      {"fetch.max.bytes", "4194304"},  {"queued.min.messages", "1000"},       {"queued.max.messages.kbytes", "4096"}};
}

class LibraryBrowser final : public Browser {
 public:
  LibraryBrowser(runtime::Loop& loop, runtime::Pool& pool) : loop_(loop), pool_(pool) {}
  ~LibraryBrowser() override {
    if (instance_ != nullptr) instance_->release();
  }
  LibraryBrowser(const LibraryBrowser&) = delete;
  LibraryBrowser& operator=(const LibraryBrowser&) = delete;

  Result<void> open(const ClientConfig& config) {
    config_ = config;
    network_ = runtime::make_network(loop_);
    STREAMOPS_ASSIGN(instance_, Instance::open(RD_KAFKA_CONSUMER, config, browse_settings(), RD_KAFKA_EVENT_ERROR,
                                               loop_, pool_, [this] { take_news(); }));
    news_ = ConnectionNews(config.bootstrap);
    return Ok();
  }

  void topics(Done<std::vector<TopicExtent>> done) override {
    ask(topics_, std::move(done), [](rd_kafka_t* handle) { return look_at_topics(handle); });
  }

  void groups(Done<std::vector<BrowsedGroup>> done) override {
    groups_.push_back(std::move(done));
    if (groups_.size() > 1) return;
    group_look_ = GroupLook::begin(config_, loop_, *network_,
                                   [this](Result<std::vector<BrowsedGroup>> found) { find_lags(std::move(found)); });
  }

  void messages(const BrowseQuery& query, Done<std::vector<BrowsedMessage>> done) override {
    look(
        [query, reading = reading_](rd_kafka_t* handle) {
          const std::lock_guard lock(*reading);  // the library reads a partition once at a time for each handle
          return look_at_messages(handle, query);
        },
        std::move(done));
  }

 private:
  template <typename T>
  using Waiting = std::vector<Done<T>>;

  /// Joins those who wait for the same answer already.
  template <typename T, typename Work>
  void ask(Waiting<T>& waiting, Done<T> done, Work work) {
    waiting.push_back(std::move(done));
    if (waiting.size() > 1) return;
    look(std::move(work), Done<T>([this, &waiting](const Result<T>& result) { tell(waiting, result); }));
  }

  template <typename T>
  void tell(Waiting<T>& waiting, const Result<T>& result) {
    const std::weak_ptr<int> alive(alive_);
    for (const Done<T>& each : std::exchange(waiting, {})) {
      if (!alive.expired()) each(result);
    }
  }

  void find_lags(Result<std::vector<BrowsedGroup>> groups) {
    // Out of the look's own callback.
    loop_.post([look = std::move(group_look_)] {});
    if (!groups) return tell(groups_, groups);
    look(
        [found = std::move(*groups)](rd_kafka_t* handle) -> Result<std::vector<BrowsedGroup>> {
          std::vector<BrowsedGroup> with_ends = found;
          const Result<void> ends = find_ends(handle, with_ends);
          if (!ends && is_final(ends.error())) return ends.error();
          return with_ends;
        },
        Done<std::vector<BrowsedGroup>>(
            [this](const Result<std::vector<BrowsedGroup>>& result) { tell(groups_, result); }));
  }

  template <typename T, typename Work>
  void look(Work work, Done<T> done) {
    pool_.run_then(
        loop_, [instance = instance_, work = std::move(work)] { return work(instance->handle()); },
        [this, alive = std::weak_ptr<int>(alive_), done = std::move(done)](Result<T> result) {
          if (alive.expired()) return;
          if (!result) return done(news_.explain(result.error()));
          news_.clear();
          done(std::move(result));
        });
  }

  void take_news() {
    while (rd_kafka_event_t* event = rd_kafka_queue_poll(instance_->main_queue(), 0)) {
      if (rd_kafka_event_type(event) == RD_KAFKA_EVENT_ERROR) {
        news_.note(instance_->event_error(event, "connecting"));
      }
      rd_kafka_event_destroy(event);
    }
  }

  runtime::Loop& loop_;
  runtime::Pool& pool_;
  std::shared_ptr<int> alive_ = std::make_shared<int>(0);
  std::shared_ptr<std::mutex> reading_ = std::make_shared<std::mutex>();
  ClientConfig config_;
  std::unique_ptr<runtime::Network> network_;
  std::shared_ptr<Instance> instance_;
  ConnectionNews news_;
  Waiting<std::vector<TopicExtent>> topics_;
  Waiting<std::vector<BrowsedGroup>> groups_;
  std::shared_ptr<GroupLook> group_look_;
};

}  // namespace

Result<std::unique_ptr<Browser>> Browser::open(const ClientConfig& config, runtime::Loop& loop, runtime::Pool& pool) {
  auto browser = std::make_unique<LibraryBrowser>(loop, pool);
  STREAMOPS_RETURN_IF_ERROR(browser->open(config));
  return browser;
}

}  // namespace streamops::kafka
