// app/listening.h — where the servers of this process listen, and what the broker tells its clients to connect to.
//
//   server.bind             ""            127.0.0.1 and ::1
//                           "*"           every address of the machine
//                           "10.0.0.5"    that one
//   server.kafka_advertised "19092=localhost:9092,29092=broker.example:29092"
//                           who connects to port 19092 is told to come back to localhost:9092; ports that are not
//                           listened on otherwise get a listener
//
// Our servers ask nobody who they are (but the console), so anything beyond loopback has to be asked for in so many
// words: --trust-network (the setting server.trust_network).
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/settings.h"
#include "runtime/network.h"

namespace streamops::app {

/// What the broker says in place of the address that a client connected to, by port.
using Advertised = std::map<std::uint16_t, runtime::Endpoint>;

class Listening {
 public:
  /// Loopback only, nothing advertised.
  Listening() = default;
  /// As the settings say; server.trust_network without server.bind means every address.
  /// Errors: SO-A120 (an address beyond loopback without server.trust_network), SO-A121 (server.kafka_advertised).
  static Result<Listening> from(const SettingValues& settings);

  /// The broker's listeners: its two ports, then those that are only advertised. The first one is for this process
  /// itself: it advertises the address that it has.
  std::vector<runtime::Endpoint> kafka() const;

  /// The addresses to listen on at this port; with port 0 only the first, which picks.
  std::vector<runtime::Endpoint> at(std::int64_t port) const;
  const Advertised& advertised() const { return advertised_; }
  bool is_loopback() const;
  /// The address that the CQL server gives its clients for itself: empty means the one that it listens on.
  std::string node_address() const;

 private:
  std::string bind_;  // empty: loopback
  std::vector<std::int64_t> kafka_ports_;
  Advertised advertised_;
};

/// The address by which this process reaches a listener of its own: 0.0.0.0 stands for 127.0.0.1, :: for ::1.
runtime::Endpoint own_way_to(runtime::Endpoint listener);

/// Reads "PORT=HOST:PORT,…". Errors: SO-A121.
Result<Advertised> parse_advertised(std::string_view text);

}  // namespace streamops::app
