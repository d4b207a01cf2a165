// registry/server/api.h — Confluent's REST API over the state: a request becomes an answer, or a change with the answer
// that it will have.
//
// Served: /subjects, /schemas, /config, /mode, /compatibility, /contexts, /v1/metadata. Errors are
// {"error_code":40401,"message":"..."} with the codes of the original. AVRO is compared under all levels; JSON and
// PROTOBUF schemas are kept and served, but a subject takes a second one only under level NONE.
#pragma once

#include <string>
#include <vector>

#include "registry/server/state.h"
#include "runtime/http_server.h"

namespace streamops::registry {

/// What a request leads to. With events, the answer leaves once they are durable and applied.
struct Outcome {
  runtime::ServerResponse response;
  std::vector<std::string> events;
};

/// True when the request may change the state: such requests are answered one after the other.
bool is_change(const runtime::ServerRequest& request);

Outcome answer(const State& state, const runtime::ServerRequest& request);

/// An error in the form of the API; the HTTP status are the code's first three digits.
runtime::ServerResponse refusal(int code, std::string_view message);

}  // namespace streamops::registry
