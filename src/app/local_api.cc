#include "app/local_api.h"

#include "app/data_directory.h"
#include "base/text.h"
#include "errors/app.h"
#include "runtime/http_client.h"
#include "runtime/on_loop.h"

namespace streamops::app {
namespace {

class HttpLocalApi final : public LocalApi {
 public:
  HttpLocalApi(std::string base, std::string token)
      : base_(std::move(base)), token_(std::move(token)), thread_(runtime::make_loop_thread("api")) {
    on_loop(thread_->loop(), [this] { client_ = runtime::make_http_client(thread_->loop()); });
  }
  HttpLocalApi(const HttpLocalApi&) = delete;
  HttpLocalApi& operator=(const HttpLocalApi&) = delete;
  ~HttpLocalApi() override {
    on_loop(thread_->loop(), [this] {
      call_.reset();
      client_.reset();
    });
  }

  Result<JsonAnswer> get(const std::string& path) override { return send("GET", path, {}); }
  Result<JsonAnswer> post(const std::string& path, const std::string& body) override {
    return send("POST", path, body);
  }

 private:
  Result<JsonAnswer> send(const std::string& method, const std::string& path, const std::string& body) {
    runtime::HttpRequest request;
    request.method = method;
    request.url = base_ + path;
    request.headers = {{"Authorization", "Bearer " + token_}, {"Content-Type", "application/json"}};
    request.body = body;
    Result<runtime::HttpResponse> response = wait_for<Result<runtime::HttpResponse>>(
        thread_->loop(), [this, &request](const auto& done) { call_ = client_->send(std::move(request), done); });
    if (!response) return response.error();
    return read(*response, path);
  }

  static Result<JsonAnswer> read(const runtime::HttpResponse& response, const std::string& path) {
    JsonAnswer answer;
    answer.text = response.body.empty() ? "{}" : response.body;
    answer.parser = std::make_shared<simdjson::dom::parser>();
    const bool is_json = answer.parser->parse(answer.text).get(answer.root) == simdjson::SUCCESS;
    if (response.status < 300 && is_json) return answer;
    simdjson::dom::element error;
    if (is_json && answer.root["error"].get(error) == simdjson::SUCCESS) {
      return Error(errors::app::api_refused, "{}: {}", text_at(error, "code"), text_at(error, "message"))
          .with_hint(text_at(error, "hint"));
    }
    return Error(errors::app::api_refused, "{} answered with HTTP status {}", path, response.status);
  }

  std::string base_;
  std::string token_;
  std::unique_ptr<runtime::LoopThread> thread_;
  std::unique_ptr<runtime::HttpClient> client_;
  std::unique_ptr<runtime::HttpCall> call_;
};

}  // namespace

std::string text_at(simdjson::dom::element object, std::string_view key) {
  simdjson::dom::element value;
  if (object[key].get(value) != simdjson::SUCCESS || value.is_null()) return {};
  std::string_view text;
  if (value.get(text) == simdjson::SUCCESS) return std::string(text);
  return simdjson::to_string(value);
}

std::int64_t number_at(simdjson::dom::element object, std::string_view key) {
  std::int64_t value = 0;
  return object[key].get(value) == simdjson::SUCCESS ? value : 0;
}

simdjson::dom::array array_at(simdjson::dom::element object, std::string_view key) {
  simdjson::dom::array items;
  // A default-made array must not be walked: an empty one from a parser of its own stands in.
  static simdjson::dom::parser empty_parser;
  static const simdjson::dom::array empty = empty_parser.parse(std::string("[]")).get_array().value();
  return object[key].get(items) == simdjson::SUCCESS ? items : empty;
}

Result<std::unique_ptr<LocalApi>> LocalApi::open(const Arguments& arguments) {
  const std::string directory = arguments.has("--data-dir") ? arguments.text("--data-dir") : default_data_directory();
  const runtime::Disk& disk = runtime::system_disk();
  STREAMOPS_ASSIGN(const auto endpoints, read_endpoints(directory, disk));
  const Result<Bytes> token = disk.read_file(directory + "/auth/token");
  const auto console = endpoints.find("console");
  if (!token || console == endpoints.end()) {
    return Error(errors::app::not_running, "the process in {} has no console, or its token cannot be read", directory);
  }
  return std::unique_ptr<LocalApi>(std::make_unique<HttpLocalApi>("http://" + console->second + "/api/streamops/",
                                                                  std::string(trim(as_text(*token)))));
}

ExitCode list(const Arguments& arguments, Terminal& terminal, const std::string& path,
              const std::function<void(simdjson::dom::element)>& show) {
  const Result<std::unique_ptr<LocalApi>> api = LocalApi::open(arguments);
  Result<JsonAnswer> answer = api ? (*api)->get(path) : Result<JsonAnswer>(api.error());
  if (!answer) {
    terminal.fail(answer.error());
    return exit_code_for(answer.error());
  }
  if (arguments.has("--json")) {
    terminal.print(answer->text);
  } else {
    show(answer->root);
  }
  return ExitCode::success;
}

}  // namespace streamops::app
