// kafka/broker/handlers/init_producer_id.h
#pragma once

#include "kafka/broker/handler.h"
#include "kafka/protocol/messages/init_producer_id.h"

namespace streamops::kafka {

/// Gives an idempotent producer its id, and a transactional one the next epoch of its own. Source: KIP-98, KIP-360.
void handle_init_producer_id(const RequestContext& context, InitProducerIdRequest request,
                             Responder<InitProducerIdResponse> respond);

}  // namespace streamops::kafka
