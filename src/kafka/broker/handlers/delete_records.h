// kafka/broker/handlers/delete_records.h
#pragma once

#include "kafka/broker/handler.h"
#include "kafka/protocol/messages/delete_records.h"

namespace streamops::kafka {

/// Moves the beginning of partitions forward; the answer means that it stays there after a restart. Source: KIP-107.
void handle_delete_records(const RequestContext& context, DeleteRecordsRequest request,
                           Responder<DeleteRecordsResponse> respond);

}  // namespace streamops::kafka
