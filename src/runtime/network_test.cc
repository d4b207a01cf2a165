#include "runtime/network.h"

#include <doctest/doctest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <future>

#include "errors/runtime.h"

using namespace streamops;
using namespace streamops::runtime;

namespace {

/// Sends back what it gets; closes after `limit` bytes.
class Echo : public ConnectionHandler {
 public:
  Echo(ConnectionPtr connection, std::size_t limit) : connection_(std::move(connection)), limit_(limit) {
    connection_->set_handler(*this);
  }
  void on_data(BytesView bytes) override {
    total_ += bytes.size();
    connection_->write(Bytes(bytes.begin(), bytes.end()));
    if (total_ >= limit_) connection_->close();
  }
  void on_closed(const std::optional<Error>&) override { connection_.reset(); }

 private:
  ConnectionPtr connection_;
  std::size_t limit_;
  std::size_t total_ = 0;
};

/// Writes once and collects what comes back until the end.
class Collector : public ConnectionHandler {
 public:
  void start(ConnectionPtr connection, std::vector<Bytes> writes) {
    connection_ = std::move(connection);
    connection_->set_handler(*this);
    for (Bytes& bytes : writes) connection_->write(std::move(bytes));
  }
  void on_data(BytesView bytes) override { append_bytes(received_, bytes); }
  void on_closed(const std::optional<Error>& error) override {
    connection_.reset();
    done.set_value({received_, error.has_value()});
  }
  std::promise<std::pair<Bytes, bool>> done;

 private:
  ConnectionPtr connection_;
  Bytes received_;
};

/// Gives memory of its own to read into, and counts what came there.
class Roomy : public ConnectionHandler {
 public:
  void start(ConnectionPtr connection, Bytes write) {
    connection_ = std::move(connection);
    connection_->set_handler(*this);
    connection_->write(std::move(write));
  }
  std::span<std::uint8_t> room() override { return std::span(memory_).subspan(filled_); }
  void on_data(BytesView bytes) override {
    in_place_ = in_place_ && bytes.data() == memory_.data() + filled_;
    filled_ += bytes.size();
  }
  void on_closed(const std::optional<Error>&) override {
    connection_.reset();
    done.set_value({Bytes(memory_.begin(), memory_.begin() + static_cast<std::ptrdiff_t>(filled_)), in_place_});
  }
  std::promise<std::pair<Bytes, bool>> done;

 private:
  ConnectionPtr connection_;
  Bytes memory_ = Bytes(3 << 20);
  std::size_t filled_ = 0;
  bool in_place_ = true;
};

}  // namespace

TEST_CASE("a megabyte goes there and back in order, and close() sends what is queued first") {
  const auto thread = make_loop_thread("test-net");
  Loop& loop = thread->loop();
  std::unique_ptr<Network> network;
  std::unique_ptr<Listener> listener;
  std::unique_ptr<Echo> echo;
  Collector collector;
  std::vector<Bytes> writes;
  Bytes expected;
  for (int i = 0; i < 200; ++i) {
    writes.emplace_back(5000, static_cast<std::uint8_t>(i));
    append_bytes(expected, writes.back());
  }
  loop.post([&] {
    network = make_network(loop);
    listener = network
                   ->listen({"127.0.0.1", 0},
                            [&](ConnectionPtr accepted) {
                              echo = std::make_unique<Echo>(std::move(accepted), expected.size());
                            })
                   .value();
    network->connect(listener->local(), Seconds{5}, std::nullopt, [&](Result<ConnectionPtr> connection) {
      collector.start(std::move(connection).value(), std::move(writes));
    });
  });
  const auto [received, broken] = collector.done.get_future().get();
  CHECK(received == expected);
  CHECK_FALSE(broken);
  std::promise<void> cleaned;
  loop.post([&] {
    echo.reset();
    listener.reset();
    network.reset();
    cleaned.set_value();
  });
  cleaned.get_future().get();
}

