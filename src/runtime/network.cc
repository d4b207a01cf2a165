#include "runtime/network.h"

#include <asio/connect.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/ip/v6_only.hpp>
#include <asio/steady_timer.hpp>
#include <charconv>

#include "errors/runtime.h"
#include "runtime/impl/asio_connection.h"
#include "runtime/impl/asio_loop.h"
#include "runtime/impl/callback_watch.h"
#include "runtime/impl/port_holder.h"

namespace streamops::runtime {
namespace {

using asio::ip::tcp;
using TlsContext = std::shared_ptr<asio::ssl::context>;
using OnAccept = std::function<void(ConnectionPtr)>;

class AsioListener final : public Listener {
 public:
  AsioListener(tcp::acceptor acceptor, TlsContext tls, OnAccept on_accept)
      : state_(std::make_shared<State>(std::move(acceptor), std::move(tls), std::move(on_accept))) {
    accept(state_);
  }
  AsioListener(const AsioListener&) = delete;
  AsioListener& operator=(const AsioListener&) = delete;
  ~AsioListener() override {
    std::error_code ignored;
    state_->acceptor.close(ignored);
    state_->on_accept = nullptr;
  }

  Endpoint local() const override { return to_endpoint(state_->acceptor.local_endpoint()); }

 private:
  struct State {
    State(tcp::acceptor listening, TlsContext context, OnAccept call)
        : acceptor(std::move(listening)),
          retry(acceptor.get_executor()),
          tls(std::move(context)),
          on_accept(std::move(call)) {}
    tcp::acceptor acceptor;
    asio::steady_timer retry;
    TlsContext tls;
    OnAccept on_accept;
  };

  static void accept(const std::shared_ptr<State>& state) {
    state->acceptor.async_accept([state](const std::error_code& code, tcp::socket socket) {
      if (!state->acceptor.is_open()) return;
      if (code) return accept_later(state);
      const CallbackWatch watch;
      if (state->tls) {
        make_tls_connection(std::move(socket), state->tls, true, {}, false, [state](Result<ConnectionPtr> connection) {
          if (connection && state->on_accept) state->on_accept(std::move(connection).value());
        });
      } else if (state->on_accept) {
        state->on_accept(make_plain_connection(std::move(socket)));
      }
      accept(state);
    });
  }

  /// Out of descriptors, most likely: trying again at once would burn a core.
  static void accept_later(const std::shared_ptr<State>& state) {
    state->retry.expires_after(Milliseconds{100});
    state->retry.async_wait([state](const std::error_code&) {
      if (state->acceptor.is_open()) accept(state);
    });
  }

  std::shared_ptr<State> state_;
};

/// One attempt to connect: resolving, then each address in turn, then TLS; the timer ends all of it.
class Attempt : public std::enable_shared_from_this<Attempt> {
 public:
  Attempt(asio::io_context& context, Endpoint to, std::optional<TlsOptions> tls,
          std::function<void(Result<ConnectionPtr>)> done)
      : resolver_(context),
        socket_(context),
        timer_(context),
        to_(std::move(to)),
        tls_(std::move(tls)),
        done_(std::move(done)) {}

  void start(Microseconds timeout) {
    timer_.expires_after(timeout);
    timer_.async_wait([self = shared_from_this()](const std::error_code& code) {
      if (!code) self->fail("timed out");
    });
    resolver_.async_resolve(
        to_.host, std::to_string(to_.port),
        [self = shared_from_this()](const std::error_code& code, const tcp::resolver::results_type& found) {
          if (code) return self->fail("the name does not resolve");
          asio::async_connect(self->socket_, found,
                              [self](const std::error_code& failed, const tcp::endpoint&) { self->connected(failed); });
        });
  }

 private:
  void connected(const std::error_code& code) {
    if (code) return fail(code.message());
    if (!tls_) return finish(make_plain_connection(std::move(socket_)));
    Result<TlsContext> context = make_tls_context(*tls_, false);
    if (!context) return finish(context.error());
    const std::string name = tls_->server_name.empty() ? to_.host : tls_->server_name;
    make_tls_connection(
        std::move(socket_), std::move(context).value(), false, name, tls_->verify,
        [self = shared_from_this()](Result<ConnectionPtr> connection) { self->finish(std::move(connection)); });
  }

