// cql/client/client.h — an asynchronous CQL client for a cluster: requests in, answers out, connections kept alive
// underneath.
//
//   query / select / prepare / execute ─▶ waiting (until connected) ─▶ host ─▶ connection with the fewest under way
//   write ─▶ host that holds the row (token) ─▶ straight into its connection's output buffer
//
// Hosts: the contact points, and with `discover` every node of the local datacenter that system.peers names; nodes that
// come, go, or come back are followed by the server's events. A contact point is reached by the address that was given,
// whatever it says of itself. It speaks protocol v5, v4 or v3, whatever the server takes, and connects again by itself,
// with jittered back-off, for ever. Requests that are made in one turn of the loop leave in one write. A statement that
// a server has forgotten (UNPREPARED) is prepared again. A SELECT is asked again when its connection breaks; whether a
// write may be sent again is the caller's affair. Threads: one loop.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "cql/protocol/frame.h"
#include "cql/protocol/responses.h"
#include "runtime/loop.h"
#include "runtime/network.h"

namespace streamops::cql {

struct ClientOptions {
  std::vector<runtime::Endpoint> contact_points;
  std::string username;  // empty: none is sent
  std::string password;
  std::optional<runtime::TlsOptions> tls;
  std::string local_datacenter;                 // empty: that of the first contact point that answers
  Compression compression = Compression::none;  // used with servers that offer it; snappy not with v5
  Version highest_version = Version::v5;        // of the protocol; servers may want less
  Consistency consistency = Consistency::local_quorum;
  Microseconds connect_timeout = Seconds{5};
  Microseconds request_timeout = Seconds{12};
  Microseconds heartbeat_interval = Seconds{30};  // a connection that is silent for so long is asked whether it lives
  std::size_t connections_per_host = 1;
  std::size_t max_requests_per_connection = 2048;
  bool discover = true;  // reads the cluster's nodes and follows their events; off: the contact points alone
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

/// How a SELECT is read.
struct ReadOptions {
  std::int32_t page_size = 0;              // rows a page; 0: all in one answer
  Bytes paging_state;                      // of the page before; empty: the first page
  Microseconds speculate_after{0};         // no answer for so long: another host is asked too, the first answer counts;
                                           // 0: never
  std::optional<Consistency> consistency;  // else the client's
};

/// What a caller can do about a failed request.
enum class FailureKind : std::uint8_t {
  retriable,  // may pass by itself: not reachable, overloaded, timed out (a write may have happened all the same)
  request,    // the server refuses this request's values (SO-C206)
  fatal       // the same for every request until a person acts: credentials, rights, a missing table, bad CQL
};
FailureKind classify(const Error& error);

/// Hears what became of the writes of a client; all calls come on the loop, never from inside of write().
class WriteListener {
 public:
  enum class Outcome : std::uint8_t {
    written,  // acknowledged at the consistency level
    again,    // not written: the server had forgotten the statement, and knows it now. Send it again at once
    failed    // see the error
  };
  virtual ~WriteListener() = default;
  /// Once for each write that was taken. `error` is set with `failed` alone.
  virtual void on_write(std::uint64_t tag, Outcome outcome, const Error* error) = 0;
  /// Behind each bunch of answers, and when a connection stands: there may be room for writes now. Writes that are made
  /// in here leave with one system call.
  virtual void on_room() = 0;
  /// No write can ever be taken: the servers refuse us for good (SO-C202, C207, C208, C211).
  virtual void on_refused(const Error& error) = 0;
};

/// A node as the client knows it.
struct HostStatus {
  runtime::Endpoint at;
  std::string datacenter;  // empty until discovered
  std::string release_version;
  bool connected = false;
};

class Client {
 public:
  using Done = std::function<void(Result<Answer>)>;

  virtual ~Client() = default;

  /// Runs one statement without values. `done` comes once, on the loop, unless the client is destroyed before.
  /// Errors: SO-C201 to SO-C211.
  virtual void query(std::string text, Done done) = 0;
  /// Runs a SELECT, which may be asked twice without harm. Errors as query().
  virtual void select(std::string text, ReadOptions options, Done done) = 0;
  /// The same for a prepared SELECT; `values` as in execute().
  virtual void select(PreparedStatementPtr statement, Bytes values, ReadOptions options, Done done) = 0;
  /// Prepares a statement on one connection; others prepare it when they first meet it.
  virtual void prepare(std::string text, std::function<void(Result<PreparedStatementPtr>)> done) = 0;
  /// Runs a prepared statement. `values` holds one [value] a variable (native protocol §3), one after the other.
  virtual void execute(PreparedStatementPtr statement, Bytes values, Done done) = 0;

  /// Who hears of writes; before the first write().
  virtual void set_write_listener(WriteListener* listener) = 0;
  /// Hot path: sends a prepared write, `values` as in execute(), copied straight into a connection's output buffer.
  /// False: nothing was taken, no connection has room or stands; on_room() comes. `statement` must outlive the answer.
  virtual bool write(const PreparedStatement& statement, BytesView values, std::uint64_t tag) = 0;

  /// Requests and writes made and not yet answered.
  virtual std::size_t in_flight() const = 0;
  /// Why no connection stands, while none does.
  virtual std::optional<Error> trouble() const = 0;
  /// The protocol version in use: 3, 4 or 5; 0 before the first connection.
  virtual int version() const = 0;
  /// The nodes that are talked to.
  virtual std::vector<HostStatus> hosts() const = 0;
};

/// Begins to connect at once. `loop` and `network` must outlive the client.
std::unique_ptr<Client> make_client(ClientOptions options, runtime::Loop& loop, runtime::Network& network);

}  // namespace streamops::cql
