#include "connect/http/source.h"

#include <doctest/doctest.h>

#include <cstdlib>
#include <deque>
#include <filesystem>

#include "errors/http.h"
#include "errors/runtime.h"
#include "runtime/http_server.h"
#include "runtime/virtual_loop.h"
#include "temporary_folder.h"

using namespace streamops;
using namespace streamops::connect;

namespace {

/// Answers from a script; the last entry again and again.
class ScriptedClient final : public runtime::HttpClient {
 public:
  explicit ScriptedClient(runtime::Loop& loop) : loop_(loop) {}

  std::unique_ptr<runtime::HttpCall> send(runtime::HttpRequest request,
                                          std::function<void(Result<runtime::HttpResponse>)> done) override {
    asked_at.push_back(to_millis(loop_.clock().wall()));
    last = std::move(request);
    auto answer = answers.front();
    if (answers.size() > 1) answers.pop_front();
    loop_.post([done = std::move(done), answer = std::move(answer)] { done(answer); });
    return std::make_unique<Call>();
  }

  static Result<runtime::HttpResponse> status(int code, std::string body = "", runtime::HttpHeaders headers = {}) {
    runtime::HttpResponse response;
    response.status = code;
    response.headers = std::move(headers);
    response.body = std::move(body);
    return response;
  }

  std::deque<Result<runtime::HttpResponse>> answers;
  std::vector<std::int64_t> asked_at;  // milliseconds
  runtime::HttpRequest last;

 private:
  class Call final : public runtime::HttpCall {};
  runtime::Loop& loop_;
};

/// Takes a few milliseconds for everything, as disks do.
class SlowPool final : public runtime::Pool {
 public:
  explicit SlowPool(runtime::Loop& loop) : loop_(loop) {}
  void run(runtime::Callback work) override { pending_.push_back(loop_.after(Milliseconds{3}, std::move(work))); }

 private:
  runtime::Loop& loop_;
  std::vector<runtime::TimerPtr> pending_;
};

/// One source on virtual time with a real folder for its spool.
struct Bench {
  runtime::VirtualLoop loop{WallTime{}, 7};
  std::unique_ptr<runtime::Pool> pool = runtime::make_inline_pool();
  ScriptedClient client{loop};
  TemporaryFolder folder;
  std::unique_ptr<data::Source> source;
  std::vector<std::string> bodies;
  std::vector<std::int64_t> offsets;
  std::vector<std::string> lines;
  std::optional<Error> failure;
  HttpSourceOptions options;

  Bench() {
    options.url = "http://api/users";
    options.spool_directory = folder.path() + "/spool";
    options.run = "manual/1";
    options.log = [this](const std::string& line) { lines.push_back(line); };
  }
  ~Bench() { source.reset(); }

  void start(std::int64_t from = 0) {
    source = make_http_source(options, loop, client, runtime::system_disk(), *pool);
    source->start({{Uuid{}, 0, from}}, [this] { take(); });
    loop.settle();
  }
  void take() {
    const Result<data::Records> got = source->poll(1 << 20);
    if (!got) {
      failure = got.error();
      return;
    }
    for (const data::Record& record : got->records) {
      bodies.emplace_back(*record.value);
      offsets.push_back(record.offset);
      CHECK(record.value->data()[record.value->size() + 63] == '\0');  // the padding is there
    }
  }
};

Error connect_error() {
  return Error(errors::runtime::http_cannot_connect, "cannot connect to {}", "api");
}

}  // namespace

TEST_CASE("polls begin every interval for as long as the run lasts") {
  Bench bench;
  bench.options.every = Seconds{1};
  bench.options.duration = Seconds{5};
  bench.client.answers = {ScriptedClient::status(200, "a"), ScriptedClient::status(200, "b")};
  bench.start();
  bench.loop.advance(Seconds{60});
  CHECK(bench.client.asked_at == std::vector<std::int64_t>{0, 1000, 2000, 3000, 4000});
  CHECK(bench.bodies == std::vector<std::string>{"a", "b", "b", "b", "b"});
  CHECK(bench.offsets == std::vector<std::int64_t>{0, 1, 2, 3, 4});
  CHECK(bench.source->ended());
}

TEST_CASE("a slow disk neither puts off the first poll by an interval nor shifts the later ones") {
  Bench bench;
  bench.pool = std::make_unique<SlowPool>(bench.loop);
  bench.options.duration = Seconds{3};
  bench.client.answers = {ScriptedClient::status(200, "a")};
  bench.start();
  bench.loop.advance(Seconds{60});
  CHECK(bench.client.asked_at == std::vector<std::int64_t>{3, 1000, 2000});
  CHECK(bench.bodies.size() == 3);
}

