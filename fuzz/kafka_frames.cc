// modules: kafka/protocol
// Any bytes as a stream of Kafka frames, each as a request and as a response of the API and version that it names. What
// decodes must encode, and decode again to the same.
#include <cstddef>
#include <cstdint>

#include "base/check.h"
#include "kafka/protocol/frame.h"
#include "kafka/protocol/messages/all.h"

namespace {

using namespace streamops;
using namespace streamops::kafka;

constexpr std::size_t max_frame = 1 << 20;

template <typename Message>
void check_decoded(Message&& message, std::int16_t version) {
  Message copy = message;
  Writer out;
  std::move(copy).encode(out, version);
  const Bytes bytes = std::move(out).take();
  Reader in(bytes);
  const Result<Message> again = Message::decode(in, version);
  STREAMOPS_CHECK(again.ok() && in.remaining() == 0, "what was encoded decodes");
  STREAMOPS_CHECK(*again == message, "and is the same");
}

template <typename Message>
void decode_one(BytesView body, const RequestHeader& header) {
  if (Message::api_key != header.api_key) return;
  Reader in(body);
  Result<Message> message = Message::decode(in, header.api_version);
  if (message.ok()) check_decoded(std::move(message).value(), header.api_version);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  FrameSplitter splitter(max_frame);
  const Result<void> fed = splitter.feed({data, size});
  while (const std::optional<Bytes> frame = splitter.next()) {
    Reader in(*frame);
    const Result<RequestHeader> header = decode_request_header(in);
    if (!header.ok()) continue;
    for_each_message([&]<typename Message>() { decode_one<Message>(in.rest(), *header); });
  }
  static_cast<void>(fed.ok());
  return 0;
}
