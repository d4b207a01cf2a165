#include "runtime/http_server.h"

#include <unordered_map>

#include "base/text.h"
#include "runtime/http_status.h"
#include "runtime/impl/http_request_parser.h"

namespace streamops::runtime {
namespace {

constexpr std::size_t max_unsent_events = 1024 * 1024;

/// The status line and the headers, up to and with the blank line.
std::string head_of(int status, const HttpHeaders& headers) {
  std::string head = fmt::format("HTTP/1.1 {} {}\r\n", status, reason_of(status));
  for (const auto& [name, value] : headers) head += fmt::format("{}: {}\r\n", name, value);
  return head + "\r\n";
}

class ServedConnection;

/// Knows the connection only as long as it lives.
class ConnectionResponder final : public Responder {
 public:
  ConnectionResponder(std::weak_ptr<ServedConnection> connection, bool head_only)
      : connection_(std::move(connection)), head_only_(head_only) {}
  void respond(ServerResponse response) override;
  std::shared_ptr<EventStream> respond_events(HttpHeaders headers, std::function<void()> on_closed) override;

 private:
  std::weak_ptr<ServedConnection> connection_;
  bool head_only_;
};

/// One client: reads a request, waits for its answer, then reads the next.
class ServedConnection final : public ConnectionHandler, public std::enable_shared_from_this<ServedConnection> {
 public:
  ServedConnection(Loop& loop, const HttpServerLimits& limits, const HttpServer::Handler& handler,
                   ConnectionPtr connection, std::function<void()> on_gone)
      : loop_(loop),
        limits_(limits),
        handler_(handler),
        connection_(std::move(connection)),
        parser_(limits),
        on_gone_(std::move(on_gone)) {}

  void start() {
    arm(limits_.header_timeout, true);
    connection_->set_handler(*this);
  }

  void on_data(BytesView bytes) override {
    append_bytes(waiting_, bytes);
    if (waiting_.size() > limits_.max_header_bytes + limits_.max_body_bytes) connection_->pause_reading();
    read_requests();
  }

  void on_closed(const std::optional<Error>&) override {
    timeout_.reset();
    if (on_stream_closed_) std::exchange(on_stream_closed_, nullptr)();
    connection_.reset();
    on_gone_();  // destroys this connection
  }

  void on_drained() override {
    if (!streaming_ && !busy_ && closing_) connection_->close();
  }

  void answer(const ServerResponse& response, bool head_only) {
    if (!connection_ || !busy_) return;
    busy_ = false;
    closing_ = closing_ || !keep_alive_;
    HttpHeaders headers = response.headers;
    const bool has_body = response.status != 204 && response.status != 304;
    if (has_body) headers.emplace_back("Content-Length", std::to_string(response.body.size()));
    headers.emplace_back("Connection", closing_ ? "close" : "keep-alive");
    std::string text = head_of(response.status, headers);
    if (has_body && !head_only) text += response.body;
    connection_->write(Bytes(text.begin(), text.end()));
    if (closing_) return connection_->close();
    arm(limits_.idle_timeout, true);
    // From a fresh turn: a handler that answers at once must not recurse once a pipelined request.
    loop_.post([weak = weak_from_this()] {
      if (const auto self = weak.lock(); self && self->connection_) self->read_requests();
    });
  }

  void answer_events(HttpHeaders headers, std::function<void()> on_closed) {
    if (!connection_ || !busy_) return;
    streaming_ = true;
    on_stream_closed_ = std::move(on_closed);
    timeout_.reset();
    headers.emplace_back("Content-Type", "text/event-stream");
    headers.emplace_back("Cache-Control", "no-store");
    headers.emplace_back("Connection", "close");
    const std::string text = head_of(200, headers);
    connection_->write(Bytes(text.begin(), text.end()));
  }

  bool send_event(std::string_view event, std::string_view data) {
    if (!connection_ || !streaming_ || connection_->unsent() > max_unsent_events) return false;
    std::string text = fmt::format("event: {}\n", event);
    for (const std::string_view line : split(data, '\n')) text += fmt::format("data: {}\n", line);
    text += "\n";
    connection_->write(Bytes(text.begin(), text.end()));
    return true;
  }

  void end_events() {
    on_stream_closed_ = nullptr;
    if (connection_) connection_->close();
  }

  bool is_open() const { return connection_ != nullptr; }

 private:
  using State = HttpRequestParser::State;

  void read_requests() {
    while (connection_ && !busy_ && !closing_ && !waiting_.empty()) {
      const State before = parser_.state();
      const std::size_t used = parser_.feed(waiting_);
      waiting_.erase(waiting_.begin(), waiting_.begin() + static_cast<std::ptrdiff_t>(std::min(used, waiting_.size())));
      switch (parser_.state()) {
        case State::failed:
          return refuse(parser_.failure_status());
        case State::complete:
          dispatch();
          break;
        case State::body:
          if (before == State::headers) begin_body();
          return;
        case State::headers:
          return arm(limits_.header_timeout, false);
      }
    }
  }

  void begin_body() {
    arm(limits_.body_timeout, true);
    if (parser_.expects_continue()) connection_->write(Bytes(continue_line.begin(), continue_line.end()));
  }

  void dispatch() {
    keep_alive_ = parser_.keeps_alive();
    ServerRequest request = parser_.take();
    request.peer = connection_->peer();
    request.local = connection_->local();
    busy_ = true;
    timeout_.reset();
    idle_ = true;
    const bool head_only = request.method == "HEAD";
    handler_(std::move(request), std::make_shared<ConnectionResponder>(weak_from_this(), head_only));
  }

