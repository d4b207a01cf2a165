#include <algorithm>
#include <array>
#include <chrono>
#include <deque>

#include "errors/kafka_client.h"
#include "kafka/client/impl/failure.h"
#include "kafka/client/impl/look.h"

namespace streamops::kafka {
namespace {

using SteadyTime = std::chrono::steady_clock::time_point;

constexpr std::size_t messages_a_call = 256;
constexpr int poll_ms = 100;

struct TopicDeleter {
  void operator()(rd_kafka_topic_t* topic) const { rd_kafka_topic_destroy(topic); }
};
struct QueueDeleter {
  void operator()(rd_kafka_queue_t* queue) const { rd_kafka_queue_destroy(queue); }
};
struct MessageDeleter {
  void operator()(rd_kafka_message_t* message) const { rd_kafka_message_destroy(message); }
};
using Message = std::unique_ptr<rd_kafka_message_t, MessageDeleter>;

/// What is to be read of one partition, and what was found.
struct Window {
  std::int32_t partition = 0;
  std::int64_t from = 0;
  std::int64_t end = 0;  // of the partition when the look began
  std::size_t looked_at = 0;
  bool done = false;
  std::deque<BrowsedMessage> found;
};

std::optional<std::string> copy(const void* bytes, std::size_t size) {
  if (bytes == nullptr) return std::nullopt;
  return std::string(static_cast<const char*>(bytes), size);
}

bool holds(const void* bytes, std::size_t size, std::string_view wanted) {
  return bytes != nullptr && std::string_view(static_cast<const char*>(bytes), size).find(wanted) != std::string::npos;
}

BrowsedMessage to_message(const rd_kafka_message_t& message) {
  BrowsedMessage out;
  out.partition = message.partition;
  out.offset = message.offset;
  out.timestamp_ms = std::max<std::int64_t>(rd_kafka_message_timestamp(&message, nullptr), 0);
  out.key = copy(message.key, message.key_len);
  out.value = copy(message.payload, message.len);
  rd_kafka_headers_t* headers = nullptr;
  if (rd_kafka_message_headers(&message, &headers) != RD_KAFKA_RESP_ERR_NO_ERROR) return out;
  const char* name = nullptr;
  const void* value = nullptr;
  std::size_t size = 0;
  for (std::size_t i = 0; rd_kafka_header_get_all(headers, i, &name, &value, &size) == RD_KAFKA_RESP_ERR_NO_ERROR; ++i)
    out.headers.emplace_back(name, copy(value, size).value_or(std::string()));
  return out;
}

Result<std::vector<Window>> plan_windows(rd_kafka_t* handle, const BrowseQuery& query) {
  STREAMOPS_ASSIGN(const std::vector<TopicExtent> topics, look_at_topics(handle, query.topic));
  if (topics.empty()) return Error(errors::kafka_client::topic_missing, "topic {} does not exist", query.topic);
  const std::size_t depth = query.search.empty() ? query.limit : query.scan;
  std::vector<Window> windows;
  for (const PartitionExtent& extent : topics[0].partitions) {
    if (query.partition && *query.partition != extent.partition) continue;
    Window window{extent.partition, extent.first, extent.next, 0, false, {}};
    if (query.from == BrowseQuery::From::newest)
      window.from = std::max(extent.first, extent.next - static_cast<std::int64_t>(depth));
    if (query.from == BrowseQuery::From::offset) window.from = std::max(extent.first, query.position);
    windows.push_back(std::move(window));
  }
  if (windows.empty() && query.partition) {
    return Error(errors::kafka_client::topic_missing, "topic {} has no partition {}", query.topic, *query.partition);
  }
  return windows;
}

/// For From::timestamp: where each window begins; the end where nothing is that young.
Result<void> seek_to_time(rd_kafka_t* handle, const BrowseQuery& query, std::vector<Window>& windows) {
  const PartitionList list = make_partition_list(windows.size());
  for (const Window& window : windows)
    rd_kafka_topic_partition_list_add(list.get(), query.topic.c_str(), window.partition);
  STREAMOPS_RETURN_IF_ERROR(find_offsets(handle, *list, query.position, "reading " + query.topic));
  for (int i = 0; i < list->cnt; ++i) {
    const rd_kafka_topic_partition_t& one = list->elems[i];
    for (Window& window : windows) {
      if (window.partition == one.partition) window.from = one.offset >= 0 ? one.offset : window.end;
    }
  }
  return Ok();
}

/// Reads the windows of one topic, all partitions at once.
class WindowReader {
 public:
  WindowReader(rd_kafka_t* handle, const BrowseQuery& query, std::vector<Window>& windows)
      : query_(query),
        windows_(windows),
        topic_(rd_kafka_topic_new(handle, query.topic.c_str(), nullptr)),
        queue_(rd_kafka_queue_new(handle)) {}
  WindowReader(const WindowReader&) = delete;
  WindowReader& operator=(const WindowReader&) = delete;
  ~WindowReader() {
    for (const std::int32_t partition : started_) rd_kafka_consume_stop(topic_.get(), partition);
  }