TEST_CASE("without a duration there is one poll; query and headers are sent") {
  Bench bench;
  bench.options.url = "http://api/users?x=1";
  bench.options.query = {{"nat", "us,fr"}, {"q", "a b"}};
  bench.options.headers = {{"authorization", "Bearer t"}};
  bench.client.answers = {ScriptedClient::status(200, "a")};
  bench.start();
  bench.loop.advance(Seconds{60});
  CHECK(bench.client.asked_at.size() == 1);
  CHECK(bench.client.last.url == "http://api/users?x=1&nat=" + runtime::percent_encode("us,fr") + "&q=a%20b");
  CHECK(bench.client.last.headers == bench.options.headers);
  CHECK(bench.source->ended());
}

TEST_CASE("what was not acknowledged is handed out again, and the run goes on for the rest of its time") {
  Bench bench;
  bench.options.duration = Seconds{6};
  bench.client.answers = {ScriptedClient::status(200, "a"), ScriptedClient::status(200, "b"),
                          ScriptedClient::status(200, "c"), ScriptedClient::status(200, "d")};
  bench.start();
  bench.loop.advance(Milliseconds{2500});
  REQUIRE(bench.bodies.size() == 3);
  bench.source->acknowledge({{{Uuid{}, 0, 1}}});
  bench.loop.settle();
  bench.source->stop();
  bench.source.reset();  // a crash: b and c were handed out and not acknowledged

  bench.loop.advance(Milliseconds{1000});
  bench.bodies.clear();
  bench.offsets.clear();
  bench.options.resumed = true;
  bench.start(1);
  bench.loop.advance(Seconds{60});
  CHECK(bench.bodies == std::vector<std::string>{"b", "c", "d", "d"});
  CHECK(bench.offsets == std::vector<std::int64_t>{1, 2, 3, 4});
  CHECK(bench.client.asked_at == std::vector<std::int64_t>{0, 1000, 2000, 4000, 5000});
  CHECK(bench.source->ended());

  bench.source->acknowledge({{{Uuid{}, 0, 5}}});
  bench.loop.settle();
  bench.bodies.clear();
  bench.start(5);
  bench.loop.advance(Seconds{60});
  CHECK(bench.bodies.empty());
  CHECK(bench.source->ended());
}

TEST_CASE("another try of the run begins its time anew, after what was left, and gives no number twice") {
  Bench bench;
  bench.options.duration = Seconds{2};
  bench.client.answers = {ScriptedClient::status(200, "a"), ScriptedClient::status(200, "b"),
                          ScriptedClient::status(200, "c")};
  bench.start();
  bench.loop.advance(Milliseconds{1500});
  REQUIRE(bench.offsets == std::vector<std::int64_t>{0, 1});
  bench.source->acknowledge({{{Uuid{}, 0, 1}}});
  bench.loop.settle();
  bench.source.reset();  // the try failed after its first record

  bench.loop.advance(Seconds{300});
  bench.bodies.clear();
  bench.offsets.clear();
  bench.client.asked_at.clear();
  bench.start();
  bench.loop.advance(Seconds{60});
  CHECK(bench.bodies == std::vector<std::string>{"b", "c", "c"});
  CHECK(bench.offsets == std::vector<std::int64_t>{1, 2, 3});
  CHECK(bench.client.asked_at == std::vector<std::int64_t>{301'500, 302'500});
  CHECK(bench.source->ended());

  // All of it is acknowledged: a further try still goes on counting.
  bench.source->acknowledge({{{Uuid{}, 0, 4}}});
  bench.loop.settle();
  bench.offsets.clear();
  bench.start();
  bench.loop.advance(Seconds{60});
  CHECK(bench.offsets == std::vector<std::int64_t>{4, 5});
}

TEST_CASE("a body is on disk before it is handed out, and a run that is over can be forgotten") {
  Bench bench;
  bench.client.answers = {ScriptedClient::status(200, "a")};
  bench.start();
  const std::string kept = bench.options.spool_directory + "/manual%2f1/poll-000000000000";
  CHECK(std::filesystem::exists(kept));
  bench.source->acknowledge({{{Uuid{}, 0, 1}}});
  CHECK_FALSE(std::filesystem::exists(kept));
  REQUIRE(discard_spool(runtime::system_disk(), bench.options.spool_directory, bench.options.run).ok());
  CHECK_FALSE(std::filesystem::exists(bench.options.spool_directory + "/manual%2f1"));
}

