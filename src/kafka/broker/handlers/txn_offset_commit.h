// kafka/broker/handlers/txn_offset_commit.h — the TxnOffsetCommit API.
#pragma once

#include "kafka/broker/handler.h"
#include "kafka/protocol/messages/txn_offset_commit.h"

namespace streamops::kafka {

/// Keeps a group's positions until the transaction ends. Source: KIP-98, KIP-447, KIP-890.
void handle_txn_offset_commit(const RequestContext& context, TxnOffsetCommitRequest request,
                              Responder<TxnOffsetCommitResponse> respond);

}  // namespace streamops::kafka
