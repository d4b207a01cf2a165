// kafka/broker/handlers/add_offsets_to_txn.h — the AddOffsetsToTxn API.
#pragma once

#include "kafka/broker/handler.h"
#include "kafka/protocol/messages/add_offsets_to_txn.h"

namespace streamops::kafka {

/// Announces that a group's positions will be part of a transaction. Source: KIP-98.
void handle_add_offsets_to_txn(const RequestContext& context, AddOffsetsToTxnRequest request,
                               Responder<AddOffsetsToTxnResponse> respond);

}  // namespace streamops::kafka
