// kafka/broker/handlers/delete_topics.h
#pragma once

#include "kafka/broker/handler.h"
#include "kafka/protocol/messages/delete_topics.h"

namespace streamops::kafka {

/// Removes topics, by name or by id. Source: KIP-4, KIP-516.
void handle_delete_topics(const RequestContext& context, DeleteTopicsRequest request,
                          Responder<DeleteTopicsResponse> respond);

}  // namespace streamops::kafka
