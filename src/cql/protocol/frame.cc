#include "cql/protocol/frame.h"

#include <fmt/format.h>

#include <array>

#include "base/check.h"
#include "cql/protocol/responses.h"
#include "cql/protocol/segment.h"
#include "errors/cql_protocol.h"

namespace streamops::cql {

namespace {

constexpr std::array<std::string_view, 17> kOpcodeNames = {
    "ERROR",          "STARTUP",       "READY",       "AUTHENTICATE", "",         "OPTIONS", "SUPPORTED",
    "QUERY",          "RESULT",        "PREPARE",     "EXECUTE",      "REGISTER", "EVENT",   "BATCH",
    "AUTH_CHALLENGE", "AUTH_RESPONSE", "AUTH_SUCCESS"};

bool is_request(Opcode opcode) {
  switch (opcode) {
    case Opcode::startup:
    case Opcode::options:
    case Opcode::query:
    case Opcode::prepare:
    case Opcode::execute:
    case Opcode::register_:
    case Opcode::batch:
    case Opcode::auth_response:
      return true;
    default:
      return false;
  }
}

bool is_known(std::uint8_t opcode) {
  return opcode < kOpcodeNames.size() && !kOpcodeNames[opcode].empty();
}

void append_header(Bytes& out, std::uint8_t version, std::uint8_t flags, std::int16_t stream, Opcode opcode,
                   std::size_t length) {
  out.push_back(version);
  out.push_back(flags);
  append_big_endian(out, stream);
  out.push_back(static_cast<std::uint8_t>(opcode));
  append_big_endian(out, static_cast<std::uint32_t>(length));
}

/// Moves what has not been read to the front once the dead part outweighs it.
void compact(Bytes& buffer, std::size_t& at) {
  if (at < buffer.size() && at < 64 * 1024) return;
  buffer.erase(buffer.begin(), buffer.begin() + static_cast<std::ptrdiff_t>(at));
  at = 0;
}

Bytes error_frame(std::uint8_t version, std::uint8_t flags, std::int16_t stream, std::uint32_t code,
                  std::string_view message) {
  Bytes body;
  append_big_endian(body, code);
  append_string(body, message);
  Bytes out;
  append_header(out, static_cast<std::uint8_t>(0x80 | version), flags, stream, Opcode::error, body.size());
  append_bytes(out, body);
  return out;
}

}  // namespace

std::string_view to_string(Opcode opcode) {
  const auto number = static_cast<std::uint8_t>(opcode);
  return is_known(number) ? kOpcodeNames[number] : "unknown";
}

Bytes version_refusal(std::uint8_t requested, std::uint8_t flags) {
  if (requested == 6 && (flags & frame_flags::beta) == 0) {
    return error_frame(6, frame_flags::beta, 0, 0x0A,
                       "Beta version of the protocol used (6/v6-beta), but USE_BETA flag is unset");
  }
  const std::string message = fmt::format(
      "Invalid or unsupported protocol version ({}); supported versions are (3/v3, 4/v4, 5/v5, 6/v6-beta)", requested);
  return error_frame(5, 0, 0, 0x0A, message);
}

FrameReader::FrameReader(Side side, FrameLimits limits) : side_(side), limits_(limits) {}

void FrameReader::feed(BytesView bytes) {
  compact(input_, input_at_);
  append_bytes(input_, bytes);
}

Bytes FrameReader::fault_reply() const {
  return reply_;
}

Error FrameReader::fail(Error error, std::uint32_t wire_code, std::uint8_t reply_version, std::uint8_t reply_flags,
                        std::int16_t stream) {
  failed_ = error;
  if (side_ == Side::server && reply_version != 0) {
    reply_ = error_frame(reply_version, reply_flags, stream, wire_code, error.message());
    // Once segments are agreed, the farewell has to travel in one too.
    if (segments_) {
      Bytes sealed;
      append_segments(sealed, reply_, compression_);
      reply_ = std::move(sealed);
    }
  }
  return error;
}

Result<std::optional<Frame>> FrameReader::next() {
  if (failed_) return *failed_;
  if (!segments_) {
    std::size_t used = 0;
    auto frame = next_frame(BytesView(input_).subspan(input_at_), used);
    input_at_ += used;
    return frame;
  }
  compact(unpacked_, unpacked_at_);
  for (;;) {
    std::size_t used = 0;
    auto frame = next_frame(BytesView(unpacked_).subspan(unpacked_at_), used);
    unpacked_at_ += used;
    if (!frame || frame->has_value()) return frame;
    STREAMOPS_ASSIGN(const bool more, unpack_segment());
    if (!more) return std::optional<Frame>();
  }
}

Result<bool> FrameReader::unpack_segment() {
  auto segment = read_segment(BytesView(input_).subspan(input_at_), compression_, unpacked_);
  if (!segment) return fail(segment.error(), 0x0A, 5, 0, 0);
  if (!segment->has_value()) return false;
  input_at_ += (*segment)->used;
  return true;
}

Result<std::optional<Frame>> FrameReader::next_frame(BytesView from, std::size_t& used) {
  if (from.empty()) return std::optional<Frame>();
  const std::uint8_t version = from[0] & 0x7F;
  const bool response = (from[0] & 0x80) != 0;
  if (response != (side_ == Side::client)) {
    return fail(Error(errors::cql_protocol::bad_opcode, "the first byte, 0x{:02x}, is not that of a {}", from[0],
                      side_ == Side::client ? "response" : "request"),
                0x0A, 5, 0, 0);
  }
  if (from.size() < 2) return std::optional<Frame>();
  // A client must read the refusal that comes in a version 6 frame.
  const bool readable = (version >= 3 && version <= 5) || (side_ == Side::client && version == 6);
  if (!readable) {
    const Error error(errors::cql_protocol::bad_version, "protocol version {} is not served", version);
    failed_ = error;
    if (side_ == Side::server) reply_ = version_refusal(version, from[1]);
    return error;
  }
  if (from.size() < kFrameHeaderSize) return std::optional<Frame>();
  const auto stream = load_big_endian<std::int16_t>(from.data() + 2);
  const auto length = load_big_endian<std::uint32_t>(from.data() + 5);
  if (length > limits_.max_body) {
    return fail(Error(errors::cql_protocol::frame_too_long, "a frame of {} bytes is longer than the limit of {}",
                      length, limits_.max_body),
                0x0A, version, 0, stream);
  }
  const auto opcode = static_cast<Opcode>(from[4]);
  if (!is_known(from[4]) || is_request(opcode) != (side_ == Side::server)) {
    return fail(Error(errors::cql_protocol::bad_opcode, "Unknown opcode {}", from[4]), 0x0A, version, 0, stream);
  }
  if (from.size() < kFrameHeaderSize + length) return std::optional<Frame>();
  used = kFrameHeaderSize + length;
  Frame frame{static_cast<Version>(version), response, from[1], stream, opcode, from.subspan(kFrameHeaderSize, length)};
  if ((frame.flags & frame_flags::compressed) == 0 || segments_) return std::optional(frame);
  auto body = decompress_body(compression_, frame.body, limits_.max_body);
  if (!body) return fail(body.error(), 0x0A, version, 0, stream);
  body_ = std::move(*body);
  frame.body = body_;
  frame.flags = static_cast<std::uint8_t>(frame.flags & ~frame_flags::compressed);
  return std::optional(frame);
}

void FrameWriter::begin(Bytes& out, Opcode opcode, std::int16_t stream, std::uint8_t flags) {
  start_ = out.size();
  const auto version = static_cast<std::uint8_t>(static_cast<std::uint8_t>(version_) | (response_ ? 0x80 : 0));
  append_header(out, version, flags, stream, opcode, 0);
}

void FrameWriter::finish(Bytes& out) {
  const std::size_t body = start_ + kFrameHeaderSize;
  const auto opcode = static_cast<Opcode>(out[start_ + 4]);
  const bool may_compress = opcode != Opcode::startup && opcode != Opcode::options && out.size() > body;
  if (compression_ != Compression::none && !segments_ && version_ != Version::v5 && may_compress) {
    const Bytes packed = compress_body(compression_, BytesView(out).subspan(body));
    out.resize(body);
    append_bytes(out, packed);
    out[start_ + 1] |= frame_flags::compressed;
  }
  store_big_endian(out.data() + start_ + 5, static_cast<std::uint32_t>(out.size() - body));
}

void FrameWriter::append(Bytes& out, Opcode opcode, std::int16_t stream, BytesView body, std::uint8_t flags) {
  begin(out, opcode, stream, flags);
  append_bytes(out, body);
  finish(out);
}

Bytes FrameWriter::seal(Bytes frames) const {
  if (!segments_) return frames;
  Bytes out;
  out.reserve(frames.size() + 64);
  append_segments(out, frames, compression_);
  return out;
}

}  // namespace streamops::cql
