// kafka/broker/transactions/fenced.h — how a fenced producer is told: PRODUCER_FENCED came with later versions of each
// request (KIP-588), older clients know INVALID_PRODUCER_EPOCH.
#pragma once

#include "kafka/protocol/error_code.h"

namespace streamops::kafka {

constexpr ErrorCode fenced_as(ErrorCode error, bool knows_fenced) {
  return error == ErrorCode::producer_fenced && !knows_fenced ? ErrorCode::invalid_producer_epoch : error;
}

}  // namespace streamops::kafka
