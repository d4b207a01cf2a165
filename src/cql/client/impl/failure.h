// cql/client/impl/failure.h — a server's ERROR as an Error of ours.
#pragma once

#include "base/error.h"
#include "cql/protocol/responses.h"

namespace streamops::cql {

/// Which code each of the protocol's errors becomes, and so what a caller can do about it (classify).
Error to_error(const ErrorMessage& message);

}  // namespace streamops::cql
