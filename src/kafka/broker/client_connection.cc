#include "kafka/broker/client_connection.h"

#include <utility>

#include "errors/kafka_protocol.h"
#include "kafka/broker/broker.h"
#include "kafka/broker/handlers.h"
#include "kafka/broker/server.h"
#include "kafka/protocol/error_code.h"
#include "kafka/protocol/messages/api_versions.h"

namespace streamops::kafka {

namespace {

constexpr std::size_t most_requests_in_work = 64;
constexpr std::size_t most_unsent_bytes = 8 * 1024 * 1024;

}  // namespace

// Lives as long as a handler holds it; outlives the connection without harm.
class ClientConnection::Owed final : public OwedAnswer {
 public:
  Owed(std::weak_ptr<ClientConnection> connection, std::uint64_t number)
      : connection_(std::move(connection)), number_(number) {}

  void send(std::vector<Bytes> pieces) override {
    if (const auto connection = std::exchange(connection_, {}).lock()) connection->complete(number_, std::move(pieces));
  }
  void skip() override { send({}); }
  void close_connection() override {
    if (const auto connection = std::exchange(connection_, {}).lock()) connection->close();
  }

 private:
  std::weak_ptr<ClientConnection> connection_;  // empty once answered
  std::uint64_t number_;
};

ClientConnection::ClientConnection(Server& server, std::uint64_t id, runtime::ConnectionPtr connection)
    : server_(server),
      id_(id),
      connection_(std::move(connection)),
      advertised_(server.advertised(connection_->local())),
      peer_(connection_->peer()),
      frames_(static_cast<std::size_t>(server.context_.settings.max_request_bytes)),
      last_byte_(server.context_.loop.clock().monotonic()) {}

ClientConnection::~ClientConnection() = default;

void ClientConnection::start() {
  connection_->set_handler(*this);
}

// --- bytes in
// ---------------------------------------------------------------------------------------------------------

void ClientConnection::on_data(BytesView bytes) {
  if (closed_ || stopped_) return;
  last_byte_ = server_.context_.loop.clock().monotonic();
  if (const Result<void> fed = frames_.feed(bytes); !fed) return reject(fed.error());
  work();
}

bool ClientConnection::is_full() const {
  return owed_.size() >= most_requests_in_work || connection_->unsent() > most_unsent_bytes;
}

// Handles whole frames until the connection has enough in work.
void ClientConnection::work() {
  if (working_) return;  // an answer that came at once calls back in here
  working_ = true;
  const std::shared_ptr<ClientConnection> self = shared_from_this();
  while (!closed_ && !stopped_ && !is_full()) {
    std::optional<Bytes> frame = frames_.next();
    if (!frame) break;
    frame_since_.reset();
    if (const Result<void> handled = handle(std::move(*frame)); !handled) {
      reject(handled.error());
      break;
    }
  }
  working_ = false;
  if (closed_) return;
  const bool full = is_full();
  if (full != paused_) {
    paused_ = full;
    full ? connection_->pause_reading() : connection_->resume_reading();
  }
  if (full || frames_.buffered() == 0) {
    frame_since_.reset();
  } else if (!frame_since_) {
    frame_since_ = server_.context_.loop.clock().monotonic();
  }
}

Result<void> ClientConnection::handle(Bytes bytes) {
  auto frame = std::make_shared<Bytes>(std::move(bytes));
  Reader in(*frame);
  STREAMOPS_ASSIGN(const RequestHeader header, decode_request_header(in));
  server_.context_.stats.requests.add();
  RequestContext context;
  context.broker = &server_.context_.broker;
  context.connection_id = id_;
  context.listener = advertised_;
  context.peer = peer_;
  context.api_key = header.api_key;
  context.api_version = header.api_version;
  context.correlation_id = header.correlation_id;
  context.client_id = header.client_id.value_or("");
  context.frame = frame;
  context.answer = owe();
  const ServedApi* api = find_served_api(header.api_key);
  if (api == nullptr || header.api_version < api->min_version || header.api_version > api->max_version) {
    return refuse_version(header, context.answer);
  }
  return api->serve(context, in);
}

// A client that asks ApiVersions in a version of the future is told ours in version 0 (KIP-511); anything else unknown
// ends the connection, as its answer could not be read.
Result<void> ClientConnection::refuse_version(const RequestHeader& header, const std::shared_ptr<OwedAnswer>& answer) {
  const ServedApi* api = find_served_api(header.api_key);
  if (header.api_key != ApiVersionsRequest::api_key) {
    return Error(errors::kafka_protocol::unsupported_version, "{} asked for API {} version {}, which is not served",
                 to_string(peer_), api != nullptr ? std::string(api->name) : std::to_string(header.api_key),
                 header.api_version);
  }
  ApiVersionsResponse response;
  response.error_code = wire(ErrorCode::unsupported_version);
  response.api_keys.push_back({api->key, api->min_version, api->max_version});
  answer->send(encode_response(0, header.correlation_id, std::move(response)));
  return Ok();
}

// --- answers out
// ------------------------------------------------------------------------------------------------------

std::shared_ptr<OwedAnswer> ClientConnection::owe() {
  owed_.emplace_back();
  return std::make_shared<Owed>(weak_from_this(), first_owed_ + owed_.size() - 1);
}

void ClientConnection::complete(std::uint64_t number, std::vector<Bytes> pieces) {
  if (closed_) return;
  Slot& slot = owed_[static_cast<std::size_t>(number - first_owed_)];
  slot.pieces = std::move(pieces);
  slot.ready = true;
  send_ready();
}

void ClientConnection::send_ready() {
  while (!owed_.empty() && owed_.front().ready) {
    for (Bytes& piece : owed_.front().pieces) connection_->write(std::move(piece));
    owed_.pop_front();
    ++first_owed_;
  }
  if (paused_) work();
}

void ClientConnection::on_drained() {
  if (paused_) work();
}

// --- the end
// ----------------------------------------------------------------------------------------------------------

void ClientConnection::stop_reading() {
  stopped_ = true;
  if (!closed_) connection_->pause_reading();
}

bool ClientConnection::is_overdue(runtime::MonotonicTime now) const {
  const settings::Kafka& settings = server_.context_.settings;
  if (frame_since_ && now - *frame_since_ > settings.frame_timeout) return true;
  return owed_.empty() && now - last_byte_ > settings.idle_timeout;
}

void ClientConnection::reject(const Error& error) {
  if (closed_) return;
  server_.context_.stats.protocol_errors.add();
  if (server_.context_.on_problem) server_.context_.on_problem(error.in("client " + to_string(peer_)));
  close();
}

void ClientConnection::on_closed(const std::optional<Error>&) {
  close();
}

void ClientConnection::close() {
  if (std::exchange(closed_, true)) return;
  server_.drop(id_);
}

}  // namespace streamops::kafka
