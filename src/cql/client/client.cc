#include "cql/client/client.h"

#include <algorithm>
#include <deque>

#include "cql/client/impl/server_connection.h"
#include "errors/cql_client.h"

namespace streamops::cql {
namespace {

constexpr Microseconds first_pause = Milliseconds{50};
constexpr Microseconds longest_pause = Seconds{5};
constexpr Microseconds expiry_interval = Milliseconds{250};

Result<PreparedStatementPtr> to_statement(const Answer& answer, std::string text) {
  const auto* prepared = std::get_if<Prepared>(&answer.message);
  if (prepared == nullptr) return Error(errors::cql_client::broken_answer, "PREPARE was answered with another result");
  auto statement = std::make_shared<PreparedStatement>();
  statement->text = std::move(text);
  statement->id.assign(prepared->id.begin(), prepared->id.end());
  statement->result_metadata_id.assign(prepared->result_metadata_id.begin(), prepared->result_metadata_id.end());
  statement->variables = prepared->variables;
  statement->partition_key = prepared->partition_key;
  return PreparedStatementPtr(std::move(statement));
}

/// One connection that stands, or the attempts to have one.
struct Slot {
  runtime::Endpoint host;
  std::unique_ptr<ServerConnection> connection;
  runtime::TimerPtr retry;
  Microseconds pause = first_pause;
  std::uint64_t attempt = 0;  // an answer to an older attempt is stale
};

class PooledClient final : public Client {
 public:
  PooledClient(ClientOptions options, runtime::Loop& loop, runtime::Network& network)
      : options_(std::move(options)), loop_(loop), network_(network) {
    for (const runtime::Endpoint& host : options_.contact_points) {
      for (std::size_t i = 0; i < options_.connections_per_host; ++i) slots_.push_back(Slot{host, nullptr, nullptr});
    }
    for (std::size_t i = 0; i < slots_.size(); ++i) connect(i);
  }
  PooledClient(const PooledClient&) = delete;
  PooledClient& operator=(const PooledClient&) = delete;
  ~PooledClient() override { *alive_ = false; }

  void query(std::string text, Done done) override {
    PendingRequest request;
    request.opcode = Opcode::query;
    request.body.assign(text.begin(), text.end());
    request.done = std::move(done);
    submit(std::move(request));
  }

  void prepare(std::string text, std::function<void(Result<PreparedStatementPtr>)> done) override {
    PendingRequest request;
    request.opcode = Opcode::prepare;
    request.body.assign(text.begin(), text.end());
    request.done = [text = std::move(text), done = std::move(done)](const Result<Answer>& answer) {
      if (!answer) return done(answer.error());
      done(to_statement(*answer, text));
    };
    submit(std::move(request));
  }

  void execute(PreparedStatementPtr statement, Bytes values, Done done) override {
    PendingRequest request;
    request.opcode = Opcode::execute;
    request.statement = std::move(statement);
    request.body = std::move(values);
    request.done = std::move(done);
    submit(std::move(request));
  }

  std::size_t in_flight() const override {
    std::size_t count = waiting_.size();
    for (const Slot& slot : slots_) count += slot.connection ? slot.connection->load() : 0;
    return count;
  }

  std::optional<Error> trouble() const override { return ready_connection(false) == nullptr ? trouble_ : std::nullopt; }

  int version() const override { return known_version_; }

 private:
  void connect(std::size_t index) {
    Slot& slot = slots_[index];
    const std::uint64_t attempt = ++slot.attempt;
    network_.connect(slot.host, options_.connect_timeout, options_.tls,
                     [this, alive = alive_, index, attempt](Result<runtime::ConnectionPtr> connection) {
                       if (!*alive || slots_[index].attempt != attempt) return;
                       if (!connection)
                         return retry_later(index,
                                            Error(errors::cql_client::unreachable, "{}", connection.error().message()));
                       handshake(index, std::move(connection).value());
                     });
  }

  void handshake(std::size_t index, runtime::ConnectionPtr connection) {
    Slot& slot = slots_[index];
    ServerConnection::Events events;
    const auto guarded = [this, alive = alive_, index](auto work) {
      return [this, alive, index, work] {
        if (*alive) work(*this, index);
      };
    };
    events.on_ready = guarded([](PooledClient& self, std::size_t at) { self.ready(at); });
    events.on_idle_stream = guarded([](PooledClient& self, std::size_t) { self.dispatch(); });
    events.on_closed = [this, alive = alive_, index](const Error& error, bool version_refused,
                                                     std::vector<PendingRequest> unanswered) {
      if (*alive) closed(index, error, version_refused);
      for (PendingRequest& request : unanswered) {
        if (*alive) request.done(error);
      }
    };
    slot.connection = std::make_unique<ServerConnection>(options_, slot.host, next_version_, loop_,
                                                         std::move(connection), std::move(events));
    slot.connection->start();
    // A port that accepts and then says nothing is no server.
    slot.retry = loop_.after(options_.connect_timeout, [this, index] {
      Slot& late = slots_[index];
      if (late.connection && late.connection->is_ready()) return;
      late.connection.reset();
      retry_later(index, Error(errors::cql_client::unreachable, "{} accepts connections but does not answer STARTUP",
                               runtime::to_string(late.host)));
    });
  }

