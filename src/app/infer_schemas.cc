#include "app/infer_schemas.h"

#include "app/local_api.h"
#include "app/newest_schema.h"
#include "app/pipeline_text.h"
#include "app/servers.h"
#include "format/avro/sql_types.h"
#include "pipeline/infer.h"
#include "runtime/http_client.h"
#include "runtime/http_server.h"
#include "runtime/on_loop.h"

namespace streamops::app {
namespace {

constexpr int sampled_messages = 100;

Result<std::string> schema_of(const std::vector<std::string>& samples) {
  STREAMOPS_ASSIGN(const data::SchemaPtr schema, pipeline::infer_schema(samples));
  return pipeline::to_schema_text(*schema);
}

/// The body of one answer, from the API or from the look-alike for builtin:randomuser.
Result<std::string> fetch(const pipeline::HttpSourceSpec& spec) {
  Room room("infer");
  std::unique_ptr<connect::RandomUserServer> look_alike;
  std::unique_ptr<runtime::HttpClient> client;
  std::unique_ptr<runtime::HttpCall> call;
  runtime::HttpRequest request;
  request.url = spec.url;
  request.headers.assign(spec.headers.begin(), spec.headers.end());
  request.timeout = spec.timeout;
  char separator = spec.url.find('?') == std::string::npos ? '?' : '&';
  for (const auto& [name, value] : spec.query) {
    request.url += separator + runtime::percent_encode(name) + "=" + runtime::percent_encode(value);
    separator = '&';
  }
  if (spec.url == pipeline::built_in_users_api) {
    Result<std::unique_ptr<connect::RandomUserServer>> started = on_loop(
        room.loop(), [&] { return connect::RandomUserServer::start(room.loop(), room.network(), {"127.0.0.1", 0}); });
    if (!started) return started.error();
    look_alike = std::move(started).value();
    request.url = look_alike->url();
  }
  const Result<runtime::HttpResponse> response =
      wait_for<Result<runtime::HttpResponse>>(room.loop(), [&](const auto& done) {
        client = runtime::make_http_client(room.loop());
        call = client->send(std::move(request), done);
      });
  on_loop(room.loop(), [&] {
    call.reset();
    client.reset();
    look_alike.reset();
  });
  if (!response) return response.error();
  return response->body;
}

/// The values of a topic's newest messages, asked of the running process.
Result<std::vector<std::string>> read_messages(const std::string& topic, const Arguments& arguments) {
  STREAMOPS_ASSIGN(const std::unique_ptr<LocalApi> api, LocalApi::open(arguments));
  STREAMOPS_ASSIGN(const JsonAnswer answer, api->get(fmt::format("topics/{}/messages?limit={}",
                                                                 runtime::percent_encode(topic), sampled_messages)));
  std::vector<std::string> samples;
  for (const simdjson::dom::element message : answer.root.get_array()) {
    simdjson::dom::element value;
    if (message["value"].get(value) == simdjson::SUCCESS && !value.is_null()) samples.push_back(text_at(value, "text"));
  }
  return samples;
}

/// The columns of the newest schema that the registry has for a topic.
Result<std::string> registered(const pipeline::Profile& profile, const std::string& topic, const Arguments& arguments) {
  STREAMOPS_ASSIGN(const schema::AvroSchemaPtr newest, newest_schema(data_directory_of(arguments))(profile, topic));
  STREAMOPS_ASSIGN(const data::SchemaPtr columns, format::avro_columns(*newest));
  return pipeline::to_schema_text(*columns);
}

InferredSchema infer(const pipeline::StepSpec& step, const pipeline::Profile& profile, const Arguments& arguments) {
  if (step.http_source) {
    const Result<std::string> body = fetch(*step.http_source);
    return {step.name, step.http_source->url, body ? schema_of({*body}) : Result<std::string>(body.error())};
  }
  const std::string& topic = step.kafka_source->topic;
  if (step.kafka_source->format == "avro")
    return {step.name, "the newest schema of topic " + topic, registered(profile, topic, arguments)};
  const Result<std::vector<std::string>> samples = read_messages(topic, arguments);
  return {step.name, "topic " + topic, samples ? schema_of(*samples) : Result<std::string>(samples.error())};
}

}  // namespace

std::vector<InferredSchema> infer_schemas(const pipeline::PipelineFile& file, const Arguments& arguments) {
  std::vector<InferredSchema> schemas;
  schemas.reserve(file.tasks.size() + file.streams.size());
  for (const pipeline::TaskFileSpec& task : file.tasks) schemas.push_back(infer(task, file.profile, arguments));
  for (const pipeline::StreamFileSpec& stream : file.streams) schemas.push_back(infer(stream, file.profile, arguments));
  return schemas;
}

}  // namespace streamops::app
