// spark/remote.h — where a Spark Connect server is: its URL, as Spark's own clients take it.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace streamops::spark {

struct Remote {
  std::string host;
  std::uint16_t port = 15002;
  bool tls = false;
  std::string token;    // sent as a bearer token; empty: none
  std::string user_id;  // empty: the caller's own

  /// "http://host:port" or "https://host:port".
  std::string url() const;
  /// "sc://host:port": for messages, without the token.
  std::string text() const;

  friend bool operator==(const Remote&, const Remote&) = default;
};

/// Reads "sc://host[:port][/;use_ssl=true;token=…;user_id=…]".
/// Errors: SO-E021.
Result<Remote> parse_remote(std::string_view text);

}  // namespace streamops::spark
