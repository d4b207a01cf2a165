// kafka/broker/handlers/pending_answer.h — an answer whose parts come at different times: each part that has to wait
// adds one to `waiting`, and the handler itself holds one until it has asked for all of them.
#pragma once

#include <cstddef>
#include <memory>
#include <utility>

#include "kafka/broker/handler.h"

namespace streamops::kafka {

template <typename Response>
struct PendingAnswer {
  Responder<Response> respond;
  Response response;
  std::size_t waiting = 1;
};

/// One part is there; with the last one the answer goes out.
template <typename Pending>
void finish_one(const std::shared_ptr<Pending>& pending) {
  if (--pending->waiting == 0) pending->respond(std::move(pending->response));
}

}  // namespace streamops::kafka
