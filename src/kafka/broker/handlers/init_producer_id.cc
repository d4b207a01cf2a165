#include "kafka/broker/handlers/init_producer_id.h"

#include <utility>

#include "kafka/broker/broker.h"
#include "kafka/broker/topics.h"
#include "kafka/protocol/error_code.h"

namespace streamops::kafka {

// A fresh id every time, with epoch 0: an idempotent producer without transactions has no past to fence.
void handle_init_producer_id(const RequestContext& context, InitProducerIdRequest request,
                             Responder<InitProducerIdResponse> respond) {
  if (request.transactional_id) {
    InitProducerIdResponse refused;
    refused.error_code = wire(ErrorCode::unsupported_version);
    refused.producer_epoch = -1;
    return respond(std::move(refused));
  }
  context.broker->topics().next_producer_id([respond = std::move(respond)](const Result<std::int64_t>& id) {
    InitProducerIdResponse response;
    if (id) {
      response.producer_id = *id;
    } else {
      response.error_code = wire(ErrorCode::coordinator_not_available);
      response.producer_epoch = -1;
    }
    respond(std::move(response));
  });
}

}  // namespace streamops::kafka
