// console/impl/event_hub.h — pushes what changes to every open page, as server-sent events:
//
//   dag {..}  run {..}  task {..}    every state of every DAG
//   log {.., line}                   lines of the one task that the page looks at
//   flow {..}                        the line with its counters
//   messages {messages, skipped}     new messages of the one topic that the page looks at, at most four times a second
//   gap {}                           something was left out because the page reads too slowly: load everything again
//   ping {}                          every 20 s
//
// The ports are watched only while somebody looks. Threads: the console's loop; listeners of ports come through it.
#pragma once

#include <deque>
#include <list>
#include <memory>
#include <string>
#include <vector>

#include "console/impl/call.h"

namespace streamops::console {

/// What a page wants beyond the states; empty texts mean nothing of it.
struct EventFilter {
  std::string dag_id;
  std::string run_id;
  std::string task_id;
  std::string topic;
};

class EventHub {
 public:
  explicit EventHub(Context& context) : context_(context) {}
  ~EventHub();

  void open(const Call& call, EventFilter filter);
  std::size_t open_pages() const { return pages_.size(); }

 private:
  struct Page {
    EventFilter filter;
    std::string session;  // its id, or empty for a token
    std::shared_ptr<runtime::EventStream> stream;
    SubscriptionPtr tail;
    std::deque<Message> messages;  // waiting for the timer
    std::int64_t skipped = 0;
    runtime::TimerPtr timer;
    bool has_gap = false;
  };
  using Pages = std::list<std::shared_ptr<Page>>;

  void watch_ports();
  void tell(const workflow::Change& change);
  void tell(const Flow& flow);
  void collect(const std::shared_ptr<Page>& page, std::vector<Message> messages);
  void send_messages(Page& page);
  static void send(Page& page, std::string_view event, std::string_view json);
  void ping();

  /// `then` on the console's loop, from whatever thread, unless the hub is gone by then.
  template <typename T, typename Then>
  std::function<void(T)> on_loop(Then then) {
    return [&loop = context_.loop, alive = std::weak_ptr<int>(alive_), then = std::move(then)](T value) {
      loop.post([alive, then, value = std::move(value)]() mutable {
        if (!alive.expired()) then(std::move(value));
      });
    };
  }

  Context& context_;
  Pages pages_;
  SubscriptionPtr dags_;
  SubscriptionPtr flow_;
  runtime::TimerPtr ping_timer_;
  std::shared_ptr<int> alive_ = std::make_shared<int>(0);
};

}  // namespace streamops::console
