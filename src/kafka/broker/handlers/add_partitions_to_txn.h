// kafka/broker/handlers/add_partitions_to_txn.h — the AddPartitionsToTxn API.
#pragma once

#include "kafka/broker/handler.h"
#include "kafka/protocol/messages/add_partitions_to_txn.h"

namespace streamops::kafka {

/// Makes partitions part of a transaction: all that are named, or none. Source: KIP-98, KIP-890.
void handle_add_partitions_to_txn(const RequestContext& context, AddPartitionsToTxnRequest request,
                                  Responder<AddPartitionsToTxnResponse> respond);

}  // namespace streamops::kafka
