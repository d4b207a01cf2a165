#include "console/impl/event_hub.h"

#include <utility>

#include "console/impl/bundle.h"

namespace streamops::console {

namespace {

constexpr Microseconds ping_every = Seconds{20};
constexpr Microseconds messages_every = Milliseconds{250};
constexpr std::size_t most_messages_at_once = 50;

}  // namespace

EventHub::~EventHub() = default;

void EventHub::open(const Call& call, EventFilter filter) {
  auto page = std::make_shared<Page>();
  page->filter = std::move(filter);
  if (call.session) page->session = call.session->id;
  runtime::HttpHeaders headers;
  add_security_headers(headers);
  page->stream = call.responder->respond_events(
      headers, [this, alive = std::weak_ptr<int>(alive_), weak = std::weak_ptr<Page>(page)] {
        if (alive.expired()) return;
        if (const auto gone = weak.lock()) pages_.remove(gone);
        if (pages_.empty()) dags_.reset(), flow_.reset(), ping_timer_.reset();
      });
  if (!page->filter.topic.empty() && context_.ports.topics) {
    page->tail = context_.ports.topics->tail(
        page->filter.topic,
        on_loop<std::vector<Message>>([this, weak = std::weak_ptr<Page>(page)](std::vector<Message> messages) {
          if (const auto open = weak.lock()) collect(open, std::move(messages));
        }));
  }
  pages_.push_back(page);
  watch_ports();
  send(*page, "ping", "{}");
}

void EventHub::watch_ports() {
  if (!dags_ && context_.ports.dags) {
    dags_ =
        context_.ports.dags->watch(on_loop<workflow::Change>([this](const workflow::Change& change) { tell(change); }));
  }
  if (!flow_ && context_.ports.streams) {
    flow_ = context_.ports.streams->watch(on_loop<Flow>([this](const Flow& flow) { tell(flow); }));
  }
  if (!ping_timer_) ping_timer_ = context_.loop.after(ping_every, [this] { ping(); });
}

void EventHub::tell(const workflow::Change& change) {
  if (const auto* log = std::get_if<workflow::LogAppended>(&change)) {
    for (const auto& page : pages_) {
      const EventFilter& wanted = page->filter;
      if (wanted.dag_id != log->dag_id || wanted.run_id != log->run_id || wanted.task_id != log->task_id) continue;
      send(*page, "log", to_json(*log));
    }
    return;
  }
  static constexpr std::string_view names[] = {"dag", "run", "task"};  // in the order of Change's alternatives
  std::string json;
  if (const auto* dag = std::get_if<workflow::DagInfo>(&change)) json = to_json(*dag);
  if (const auto* run = std::get_if<workflow::RunInfo>(&change)) json = to_json(*run);
  if (const auto* task = std::get_if<workflow::TaskInstanceInfo>(&change)) json = to_json(*task);
  for (const auto& page : pages_) send(*page, names[change.index()], json);
}

void EventHub::tell(const Flow& flow) {
  const std::string json = to_json(flow);
  for (const auto& page : pages_) send(*page, "flow", json);
}

/// Keeps the newest messages for the next time that the page is told; counts those that a person could not read anyway.
void EventHub::collect(const std::shared_ptr<Page>& page, std::vector<Message> messages) {
  for (Message& message : messages) page->messages.push_back(std::move(message));
  for (; page->messages.size() > most_messages_at_once; page->skipped += 1) page->messages.pop_front();
  if (page->timer) return;
  page->timer = context_.loop.after(messages_every, [this, weak = std::weak_ptr<Page>(page)] {
    if (const auto open = weak.lock()) send_messages(*open);
  });
}

void EventHub::send_messages(Page& page) {
  page.timer.reset();
  JsonWriter json;
  json.begin_object().field("skipped", std::exchange(page.skipped, 0)).key("messages").begin_array();
  for (const Message& message : std::exchange(page.messages, {})) write_json(json, message);
  json.end_array().end_object();
  send(page, "messages", json.text());
}

void EventHub::send(Page& page, std::string_view event, std::string_view json) {
  if (page.has_gap) {
    if (!page.stream->send("gap", "{}")) return;
    page.has_gap = false;
  }
  if (!page.stream->send(event, json)) page.has_gap = true;
}

/// Keeps connections alive, and ends those whose session has ended.
void EventHub::ping() {
  ping_timer_ = context_.loop.after(ping_every, [this] { ping(); });
  const Pages pages = pages_;
  for (const auto& page : pages) {
    if (!page->session.empty() && !context_.accounts.find_session(page->session)) {
      pages_.remove(page);
      continue;
    }
    send(*page, "ping", "{}");
  }
}

}  // namespace streamops::console
