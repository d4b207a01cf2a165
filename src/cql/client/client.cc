#include "cql/client/client.h"

#include <algorithm>
#include <deque>

#include "cql/client/impl/cluster_watch.h"
#include "cql/client/impl/host_pool.h"
#include "cql/client/impl/read.h"
#include "cql/client/token_ring.h"
#include "errors/cql_client.h"

namespace streamops::cql {
namespace {

constexpr Microseconds expiry_interval = Milliseconds{250};
constexpr std::size_t most_hosts = 256;  // of one datacenter; a client needs no connection to more

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

Bytes to_bytes(std::string_view text) {
  const BytesView bytes = as_bytes(text);
  return {bytes.begin(), bytes.end()};
}

class ClusterClient final : public Client, public HostPool::Owner {
 public:
  ClusterClient(ClientOptions options, runtime::Loop& loop, runtime::Network& network)
      : options_(std::move(options)),
        loop_(loop),
        network_(network),
        watch_(options_, loop, [this](ClusterMap map) { apply(std::move(map)); }) {
    for (const runtime::Endpoint& host : options_.contact_points) add_host(host, true);
    arm_expiry();
  }
  ClusterClient(const ClusterClient&) = delete;
  ClusterClient& operator=(const ClusterClient&) = delete;
  ~ClusterClient() override { *alive_ = false; }

  void query(std::string text, Done done) override { submit(make(Opcode::query, to_bytes(text), std::move(done))); }

  void select(std::string text, ReadOptions options, Done done) override {
    start_read(make(Opcode::query, to_bytes(text), std::move(done)), std::move(options));
  }

  void select(PreparedStatementPtr statement, Bytes values, ReadOptions options, Done done) override {
    RequestPtr request = make(Opcode::execute, std::move(values), std::move(done));
    request->statement = std::move(statement);
    start_read(std::move(request), std::move(options));
  }

  void prepare(std::string text, std::function<void(Result<PreparedStatementPtr>)> done) override {
    Bytes body = to_bytes(text);
    submit(make(Opcode::prepare, std::move(body),
                [text = std::move(text), done = std::move(done)](const Result<Answer>& answer) {
                  if (!answer) return done(answer.error());
                  done(to_statement(*answer, text));
                }));
  }

  void execute(PreparedStatementPtr statement, Bytes values, Done done) override {
    RequestPtr request = make(Opcode::execute, std::move(values), std::move(done));
    request->statement = std::move(statement);
    submit(std::move(request));
  }

  void set_write_listener(WriteListener* listener) override { listener_ = listener; }

  bool write(const PreparedStatement& statement, BytesView values, std::uint64_t tag) override {
    ServerConnection* connection = writer_for(statement, values);
    if (connection == nullptr) {
      wants_room_ = true;
      if (refusal_) refuse_soon();
      return false;
    }
    connection->write(statement, values, tag);
    return true;
  }

  std::size_t in_flight() const override {
    std::size_t count = waiting_.size();
    for (const auto& host : hosts_) count += host->load();
    return count;
  }

  std::optional<Error> trouble() const override { return any_up() ? std::nullopt : trouble_; }

  int version() const override { return version_; }

  std::vector<HostStatus> hosts() const override {
    std::vector<HostStatus> out;
    out.reserve(hosts_.size());
    for (const auto& host : hosts_) out.push_back({host->at(), host->datacenter, host->release_version, host->is_up()});
    return out;
  }

  // --- what the hosts tell ---

  void on_up(HostPool& host, ServerConnection& connection) override {
    version_ = static_cast<int>(connection.version());
    refusal_.reset();
    if (options_.discover && watch_.connection() == nullptr) watch_.use(connection, host.at());
    loop_.post([this, alive = alive_] {
      if (*alive) on_room();
    });
  }

  void on_trouble(HostPool&, const Error& error) override {
    trouble_ = error;
    move_watch();
    if (any_up() || classify(error) != FailureKind::fatal) return;
    // Nothing changes by waiting when the servers refuse us: what waits is told now.
    refusal_ = error;
    fail_waiting(error);
    if (wants_room_) refuse_soon();
  }

  void on_unanswered(ServerConnection::Unanswered unanswered, const Error& error) override {
    const std::shared_ptr<bool> alive = alive_;
    for (std::size_t i = 0; *alive && i < unanswered.writes.size(); ++i)
      listener_->on_write(unanswered.writes[i], WriteListener::Outcome::failed, &error);
    for (std::size_t i = 0; *alive && i < unanswered.requests.size(); ++i) unanswered.requests[i]->done(error);
  }

