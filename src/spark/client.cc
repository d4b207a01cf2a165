#include "spark/client.h"

#include "errors/spark.h"
#include "spark/failure.h"

namespace streamops::spark {

namespace {

constexpr const char* client_type = "streamops";

template <typename Message>
Result<Message> only(const std::vector<std::string>& messages) {
  if (messages.size() != 1) {
    return Error(errors::spark::broken_message, "one {} was expected, {} came", Message::message_name, messages.size());
  }
  return decode<Message>(messages[0]);
}

/// `done` for a call whose answer holds nothing of interest.
template <typename Answer>
Done<Answer> only_success(Done<void> done) {
  return [done = std::move(done)](const Result<Answer>& answer) {
    done(answer ? Result<void>(Ok()) : Result<void>(answer.error()));
  };
}

}  // namespace

Relation sql_relation(std::string sql) {
  Relation relation;
  relation.sql.emplace().query = std::move(sql);
  return relation;
}

Client::Client(ClientOptions options, runtime::HttpClient& http)
    : options_(std::move(options)), channel_(options_.remote, http, options_.tls) {}

Client::~Client() = default;

template <typename Request>
Request Client::request() const {
  Request request;
  request.session_id = options_.session_id;
  request.user_context.emplace().user_id = options_.user_id;
  request.client_type = client_type;
  return request;
}

void Client::send(std::string_view method, const std::string& message, Microseconds timeout,
                  Done<std::vector<std::string>> done) {
  const std::uint64_t number = next_call_++;
  auto answered = [this, number, done = std::move(done)](Result<GrpcAnswer> answer) {
    const std::unique_ptr<runtime::HttpCall> ended = std::move(calls_[number]);
    calls_.erase(number);
    if (!answer) return done(answer.error());
    if (!answer->status.is(GrpcCode::ok)) return done(to_error(read_refusal(answer->status), options_.remote));
    done(std::move(answer->messages));
  };
  calls_[number] = nullptr;
  calls_[number] = channel_.call(method, message, timeout, std::move(answered));
}

void Client::execute(Plan plan, Microseconds timeout, Done<Responses> done) {
  auto message = request<ExecutePlanRequest>();
  message.plan = std::move(plan);
  send("ExecutePlan", encode(message), timeout, [done = std::move(done)](Result<std::vector<std::string>> messages) {
    if (!messages) return done(messages.error());
    Responses responses;
    for (const std::string& bytes : *messages) {
      Result<ExecutePlanResponse> response = decode<ExecutePlanResponse>(bytes);
      if (!response) return done(response.error());
      responses.push_back(std::move(*response));
    }
    done(std::move(responses));
  });
}

void Client::version(Done<std::string> done) {
  auto message = request<AnalyzePlanRequest>();
  message.spark_version.emplace();
  send("AnalyzePlan", encode(message), options_.timeout,
       [done = std::move(done)](const Result<std::vector<std::string>>& messages) {
         if (!messages) return done(messages.error());
         const Result<AnalyzePlanResponse> answer = only<AnalyzePlanResponse>(*messages);
         if (!answer) return done(answer.error());
         done(answer->spark_version ? answer->spark_version->version : std::string());
       });
}

void Client::configure(const std::map<std::string, std::string>& settings, Done<void> done) {
  auto message = request<ConfigRequest>();
  ConfigSet& set = message.operation.emplace().set.emplace();
  for (const auto& [name, value] : settings) set.pairs.push_back({name, value});
  send("Config", encode(message), options_.timeout, only_success<std::vector<std::string>>(std::move(done)));
}

void Client::analyze(const std::string& sql, Done<void> done) {
  auto message = request<AnalyzePlanRequest>();
  message.schema.emplace().plan.emplace().root = sql_relation(sql);
  send("AnalyzePlan", encode(message), options_.timeout, only_success<std::vector<std::string>>(std::move(done)));
}

void Client::create_view(const std::string& name, Relation relation, Done<void> done) {
  Plan plan;
  CreateDataFrameViewCommand& view = plan.command.emplace().create_dataframe_view.emplace();
  view.input = std::move(relation);
  view.name = name;
  view.replace = true;
  execute(std::move(plan), options_.timeout, only_success<Responses>(std::move(done)));
}

void Client::start_query(WriteStreamOperationStart start, Done<StreamingQueryInstanceId> done) {
  Plan plan;
  plan.command.emplace().write_stream_operation_start = std::move(start);
  execute(std::move(plan), options_.timeout, [done = std::move(done)](const Result<Responses>& responses) {
    if (!responses) return done(responses.error());
    for (const ExecutePlanResponse& response : *responses) {
      const auto& result = response.write_stream_operation_start_result;
      if (result && result->query_id) return done(*result->query_id);
    }
    done(Error(errors::spark::broken_message, "Spark started a query, but its answer does not name it"));
  });
}

void Client::ask(const StreamingQueryInstanceId& id, StreamingQueryCommand command,
                 Done<StreamingQueryCommandResult> done, Microseconds timeout) {
  command.query_id = id;
  Plan plan;
  plan.command.emplace().streaming_query_command = std::move(command);
  execute(std::move(plan), timeout, [id, done = std::move(done)](const Result<Responses>& responses) {
    if (!responses) {
      const bool unknown = responses.error().message().find(id.id) != std::string::npos;
      if (!unknown || !responses.error().is(errors::spark::call_failed)) return done(responses.error());
      return done(Error(errors::spark::query_gone, "Spark does not know the query {} any more", id.id));
    }
    for (const ExecutePlanResponse& response : *responses) {
      if (response.streaming_query_command_result) return done(*response.streaming_query_command_result);
    }
    done(StreamingQueryCommandResult{});
  });
}

void Client::active_queries(Done<std::vector<ActiveQuery>> done) {
  Plan plan;
  plan.command.emplace().streaming_query_manager_command.emplace().active = true;
  execute(std::move(plan), options_.timeout, [done = std::move(done)](const Result<Responses>& responses) {
    if (!responses) return done(responses.error());
    std::vector<ActiveQuery> queries;
    for (const ExecutePlanResponse& response : *responses) {
      const auto& result = response.streaming_query_manager_command_result;
      if (!result || !result->active) continue;
      for (const StreamingQueryInstance& query : result->active->active_queries) {
        if (query.id) queries.push_back({*query.id, query.name.value_or("")});
      }
    }
    done(std::move(queries));
  });
}

void Client::release(Done<void> done) {
  const auto message = request<ReleaseSessionRequest>();
  send("ReleaseSession", encode(message), options_.timeout,
       [done = std::move(done)](const Result<std::vector<std::string>>& messages) {
         if (messages || messages.error().is(errors::spark::not_connect)) return done(Ok());
         done(messages.error());
       });
}

}  // namespace streamops::spark
