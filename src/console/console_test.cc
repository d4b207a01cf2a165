#include "console/console.h"

#include <doctest/doctest.h>
#include <unistd.h>

#include <filesystem>
#include <future>

#include "console/dags_port.h"
#include "console/impl/test_ports.h"
#include "runtime/http_client.h"
#include "runtime/on_loop.h"

using namespace streamops;
using namespace streamops::console;
using runtime::HttpRequest;
using runtime::HttpResponse;

namespace {

/// Logs one line and is done.
class QuickBody final : public workflow::TaskBody {
 public:
  std::unique_ptr<workflow::TaskHandle> start(workflow::TaskContext context, workflow::TaskDone done) override {
    context.log->info("conf is " + context.conf);
    done(Ok());
    return nullptr;
  }
};

/// The whole console on a loop of its own, with a real scheduler and made-up data, and a client to ask it.
class Bench {
 public:
  Bench() : directory_(std::filesystem::temp_directory_path() / ("console_test_" + std::to_string(getpid()))) {
    std::filesystem::remove_all(directory_);
    on_loop([&] { open(); });
  }
  ~Bench() {
    on_loop([&] {
      call_.reset();
      console_.reset();
      scheduler_.reset();
      accounts_.reset();
      client_.reset();
      network_.reset();
    });
    thread_->stop();
    std::filesystem::remove_all(directory_);
  }

  HttpResponse send(HttpRequest request) {
    if (request.url.starts_with('/')) request.url = "http://" + to_string(at) + request.url;
    std::promise<Result<HttpResponse>> done;
    on_loop([&] {
      call_ =
          client_->send(std::move(request), [&](Result<HttpResponse> result) { done.set_value(std::move(result)); });
    });
    Result<HttpResponse> response = done.get_future().get();
    REQUIRE(response);
    return std::move(response).value();
  }

  HttpResponse get(const std::string& url) { return send({.url = url, .headers = {{"Cookie", cookie}}}); }
  HttpResponse post(const std::string& url, const std::string& body) {
    return send({.method = "POST",
                 .url = url,
                 .headers = {{"Cookie", cookie}, {"X-CSRF-Token", csrf}, {"Content-Type", "application/json"}},
                 .body = body});
  }

  void login() {
    const HttpResponse response = post("/api/streamops/login", R"({"user":"admin","password":"admin"})");
    REQUIRE(response.status == 200);
    const std::string& line = *response.header("set-cookie");
    CHECK(line.find("HttpOnly; SameSite=Strict") != std::string::npos);
    cookie = line.substr(0, line.find(';'));
    const std::size_t start = response.body.find("\"csrf\":\"") + 8;
    csrf = response.body.substr(start, response.body.find('"', start) - start);
  }

  /// The events of the stream at `url` until one is called `last`.
  std::string events_until(const std::string& url, const std::string& last, const std::function<void()>& meanwhile) {
    struct Reader : runtime::ConnectionHandler {
      void on_data(BytesView data) override {
        text += as_text(data);
        if (!opened && text.find("event: ping") != std::string::npos) opened = true, ready.set_value();
        if (!ended && text.find("event: " + wanted) != std::string::npos && text.ends_with("\n\n"))
          ended = true, done.set_value(text);
      }
      void on_closed(const std::optional<Error>&) override {
        if (!opened) opened = true, ready.set_value();
        if (!ended) ended = true, done.set_value(text);
      }
      std::string text, wanted;
      bool opened = false, ended = false;
      std::promise<void> ready;
      std::promise<std::string> done;
    } reader;
    reader.wanted = last;
    runtime::ConnectionPtr connection;
    const std::string request =
        "GET " + url + " HTTP/1.1\r\nHost: " + to_string(at) + "\r\nCookie: " + cookie + "\r\n\r\n";
    on_loop([&] {
      network_->connect(at, Seconds{5}, std::nullopt, [&](Result<runtime::ConnectionPtr> made) {
        connection = std::move(made).value();
        connection->set_handler(reader);
        connection->write(Bytes(request.begin(), request.end()));
      });
    });
    reader.ready.get_future().get();
    meanwhile();
    std::future<std::string> text = reader.done.get_future();
    const bool came = text.wait_for(Seconds{10}) == std::future_status::ready;
    on_loop([&] { connection.reset(); });
    REQUIRE(came);
    return text.get();
  }

  void on_loop(const std::function<void()>& work) { runtime::on_loop(thread_->loop(), work); }

