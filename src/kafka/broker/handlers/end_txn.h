// kafka/broker/handlers/end_txn.h — the EndTxn API.
#pragma once

#include "kafka/broker/handler.h"
#include "kafka/protocol/messages/end_txn.h"

namespace streamops::kafka {

/// Commits or aborts a transaction; the answer means that it is done everywhere. Source: KIP-98, KIP-890.
void handle_end_txn(const RequestContext& context, EndTxnRequest request, Responder<EndTxnResponse> respond);

}  // namespace streamops::kafka
