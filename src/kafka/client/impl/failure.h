// kafka/client/impl/failure.h — the library's error codes as ours, and what its events tell about a silent cluster.
#pragma once

#include <librdkafka/rdkafka.h>

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/error.h"
#include "kafka/client/failure.h"

namespace streamops::kafka {

/// `doing` begins the message: "writing to users_created".
Error to_error(rd_kafka_resp_err_t code, std::string_view doing, const char* detail = nullptr);

/// What the library's events told last about its connections. A request that failed knows only that it took too long;
/// this knows why.
class ConnectionNews {
 public:
  /// `cluster` names it where nothing else does: its bootstrap servers.
  explicit ConnectionNews(std::string cluster = {}) : cluster_(std::move(cluster)) {}

  void note(const Error& error);
  /// The cluster has answered.
  void clear() { news_.reset(); }
  /// Refused credentials and the like: nothing will go through.
  std::optional<Error> refusal() const;
  /// The reason behind `failed`, where the news give one.
  Error explain(const Error& failed) const;

 private:
  std::string cluster_;
  std::optional<Error> news_;
};

}  // namespace streamops::kafka
