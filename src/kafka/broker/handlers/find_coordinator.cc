#include "kafka/broker/handlers/find_coordinator.h"

#include <utility>

#include "kafka/broker/broker.h"
#include "kafka/protocol/error_code.h"

namespace streamops::kafka {
namespace {

enum class KeyType : std::int8_t { group = 0, transaction = 1 };

ErrorCode check(std::int8_t key_type, const std::string& key) {
  const bool is_known = key_type == static_cast<std::int8_t>(KeyType::group) ||
                        key_type == static_cast<std::int8_t>(KeyType::transaction);
  if (!is_known) return ErrorCode::invalid_request;
  return key.empty() && key_type == static_cast<std::int8_t>(KeyType::group) ? ErrorCode::invalid_group_id
                                                                             : ErrorCode::none;
}

FindCoordinatorResponse::Coordinator coordinator_of(const RequestContext& context, std::int8_t key_type,
                                                    const std::string& key) {
  FindCoordinatorResponse::Coordinator out;
  out.key = key;
  const ErrorCode error = check(key_type, key);
  out.error_code = wire(error);
  out.node_id = -1;
  out.port = -1;
  if (error != ErrorCode::none) {
    out.error_message = std::string(name_of(error));
    return out;
  }
  out.node_id = context.broker->node_id();
  out.host = context.listener.host;
  out.port = context.listener.port;
  return out;
}

}  // namespace

void handle_find_coordinator(const RequestContext& context, FindCoordinatorRequest request,
                             Responder<FindCoordinatorResponse> respond) {
  FindCoordinatorResponse response;
  if (context.api_version >= 4) {
    for (const std::string& key : request.coordinator_keys) {
      response.coordinators.push_back(coordinator_of(context, request.key_type, key));
    }
    return respond(std::move(response));
  }
  FindCoordinatorResponse::Coordinator only = coordinator_of(context, request.key_type, request.key);
  response.error_code = only.error_code;
  response.error_message = std::move(only.error_message);
  response.node_id = only.node_id;
  response.host = std::move(only.host);
  response.port = only.port;
  respond(std::move(response));
}

}  // namespace streamops::kafka
