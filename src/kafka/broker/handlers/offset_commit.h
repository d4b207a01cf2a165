// kafka/broker/handlers/offset_commit.h — the OffsetCommit API.
#pragma once

#include "kafka/broker/handler.h"
#include "kafka/protocol/messages/offset_commit.h"

namespace streamops::kafka {

/// Stores positions of a group; the answer says that they are on disk.
void handle_offset_commit(const RequestContext& context, OffsetCommitRequest request,
                          Responder<OffsetCommitResponse> respond);

}  // namespace streamops::kafka
