// kafka/broker/handlers/api_versions.h
#pragma once

#include "kafka/broker/handler.h"
#include "kafka/protocol/messages/api_versions.h"

namespace streamops::kafka {

/// Answers what the broker serves, and in which versions. Source: KIP-35, KIP-511, KIP-584.
void handle_api_versions(const RequestContext& context, ApiVersionsRequest request,
                         Responder<ApiVersionsResponse> respond);

}  // namespace streamops::kafka
