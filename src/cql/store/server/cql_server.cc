#include "cql/store/server/cql_server.h"

#include <algorithm>
#include <list>

#include "cql/store/engine.h"
#include "cql/store/server/connection.h"
#include "cql/store/system/system_tables.h"
#include "storage/rocks/group_commit.h"

namespace streamops::cql::store {
namespace {

constexpr std::size_t kMaxPrepared = 4096;
constexpr Microseconds kCheckEvery = Milliseconds{250};
constexpr Microseconds kShutdownPatience = Seconds{2};

class Server final : public CqlServer {
 public:
  Server(CqlServerOptions options, runtime::Loop& loop, CqlServerPools pools)
      : options_(std::move(options)), loop_(loop), pools_(pools), prepared_(kMaxPrepared) {}

  Result<void> open_store() {
    storage::RocksOptions rocks;
    rocks.directory = options_.directory;
    rocks.cache_bytes = static_cast<std::size_t>(options_.settings.memory);
    rocks.write_buffer_bytes = static_cast<std::size_t>(options_.settings.memory);
    const auto grace = std::make_shared<GraceTable>();
    rocks.merge = make_row_merge_rule();
    rocks.purge = make_row_purge_rule(grace, loop_.clock());
    STREAMOPS_ASSIGN(rocks_, storage::Rocks::open(std::move(rocks)));
    storage::GroupCommitOptions commits;
    commits.mode = storage::parse_sync_mode(options_.settings.fsync);
    commits_ = storage::make_group_commit(*rocks_, loop_, pools_.writer, commits);
    NodeInfo node;
    node.cluster_name = options_.cluster_name;
    STREAMOPS_ASSIGN(engine_, Engine::open({*rocks_, *commits_, loop_, pools_.readers, grace},
                                           std::make_unique<SystemTables>(std::move(node))));
    engine_->on_schema_change = [this](const SchemaChange& change) {
      prepared_.forget(change);
      for (const std::unique_ptr<Connection>& connection : connections_) connection->announce(change);
    };
    context_.emplace(ServerContext{*engine_, prepared_, options_.settings, options_.authenticate, counters_,
                                   [this](Connection& gone) { forget(gone); }});
    return Ok();
  }

  Result<void> listen(runtime::Network& network) {
    std::uint16_t port = 0;
    for (runtime::Endpoint at : options_.listeners) {
      if (at.port == 0) at.port = port;
      STREAMOPS_ASSIGN(
          std::unique_ptr<runtime::Listener> listener,
          network.listen(at, [this](runtime::ConnectionPtr connection) { accept(std::move(connection)); }));
      port = listener->local().port;
      listeners_.push_back(std::move(listener));
    }
    if (!listeners_.empty()) {
      engine_->system().node().address =
          options_.node_address.empty() ? listeners_[0]->local().host : options_.node_address;
      engine_->system().node().port = listeners_[0]->local().port;
    }
    watch();
    return Ok();
  }

  std::vector<runtime::Endpoint> endpoints() const override {
    std::vector<runtime::Endpoint> out;
    out.reserve(listeners_.size());
    for (const std::unique_ptr<runtime::Listener>& listener : listeners_) out.push_back(listener->local());
    return out;
  }

  void shutdown(std::function<void()> done) override {
    listeners_.clear();
    for (Connection* connection : all()) connection->stop_reading();
    patience_until_ = loop_.clock().monotonic() + kShutdownPatience;
    finish_when_idle(std::move(done));
  }

  Counters counters() const override {
    Counters out = counters_;
    out.connections = connections_.size();
    const storage::RocksMemory memory = rocks_->memory();
    out.memory = memory.cache + memory.write_buffers + memory.table_readers;
    return out;
  }

 private:
  void accept(runtime::ConnectionPtr connection) {
    if (connections_.size() >= static_cast<std::size_t>(options_.settings.max_connections))
      return;  // dropped: closes at once
    connections_.push_back(std::make_unique<Connection>(*context_, std::move(connection)));
  }

  /// Those of now: calls on them may end some, and so change the list.
  std::vector<Connection*> all() const {
    std::vector<Connection*> out;
    for (const std::unique_ptr<Connection>& connection : connections_) out.push_back(connection.get());
    return out;
  }

  void forget(Connection& gone) {
    const auto found = std::find_if(connections_.begin(), connections_.end(),
                                    [&gone](const auto& each) { return each.get() == &gone; });
    if (found == connections_.end()) return;
    // It is calling us: it goes at the end of this turn.
    std::shared_ptr<Connection> last(std::move(*found));
    connections_.erase(found);
    loop_.post([last] {});
  }

  void watch() {
    watch_ = loop_.after(kCheckEvery, [this] {
      for (Connection* connection : all()) connection->check_time();
      watch();
    });
  }

  void finish_when_idle(std::function<void()> done) {
    const bool busy =
        std::any_of(connections_.begin(), connections_.end(), [](const auto& each) { return each->in_flight() > 0; });
    if (busy && loop_.clock().monotonic() < patience_until_) {
      watch_ = loop_.after(Milliseconds{5}, [this, done = std::move(done)] { finish_when_idle(done); });
      return;
    }
    for (Connection* connection : all()) connection->close();
    engine_->closing()->store(true);
    close_store(std::move(done));
  }

  /// Waits for scans to notice and for the last commits, then makes everything durable.
  void close_store(std::function<void()> done) {
    if (engine_->reads_in_flight() > 0) {
      watch_ = loop_.after(Milliseconds{1}, [this, done = std::move(done)] { close_store(done); });
      return;
    }
    commits_->when_settled([this, done = std::move(done)] {
      pools_.writer.run_then(
          loop_, [this] { return rocks_->sync(); },
          [this, done](const Result<void>&) {
            watch_.reset();
            done();
          });
    });
  }

  CqlServerOptions options_;
  runtime::Loop& loop_;
  CqlServerPools pools_;
  std::unique_ptr<storage::Rocks> rocks_;
  std::unique_ptr<storage::GroupCommit> commits_;
  std::unique_ptr<Engine> engine_;
  PreparedStatements prepared_;
  Counters counters_;
  std::optional<ServerContext> context_;
  std::list<std::unique_ptr<Connection>> connections_;
  std::vector<std::unique_ptr<runtime::Listener>> listeners_;
  runtime::TimerPtr watch_;
  runtime::MonotonicTime patience_until_{};
};

}  // namespace

Result<std::unique_ptr<CqlServer>> CqlServer::open(CqlServerOptions options, runtime::Loop& loop,
                                                   runtime::Network& network, CqlServerPools pools) {
  auto server = std::make_unique<Server>(std::move(options), loop, pools);
  STREAMOPS_RETURN_IF_ERROR(server->open_store());
  STREAMOPS_RETURN_IF_ERROR(server->listen(network));
  return std::unique_ptr<CqlServer>(std::move(server));
}

}  // namespace streamops::cql::store
