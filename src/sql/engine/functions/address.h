// sql/engine/functions/address.h — an address taken apart, as java.net.URI does (RFC 2396 with its own liberties).
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace streamops::sql {

/// The raw parts, with their escapes.
struct Address {
  std::optional<std::string> scheme, authority, user_info, host, path, query, fragment;

  /// Errors: SO-S025 (no address), SO-S003 (an address of IPv6 that is not plain).
  static Result<Address> parse(std::string_view text);
};

}  // namespace streamops::sql
