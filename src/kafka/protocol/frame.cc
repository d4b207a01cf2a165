#include "kafka/protocol/frame.h"

#include <utility>

#include "errors/kafka_protocol.h"

namespace streamops::kafka {
namespace {

constexpr std::size_t size_bytes = sizeof(std::int32_t);
/// Room that is reserved for a frame before its bytes have arrived.
constexpr std::size_t first_reservation = 64 * 1024;

bool has_flexible_request_header(std::int16_t api_key, std::int16_t api_version) {
  const ApiInfo* api = find_api(api_key);
  return api != nullptr && api->is_flexible(api_version);
}

bool has_flexible_response_header(std::int16_t api_key, std::int16_t api_version) {
  const ApiInfo* api = find_api(api_key);
  return api != nullptr && api->flexible_response_header && api->is_flexible(api_version);
}

}  // namespace

Result<RequestHeader> decode_request_header(Reader& in) {
  RequestHeader header;
  header.api_key = in.i16();
  header.api_version = in.i16();
  header.correlation_id = in.i32();
  header.client_id = in.nullable_string(false);  // never compact, KIP-482
  if (has_flexible_request_header(header.api_key, header.api_version)) in.skip_tagged_fields();
  STREAMOPS_RETURN_IF_ERROR(in.status("request header", header.api_version));
  return header;
}

Result<std::int32_t> decode_response_header(Reader& in, std::int16_t api_key, std::int16_t api_version) {
  const std::int32_t correlation_id = in.i32();
  if (has_flexible_response_header(api_key, api_version)) in.skip_tagged_fields();
  STREAMOPS_RETURN_IF_ERROR(in.status("response header", api_version));
  return correlation_id;
}

Writer start_request(const RequestHeader& header) {
  Writer out;
  out.i32(0);
  out.i16(header.api_key);
  out.i16(header.api_version);
  out.i32(header.correlation_id);
  out.nullable_string(header.client_id, false);
  if (has_flexible_request_header(header.api_key, header.api_version)) out.unsigned_varint(0);
  return out;
}

Writer start_response(std::int16_t api_key, std::int16_t api_version, std::int32_t correlation_id) {
  Writer out;
  out.i32(0);
  out.i32(correlation_id);
  if (has_flexible_response_header(api_key, api_version)) out.unsigned_varint(0);
  return out;
}

std::vector<Bytes> finish_frame(Writer&& frame) {
  frame.patch_i32(0, static_cast<std::int32_t>(frame.size() - size_bytes));
  return std::move(frame).take_pieces();
}

Result<void> FrameSplitter::feed(BytesView bytes) {
  while (!bytes.empty()) {
    if (!wanted_) {
      const std::size_t count = std::min(size_bytes - size_.size(), bytes.size());
      append_bytes(size_, bytes.first(count));
      bytes = bytes.subspan(count);
      if (size_.size() < size_bytes) return Ok();
      STREAMOPS_RETURN_IF_ERROR(begin_frame());
    }
    const std::size_t count = std::min(*wanted_ - frame_.size(), bytes.size());
    append_bytes(frame_, bytes.first(count));
    bytes = bytes.subspan(count);
    if (frame_.size() < *wanted_) return Ok();
    ready_.push_back(std::exchange(frame_, Bytes()));
    wanted_.reset();
  }
  return Ok();
}

Result<void> FrameSplitter::begin_frame() {
  const auto size = load_big_endian<std::int32_t>(size_.data());
  size_.clear();
  if (size < 0 || static_cast<std::size_t>(size) > max_frame_) {
    return Error(errors::kafka_protocol::frame_too_large, "a frame of {} bytes was announced; the limit is {}", size,
                 max_frame_);
  }
  wanted_ = static_cast<std::size_t>(size);
  frame_.reserve(std::min(*wanted_, first_reservation));
  return Ok();
}

std::optional<Bytes> FrameSplitter::next() {
  if (ready_.empty()) return std::nullopt;
  std::optional<Bytes> out = std::move(ready_.front());
  ready_.pop_front();
  return out;
}

std::size_t FrameSplitter::buffered() const {
  std::size_t total = size_.size() + frame_.size();
  for (const Bytes& frame : ready_) total += frame.size();
  return total;
}

}  // namespace streamops::kafka
