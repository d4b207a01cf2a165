#include "cql/client/impl/host_pool.h"

#include <algorithm>

#include "errors/cql_client.h"

namespace streamops::cql {
namespace {

constexpr Microseconds first_pause = Milliseconds{50};
constexpr Microseconds longest_pause = Seconds{5};

/// Why no connection came about, with what to change where TLS is the reason.
Error cannot_connect(const Error& why, const runtime::Endpoint& at) {
  const auto says = [&](std::string_view words) { return why.message().find(words) != std::string::npos; };
  if (!says("TLS handshake")) return Error(errors::cql_client::unreachable, "{}", why.message());
  const Error error(errors::cql_client::unreachable, "{}: {}", runtime::to_string(at), why.message());
  if (!says("certificate")) {
    return error.with_hint(
        "what listens there does not speak TLS, or is just starting: a plain node must not have "
        "`tls` in the profile's `cassandra` section");
  }
  return error.with_hint(
      "set `tls.ca_file` in the profile's `cassandra` section to the authority of the node's certificate; "
      "openssl s_client -connect HOST:PORT shows it");
}

}  // namespace

HostPool::HostPool(const ClientOptions& options, runtime::Endpoint at, bool is_contact_point, runtime::Loop& loop,
                   runtime::Network& network, Owner& owner)
    : options_(options),
      at_(std::move(at)),
      is_contact_point_(is_contact_point),
      loop_(loop),
      network_(network),
      owner_(owner),
      address_(at_),
      version_(options.highest_version) {
  slots_.resize(options_.connections_per_host);
  for (std::size_t i = 0; i < slots_.size(); ++i) {
    slots_[i].pause = first_pause;
    connect(i);
  }
}

bool HostPool::is_up() const {
  return best(false) != nullptr;
}

bool HostPool::owns(const ServerConnection* connection) const {
  return connection != nullptr && std::any_of(slots_.begin(), slots_.end(),
                                              [&](const Slot& slot) { return slot.connection.get() == connection; });
}

std::size_t HostPool::load() const {
  std::size_t count = 0;
  for (const Slot& slot : slots_) count += slot.connection && slot.connection->is_ready() ? slot.connection->load() : 0;
  return count;
}

ServerConnection* HostPool::best(bool with_room) const {
  ServerConnection* best = nullptr;
  for (const Slot& slot : slots_) {
    ServerConnection* connection = slot.connection.get();
    if (connection == nullptr || !connection->is_ready() || (with_room && !connection->has_room())) continue;
    if (best == nullptr || connection->load() < best->load()) best = connection;
  }
  return best;
}

void HostPool::expire(runtime::MonotonicTime now) {
  const std::shared_ptr<bool> alive = alive_;
  for (std::size_t i = 0; *alive && i < slots_.size(); ++i) {
    if (slots_[i].connection) slots_[i].connection->expire(now);
  }
}

void HostPool::connect_now() {
  for (std::size_t i = 0; i < slots_.size(); ++i) {
    if (!slots_[i].waits) continue;
    slots_[i].pause = first_pause;
    connect(i);
  }
}

void HostPool::connect(std::size_t index) {
  Slot& slot = slots_[index];
  slot.waits = false;
  slot.timer.reset();
  const std::uint64_t attempt = ++slot.attempt;
  network_.connect(at_, options_.connect_timeout, options_.tls,
                   [this, alive = alive_, index, attempt](Result<runtime::ConnectionPtr> connection) {
                     if (!*alive || slots_[index].attempt != attempt) return;
                     if (!connection) return retry_later(index, cannot_connect(connection.error(), at_));
                     handshake(index, std::move(connection).value());
                   });
}

void HostPool::handshake(std::size_t index, runtime::ConnectionPtr connection) {
  Slot& slot = slots_[index];
  address_ = connection->peer();
  slot.connection = std::make_unique<ServerConnection>(options_, at_, version_, loop_, std::move(connection), *this);
  slot.connection->start();
  // A port that accepts and then says nothing is no server.
  slot.timer = loop_.after(options_.connect_timeout, [this, index] {
    Slot& late = slots_[index];
    if (late.connection && late.connection->is_ready()) return;
    late.connection.reset();
    retry_later(index, Error(errors::cql_client::unreachable, "{} accepts connections but does not answer STARTUP",
                             runtime::to_string(at_)));
  });
}

void HostPool::on_ready(ServerConnection& connection) {
  for (Slot& slot : slots_) {
    if (slot.connection.get() == &connection) slot.pause = first_pause;
  }
  owner_.on_up(*this, connection);
}

void HostPool::on_closed(ServerConnection& connection, const Error& error, bool version_refused,
                         ServerConnection::Unanswered unanswered) {
  const auto slot = std::find_if(slots_.begin(), slots_.end(),
                                 [&](const Slot& each) { return each.connection.get() == &connection; });
  if (slot == slots_.end()) return;
  const auto index = static_cast<std::size_t>(slot - slots_.begin());
  const Version refused = connection.version();
  slot->connection.reset();
  if (!version_refused) {
    const std::shared_ptr<bool> alive = alive_;
    retry_later(index, error);
    if (*alive) owner_.on_unanswered(std::move(unanswered), error);
    return;
  }
  // Another slot may have stepped down already.
  if (version_ >= refused) {
    if (refused == Version::v3) {
      version_ = options_.highest_version;
      return retry_later(index, Error(errors::cql_client::no_common_version,
                                      "{} takes none of the protocol versions 5, 4 and 3", runtime::to_string(at_)));
    }
    version_ = refused == Version::v5 ? Version::v4 : Version::v3;
  }
  connect(index);
}

void HostPool::retry_later(std::size_t index, const Error& error) {
  Slot& slot = slots_[index];
  ++slot.attempt;
  slot.waits = true;
  const auto half = static_cast<std::uint64_t>(slot.pause.count() / 2);
  const Microseconds pause{static_cast<std::int64_t>(half + loop_.random().below(half + 1))};
  slot.pause = std::min(slot.pause * 2, longest_pause);
  slot.timer = loop_.after(pause, [this, index] { connect(index); });
  owner_.on_trouble(*this, error);
}

}  // namespace streamops::cql
