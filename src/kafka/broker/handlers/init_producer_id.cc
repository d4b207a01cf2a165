#include "kafka/broker/handlers/init_producer_id.h"

#include <utility>

#include "kafka/broker/broker.h"
#include "kafka/broker/topics.h"
#include "kafka/broker/transactions/coordinator.h"
#include "kafka/broker/transactions/fenced.h"
#include "kafka/protocol/error_code.h"

namespace streamops::kafka {

namespace {

constexpr std::int16_t first_version_that_knows_fenced = 4;

InitProducerIdResponse answer(ErrorCode error, ProducerIdentity identity) {
  InitProducerIdResponse response;
  response.error_code = wire(error);
  response.producer_id = identity.id;
  response.producer_epoch = identity.epoch;
  return response;
}

}  // namespace

// An idempotent producer without transactions has no past to fence: it gets a fresh id every time, with epoch 0.
void handle_init_producer_id(const RequestContext& context, InitProducerIdRequest request,
                             Responder<InitProducerIdResponse> respond) {
  if (request.transactional_id && request.transactional_id->empty())
    return respond(answer(ErrorCode::invalid_request, {}));
  if (!request.transactional_id) {
    return context.broker->topics().next_producer_id([respond = std::move(respond)](const Result<std::int64_t>& id) {
      respond(id ? answer(ErrorCode::none, {*id, 0}) : answer(ErrorCode::coordinator_not_available, {}));
    });
  }
  const bool knows_fenced = context.api_version >= first_version_that_knows_fenced;
  context.broker->transactions().begin_producer(
      *request.transactional_id, request.transaction_timeout_ms, {request.producer_id, request.producer_epoch},
      [knows_fenced, respond = std::move(respond)](ErrorCode error, ProducerIdentity identity) {
        respond(answer(fenced_as(error, knows_fenced), identity));
      });
}

}  // namespace streamops::kafka