  /// A console with other ports takes the place of the first.
  void use_ports(Ports ports) {
    on_loop([&] {
      call_.reset();
      console_ = make_console(thread_->loop(), *network_, *accounts_, std::move(ports));
      at = console_->listen({"127.0.0.1", 0}).value();
    });
  }

  std::string cookie, csrf;
  runtime::Endpoint at, topics_at;
  std::shared_ptr<TestTopics> topics = std::make_shared<TestTopics>();
  std::shared_ptr<TestStreams> streams = std::make_shared<TestStreams>();
  std::string token;

 private:
  void open() {
    runtime::Loop& loop = thread_->loop();
    network_ = runtime::make_network(loop);
    client_ = runtime::make_http_client(loop);
    accounts_ = auth::Accounts::open(loop, *pool_, runtime::system_disk(), {.directory = directory_.string()}).value();
    const Bytes text = runtime::system_disk().read_file(accounts_->token_path()).value();
    token = as_text(text).substr(0, 43);
    scheduler_ = workflow::Scheduler::open(loop, *pool_, ":memory:").value();
    workflow::DagSpec dag;
    dag.id = "user_automation";
    dag.schedule = workflow::Schedule::parse("@daily").value();
    dag.tasks.emplace_back();
    dag.tasks[0].id = "stream_data_from_api";
    dag.tasks[0].body = std::make_shared<QuickBody>();
    REQUIRE(scheduler_->add_dag(std::move(dag), workflow::TriggerPolicy::never));
    scheduler_->start();
    console_ = make_console(loop, *network_, *accounts_,
                            {topics, std::make_shared<TestTables>(), std::make_shared<TestSchemas>(), streams,
                             make_dags_port(*scheduler_, loop), std::make_shared<TestSystem>()});
    at = console_->listen({"127.0.0.1", 0}).value();
    topics_at = console_->listen_topics({"127.0.0.1", 0}).value();
  }

