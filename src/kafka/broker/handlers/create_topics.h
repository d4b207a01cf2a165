// kafka/broker/handlers/create_topics.h
#pragma once

#include "kafka/broker/handler.h"
#include "kafka/protocol/messages/create_topics.h"

namespace streamops::kafka {

/// Creates topics, or only checks whether they could be. Source: KIP-4, KIP-525.
void handle_create_topics(const RequestContext& context, CreateTopicsRequest request,
                          Responder<CreateTopicsResponse> respond);

}  // namespace streamops::kafka