  Result<void> read() {
    for (Window& window : windows_) STREAMOPS_RETURN_IF_ERROR(start(window));
    const SteadyTime deadline = std::chrono::steady_clock::now() + std::chrono::milliseconds(look_timeout_ms);
    std::array<rd_kafka_message_t*, messages_a_call> batch{};
    while (open_ > 0 && bytes_ < query_.max_bytes && std::chrono::steady_clock::now() < deadline) {
      const ssize_t count = rd_kafka_consume_batch_queue(queue_.get(), poll_ms, batch.data(), batch.size());
      for (ssize_t i = 0; i < count; ++i) take(Message(batch[static_cast<std::size_t>(i)]));
    }
    if (failure_) return *failure_;
    if (open_ == windows_.size() && open_ > 0) {
      return to_error(RD_KAFKA_RESP_ERR__TIMED_OUT, "reading " + query_.topic);
    }
    return Ok();
  }

 private:
  Result<void> start(Window& window) {
    window.done = window.from >= window.end;
    if (window.done) return Ok();
    if (rd_kafka_consume_start_queue(topic_.get(), window.partition, window.from, queue_.get()) != 0)
      return to_error(rd_kafka_last_error(), "reading " + query_.topic);
    started_.push_back(window.partition);
    ++open_;
    return Ok();
  }

  void take(const Message& message) {
    const auto window = std::find_if(windows_.begin(), windows_.end(),
                                     [&](const Window& one) { return one.partition == message->partition; });
    if (window == windows_.end() || window->done) return;
    if (message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) return finish(*window);
    if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR) {
      failure_ = to_error(message->err, "reading " + query_.topic, rd_kafka_message_errstr(message.get()));
      if (is_final(*failure_)) open_ = 0;
      return;
    }
    if (message->offset < window->end) keep(*window, *message);
    if (message->offset + 1 >= window->end) finish(*window);
  }

  void keep(Window& window, const rd_kafka_message_t& message) {
    ++window.looked_at;
    const bool matches = query_.search.empty() || holds(message.payload, message.len, query_.search) ||
                         holds(message.key, message.key_len, query_.search);
    if (matches) {
      bytes_ += message.len + message.key_len;
      window.found.push_back(to_message(message));
    }
    const bool newest = query_.from == BrowseQuery::From::newest;
    if (newest && window.found.size() > query_.limit) {
      const BrowsedMessage& old = window.found.front();
      bytes_ -= old.value.value_or("").size() + old.key.value_or("").size();
      window.found.pop_front();
    }
    const bool enough = !newest && window.found.size() >= query_.limit;
    if (enough || (!query_.search.empty() && window.looked_at >= query_.scan)) finish(window);
  }

  void finish(Window& window) {
    window.done = true;
    --open_;
  }

  const BrowseQuery& query_;
  std::vector<Window>& windows_;
  std::unique_ptr<rd_kafka_topic_t, TopicDeleter> topic_;
  std::unique_ptr<rd_kafka_queue_t, QueueDeleter> queue_;
  std::vector<std::int32_t> started_;
  std::size_t open_ = 0;  // windows that are not done
  std::size_t bytes_ = 0;
  std::optional<Error> failure_;
};

}  // namespace

Result<std::vector<BrowsedMessage>> look_at_messages(rd_kafka_t* handle, const BrowseQuery& query) {
  STREAMOPS_ASSIGN(std::vector<Window> windows, plan_windows(handle, query));
  if (query.from == BrowseQuery::From::timestamp) STREAMOPS_RETURN_IF_ERROR(seek_to_time(handle, query, windows));
  const Result<void> read = WindowReader(handle, query, windows).read();
  std::vector<BrowsedMessage> out;
  for (Window& window : windows) {
    std::move(window.found.begin(), window.found.end(), std::back_inserter(out));
  }
  // What was found is worth more than the reason why it is not all.
  if (!read && out.empty()) return read.error();
  return out;
}

}  // namespace streamops::kafka