TEST_CASE("passing failures are repeated with growing pauses and shown as trouble") {
  Bench bench;
  bench.client.answers = {connect_error(), ScriptedClient::status(503), ScriptedClient::status(500),
                          ScriptedClient::status(200, ""), ScriptedClient::status(200, "a")};
  bench.start();
  CHECK(bench.source->trouble().has_value());
  bench.loop.advance(Seconds{60});
  CHECK(bench.bodies == std::vector<std::string>{"a"});
  CHECK_FALSE(bench.source->trouble().has_value());
  REQUIRE(bench.client.asked_at.size() == 5);
  const std::int64_t pauses[] = {500, 1000, 2000, 4000};
  for (std::size_t i = 0; i < 4; ++i) {
    const std::int64_t waited = bench.client.asked_at[i + 1] - bench.client.asked_at[i];
    CHECK(waited >= pauses[i] / 2);
    CHECK(waited <= pauses[i]);
  }
}

TEST_CASE("Retry-After is honoured, as seconds and as a date") {
  Bench bench;
  bench.client.answers = {ScriptedClient::status(429, "", {{"retry-after", "7"}}), ScriptedClient::status(200, "a")};
  bench.start();
  bench.loop.advance(Seconds{60});
  CHECK(bench.client.asked_at == std::vector<std::int64_t>{0, 7000});
  const WallTime now = parse_iso8601("1994-11-06T08:49:00Z").value();
  CHECK(parse_retry_after("Sun, 06 Nov 1994 08:49:37 GMT", now) == Seconds{37});
  CHECK(parse_retry_after("Sun, 06 Nov 1994 08:48:00 GMT", now) == Microseconds{0});
  CHECK(parse_retry_after(" 120 ", now) == Seconds{120});
  for (const char* text : {"", "-1", "soon", "Sun, 06 Foo 1994 08:49:37 GMT", "Sun, 06 Nov 1994 08:49 GMT"}) {
    CHECK_MESSAGE(!parse_retry_after(text, now).has_value(), text);
  }
}

TEST_CASE("after its retries a poll fails the source and says why") {
  Bench bench;
  bench.options.retries = 2;
  bench.client.answers = {ScriptedClient::status(503)};
  bench.start();
  bench.loop.advance(Seconds{60});
  REQUIRE(bench.failure.has_value());
  CHECK(bench.failure->to_line() == "SO-H002: poll 0 failed 3 times, last: status 503");
  CHECK(bench.client.asked_at.size() == 3);
  CHECK_FALSE(bench.source->ended());
}

TEST_CASE("answers that another attempt would get again fail at once") {
  const auto failure_of = [](Result<runtime::HttpResponse> answer) {
    Bench bench;
    bench.client.answers = {std::move(answer)};
    bench.start();
    bench.loop.advance(Seconds{60});
    CHECK(bench.client.asked_at.size() == 1);
    return bench.failure ? bench.failure->to_line() : std::string();
  };
  CHECK(failure_of(ScriptedClient::status(404, "no")) == "SO-H001: the API answers with status 404");
  CHECK(failure_of(ScriptedClient::status(304)) == "SO-H003: the API answers with status 304");
  CHECK(failure_of(Error(errors::runtime::http_tls, "certificate of {} is not trusted", "api")).starts_with("SO-R012"));
  CHECK(failure_of(Error(errors::runtime::bad_url, "not a URL: {}", "x")).starts_with("SO-R015"));
}

TEST_CASE("no content is no record") {
  Bench bench;
  bench.options.duration = Seconds{2};
  bench.client.answers = {ScriptedClient::status(204), ScriptedClient::status(200, "a")};
  bench.start();
  bench.loop.advance(Seconds{10});
  CHECK(bench.bodies == std::vector<std::string>{"a"});
  CHECK(bench.offsets == std::vector<std::int64_t>{0});
}

TEST_CASE("a spool that cannot be written fails the source after its retries") {
  Bench bench;
  bench.options.spool_directory = "/proc/streamops";
  bench.client.answers = {ScriptedClient::status(200, "a")};
  bench.start();
  bench.loop.advance(Seconds{60});
  REQUIRE(bench.failure.has_value());
  CHECK(bench.failure->code() == "SO-H004");
}
