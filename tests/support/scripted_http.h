// tests/support/scripted_http.h — an HTTP client whose answers a test has written beforehand, one a request; without
// one the connection is refused. Works on any loop, a virtual one above all.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "errors/runtime.h"
#include "runtime/http_client.h"
#include "runtime/loop.h"

namespace streamops::testing {

class ScriptedHttp final : public runtime::HttpClient {
 public:
  explicit ScriptedHttp(runtime::Loop& loop) : loop_(loop) {}

  std::unique_ptr<runtime::HttpCall> send(runtime::HttpRequest request,
                                          std::function<void(Result<runtime::HttpResponse>)> done) override {
    struct Call final : runtime::HttpCall {
      std::shared_ptr<int> alive = std::make_shared<int>(0);
    };
    auto call = std::make_unique<Call>();
    requests.push_back(std::move(request));
    Result<runtime::HttpResponse> answer = Error(errors::runtime::http_cannot_connect, "connection {}", "refused");
    if (!answers.empty()) {
      answer = answers.front();
      answers.pop_front();
    }
    loop_.post([weak = std::weak_ptr<int>(call->alive), done = std::move(done), answer] {
      if (!weak.expired()) done(answer);
    });
    return call;
  }

  void say(int status, std::string body, const std::string& type = "application/json") {
    runtime::HttpResponse response;
    response.status = status;
    response.headers = {{"content-type", type}};
    response.body = std::move(body);
    answers.emplace_back(std::move(response));
  }

  std::vector<runtime::HttpRequest> requests;
  std::deque<Result<runtime::HttpResponse>> answers;

 private:
  runtime::Loop& loop_;
};

}  // namespace streamops::testing
