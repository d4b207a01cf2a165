#include "kafka/broker/handlers/api_versions.h"

#include "kafka/broker/handlers.h"

namespace streamops::kafka {

// No feature is finalized: clients would take transactions of version 2 or the new group protocol for granted.
void handle_api_versions(const RequestContext&, ApiVersionsRequest, Responder<ApiVersionsResponse> respond) {
  ApiVersionsResponse response;
  for (const ServedApi& api : served_apis())
    response.api_keys.push_back({api.key, api.advertised_minimum, api.max_version});
  response.finalized_features_epoch = 0;
  respond(std::move(response));
}

}  // namespace streamops::kafka
