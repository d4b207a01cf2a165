#include <doctest/doctest.h>

#include <future>

#include "errors/runtime.h"
#include "runtime/http_client.h"
#include "runtime/http_server.h"
#include "runtime/impl/curl_library.h"
#include "runtime/impl/http_request_parser.h"
#include "runtime/on_loop.h"

using namespace streamops;
using namespace streamops::runtime;

namespace {

/// A server on a loop of its own, and ways to talk to it.
class Fixture {
 public:
  explicit Fixture(HttpServer::Handler handler, HttpServerLimits limits = {},
                   const std::optional<TlsOptions>& tls = std::nullopt)
      : thread_(make_loop_thread("test-http")) {
    on_loop([&] {
      network_ = make_network(loop());
      client_ = make_http_client(loop());
      server_ = make_http_server(loop(), *network_, limits, std::move(handler));
      at_ = server_->listen({"127.0.0.1", 0}, tls).value();
    });
  }
  ~Fixture() {
    on_loop([&] {
      call_.reset();
      raw_.reset();
      server_.reset();
      client_.reset();
      network_.reset();
    });
  }
  Fixture(const Fixture&) = delete;
  Fixture& operator=(const Fixture&) = delete;

  Loop& loop() { return thread_->loop(); }
  std::string url(const std::string& target) const { return "http://" + to_string(at_) + target; }

  Result<HttpResponse> send(HttpRequest request) {
    std::promise<Result<HttpResponse>> done;
    on_loop([&] {
      call_ =
          client_->send(std::move(request), [&](Result<HttpResponse> result) { done.set_value(std::move(result)); });
    });
    return done.get_future().get();
  }

  /// Everything that the server sends for these bytes until it closes.
  std::string send_raw(const std::string& bytes) {
    struct Reader : ConnectionHandler {
      void on_data(BytesView data) override { text += as_text(data); }
      void on_closed(const std::optional<Error>&) override { done.set_value(text); }
      std::string text;
      std::promise<std::string> done;
    } reader;
    loop().post([&] {
      network_->connect(at_, Seconds{5}, std::nullopt, [&](Result<ConnectionPtr> connection) {
        raw_ = std::move(connection).value();
        raw_->set_handler(reader);
        raw_->write(Bytes(bytes.begin(), bytes.end()));
      });
    });
    return reader.done.get_future().get();
  }

 private:
  void on_loop(const std::function<void()>& work) { runtime::on_loop(loop(), work); }

  std::unique_ptr<LoopThread> thread_;
  std::unique_ptr<Network> network_;
  std::unique_ptr<HttpClient> client_;
  std::unique_ptr<HttpServer> server_;
  std::unique_ptr<HttpCall> call_;
  ConnectionPtr raw_;
  Endpoint at_;
};

void echo(const ServerRequest& request, const std::shared_ptr<Responder>& responder) {
  const auto name = request.query.find("name");
  responder->respond(ServerResponse::text(request.method + " " + request.path + " " +
                                          (name == request.query.end() ? "" : name->second) + " " + request.body));
}

}  // namespace

TEST_CASE("a request reaches the handler decoded, and its answer the client") {
  Fixture fixture(echo);
  const HttpResponse response =
      fixture.send({.method = "POST", .url = fixture.url("/a%20b?name=x+y%26z"), .headers = {}, .body = "hello"})
          .value();
  CHECK(response.status == 200);
  CHECK(response.body == "POST /a b x y&z hello");
  REQUIRE(response.header("content-type") != nullptr);
  CHECK(fixture.send({.url = fixture.url("/again")}).value().body == "GET /again  ");
}

