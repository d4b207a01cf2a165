#include "kafka/client/topic_id.h"

#include <optional>
#include <utility>
#include <vector>

#include "base/text.h"
#include "kafka/protocol/frame.h"
#include "kafka/protocol/messages/metadata.h"

namespace streamops::kafka {
namespace {

constexpr std::int16_t version = 10;  // the first with topic ids
constexpr std::size_t largest_answer = 16 * 1024 * 1024;
constexpr std::uint16_t default_port = 9092;

class Request final : public TopicIdRequest, private runtime::ConnectionHandler {
 public:
  Request(const ClientConfig& config, std::string topic, runtime::Loop& loop, runtime::Network& network,
          Microseconds timeout, std::function<void(Uuid)> done)
      : topic_(std::move(topic)),
        client_id_(config.client_id),
        loop_(loop),
        network_(network),
        timeout_(timeout),
        done_(std::move(done)) {
    if (config.tls) {
      tls_ = runtime::TlsOptions{
          .ca_file = config.ca_file, .certificate = config.certificate, .key = config.key, .verify = config.verify};
    }
    if (!config.sasl_mechanism.empty()) return;
    for (const std::string_view server : split(config.bootstrap, ',')) {
      if (auto endpoint = runtime::parse_endpoint(trim(server), default_port)) servers_.push_back(std::move(*endpoint));
    }
  }

  void start() { ask_next(); }

 private:
  void ask_next() {
    connection_.reset();
    timer_.reset();
    if (next_ == servers_.size()) return finish(Uuid{});
    const runtime::Endpoint server = servers_[next_++];
    std::optional<runtime::TlsOptions> tls = tls_;
    if (tls) tls->server_name = server.host;
    network_.connect(server, timeout_, tls,
                     [this, alive = std::weak_ptr<int>(alive_)](Result<runtime::ConnectionPtr> connected) {
                       if (alive.expired()) return;
                       connected ? ask(std::move(*connected)) : ask_next();
                     });
  }

  void ask(runtime::ConnectionPtr connection) {
    connection_ = std::move(connection);
    frames_.emplace(largest_answer);
    timer_ = loop_.after(timeout_, [this] { later([this] { ask_next(); }); });
    connection_->set_handler(*this);
    MetadataRequest request;
    request.topics.emplace().emplace_back().name = topic_;
    request.allow_auto_topic_creation = false;
    for (Bytes& piece : encode_request({MetadataRequest::api_key, version, 1, client_id_}, std::move(request))) {
      connection_->write(std::move(piece));
    }
  }

  void on_data(BytesView bytes) override {
    if (!frames_->feed(bytes)) return later([this] { ask_next(); });
    std::optional<Bytes> frame = frames_->next();
    if (!frame) return;
    const Uuid id = read(*frame);
    later([this, id] { finish(id); });
  }

  /// A broker that does not know this version hangs up.
  void on_closed(const std::optional<Error>& /*error*/) override {
    later([this] { ask_next(); });
  }

  /// Out of the connection's callback, once a connection.
  void later(std::function<void()> step) {
    if (std::exchange(left_, true)) return;
    loop_.post([this, alive = std::weak_ptr<int>(alive_), step = std::move(step)] {
      if (alive.expired()) return;
      left_ = false;
      step();
    });
  }

  Uuid read(const Bytes& frame) const {
    Reader in(frame);
    if (!decode_response_header(in, MetadataRequest::api_key, version)) return {};
    const Result<MetadataResponse> response = MetadataResponse::decode(in, version);
    if (!response) return {};
    for (const auto& topic : response->topics) {
      if (topic.name == topic_ && topic.error_code == 0) return topic.topic_id;
    }
    return {};
  }

  void finish(Uuid id) {
    connection_.reset();
    timer_.reset();
    loop_.post([alive = std::weak_ptr<int>(alive_), done = std::exchange(done_, nullptr), id] {
      if (!alive.expired() && done) done(id);
    });
  }

  std::string topic_;
  std::string client_id_;
  runtime::Loop& loop_;
  runtime::Network& network_;
  Microseconds timeout_;
  std::function<void(Uuid)> done_;
  std::optional<runtime::TlsOptions> tls_;
  std::vector<runtime::Endpoint> servers_;
  std::size_t next_ = 0;
  std::shared_ptr<int> alive_ = std::make_shared<int>(0);
  std::optional<FrameSplitter> frames_;
  runtime::TimerPtr timer_;
  runtime::ConnectionPtr connection_;
  bool left_ = false;  // a step out of the present connection is on its way
};

}  // namespace

std::unique_ptr<TopicIdRequest> request_topic_id(const ClientConfig& config, const std::string& topic,
                                                 runtime::Loop& loop, runtime::Network& network, Microseconds timeout,
                                                 std::function<void(Uuid)> done) {
  auto request = std::make_unique<Request>(config, topic, loop, network, timeout, std::move(done));
  request->start();
  return request;
}

}  // namespace streamops::kafka
