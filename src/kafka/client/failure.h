// kafka/client/failure.h — what a caller can do about an error of this client.
#pragma once

#include "base/error.h"

namespace streamops::kafka {

/// True when neither waiting nor the library's own retries cure it: credentials, rights, certificates, settings,
/// offsets that are gone.
bool is_final(const Error& error);

/// True when the transaction is lost but the same work may succeed in a new one, of a new producer.
bool starts_over(const Error& error);

}  // namespace streamops::kafka
