// kafka/broker/topic_errors.h — what an Error of the broker is called in the Kafka protocol.
#pragma once

#include "base/error.h"
#include "kafka/protocol/error_code.h"

namespace streamops::kafka {

/// KAFKA_STORAGE_ERROR for the disk's errors, UNKNOWN_SERVER_ERROR for what has no name there.
ErrorCode code_of(const Error& error);

}  // namespace streamops::kafka
