// cql/protocol/wire_code.h — which ERROR code a failed Result of this module or of cql/grammar becomes on the wire.
#pragma once

#include "base/error.h"
#include "cql/protocol/responses.h"

namespace streamops::cql {

/// syntax_error for SO-C110 and C111, invalid for C112, C113, C120, protocol_error for the frame and message errors
/// C101 to C107, server_error for everything else.
ErrorCode wire_code(const Error& error);
/// An ERROR message with the code above and the error's own message.
ErrorMessage to_error_message(const Error& error);

}  // namespace streamops::cql
