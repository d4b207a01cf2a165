// kafka/protocol/frame.h — frames and headers: what stands around every request and response.
//
//   | i32 size | header | body |
//
//   request header v1   | i16 api key | i16 api version | i32 correlation id | nullable string client id |
//   request header v2   the same and a section of tagged fields; used by the flexible versions of an API
//   response header v0  | i32 correlation id |
//   response header v1  the same and a section of tagged fields; flexible versions, but never ApiVersions
//
// Source: Kafka protocol guide, "Protocol"; KIP-482, KIP-511.
#pragma once

#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "kafka/protocol/messages/apis.h"
#include "kafka/protocol/reader.h"
#include "kafka/protocol/writer.h"

namespace streamops::kafka {

struct RequestHeader {
  std::int16_t api_key = 0;
  std::int16_t api_version = 0;
  std::int32_t correlation_id = 0;
  std::optional<std::string> client_id;

  friend bool operator==(const RequestHeader&, const RequestHeader&) = default;
};

/// Reads the header; `in` then stands at the body. An unknown API's header is read as version 1, so that it can be
/// named. Errors: SO-K102, SO-K103.
Result<RequestHeader> decode_request_header(Reader& in);
/// Reads a response's header and returns its correlation id. Errors: SO-K102, SO-K103.
Result<std::int32_t> decode_response_header(Reader& in, std::int16_t api_key, std::int16_t api_version);

/// A writer with room for the size, and the header; encode the body into it, then call finish_frame().
Writer start_request(const RequestHeader& header);
Writer start_response(std::int16_t api_key, std::int16_t api_version, std::int32_t correlation_id);
/// Fills in the size. The pieces go onto the wire in this order.
std::vector<Bytes> finish_frame(Writer&& frame);

/// A whole request or response frame, as pieces.
template <typename Message>
std::vector<Bytes> encode_request(const RequestHeader& header, Message&& message) {
  Writer out = start_request(header);
  std::forward<Message>(message).encode(out, header.api_version);
  return finish_frame(std::move(out));
}
template <typename Message>
std::vector<Bytes> encode_response(std::int16_t api_version, std::int32_t correlation_id, Message&& message) {
  Writer out = start_response(message.api_key, api_version, correlation_id);
  std::forward<Message>(message).encode(out, api_version);
  return finish_frame(std::move(out));
}

/// Cuts a stream of bytes into frames. Memory grows with what has arrived, not with what a size announces.
class FrameSplitter {
 public:
  explicit FrameSplitter(std::size_t max_frame) : max_frame_(max_frame) {}

  /// Takes the bytes that arrived. After an error the stream cannot be read any further.
  /// Errors: SO-K106 (a size that is negative or above the limit).
  Result<void> feed(BytesView bytes);
  /// The next whole frame, without its size.
  std::optional<Bytes> next();
  /// Bytes held: of whole frames not yet taken, and of the one under way.
  std::size_t buffered() const;

 private:
  Result<void> begin_frame();

  std::size_t max_frame_;
  Bytes size_;                         // the 4 bytes of the size, as far as they have arrived
  std::optional<std::size_t> wanted_;  // the size of the frame under way
  Bytes frame_;
  std::deque<Bytes> ready_;
};

}  // namespace streamops::kafka
