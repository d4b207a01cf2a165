// spark/grpc.h — gRPC calls over the runtime's HTTP client: one request message, any number of answers, a status.
//
//   POST /package.Service/Method    content-type: application/grpc    te: trailers
//   body     :  | u8 compressed (0) | u32 length, big-endian | message | ...
//   trailers :  grpc-status, grpc-message (percent-encoded), grpc-status-details-bin (base64 of google.rpc.Status)
//
// A server that fails before the first message sends the same names as headers. Compression is not offered, so none
// comes. Source: gRPC, "PROTOCOL-HTTP2".
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "runtime/http_client.h"
#include "spark/remote.h"

namespace streamops::spark {

/// The codes of gRPC that mean something to us.
enum class GrpcCode : int {
  ok = 0,
  cancelled = 1,
  unknown = 2,
  deadline_exceeded = 4,
  not_found = 5,
  permission_denied = 7,
  unimplemented = 12,
  internal = 13,
  unavailable = 14,
  unauthenticated = 16
};

struct GrpcStatus {
  int code = 0;
  std::string message;
  std::string details;  // a google.rpc.Status in its wire form; often empty

  bool is(GrpcCode other) const { return code == static_cast<int>(other); }
};

struct GrpcAnswer {
  GrpcStatus status;
  std::vector<std::string> messages;
};

/// A message with its length before it.
std::string grpc_frame(std::string_view message);
/// The messages of a body. Errors: SO-E101.
Result<std::vector<std::string>> grpc_unframe(std::string_view body);
/// What a complete HTTP answer says. Errors: SO-E002 (not gRPC), SO-E101.
Result<GrpcAnswer> read_grpc_answer(runtime::HttpResponse response, const Remote& remote);

/// One server. Everything happens on the client's loop.
class GrpcChannel {
 public:
  GrpcChannel(Remote remote, runtime::HttpClient& http, std::optional<runtime::TlsOptions> tls)
      : remote_(std::move(remote)), http_(http), tls_(std::move(tls)) {}

  /// Calls "/spark.connect.SparkConnectService/<method>". `done` comes once unless the returned call is destroyed.
  /// Errors: SO-E001 (nobody answers), SO-E002, SO-E004 (time out), SO-E101.
  [[nodiscard]] std::unique_ptr<runtime::HttpCall> call(std::string_view method, std::string_view message,
                                                        Microseconds timeout,
                                                        std::function<void(Result<GrpcAnswer>)> done);
  const Remote& remote() const { return remote_; }

 private:
  Remote remote_;
  runtime::HttpClient& http_;
  std::optional<runtime::TlsOptions> tls_;
};

}  // namespace streamops::spark
