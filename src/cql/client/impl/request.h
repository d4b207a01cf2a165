// cql/client/impl/request.h — one request as it waits for its answer: everything needed to send it again.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "cql/client/client.h"
#include "cql/protocol/frame.h"

namespace streamops::cql {

struct Request {
  Opcode opcode = Opcode::query;    // query, prepare, execute, register_ or options
  Bytes body;                       // the text; for execute the values alone, for register_ the whole body
  PreparedStatementPtr statement;   // execute
  std::optional<ReadOptions> read;  // a SELECT: may be asked again
  Client::Done done;
  runtime::MonotonicTime deadline;
  bool prepared_again = false;
};
using RequestPtr = std::unique_ptr<Request>;

}  // namespace streamops::cql
