// kafka/broker/handler.h — what every API handler is written against.
//
//   // handlers/describe_cluster.h
//   void handle_describe_cluster(const RequestContext& context, DescribeClusterRequest request,
//   Responder<DescribeClusterResponse> respond);
//
// A handler looks at the request, asks the Broker, and calls `respond` exactly once, at once or later (long poll, sync,
// join). It is called on the broker's loop and answers there; nothing in it blocks. Answers leave a connection in the
// order of its requests whatever the order of the calls. The one list of what is served is handlers.cc; ApiVersions
// answers from it.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "runtime/network.h"

namespace streamops::kafka {

class Broker;

/// The answer that a connection owes for one request. Used through a Responder; handlers call it directly only when
/// there is no answer to encode.
class OwedAnswer {
 public:
  virtual ~OwedAnswer() = default;
  /// The frame in pieces, sent when the answers before it have been. Call one of the three, once; after the connection
  /// is gone they do nothing.
  virtual void send(std::vector<Bytes> pieces) = 0;
  /// The request has no answer: Produce with acks=0.
  virtual void skip() = 0;
  /// Closes the connection instead of answering.
  virtual void close_connection() = 0;
};

/// Where a request came from and how it was written. Copy it when the answer comes later; the Broker outlives every
/// request.
struct RequestContext {
  Broker* broker = nullptr;
  std::uint64_t connection_id = 0;  // unique while the process lives
  runtime::Endpoint listener;  // what Metadata and FindCoordinator tell the client: the address that it came to, or the
                               // one set for that
  runtime::Endpoint peer;
  std::int16_t api_key = 0;
  std::int16_t api_version = 0;
  std::int32_t correlation_id = 0;
  std::string client_id;  // empty when null
  std::shared_ptr<OwedAnswer> answer;
  std::shared_ptr<Bytes> frame;  // the whole request: views in a decoded request point into it
};

/// Sends the answer; call it once. After the connection is gone it does nothing. A Produce with acks=0 has no answer:
/// see no_response().
template <typename Response>
using Responder = std::function<void(Response response)>;

}  // namespace streamops::kafka
