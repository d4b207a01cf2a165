#include "app/listening.h"

#include <algorithm>
#include <charconv>

#include "app/servers.h"
#include "base/text.h"
#include "errors/app.h"
#include "runtime/interfaces.h"
#include "runtime/on_loop.h"

namespace streamops::app {
namespace {

constexpr std::string_view every_address = "*";

bool has_ipv6_loopback() {
  static const bool found = [] {
    Room room("probe");
    return on_loop(room.loop(), [&] { return room.network().listen({"::1", 0}, [](runtime::ConnectionPtr) {}).ok(); });
  }();
  return found;
}

bool is_loopback_address(std::string_view address) {
  return address.empty() || address == "::1" || address.starts_with("127.");
}

/// One "PORT=HOST:PORT".
Result<void> add_advertised(std::string_view entry, Advertised& out) {
  const Error bad(errors::app::bad_advertised, "\"{}\" in server.kafka_advertised is not PORT=HOST:PORT", entry);
  const std::size_t equals = entry.find('=');
  if (equals == std::string_view::npos) return bad;
  const std::string_view number = trim(entry.substr(0, equals));
  std::uint16_t port = 0;
  const auto [end, failure] = std::from_chars(number.data(), number.data() + number.size(), port);
  if (failure != std::errc{} || end != number.data() + number.size() || port == 0) return bad;
  const Result<runtime::Endpoint> endpoint = runtime::parse_endpoint(trim(entry.substr(equals + 1)));
  if (!endpoint || endpoint->port == 0 || endpoint->host.empty() || endpoint->host == "0.0.0.0") return bad;
  if (!out.emplace(port, *endpoint).second) {
    return Error(errors::app::bad_advertised, "server.kafka_advertised names port {} twice", port);
  }
  return Ok();
}

}  // namespace

Result<Advertised> parse_advertised(std::string_view text) {
  Advertised out;
  while (!trim(text).empty()) {
    const std::size_t comma = text.find(',');
    STREAMOPS_RETURN_IF_ERROR(add_advertised(trim(text.substr(0, comma)), out));
    text = comma == std::string_view::npos ? std::string_view() : text.substr(comma + 1);
  }
  return out;
}

Result<Listening> Listening::from(const SettingValues& settings) {
  Listening listening;
  const bool trust_network = settings.boolean("server.trust_network");
  listening.bind_ = settings.text("server.bind");
  if (trust_network && settings.origin("server.bind") == SettingValues::Origin::fallback) {
    listening.bind_ = every_address;
  }
  if (!trust_network && !listening.is_loopback()) {
    return Error(errors::app::unprotected_bind,
                 "server.bind={} lets the network in, and no login protects Kafka and CQL", listening.bind_);
  }
  STREAMOPS_ASSIGN(listening.advertised_, parse_advertised(settings.text("server.kafka_advertised")));
  listening.kafka_ports_ = {settings.integer("server.kafka_port"), settings.integer("server.kafka_second_port")};
  for (const auto& [port, told] : listening.advertised_) {
    if (std::ranges::find(listening.kafka_ports_, port) == listening.kafka_ports_.end())
      listening.kafka_ports_.push_back(port);
  }
  // Those that advertise the address that they have come first.
  std::ranges::stable_partition(listening.kafka_ports_, [&](std::int64_t port) {
    return port == 0 || !listening.advertised_.contains(static_cast<std::uint16_t>(port));
  });
  return listening;
}

std::vector<runtime::Endpoint> Listening::at(std::int64_t port) const {
  const auto number = static_cast<std::uint16_t>(port);
  if (!bind_.empty() && bind_ != every_address) return {{bind_, number}};
  const bool both = port != 0 && has_ipv6_loopback();
  std::vector<runtime::Endpoint> endpoints{{bind_.empty() ? "127.0.0.1" : "0.0.0.0", number}};
  if (both) endpoints.push_back({bind_.empty() ? "::1" : "::", number});
  return endpoints;
}

std::vector<runtime::Endpoint> Listening::kafka() const {
  std::vector<runtime::Endpoint> out;
  const std::int64_t first = kafka_ports_.empty() ? 0 : kafka_ports_.front();
  if (first != 0 && advertised_.contains(static_cast<std::uint16_t>(first))) out.push_back({"127.0.0.1", 0});
  for (const std::int64_t port : kafka_ports_) {
    for (const runtime::Endpoint& endpoint : at(port)) out.push_back(endpoint);
  }
  return out;
}

bool Listening::is_loopback() const {
  return is_loopback_address(bind_);
}

std::string Listening::node_address() const {
  return bind_ == every_address || bind_ == "0.0.0.0" || bind_ == "::" ? runtime::outward_address() : std::string();
}

runtime::Endpoint own_way_to(runtime::Endpoint listener) {
  if (listener.host == "0.0.0.0") listener.host = "127.0.0.1";
  if (listener.host == "::") listener.host = "::1";
  return listener;
}

}  // namespace streamops::app