  void on_room() override {
    dispatch();
    if (listener_ == nullptr || !any_up()) return;
    wants_room_ = false;
    listener_->on_room();
  }

  void on_event(const EventMessage& event) override {
    watch_.on_event(event);
    const auto* node = std::get_if<NodeEvent>(&event);
    if (node == nullptr || node->change != "UP") return;
    const std::string address = address_text(node->address.view());
    for (const auto& host : hosts_) {
      if (host->address().host == address && host->address().port == node->port) host->connect_now();
    }
  }

  WriteListener* listener() override { return listener_; }

 private:
  static RequestPtr make(Opcode opcode, Bytes body, Done done) {
    auto request = std::make_unique<Request>();
    request->opcode = opcode;
    request->body = std::move(body);
    request->done = std::move(done);
    return request;
  }

  void add_host(const runtime::Endpoint& at, bool is_contact_point) {
    hosts_.push_back(std::make_unique<HostPool>(options_, at, is_contact_point, loop_, network_, *this));
  }

  // --- discovery ---

  void move_watch() {
    const auto owns_watch = [&](const auto& host) { return host->owns(watch_.connection()); };
    if (!options_.discover || std::any_of(hosts_.begin(), hosts_.end(), owns_watch)) return;
    watch_.lost();
    for (const auto& host : hosts_) {
      if (ServerConnection* connection = host->best(false)) return watch_.use(*connection, host->at());
    }
  }

  HostPool* find_host(const runtime::Endpoint& at) const {
    for (const auto& host : hosts_) {
      if (host->at() == at || host->address() == at) return host.get();
    }
    return nullptr;
  }

  void apply(ClusterMap map) {
    if (local_datacenter_.empty()) {
      const std::string& wanted = options_.local_datacenter;
      local_datacenter_ = wanted.empty() ? map.hosts.front().ring.datacenter : wanted;
    }
    if (!has_local_nodes(map)) return;
    std::vector<RingHost> ring;
    for (const auto& host : hosts_) host->ring_index.reset();
    for (const ClusterHost& found : map.hosts) {
      const bool is_local = found.ring.datacenter == local_datacenter_;
      HostPool* host = find_host(found.at);
      if (host == nullptr && is_local && hosts_.size() < most_hosts) {
        add_host(found.at, false);
        host = hosts_.back().get();
      }
      if (host != nullptr) {
        host->datacenter = found.ring.datacenter;
        host->release_version = found.release_version;
        host->is_remote = !is_local;
        host->ring_index = static_cast<std::uint32_t>(ring.size());
      }
      ring.push_back(found.ring);
    }
    remove_gone();
    build_routes(ring, map);
    on_room();
  }

  bool has_local_nodes(const ClusterMap& map) {
    std::string names;
    for (const ClusterHost& host : map.hosts) {
      if (host.ring.datacenter == local_datacenter_) return true;
      if (names.find(host.ring.datacenter) == std::string::npos)
        names += (names.empty() ? "" : ", ") + host.ring.datacenter;
    }
    refusal_ = Error(errors::cql_client::unknown_datacenter, "no node is in the datacenter `{}`; the cluster has {}",
                     local_datacenter_, names);
    trouble_ = refusal_;
    for (const auto& host : hosts_) host->is_remote = true;
    fail_waiting(*refusal_);
    if (wants_room_) refuse_soon();
    return false;
  }

  /// Nodes that the cluster no longer has. In a turn of its own: one of them may be on the stack.
  void remove_gone() {
    loop_.post([this, alive = alive_] {
      if (!*alive) return;
      const auto is_gone = [&](const auto& host) {
        return !host->is_contact_point() && !host->ring_index && host->load() == 0 && !host->owns(watch_.connection());
      };
      std::erase_if(hosts_, is_gone);
    });
  }

  void build_routes(const std::vector<RingHost>& ring, const ClusterMap& map) {
    routes_.clear();
    for (const auto& [keyspace, replication] : map.keyspaces)
      routes_.emplace(keyspace, ReplicaMap(ring, replication, local_datacenter_));
  }

  // --- which connection ---

  bool any_up() const {
    return std::any_of(hosts_.begin(), hosts_.end(),
                       [](const auto& host) { return !host->is_remote && host->is_up(); });
  }

  /// The connection with the fewest requests; not one of `except`.
  ServerConnection* best(const ServerConnection* except = nullptr) const {
    ServerConnection* best = nullptr;
    for (const auto& host : hosts_) {
      if (host->is_remote) continue;
      ServerConnection* connection = host->best(true);
      if (connection == nullptr || connection == except) continue;
      if (best == nullptr || connection->load() < best->load()) best = connection;
    }
    return best;
  }

