// runtime/network.h — TCP (and TLS) as callbacks on a loop. Servers and clients of the project see only this; Asio
// stays in runtime/impl.
//
// Life of a connection: accepted or connected -> handler set -> on_data* -> on_closed (exactly once, unless the owner
// destroyed the Connection before). Destroying a Connection closes it at once; close() sends first what was written.
// Threads: everything on the loop that the network was made for.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "runtime/loop.h"

namespace streamops::runtime {

/// "127.0.0.1:9092", "[::1]:9092" or "name:port".
struct Endpoint {
  std::string host;
  std::uint16_t port = 0;

  friend bool operator==(const Endpoint&, const Endpoint&) = default;
};
std::string to_string(const Endpoint& endpoint);
/// Errors: SO-R004.
Result<Endpoint> parse_endpoint(std::string_view text, std::uint16_t default_port = 0);

struct TlsOptions {
  std::string ca_file;      // empty: the system's certificates
  std::string certificate;  // PEM file of our own certificate; a server needs one
  std::string key;          // PEM file of its key
  std::string server_name;  // what a client checks and sends (SNI)
  bool verify = true;
};

class ConnectionHandler {
 public:
  virtual ~ConnectionHandler() = default;
  /// Memory that the bytes arriving next may be put into, so that nobody has to copy them; asked right before each
  /// read. Nothing: the connection's own. A connection may use its own all the same (TLS does), so look at what
  /// on_data() gives.
  virtual std::span<std::uint8_t> room() { return {}; }
  /// Bytes have arrived; the view is valid during the call only, unless it is of room().
  virtual void on_data(BytesView bytes) = 0;
  /// The peer is gone, or an error happened (then `error` says what). The Connection may be destroyed in here.
  virtual void on_closed(const std::optional<Error>& error) = 0;
  /// Everything written has been handed to the kernel.
  virtual void on_drained() {}
};

class Connection {
 public:
  virtual ~Connection() = default;
  /// Reading starts now. `handler` must outlive the connection or its on_closed.
  virtual void set_handler(ConnectionHandler& handler) = 0;
  /// Queues bytes; all that is queued in one turn of the loop goes out in one system call.
  virtual void write(Bytes bytes) = 0;
  /// Bytes queued and not yet handed to the kernel: stop producing when this is large, go on at on_drained.
  virtual std::size_t unsent() const = 0;
  /// Stops and resumes reading: back-pressure towards the peer.
  virtual void pause_reading() = 0;
  virtual void resume_reading() = 0;
  /// Sends what is queued, then closes; on_closed follows.
  virtual void close() = 0;
  virtual Endpoint peer() const = 0;
  virtual Endpoint local() const = 0;
};
using ConnectionPtr = std::unique_ptr<Connection>;

/// Accepts until destroyed.
class Listener {
 public:
  virtual ~Listener() = default;
  /// The address in force, with the port that was picked for 0.
  virtual Endpoint local() const = 0;
};

class Network {
 public:
  virtual ~Network() = default;
  /// Listens on one numeric address. Errors: SO-R001 (port in use; says by whom where the system tells), SO-R002
  /// (address not ours).
  virtual Result<std::unique_ptr<Listener>> listen(const Endpoint& at, std::function<void(ConnectionPtr)> on_accept,
                                                   const std::optional<TlsOptions>& tls = std::nullopt) = 0;
  /// Resolves and connects. `done` gets the connection or SO-R003 (unreachable, refused, timed out, TLS refused).
  virtual void connect(const Endpoint& to, Microseconds timeout, const std::optional<TlsOptions>& tls,
                       std::function<void(Result<ConnectionPtr>)> done) = 0;
};

/// The kernel's network on a real loop.
std::unique_ptr<Network> make_network(Loop& loop);

}  // namespace streamops::runtime
