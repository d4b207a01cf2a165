// runtime/http_status.h — the names of HTTP's status codes (RFC 9110 §15, RFC 6585) that our servers answer with.
#pragma once

#include <string_view>

namespace streamops::runtime {

/// "Not Found" for 404; "Status" for a code that none of our servers uses.
std::string_view reason_of(int status);

}  // namespace streamops::runtime