  std::filesystem::path directory_;
  std::unique_ptr<runtime::Pool> pool_ = runtime::make_inline_pool();
  std::unique_ptr<runtime::LoopThread> thread_ = runtime::make_loop_thread("test-console");
  std::unique_ptr<runtime::Network> network_;
  std::unique_ptr<runtime::HttpClient> client_;
  std::unique_ptr<auth::Accounts> accounts_;
  std::unique_ptr<workflow::Scheduler> scheduler_;
  std::unique_ptr<Console> console_;
  std::unique_ptr<runtime::HttpCall> call_;
};

bool has(const std::string& text, const std::string& piece) {
  return text.find(piece) != std::string::npos;
}

/// Waits for a run to end.
std::string wait_for_run(Bench& bench, const std::string& state) {
  for (int i = 0; i < 200; ++i) {
    const std::string runs = bench.get("/api/streamops/dags/user_automation/runs").body;
    if (has(runs, "\"state\":\"" + state + "\"")) return runs;
    usleep(10'000);
  }
  return "";
}

}  // namespace

TEST_CASE("nothing but the login is served to strangers (SO-H102); a wrong password is 401 and many are 429") {
  Bench bench;
  for (const char* path : {"status", "dags", "topics", "tables", "schemas", "flow", "groups", "errors", "events"}) {
    const HttpResponse response = bench.get(std::string("/api/streamops/") + path);
    CHECK(response.status == 401);
    CHECK(has(response.body, "SO-H102"));
  }
  CHECK(has(bench.get("/api/streamops/session").body, R"("user":"")"));
  for (int i = 0; i < 10; ++i) {
    CHECK(bench.post("/api/streamops/login", R"({"user":"admin","password":"x"})").status == 401);
  }
  CHECK(bench.post("/api/streamops/login", R"({"user":"admin","password":"admin"})").status == 429);
}

TEST_CASE("a session reads; it changes only with its CSRF token (SO-H103) and never from another origin") {
  Bench bench;
  bench.login();
  CHECK(bench.get("/api/streamops/dags").status == 200);
  const std::string right = std::exchange(bench.csrf, "wrong");
  CHECK(has(bench.post("/api/streamops/dags/user_automation/pause", R"({"paused":true})").body, "SO-H103"));
  bench.csrf = right;
  const HttpResponse foreign =
      bench.send({.method = "POST",
                  .url = "/api/streamops/dags/user_automation/pause",
                  .headers = {{"Cookie", bench.cookie}, {"X-CSRF-Token", right}, {"Origin", "http://evil.example"}},
                  .body = R"({"paused":true})"});
  CHECK(foreign.status == 403);
  CHECK(bench.post("/api/streamops/dags/user_automation/pause", R"({"paused":true})").status == 200);
  CHECK(has(bench.get("/api/streamops/dags").body, "\"paused\":true"));
  CHECK(bench.post("/api/streamops/logout", "").status == 200);
  CHECK(bench.get("/api/streamops/dags").status == 401);
}

TEST_CASE("the API token reads and changes without a cookie; a wrong one does nothing") {
  Bench bench;
  const auto trigger = [&](const std::string& token) {
    return bench.send({.method = "POST",
                       .url = "/api/streamops/dags/user_automation/trigger",
                       .headers = {{"Authorization", "Bearer " + token}},
                       .body = R"({"conf":{"n":1}})"});
  };
  CHECK(trigger("wrong").status == 401);
  const HttpResponse response = trigger(bench.token);
  CHECK(response.status == 200);
  CHECK(has(response.body, R"("triggered_by":"token")"));
}

TEST_CASE("a trigger runs the DAG: run, task, tries and log can be read; the events told it as it happened") {
  Bench bench;
  bench.login();
  const std::string events = bench.events_until("/api/streamops/events", "dag", [&] {
    CHECK(bench.post("/api/streamops/dags/user_automation/trigger", R"({"run_id":"mine","conf":{"n":[1,2]}})").status ==
          200);
  });
  CHECK(has(events, "event: run\ndata: {\"dag_id\":\"user_automation\",\"run_id\":\"mine\""));
  CHECK(has(wait_for_run(bench, "success"), R"("conf":"{\"n\":[1,2]}")"));
  const std::string run = "/api/streamops/dags/user_automation/runs/mine";
  CHECK(has(bench.get(run + "/tasks").body, R"("task_id":"stream_data_from_api","state":"success")"));
  CHECK(has(bench.get(run + "/tasks/stream_data_from_api/tries").body, R"("try_number":1,"state":"success")"));
  CHECK(has(bench.get(run + "/tasks/stream_data_from_api/log?try=1").body, R"(conf is {\"n\":[1,2]})"));
  CHECK(has(bench.get("/api/streamops/dags/user_automation/grid").body, R"("tasks":[{"dag_id":"user_automation")"));
  CHECK(bench.post("/api/streamops/dags/user_automation/trigger", R"({"run_id":"mine"})").status == 409);
  CHECK(bench.post(run + "/clear", "{}").status == 200);
  CHECK(has(wait_for_run(bench, "success"), "mine"));
  CHECK(bench.post(run + "/mark", R"({"state":"failed"})").status == 409);
}

TEST_CASE("what is wrong with a request is said: SO-H101, SO-H104, SO-H105, SO-W008") {
  Bench bench;
  bench.login();
  CHECK(has(bench.get("/api/streamops/nothing").body, "SO-H101"));
  CHECK(has(bench.get("/api/streamops/dags/user_automation/pause").body, "SO-H105"));
  CHECK(has(bench.get("/api/streamops/dags/nobody/runs").body, "SO-W008"));
  for (const char* body : {"", "[]", "{", R"({"paused":1})", "\xff"}) {
    const HttpResponse response = bench.post("/api/streamops/dags/user_automation/pause", body);
    CHECK(response.status == 400);
    CHECK(has(response.body, "SO-H104"));
  }
  CHECK(bench.post("/api/streamops/dags/user_automation/trigger", R"({"run_id":"a/b"})").status == 400);
  CHECK(bench.post("/api/streamops/dags/user_automation/trigger", R"({"logical_date":"soon"})").status == 400);
  CHECK(bench.post("/api/streamops/dags/user_automation/runs/x/mark", R"({"state":"queued"})").status == 400);
  CHECK(bench.get("/api/streamops/topics/users_created/messages?from=middle").status == 400);
}

TEST_CASE("topics: messages newest first, bytes that are no text in hex, a delete as null; positions are passed on") {
  Bench bench;
  bench.login();
  const std::string topics = bench.get("/api/streamops/topics").body;
  CHECK(has(topics, R"("next_offset":3,"bytes":1200)"));
  CHECK(has(topics, R"("id":1,"first_offset":0,"next_offset":0,"bytes":null)"));
  const std::string newest = bench.get("/api/streamops/topics/users_created/messages?limit=2").body;
  CHECK(has(newest,
            R"([{"partition":0,"offset":2,"timestamp":"1970-01-01T00:00:01.002Z","key":{"hex":"ff00","size":2})"));
  CHECK(has(newest, R"("offset":1)"));
  CHECK(has(newest, R"("value":null)"));
  CHECK_FALSE(has(newest, R"("offset":0)"));
  CHECK(
      bench.get("/api/streamops/topics/users_created/messages?from=offset&position=7&partition=2&search=Ana").status ==
      200);
  CHECK(bench.topics->asked.from == MessageQuery::From::offset);
  CHECK(bench.topics->asked.position == 7);
  CHECK(bench.topics->asked.partition == 2);
  CHECK(bench.get("/api/streamops/topics/other/messages").status == 503);
  CHECK(has(bench.get("/api/streamops/groups").body, R"("committed":1,"end":3)"));
}

TEST_CASE("schemas: subjects, then the versions of one, whatever letters its name has") {
  Bench bench;
  bench.login();
  CHECK(bench.get("/api/streamops/schemas").body == R"({"compatibility":"BACKWARD","subjects":["users-value"]})");
  const HttpResponse subject = bench.get("/api/streamops/schemas/subject?name=users%2Fvalue");
  CHECK(has(subject.body, R"({"name":"users/value","compatibility":"FULL","older":4,"versions":[)"));
  CHECK(has(subject.body, R"({"version":2,"id":7,"type":"AVRO","schema":"{\"type\":\"string\"}"},{"version":1,)"));
  CHECK(has(bench.get("/api/streamops/schemas/subject?name=nobody").body, "SO-R003"));
}

TEST_CASE("tables: columns with their kinds, rows a page at a time") {
  Bench bench;
  bench.login();
  CHECK(has(bench.get("/api/streamops/tables").body, R"({"name":"id","type":"uuid","kind":"partition_key"})"));
  CHECK(has(bench.get("/api/streamops/tables/spark_streams/created_users/rows").body, R"("next":"p2")"));
  CHECK(has(bench.get("/api/streamops/tables/spark_streams/created_users/rows?page=p2").body, R"(440000",null]])"));
}

TEST_CASE("a page that looks at a topic is told its new messages, and how many were left out") {
  Bench bench;
  bench.login();
  const std::string events = bench.events_until("/api/streamops/events?topic=users_created", "messages", [&] {
    std::vector<Message> many(120);
    for (std::size_t i = 0; i < many.size(); ++i) many[i].offset = static_cast<std::int64_t>(i);
    while (bench.topics->tails.size() == 0) usleep(1000);
    bench.topics->tails.tell(many);
  });
  CHECK(has(events, R"({"skipped":70,"messages":[{"partition":0,"offset":70,)"));
}

TEST_CASE("the flow is told while somebody looks, and watched no longer than that") {
  Bench bench;
  bench.login();
  const std::string events =
      bench.events_until("/api/streamops/events", "flow", [&] { bench.streams->watchers.tell(bench.streams->now); });
  CHECK(has(events, R"("id":"topic:users_created","kind":"topic")"));
  for (int i = 0; i < 200 && bench.streams->watchers.size() > 0; ++i) usleep(5000);
  CHECK(bench.streams->watchers.size() == 0);
}

TEST_CASE("pages come from the binary, with a strict policy, an ETag and gzip; the control center opens at topics") {
  Bench bench;
  const HttpResponse page = bench.send({.url = "/dags/user_automation"});
  CHECK(page.status == 200);
  CHECK(has(page.body, "<!doctype html>"));
  CHECK(has(*page.header("content-security-policy"), "default-src 'none'"));
  CHECK(*page.header("x-content-type-options") == "nosniff");
  const std::string etag = *page.header("etag");
  CHECK(bench.send({.url = "/", .headers = {{"If-None-Match", etag}}}).status == 304);
  CHECK(bench.send({.url = "/nothing.js"}).status == 404);
  CHECK(bench.send({.method = "POST", .url = "/"}).status == 405);
  CHECK(has(bench.send({.url = "http://" + to_string(bench.topics_at) + "/"}).body, "<!doctype html>"));
}

TEST_CASE("a part that is not run here is SO-H106, the others are there") {
  Bench bench;
  bench.login();
  bench.use_ports({.system = std::make_shared<TestSystem>()});
  bench.login();
  CHECK(bench.get("/api/streamops/status").status == 200);
  for (const char* path : {"dags", "topics", "groups", "tables", "schemas", "flow"}) {
    const HttpResponse response = bench.get(std::string("/api/streamops/") + path);
    CHECK(has(response.body, "SO-H106"));
  }
  CHECK(has(bench.get("/api/streamops/errors").body, R"({"code":"SO-H106","blame":"user")"));
}
