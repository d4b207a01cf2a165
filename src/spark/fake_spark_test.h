// spark/fake_spark_test.h — a Spark Connect server for tests, behind the HTTP client's interface: sessions, views and
// streaming queries as names; no SQL, no records.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "errors/runtime.h"
#include "runtime/http_client.h"
#include "runtime/virtual_loop.h"
#include "spark/grpc.h"
#include "spark/messages.h"

namespace streamops::spark {

class FakeSpark final : public runtime::HttpClient {
 public:
  explicit FakeSpark(runtime::VirtualLoop& loop) : loop_(loop) {}

  struct Query {
    StreamingQueryInstanceId id;
    std::string name;
    std::string session;
    WriteStreamOperationStart start;
    bool active = true;
    std::string exception;
    std::vector<std::string> reports;
  };

  bool away = false;             // nobody takes connections
  std::string refuses;           // analysing a select fails with these words
  std::set<std::string> closed;  // sessions
  std::vector<Query> queries;
  std::map<std::string, std::string> settings;
  int starts = 0;
  int table_unknown = 0;  // so many starts fail, as the connector has not heard of the table

  /// The latest query of that name, or nullptr.
  Query* find(const std::string& name) {
    for (auto query = queries.rbegin(); query != queries.rend(); ++query) {
      if (query->name == name) return &*query;
    }
    return nullptr;
  }
  int active() const {
    int count = 0;
    for (const Query& query : queries) count += query.active ? 1 : 0;
    return count;
  }
  /// A new server in the place of the old one: it knows nothing.
  void restart() {
    queries.clear();
    closed.clear();
  }

  std::unique_ptr<runtime::HttpCall> send(runtime::HttpRequest request,
                                          std::function<void(Result<runtime::HttpResponse>)> done) override {
    const auto alive = std::make_shared<bool>(true);
    loop_.post([this, alive, request = std::move(request), done = std::move(done)] {
      if (!*alive) return;
      if (away) return done(Error(errors::runtime::http_cannot_connect, "cannot reach {}", request.url));
      done(answer(request));
    });
    return std::make_unique<Call>(alive);
  }

 private:
  class Call final : public runtime::HttpCall {
   public:
    explicit Call(std::shared_ptr<bool> alive) : alive_(std::move(alive)) {}
    ~Call() override { *alive_ = false; }
    Call(const Call&) = delete;
    Call& operator=(const Call&) = delete;

   private:
    std::shared_ptr<bool> alive_;
  };

  static runtime::HttpResponse response(std::string body, int status = 0, const std::string& words = {}) {
    return {200,
            {{"content-type", "application/grpc"}},
            {{"grpc-status", std::to_string(status)}, {"grpc-message", words}},
            std::move(body)};
  }
  static runtime::HttpResponse refusal(const std::string& words) { return response({}, 13, words); }
  template <typename Message>
  static runtime::HttpResponse one(const Message& message) {
    return response(grpc_frame(encode(message)));
  }
  template <typename Request>
  static Request read(const runtime::HttpRequest& request) {
    return decode<Request>(grpc_unframe(request.body).value().at(0)).value();
  }

  runtime::HttpResponse answer(const runtime::HttpRequest& request) {
    const std::string method = request.url.substr(request.url.rfind('/') + 1);
    if (method == "AnalyzePlan") return analyze(read<AnalyzePlanRequest>(request));
    if (method == "Config") return configure(read<ConfigRequest>(request));
    if (method == "ExecutePlan") return execute(read<ExecutePlanRequest>(request));
    if (method == "ReleaseSession") return release(read<ReleaseSessionRequest>(request).session_id);
    return response({}, 12, "unknown call");
  }

  runtime::HttpResponse analyze(const AnalyzePlanRequest& request) {
    if (closed.contains(request.session_id)) return refusal("[INVALID_HANDLE.SESSION_CLOSED] Session was closed.");
    AnalyzePlanResponse answer;
    if (request.spark_version) answer.spark_version.emplace().version = "4.0.0";
    if (request.schema && !refuses.empty()) return refusal(refuses);
    return one(answer);
  }

  runtime::HttpResponse configure(const ConfigRequest& request) {
    for (const KeyValue& pair : request.operation->set->pairs) settings[pair.key] = pair.value.value_or("");
    return one(ConfigResponse{});
  }

  runtime::HttpResponse release(const std::string& session) {
    closed.insert(session);
    for (Query& query : queries) query.active = query.active && query.session != session;
    return one(ReleaseSessionResponse{});
  }

  runtime::HttpResponse execute(const ExecutePlanRequest& request) {
    const Command& command = *request.plan->command;
    if (command.write_stream_operation_start) return start(request.session_id, *command.write_stream_operation_start);
    if (command.streaming_query_command) return ask(request.session_id, *command.streaming_query_command);
    ExecutePlanResponse answer;
    if (command.streaming_query_manager_command) {
      auto& list = answer.streaming_query_manager_command_result.emplace().active.emplace().active_queries;
      for (const Query& query : queries) {
        if (query.active && query.session == request.session_id) list.push_back({query.id, query.name});
      }
    }
    return one(answer);
  }

  runtime::HttpResponse start(const std::string& session, const WriteStreamOperationStart& start) {
    if (table_unknown > 0 && table_unknown-- > 0) return refusal("org/apache/spark/NoSuchTableException$");
    const Query* same = find(start.query_name);
    if (same != nullptr && same->active && same->session == session) return refusal("a query of this name runs");
    ++starts;
    queries.push_back(
        {{"id-" + start.query_name, std::to_string(starts)}, start.query_name, session, start, true, {}, {}});
    ExecutePlanResponse answer;
    answer.write_stream_operation_start_result.emplace().query_id = queries.back().id;
    return one(answer);
  }

  runtime::HttpResponse ask(const std::string& session, const StreamingQueryCommand& command) {
    Query* query = nullptr;
    for (Query& each : queries) {
      if (each.id == *command.query_id && each.session == session) query = &each;
    }
    if (query == nullptr) return refusal("Streaming query " + command.query_id->id + " is not found");
    ExecutePlanResponse answer;
    StreamingQueryCommandResult& result = answer.streaming_query_command_result.emplace();
    if (command.status) result.status.emplace().is_active = query->active;
    if (command.recent_progress) result.recent_progress.emplace().recent_progress_json = query->reports;
    if (command.exception && !query->exception.empty()) result.exception.emplace().exception_message = query->exception;
    if (command.exception && query->exception.empty()) result.exception.emplace();
    if (command.stop) query->active = false;
    return one(answer);
  }

  runtime::VirtualLoop& loop_;
};

}  // namespace streamops::spark