  void refuse(int status) {
    busy_ = true;
    closing_ = true;
    answer(ServerResponse::text(std::string(reason_of(status)) + "\n", status), false);
  }

  /// Cuts the client off after `delay`. Without `restart` a running limit goes on: bytes that trickle in buy no time.
  void arm(Microseconds delay, bool restart) {
    if (timeout_ && !restart && !idle_) return;
    idle_ = restart;
    timeout_ = loop_.after(delay, [this] {
      if (waiting_.empty() && parser_.is_between_requests()) return connection_->close();
      refuse(408);
    });
  }

  static constexpr std::string_view continue_line = "HTTP/1.1 100 Continue\r\n\r\n";

  Loop& loop_;
  const HttpServerLimits& limits_;
  const HttpServer::Handler& handler_;
  ConnectionPtr connection_;
  HttpRequestParser parser_;
  std::function<void()> on_gone_;
  std::function<void()> on_stream_closed_;
  TimerPtr timeout_;
  Bytes waiting_;
  bool busy_ = false;  // a request is with the handler
  bool idle_ = true;   // the running time-out is one between requests
  bool keep_alive_ = true;
  bool closing_ = false;
  bool streaming_ = false;
};

class ConnectionEvents final : public EventStream {
 public:
  explicit ConnectionEvents(std::weak_ptr<ServedConnection> connection) : connection_(std::move(connection)) {}
  ConnectionEvents(const ConnectionEvents&) = delete;
  ConnectionEvents& operator=(const ConnectionEvents&) = delete;
  ~ConnectionEvents() override {
    if (const auto connection = connection_.lock()) connection->end_events();
  }
  bool send(std::string_view event, std::string_view data) override {
    const auto connection = connection_.lock();
    return connection && connection->send_event(event, data);
  }
  bool is_open() const override {
    const auto connection = connection_.lock();
    return connection && connection->is_open();
  }

 private:
  std::weak_ptr<ServedConnection> connection_;
};

void ConnectionResponder::respond(ServerResponse response) {
  if (const auto connection = connection_.lock()) connection->answer(response, head_only_);
}

std::shared_ptr<EventStream> ConnectionResponder::respond_events(HttpHeaders headers, std::function<void()> on_closed) {
  if (const auto connection = connection_.lock()) connection->answer_events(std::move(headers), std::move(on_closed));
  return std::make_shared<ConnectionEvents>(connection_);
}

class NetworkHttpServer final : public HttpServer {
 public:
  NetworkHttpServer(Loop& loop, Network& network, HttpServerLimits limits, Handler handler)
      : loop_(loop), network_(network), limits_(limits), handler_(std::move(handler)) {}

  Result<Endpoint> listen(const Endpoint& at, const std::optional<TlsOptions>& tls) override {
    STREAMOPS_ASSIGN(std::unique_ptr<Listener> listener,
                     network_.listen(at, [this](ConnectionPtr connection) { accept(std::move(connection)); }, tls));
    const Endpoint local = listener->local();
    listeners_.push_back(std::move(listener));
    return local;
  }

 private:
  void accept(ConnectionPtr connection) {
    if (connections_.size() >= limits_.max_connections) return;  // destroying the connection closes it
    const std::uint64_t id = next_id_++;
    const auto served = std::make_shared<ServedConnection>(loop_, limits_, handler_, std::move(connection),
                                                           [this, id] { connections_.erase(id); });
    connections_.emplace(id, served);
    served->start();
  }

  Loop& loop_;
  Network& network_;
  const HttpServerLimits limits_;
  const Handler handler_;
  std::vector<std::unique_ptr<Listener>> listeners_;
  std::unordered_map<std::uint64_t, std::shared_ptr<ServedConnection>> connections_;
  std::uint64_t next_id_ = 1;
};

}  // namespace

const std::string* ServerRequest::header(std::string_view name) const {
  for (const auto& [key, value] : headers) {
    if (key == name) return &value;
  }
  return nullptr;
}

std::string ServerRequest::cookie(std::string_view name) const {
  const std::string* cookies = header("cookie");
  if (cookies == nullptr) return {};
  for (const std::string_view piece : split(*cookies, ';')) {
    const std::string_view pair = trim(piece);
    if (pair.size() > name.size() && pair.starts_with(name) && pair[name.size()] == '=')
      return std::string(pair.substr(name.size() + 1));
  }
  return {};
}

ServerResponse ServerResponse::json(std::string body, int status) {
  return {status, {{"Content-Type", "application/json; charset=utf-8"}}, std::move(body)};
}

ServerResponse ServerResponse::text(std::string body, int status) {
  return {status, {{"Content-Type", "text/plain; charset=utf-8"}}, std::move(body)};
}

std::unique_ptr<HttpServer> make_http_server(Loop& loop, Network& network, HttpServerLimits limits,
                                             HttpServer::Handler handler) {
  return std::make_unique<NetworkHttpServer>(loop, network, limits, std::move(handler));
}

std::string percent_decode(std::string_view text, bool plus) {
  const auto digit = [](char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
  };
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size() && digit(text[i + 1]) >= 0 && digit(text[i + 2]) >= 0) {
      out += static_cast<char>(digit(text[i + 1]) * 16 + digit(text[i + 2]));
      i += 2;
    } else {
      out += plus && text[i] == '+' ? ' ' : text[i];
    }
  }
  return out;
}

std::string percent_encode(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       std::string_view("-._~").find(c) != std::string_view::npos;
    if (plain) {
      out += c;
    } else {
      out += fmt::format("%{:02X}", static_cast<unsigned>(static_cast<unsigned char>(c)));
    }
  }
  return out;
}

}  // namespace streamops::runtime
