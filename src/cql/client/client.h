// cql/client/client.h — an asynchronous CQL client: requests in, answers by callback, connections kept alive
// underneath.
//
//   query / prepare / execute ─▶ waiting (until connected) ─▶ connection with the fewest requests under way ─▶ answer
//
// It speaks protocol v5, v4 or v3, whatever the server takes, and connects again by itself, with jittered back-off, for
// ever. Requests that are made in one turn of the loop leave in one write. A statement that a server has forgotten
// (UNPREPARED) is prepared again and the request repeated; nothing else is repeated here: whether a write may be sent
// again is the caller's affair. Threads: one loop.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "cql/protocol/responses.h"
#include "runtime/loop.h"
#include "runtime/network.h"

namespace streamops::cql {

struct ClientOptions {
  std::vector<runtime::Endpoint> contact_points;
  std::string username;  // empty: none is sent
  std::string password;
  std::optional<runtime::TlsOptions> tls;
  Consistency consistency = Consistency::local_quorum;
  Microseconds connect_timeout = Seconds{5};
  Microseconds request_timeout = Seconds{12};
  std::size_t connections_per_host = 1;
  std::size_t max_requests_per_connection = 2048;
  std::string client_name = "streamops";
};

/// A prepared statement, as long as somebody holds it.
struct PreparedStatement {
  std::string text;
  Bytes id;
  Bytes result_metadata_id;                  // v5
  std::vector<ColumnSpec> variables;         // one a marker
  std::vector<std::uint16_t> partition_key;  // which of them, in order; empty on v3
};
using PreparedStatementPtr = std::shared_ptr<const PreparedStatement>;

/// An answer with the bytes that its views point into.
struct Answer {
  std::shared_ptr<const Bytes> body;
  ResultMessage message;

  /// The rows, or nullptr when the answer holds none.
  const Rows* rows() const { return std::get_if<Rows>(&message); }
};

/// What a caller can do about a failed request.
enum class FailureKind : std::uint8_t {
  retriable,  // may pass by itself: not reachable, overloaded, timed out (a write may have happened all the same)
  request,    // the server refuses this request's values (SO-C206)
  fatal       // the same for every request until a person acts: credentials, rights, a missing table, bad CQL
};
FailureKind classify(const Error& error);

class Client {
 public:
  using Done = std::function<void(Result<Answer>)>;

  virtual ~Client() = default;

  /// Runs one statement without values. `done` comes once, on the loop, unless the client is destroyed before.
  /// Errors: SO-C201 to SO-C210.
  virtual void query(std::string text, Done done) = 0;
  /// Prepares a statement on one connection; others prepare it when they first meet it.
  virtual void prepare(std::string text, std::function<void(Result<PreparedStatementPtr>)> done) = 0;
  /// Runs a prepared statement. `values` holds one [value] a variable (native protocol §3), one after the other.
  virtual void execute(PreparedStatementPtr statement, Bytes values, Done done) = 0;

  /// Requests made and not yet answered.
  virtual std::size_t in_flight() const = 0;
  /// Why no connection stands, while none does.
  virtual std::optional<Error> trouble() const = 0;
  /// The protocol version in use: 3, 4 or 5; 0 before the first connection.
  virtual int version() const = 0;
};

/// Begins to connect at once. `loop` and `network` must outlive the client.
std::unique_ptr<Client> make_client(ClientOptions options, runtime::Loop& loop, runtime::Network& network);

}  // namespace streamops::cql