  /// Hot path: once per row. A replica of the row, else any host; on a single host nothing is hashed.
  ServerConnection* writer_for(const PreparedStatement& statement, BytesView values) {
    if (hosts_.size() == 1 || routes_.empty() || statement.variables.empty()) return best();
    const auto route = routes_.find(statement.variables[0].keyspace);
    std::int64_t token = 0;
    if (route == routes_.end() || !routing_token(values, statement.partition_key, scratch_, token)) return best();
    const auto replicas = route->second.replicas(token);
    ServerConnection* found = nullptr;
    for (const auto& host : hosts_) {
      const bool holds = host->ring_index && !host->is_remote &&
                         std::find(replicas.begin(), replicas.end(), *host->ring_index) != replicas.end();
      ServerConnection* connection = holds ? host->best(true) : nullptr;
      if (connection != nullptr && (found == nullptr || connection->load() < found->load())) found = connection;
    }
    return found != nullptr ? found : best();
  }

  // --- requests ---

  void start_read(RequestPtr request, ReadOptions options) {
    request->read = std::move(options);
    auto first = std::make_shared<const ServerConnection*>(nullptr);
    const auto submit_read = [this, alive = alive_, first](RequestPtr copy, bool speculative) {
      if (!*alive) return false;
      if (!speculative) {
        *first = best();
        submit(std::move(copy));
        return true;
      }
      ServerConnection* other = best(*first);
      if (other == nullptr) return false;
      copy->deadline = loop_.clock().monotonic() + options_.request_timeout;
      other->send(std::move(copy));
      return true;
    };
    std::make_shared<Read>(std::move(request), loop_, submit_read)->start();
  }

  void submit(RequestPtr request) {
    request->deadline = loop_.clock().monotonic() + options_.request_timeout;
    waiting_.push_back(std::move(request));
    dispatch();
  }

  void dispatch() {
    while (!waiting_.empty()) {
      ServerConnection* connection = best();
      if (connection == nullptr) return;
      RequestPtr request = std::move(waiting_.front());
      waiting_.pop_front();
      connection->send(std::move(request));
    }
  }

  void fail_waiting(const Error& error) {
    std::deque<RequestPtr> failed = std::exchange(waiting_, {});
    const std::shared_ptr<bool> alive = alive_;
    for (std::size_t i = 0; *alive && i < failed.size(); ++i) failed[i]->done(error);
  }

  void refuse_soon() {
    loop_.post([this, alive = alive_] {
      if (!*alive || !refusal_ || !std::exchange(wants_room_, false)) return;
      listener_->on_refused(*refusal_);
    });
  }

  void arm_expiry() {
    expiry_ = loop_.after(expiry_interval, [this, alive = alive_] {
      const runtime::MonotonicTime now = loop_.clock().monotonic();
      for (std::size_t i = 0; *alive && i < hosts_.size(); ++i) hosts_[i]->expire(now);
      if (*alive) expire_waiting(now);
      if (*alive) arm_expiry();
    });
  }

  void expire_waiting(runtime::MonotonicTime now) {
    const Error error =
        trouble_.value_or(Error(errors::cql_client::request_timeout, "no connection had room for a request within {}",
                                format_duration(options_.request_timeout)));
    const std::shared_ptr<bool> alive = alive_;
    while (*alive && !waiting_.empty() && waiting_.front()->deadline <= now) {
      const RequestPtr request = std::move(waiting_.front());
      waiting_.pop_front();
      request->done(error);
    }
  }

  const ClientOptions options_;
  runtime::Loop& loop_;
  runtime::Network& network_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
  WriteListener* listener_ = nullptr;
  bool wants_room_ = false;
  std::deque<RequestPtr> waiting_;
  std::optional<Error> trouble_;
  std::optional<Error> refusal_;  // the servers refuse us for good
  int version_ = 0;
  std::string local_datacenter_;
  std::map<std::string, ReplicaMap, std::less<>> routes_;  // by keyspace
  Bytes scratch_;
  runtime::TimerPtr expiry_;
  ClusterWatch watch_;
  std::vector<std::unique_ptr<HostPool>> hosts_;
};

}  // namespace

std::unique_ptr<Client> make_client(ClientOptions options, runtime::Loop& loop, runtime::Network& network) {
  return std::make_unique<ClusterClient>(std::move(options), loop, network);
}

}  // namespace streamops::cql