  void fail(const std::string& why) {
    finish(Error(errors::runtime::cannot_connect, "cannot connect to {}: {}", to_string(to_), why));
  }

  void finish(Result<ConnectionPtr> result) {
    if (!done_) return;
    timer_.cancel();
    resolver_.cancel();
    std::error_code ignored;
    socket_.close(ignored);
    const CallbackWatch watch;
    std::exchange(done_, nullptr)(std::move(result));
  }

  tcp::resolver resolver_;
  tcp::socket socket_;
  asio::steady_timer timer_;
  Endpoint to_;
  std::optional<TlsOptions> tls_;
  std::function<void(Result<ConnectionPtr>)> done_;
};

class AsioNetwork final : public Network {
 public:
  explicit AsioNetwork(AsioLoop& loop) : context_(loop.context()) {}

  Result<std::unique_ptr<Listener>> listen(const Endpoint& at, OnAccept on_accept,
                                           const std::optional<TlsOptions>& tls) override {
    std::error_code code;
    const asio::ip::address address = asio::ip::make_address(at.host, code);
    if (code) return Error(errors::runtime::address_not_local, "\"{}\" is not an IP address to listen on", at.host);
    TlsContext tls_context;
    if (tls) {
      STREAMOPS_ASSIGN(tls_context, make_tls_context(*tls, true));
    }
    tcp::acceptor acceptor(context_);
    const tcp::endpoint endpoint(address, at.port);
    acceptor.open(endpoint.protocol(), code);
    if (!code) acceptor.set_option(tcp::acceptor::reuse_address(true), code);
    if (!code && address.is_v6()) acceptor.set_option(asio::ip::v6_only(true), code);
    if (!code) acceptor.bind(endpoint, code);
    if (!code) acceptor.listen(asio::socket_base::max_listen_connections, code);
    if (code == asio::error::address_in_use) {
      const std::string holder = port_holder(at.port);
      return Error(errors::runtime::port_in_use, "{} is already in use{}", to_string(at),
                   holder.empty() ? "" : " by " + holder);
    }
    if (code)
      return Error(errors::runtime::address_not_local, "cannot listen on {}: {}", to_string(at), code.message());
    return std::unique_ptr<Listener>(
        std::make_unique<AsioListener>(std::move(acceptor), std::move(tls_context), std::move(on_accept)));
  }

  void connect(const Endpoint& to, Microseconds timeout, const std::optional<TlsOptions>& tls,
               std::function<void(Result<ConnectionPtr>)> done) override {
    std::make_shared<Attempt>(context_, to, tls, std::move(done))->start(timeout);
  }

 private:
  asio::io_context& context_;
};

}  // namespace

std::string to_string(const Endpoint& endpoint) {
  const bool is_v6 = endpoint.host.find(':') != std::string::npos;
  return (is_v6 ? "[" + endpoint.host + "]" : endpoint.host) + ":" + std::to_string(endpoint.port);
}

Result<Endpoint> parse_endpoint(std::string_view text, std::uint16_t default_port) {
  const Error bad(errors::runtime::bad_endpoint, "\"{}\" is not a host and port such as localhost:9092", text);
  std::string_view host = text;
  std::string_view port;
  if (text.starts_with('[')) {
    const std::size_t end = text.find(']');
    if (end == std::string_view::npos) return bad;
    host = text.substr(1, end - 1);
    port = text.substr(end + 1);
    if (!port.empty() && !port.starts_with(':')) return bad;
    if (!port.empty()) port.remove_prefix(1);
  } else if (const std::size_t colon = text.find(':'); colon != std::string_view::npos) {
    host = text.substr(0, colon);
    port = text.substr(colon + 1);
    if (port.empty()) return bad;
  }
  std::uint16_t number = default_port;
  if (!port.empty()) {
    const auto [end, failure] = std::from_chars(port.data(), port.data() + port.size(), number);
    if (failure != std::errc{} || end != port.data() + port.size()) return bad;
  }
  if (host.empty() || (port.empty() && default_port == 0)) return bad;
  return Endpoint{std::string(host), number};
}

std::unique_ptr<Network> make_network(Loop& loop) {
  auto* real = dynamic_cast<AsioLoop*>(&loop);
  STREAMOPS_CHECK(real != nullptr, "the kernel's network needs a real loop");
  return std::make_unique<AsioNetwork>(*real);
}

}  // namespace streamops::runtime
