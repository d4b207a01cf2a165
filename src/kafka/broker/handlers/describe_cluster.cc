#include "kafka/broker/handlers/describe_cluster.h"

#include <utility>

#include "kafka/broker/broker.h"
#include "kafka/protocol/error_code.h"

namespace streamops::kafka {

namespace {

constexpr std::int8_t brokers_endpoint = 1;

}  // namespace

void handle_describe_cluster(const RequestContext& context, DescribeClusterRequest request,
                             Responder<DescribeClusterResponse> respond) {
  const Broker& broker = *context.broker;
  DescribeClusterResponse response;
  response.endpoint_type = request.endpoint_type;
  response.cluster_id = broker.cluster_id();
  if (request.endpoint_type != brokers_endpoint) {
    response.error_code = wire(ErrorCode::mismatched_endpoint_type);
    response.error_message = "this is a broker's endpoint; there is none for controllers";
    return respond(std::move(response));
  }
  response.controller_id = broker.node_id();
  response.brokers.push_back(
      {.broker_id = broker.node_id(), .host = context.listener.host, .port = context.listener.port});
  respond(std::move(response));
}

}  // namespace streamops::kafka
