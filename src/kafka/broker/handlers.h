// kafka/broker/handlers.h — the one list of what the broker serves. ApiVersions answers from it; what is not in it is
// not advertised.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "base/result.h"
#include "kafka/broker/handler.h"
#include "kafka/protocol/reader.h"

namespace streamops::kafka {

struct ServedApi {
  std::int16_t key;
  std::string_view name;
  std::int16_t min_version;  // served
  std::int16_t max_version;
  std::int16_t advertised_minimum;  // lower than served for Produce only
  /// Decodes the body and calls the handler. Errors: SO-K1xx (malformed): nothing was called.
  Result<void> (*serve)(const RequestContext& context, Reader& body);
};

/// Sorted by key.
std::span<const ServedApi> served_apis();
/// nullptr when not served.
const ServedApi* find_served_api(std::int16_t key);

}  // namespace streamops::kafka