TEST_CASE("pipelined requests are answered in order on one connection") {
  Fixture fixture(echo);
  const std::string text =
      fixture.send_raw("GET /1 HTTP/1.1\r\nHost: x\r\n\r\nGET /2 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  const std::size_t first = text.find("GET /1");
  CHECK(first != std::string::npos);
  CHECK(text.find("GET /2") > first);
}

TEST_CASE("broken, endless and too large requests get a clear status and a closed connection") {
  HttpServerLimits limits;
  limits.max_header_bytes = 200;
  limits.max_body_bytes = 100;
  limits.header_timeout = Milliseconds{100};
  limits.body_timeout = Milliseconds{100};
  Fixture fixture(echo, limits);
  CHECK(fixture.send_raw("nonsense\r\n\r\n").find("HTTP/1.1 400") == 0);
  CHECK(fixture.send_raw("GET /" + std::string(300, 'a') + " HTTP/1.1\r\n\r\n").find("HTTP/1.1 414") == 0);
  CHECK(fixture.send_raw("GET / HTTP/1.1\r\nA: " + std::string(300, 'a') + "\r\n\r\n").find("HTTP/1.1 431") == 0);
  CHECK(fixture.send_raw("POST / HTTP/1.1\r\nContent-Length: 2147483648\r\n\r\n").find("HTTP/1.1 413") == 0);
  CHECK(fixture.send_raw("POST / HTTP/1.1\r\nContent-Length: 50\r\n\r\nslow").find("HTTP/1.1 408") == 0);
  CHECK(fixture.send_raw("GET / HTTP/1.1\r\nHost:").find("HTTP/1.1 408") == 0);
  CHECK(fixture.send({.url = fixture.url("/fine")}).value().status == 200);
}

TEST_CASE("events flow until the server ends the stream") {
  Fixture fixture([](const ServerRequest&, const std::shared_ptr<Responder>& responder) {
    const auto events = responder->respond_events({}, [] {});
    CHECK(events->send("run", "one\ntwo"));
  });
  const HttpResponse response = fixture.send({.url = fixture.url("/events")}).value();
  CHECK(response.body == "event: run\ndata: one\ndata: two\n\n");
}

TEST_CASE("the client names what went wrong") {
  Fixture fixture([](const ServerRequest& request, const std::shared_ptr<Responder>& responder) {
    if (request.path == "/large") responder->respond(ServerResponse::text(std::string(1000, 'x')));
    static std::shared_ptr<Responder> never;
    if (request.path == "/never") never = responder;
  });
  CHECK(fixture.send({.url = "http://127.0.0.1:1/"}).error().code() == "SO-R010");
  CHECK(fixture.send({.url = fixture.url("/never"), .headers = {}, .body = {}, .timeout = Milliseconds{50}})
            .error()
            .code() == "SO-R011");
  CHECK(fixture.send({.url = "https://" + fixture.url("/").substr(7)}).error().blame() ==
        Blame::external);  // SO-R012 or SO-R014
  CHECK(fixture.send({.url = fixture.url("/large"), .headers = {}, .body = {}, .timeout = Seconds{5}, .max_body = 100})
            .error()
            .code() == "SO-R013");
  CHECK(fixture.send({.url = "ftp://127.0.0.1/"}).error().code() == "SO-R015");
}

TEST_CASE("a certificate is checked: unknown authorities are refused, named ones accepted") {
  const std::string folder = STREAMOPS_SOURCE_DIR "/tests/support/tls/";
  const TlsOptions server{.certificate = folder + "certificate.pem", .key = folder + "key.pem"};
  Fixture fixture(echo, {}, server);
  const std::string url = "https" + fixture.url("/secret").substr(4);
  CHECK(fixture.send({.url = url}).error().code() == "SO-R012");
  const Result<HttpResponse> trusted =
      fixture.send({.url = url, .tls = TlsOptions{.ca_file = folder + "certificate.pem"}});
  REQUIRE(trusted.ok());
  CHECK(trusted->body == "GET /secret  ");
}

TEST_CASE("libcurl is found, whichever build of it the machine has (SO-R016 otherwise)") {
  CHECK(curl_library().ok());
}

TEST_CASE("what comes behind a chunked body are trailers, not headers") {
  struct Answer : ConnectionHandler {
    void on_data(BytesView) override {
      const std::string_view text =
          "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: grpc-status\r\n\r\n3\r\nabc\r\n0\r\nGrpc-Status: "
          "5\r\n\r\n";
      connection->write(Bytes(text.begin(), text.end()));
    }
    void on_closed(const std::optional<Error>&) override {}
    ConnectionPtr connection;
  } answer;
  const std::unique_ptr<LoopThread> thread = make_loop_thread("test-http");
  Loop& loop = thread->loop();
  std::promise<Result<HttpResponse>> done;
  std::unique_ptr<Network> network;
  std::unique_ptr<HttpClient> client;
  std::unique_ptr<Listener> listener;
  std::unique_ptr<HttpCall> call;
  loop.post([&] {
    network = make_network(loop);
    client = make_http_client(loop);
    listener = network
                   ->listen({"127.0.0.1", 0},
                            [&](ConnectionPtr connection) {
                              answer.connection = std::move(connection);
                              answer.connection->set_handler(answer);
                            })
                   .value();
    call = client->send({.url = "http://" + to_string(listener->local())},
                        [&](Result<HttpResponse> result) { done.set_value(std::move(result)); });
  });
  const HttpResponse response = done.get_future().get().value();
  CHECK(response.body == "abc");
  CHECK(response.header("grpc-status") == nullptr);
  REQUIRE(response.trailer("grpc-status") != nullptr);
  CHECK(*response.trailer("grpc-status") == "5");
  std::promise<void> gone;
  loop.post([&] {
    call.reset();
    answer.connection.reset();
    listener.reset();
    client.reset();
    network.reset();
    gone.set_value();
  });
  gone.get_future().get();
}

TEST_CASE("a request split at every byte is the same request") {
  const std::string text = "POST /p?x=1 HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n";
  for (std::size_t cut = 1; cut < text.size(); ++cut) {
    HttpRequestParser parser{HttpServerLimits{}};
    CHECK(parser.feed(as_bytes(std::string_view(text).substr(0, cut))) == cut);
    CHECK(parser.feed(as_bytes(std::string_view(text).substr(cut))) == text.size() - cut);
    REQUIRE(parser.state() == HttpRequestParser::State::complete);
    const ServerRequest request = parser.take();
    CHECK(request.body == "abc");
    CHECK(request.query.at("x") == "1");
  }
}
