// spark/client.h — a session of Spark Connect: SQL, views, streaming queries.
//
// A session is a name (a UUID) and a user; the server makes it at the first call that names it and keeps its settings,
// views and queries when the caller goes away. So a client holds no state but calls under way, and two clients of the
// same session see the same. release() closes a session's name for ever.
// Every call gives errors as failure.h has them, and those of GrpcChannel::call(). A call that Spark has not answered
// within the time-out may still take effect. Threads: the loop's; `done` comes once, unless the client is destroyed.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "runtime/http_client.h"
#include "runtime/loop.h"
#include "spark/grpc.h"
#include "spark/messages.h"

namespace streamops::spark {

template <typename T>
using Done = std::function<void(Result<T>)>;

struct ClientOptions {
  Remote remote;
  std::optional<runtime::TlsOptions> tls;
  std::string session_id;  // a UUID
  std::string user_id;
  /// The first call of a session waits for executors, so this is long; what a person waits for is shown as trouble.
  Microseconds timeout = Seconds{60};
};

struct ActiveQuery {
  StreamingQueryInstanceId id;
  std::string name;
};

class Client {
 public:
  /// `http` belongs to the caller's loop and outlives the client.
  Client(ClientOptions options, runtime::HttpClient& http);
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  const ClientOptions& options() const { return options_; }

  /// "4.0.0".
  void version(Done<std::string> done);
  /// Sets configuration of the session.
  void configure(const std::map<std::string, std::string>& settings, Done<void> done);
  /// Parses and resolves a query without running it.
  void analyze(const std::string& sql, Done<void> done);
  /// Gives a relation a name in this session; an older one of the name is replaced, queries over it stay as they are.
  void create_view(const std::string& name, Relation relation, Done<void> done);

  void start_query(WriteStreamOperationStart start, Done<StreamingQueryInstanceId> done);
  /// Asks or tells a query of this session. Errors: SO-E006 (the server does not know it) besides.
  void ask(const StreamingQueryInstanceId& id, StreamingQueryCommand command, Done<StreamingQueryCommandResult> done,
           Microseconds timeout = Seconds{60});
  void active_queries(Done<std::vector<ActiveQuery>> done);
  /// Ends the session: its queries stop. A server that has no such call (3.5) keeps the session, without its queries.
  void release(Done<void> done);

 private:
  using Responses = std::vector<ExecutePlanResponse>;
  template <typename Request>
  Request request() const;
  void send(std::string_view method, const std::string& message, Microseconds timeout,
            Done<std::vector<std::string>> done);
  void execute(Plan plan, Microseconds timeout, Done<Responses> done);

  ClientOptions options_;
  GrpcChannel channel_;
  std::uint64_t next_call_ = 0;
  std::map<std::uint64_t, std::unique_ptr<runtime::HttpCall>> calls_;  // under way
};

/// The relation of a SELECT.
Relation sql_relation(std::string sql);

}  // namespace streamops::spark
