#include "kafka/broker/handlers/api_versions.h"

#include "kafka/broker/handlers.h"

namespace streamops::kafka {

namespace {

// Transactions of the second protocol (KIP-890). The new group protocol is not listed: clients would take it for
// granted.
constexpr std::string_view transactions = "transaction.version";
constexpr std::int16_t transactions_level = 2;

}  // namespace

void handle_api_versions(const RequestContext&, ApiVersionsRequest, Responder<ApiVersionsResponse> respond) {
  ApiVersionsResponse response;
  for (const ServedApi& api : served_apis())
    response.api_keys.push_back({api.key, api.advertised_minimum, api.max_version});
  response.supported_features.push_back({std::string(transactions), 0, transactions_level});
  response.finalized_features_epoch = 0;
  response.finalized_features.push_back({std::string(transactions), transactions_level, transactions_level});
  respond(std::move(response));
}

}  // namespace streamops::kafka
