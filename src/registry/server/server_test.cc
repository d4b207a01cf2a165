#include "registry/server/server.h"

#include <doctest/doctest.h>

#include <future>

#include "base/settings.h"
#include "runtime/http_client.h"
#include "runtime/on_loop.h"
#include "temporary_folder.h"

using namespace streamops;
using namespace streamops::registry;

namespace {

/// A server on a loop of its own; destroyed as a crash would, without a farewell.
class Running {
 public:
  explicit Running(const std::string& directory)
      : thread_(runtime::make_loop_thread("registry")), pool_(runtime::make_pool("sync", 1)) {
    on_loop([&] {
      network_ = runtime::make_network(thread_->loop());
      http_ = runtime::make_http_client(thread_->loop());
      ServerOptions options{directory, {{"127.0.0.1", 0}}, settings::Registry::from(SettingValues())};
      options.settings.max_body = 10'000;
      auto opened = Server::open(std::move(options), thread_->loop(), *network_, runtime::system_disk(), *pool_);
      REQUIRE(opened.ok());
      server_ = std::move(*opened);
    });
  }
  ~Running() {
    on_loop([&] {
      calls_.clear();
      server_.reset();
      http_.reset();
      network_.reset();
    });
    thread_->stop();
  }
  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;

  std::future<std::string> send(const std::string& method, const std::string& path, const std::string& body = {}) {
    auto done = std::make_shared<std::promise<std::string>>();
    on_loop([&] {
      runtime::HttpRequest request;
      request.method = method;
      request.url = "http://" + runtime::to_string(server_->endpoints()[0]) + path;
      request.body = body;
      calls_.push_back(http_->send(std::move(request), [done](const Result<runtime::HttpResponse>& response) {
        done->set_value(response ? std::to_string(response->status) + " " + response->body
                                 : response.error().to_line());
      }));
    });
    return done->get_future();
  }
  std::string ask(const std::string& method, const std::string& path, const std::string& body = {}) {
    return send(method, path, body).get();
  }

 private:
  template <typename Body>
  void on_loop(Body body) {
    runtime::on_loop(thread_->loop(), body);
  }

  std::unique_ptr<runtime::LoopThread> thread_;
  std::unique_ptr<runtime::Pool> pool_;
  std::unique_ptr<runtime::Network> network_;
  std::unique_ptr<runtime::HttpClient> http_;
  std::unique_ptr<Server> server_;
  std::vector<std::unique_ptr<runtime::HttpCall>> calls_;
};

}  // namespace

TEST_CASE("what was answered is there after the process has gone") {
  TemporaryFolder folder;
  {
    Running running(folder.path());
    CHECK(running.ask("POST", "/subjects/a-value/versions", R"({"schema":"\"int\""})") == R"(200 {"id":1})");
    CHECK(running.ask("PUT", "/config", R"({"compatibility":"FULL"})").starts_with("200"));
  }
  const auto newest = [&](const char* subject) {
    return newest_schema_on_disk(folder.path(), subject, runtime::system_disk()).value();
  };
  CHECK(newest("a-value")->text() == "\"int\"");
  CHECK(newest("b-value") == nullptr);
  Running again(folder.path());
  CHECK(again.ask("GET", "/schemas/ids/1") == R"(200 {"schema":"\"int\""})");
  CHECK(again.ask("GET", "/config") == R"(200 {"compatibilityLevel":"FULL"})");
  CHECK(again.ask("POST", "/subjects/b-value/versions", R"({"schema":"\"long\""})") == R"(200 {"id":2})");
}

TEST_CASE("changes that come at once are made one after the other") {
  TemporaryFolder folder;
  Running running(folder.path());
  std::vector<std::future<std::string>> answers;
  for (int i = 0; i < 40; ++i) {
    const std::string schema =
        fmt::format(R"({{"schema":"{{\"type\":\"fixed\",\"name\":\"F{}\",\"size\":1}}"}})", i % 20);
    answers.push_back(running.send("POST", fmt::format("/subjects/s{}/versions", i % 20), schema));
  }
  for (auto& answer : answers) CHECK(answer.get().starts_with("200"));
  CHECK(running.ask("GET", "/schemas/ids/20").starts_with("200"));
  CHECK(running.ask("GET", "/schemas/ids/21").starts_with("404"));
}

TEST_CASE("a body that is too long is refused, and the next request served") {
  TemporaryFolder folder;
  Running running(folder.path());
  CHECK(running.ask("POST", "/subjects/s/versions", std::string(20'000, ' ')).starts_with("413"));
  CHECK(running.ask("GET", "/subjects") == "200 []");
}