  void ready(std::size_t index) {
    slots_[index].pause = first_pause;
    known_version_ = static_cast<int>(slots_[index].connection->version());
    loop_.post([this, alive = alive_, index] {
      if (!*alive) return;
      slots_[index].retry.reset();
      dispatch();
    });
  }

  void closed(std::size_t index, const Error& error, bool version_refused) {
    slots_[index].connection.reset();
    if (version_refused && known_version_ == 0) {
      if (next_version_ == Version::v3) {
        return retry_later(
            index, Error(errors::cql_client::no_common_version, "{} takes none of the protocol versions 5, 4 and 3",
                         runtime::to_string(slots_[index].host)));
      }
      next_version_ = next_version_ == Version::v5 ? Version::v4 : Version::v3;
      return connect(index);
    }
    retry_later(index, error);
  }

  void retry_later(std::size_t index, Error error) {
    trouble_ = error;
    // Nothing changes by waiting when the server refuses us: what waits is told now.
    if (classify(error) == FailureKind::fatal) fail_waiting(error);
    Slot& slot = slots_[index];
    ++slot.attempt;
    const auto half = static_cast<std::uint64_t>(slot.pause.count() / 2);
    const Microseconds pause{static_cast<std::int64_t>(half + loop_.random().below(half + 1))};
    slot.pause = std::min(slot.pause * 2, longest_pause);
    slot.retry = loop_.after(pause, [this, index] { connect(index); });
  }

  void submit(PendingRequest request) {
    request.deadline = loop_.clock().monotonic() + options_.request_timeout;
    waiting_.push_back(std::move(request));
    dispatch();
    if (!expiry_) arm_expiry();
  }

  ServerConnection* ready_connection(bool with_room) const {
    ServerConnection* best = nullptr;
    for (const Slot& slot : slots_) {
      ServerConnection* connection = slot.connection.get();
      if (connection == nullptr || !connection->is_ready() || (with_room && !connection->has_room())) continue;
      if (best == nullptr || connection->load() < best->load()) best = connection;
    }
    return best;
  }

  void dispatch() {
    while (!waiting_.empty()) {
      ServerConnection* connection = ready_connection(true);
      if (connection == nullptr) return;
      PendingRequest request = std::move(waiting_.front());
      waiting_.pop_front();
      connection->send(std::move(request));
    }
  }

  void fail_waiting(const Error& error) {
    std::deque<PendingRequest> failed = std::exchange(waiting_, {});
    const std::shared_ptr<bool> alive = alive_;
    for (PendingRequest& request : failed) {
      if (*alive) request.done(error);
    }
  }

  void arm_expiry() {
    expiry_ = loop_.after(expiry_interval, [this] {
      const runtime::MonotonicTime now = loop_.clock().monotonic();
      const std::shared_ptr<bool> alive = alive_;
      for (std::size_t i = 0; i < slots_.size() && *alive; ++i) {
        if (slots_[i].connection) slots_[i].connection->expire(now);
      }
      if (*alive) expire_waiting(now);
      if (!*alive) return;
      expiry_.reset();
      if (in_flight() > 0) arm_expiry();
    });
  }

  void expire_waiting(runtime::MonotonicTime now) {
    const Error error =
        trouble_.value_or(Error(errors::cql_client::request_timeout, "no connection had room for a request within {}",
                                format_duration(options_.request_timeout)));
    const std::shared_ptr<bool> alive = alive_;
    while (*alive && !waiting_.empty() && waiting_.front().deadline <= now) {
      PendingRequest request = std::move(waiting_.front());
      waiting_.pop_front();
      request.done(error);
    }
  }

  const ClientOptions options_;
  runtime::Loop& loop_;
  runtime::Network& network_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
  std::vector<Slot> slots_;
  std::deque<PendingRequest> waiting_;
  std::optional<Error> trouble_;
  Version next_version_ = Version::v5;
  int known_version_ = 0;
  runtime::TimerPtr expiry_;
};

}  // namespace

FailureKind classify(const Error& error) {
  using namespace errors::cql_client;
  if (error.is(invalid_request)) return FailureKind::request;
  const bool is_fatal =
      error.is(credentials) || error.is(unauthorized) || error.is(no_common_version) || error.is(refused);
  return is_fatal ? FailureKind::fatal : FailureKind::retriable;
}

std::unique_ptr<Client> make_client(ClientOptions options, runtime::Loop& loop, runtime::Network& network) {
  return std::make_unique<PooledClient>(std::move(options), loop, network);
}

}  // namespace streamops::cql