TEST_CASE("a port in use names its holder, and nobody answering is SO-R003") {
  const auto thread = make_loop_thread("test-net");
  Loop& loop = thread->loop();
  std::promise<std::pair<std::string, std::string>> done;
  std::unique_ptr<Network> network;
  loop.post([&] {
    network = make_network(loop);
    auto first = network->listen({"127.0.0.1", 0}, [](ConnectionPtr) {}).value();
    const Endpoint taken = first->local();
    const Error in_use = network->listen(taken, [](ConnectionPtr) {}).error();
    first.reset();
    network->connect(taken, Seconds{5}, std::nullopt, [&done, in_use](Result<ConnectionPtr> connection) {
      done.set_value({in_use.to_line(), std::string(connection.error().code())});
    });
  });
  const auto [in_use, refused] = done.get_future().get();
  CHECK(in_use.find("SO-R001") == 0);
  CHECK(in_use.find("pid") != std::string::npos);
  CHECK(refused == "SO-R003");
  std::promise<std::string> not_ours;
  loop.post([&] {
    const std::string code(network->listen({"nowhere", 1}, [](ConnectionPtr) {}).error().code());
    network.reset();
    not_ours.set_value(code);  // the test may end now
  });
  CHECK(not_ours.get_future().get() == "SO-R002");
}

TEST_CASE("a connection that is reset says so") {
  struct Watcher : ConnectionHandler {
    void on_data(BytesView) override {}
    void on_closed(const std::optional<Error>& error) override {
      connection.reset();
      done.set_value(error ? std::string(error->code()) : std::string());
    }
    ConnectionPtr connection;
    std::promise<std::string> done;
  } watcher;
  const auto thread = make_loop_thread("test-net");
  Loop& loop = thread->loop();
  std::unique_ptr<Network> network;
  std::unique_ptr<Listener> listener;
  std::promise<std::uint16_t> port;
  loop.post([&] {
    network = make_network(loop);
    listener = network
                   ->listen({"127.0.0.1", 0},
                            [&](ConnectionPtr accepted) {
                              watcher.connection = std::move(accepted);
                              watcher.connection->set_handler(watcher);
                            })
                   .value();
    port.set_value(listener->local().port);
  });
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = to_big_endian(port.get_future().get());
  address.sin_addr.s_addr = to_big_endian(std::uint32_t{0x7F000001});
  const int client = ::socket(AF_INET, SOCK_STREAM, 0);
  const linger reset{1, 0};  // close() sends RST
  REQUIRE(::setsockopt(client, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset)) == 0);
  REQUIRE(::connect(client, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0);
  ::close(client);
  CHECK(watcher.done.get_future().get() == "SO-R005");
  std::promise<void> cleaned;
  loop.post([&] {
    listener.reset();
    network.reset();
    cleaned.set_value();
  });
  cleaned.get_future().get();
}

TEST_CASE("endpoints are read with care") {
  CHECK(parse_endpoint("localhost:9092").value() == Endpoint{"localhost", 9092});
  CHECK(parse_endpoint("[::1]:9092").value() == Endpoint{"::1", 9092});
  CHECK(parse_endpoint("db", 9042).value() == Endpoint{"db", 9042});
  CHECK(to_string(Endpoint{"::1", 80}) == "[::1]:80");
  for (const char* bad : {"", "host", "host:", "host:x", "host:70000", "[::1", "[::1]x"}) {
    CHECK_MESSAGE(parse_endpoint(bad).error().is(errors::runtime::bad_endpoint), bad);  // SO-R004
  }
}

TEST_CASE("who gives room for what arrives finds it there") {
  const auto thread = make_loop_thread("test-net");
  Loop& loop = thread->loop();
  std::unique_ptr<Network> network;
  std::unique_ptr<Listener> listener;
  std::unique_ptr<Echo> echo;
  Roomy roomy;
  Bytes sent(2 << 20);
  for (std::size_t i = 0; i < sent.size(); ++i) sent[i] = static_cast<std::uint8_t>(i * 31 >> 8);
  loop.post([&] {
    network = make_network(loop);
    listener = std::move(*network->listen(
        {"127.0.0.1", 0}, [&](ConnectionPtr taken) { echo = std::make_unique<Echo>(std::move(taken), sent.size()); }));
    network->connect(listener->local(), Seconds{5}, std::nullopt, [&](Result<ConnectionPtr> connected) {
      REQUIRE(connected.ok());
      roomy.start(std::move(*connected), sent);
    });
  });
  const auto [received, in_place] = roomy.done.get_future().get();
  CHECK(received == sent);
  CHECK(in_place);
  std::promise<void> cleaned;
  loop.post([&] {
    echo.reset();
    listener.reset();
    network.reset();
    cleaned.set_value();
  });
  cleaned.get_future().get();
}
