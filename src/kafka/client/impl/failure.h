// kafka/client/impl/failure.h — the library's error codes as ours.
#pragma once

#include <librdkafka/rdkafka.h>

#include <string_view>

#include "base/error.h"

namespace streamops::kafka {

/// `doing` begins the message: "writing to users_created".
Error to_error(rd_kafka_resp_err_t code, std::string_view doing, const char* detail = nullptr);

/// True when neither waiting nor the library's own retries cure it: credentials, rights, offsets that are gone.
bool is_final(const Error& error);

}  // namespace streamops::kafka
