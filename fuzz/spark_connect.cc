// modules: spark
// Answers of a Spark Connect server: gRPC frames, every message, failures, reports of queries.
// The first byte chooses which; what decodes must encode to something that decodes to the same.
#include <cstdint>
#include <cstdlib>

#include "spark/failure.h"
#include "spark/messages.h"
#include "spark/progress.h"

using namespace streamops;
using namespace streamops::spark;

namespace {

void must(bool holds) {
  if (!holds) std::abort();
}

void every_message(std::string_view bytes) {
  visit_messages([&]<typename Message>(const Message&) {
    const Result<Message> message = decode<Message>(bytes);
    if (!message) return;
    const Result<Message> again = decode<Message>(encode(*message));
    must(again.ok() && *again == *message);
  });
}

void frames(std::string_view bytes) {
  const Result<std::vector<std::string>> messages = grpc_unframe(bytes);
  if (!messages) return;
  std::string body;
  for (const std::string& message : *messages) body += grpc_frame(message);
  must(body == bytes);
}

void failure(std::string_view bytes) {
  const GrpcStatus status{13, std::string(bytes), std::string(bytes)};
  (void)to_error(read_refusal(status), Remote{"h", 1, false, {}, {}}).to_report();
  (void)query_error("q", bytes).to_report();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  switch (data[0] % 4) {
    case 0:
      every_message(bytes);
      break;
    case 1:
      frames(bytes);
      break;
    case 2:
      failure(bytes);
      break;
    default:
      (void)parse_progress(std::string(bytes)).ok();
  }
  return 0;
}
