// cql/protocol/frame.h — the envelope of every message of the native protocol, versions 3 to 5 (§2).
//
//   | u8 version (0x80 = response) | u8 flags | i16 stream | u8 opcode | i32 body length | body |
//
// FrameReader cuts a stream of bytes into frames, whatever the pieces are in which they arrive: plain frames at first;
// after start_segments() the frames come inside of v5 segments (segment.h). FrameWriter is the way back.
//
// Invariants: a body length is compared with the limit before one byte is reserved for it; after an error the reader
// stays failed. Threads: none of its own; one reader and one writer belong to one connection.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "cql/protocol/compression.h"

namespace streamops::cql {

enum class Version : std::uint8_t { v3 = 3, v4 = 4, v5 = 5 };

enum class Opcode : std::uint8_t {
  error = 0x00,
  startup = 0x01,
  ready = 0x02,
  authenticate = 0x03,
  options = 0x05,
  supported = 0x06,
  query = 0x07,
  result = 0x08,
  prepare = 0x09,
  execute = 0x0A,
  register_ = 0x0B,
  event = 0x0C,
  batch = 0x0D,
  auth_challenge = 0x0E,
  auth_response = 0x0F,
  auth_success = 0x10
};
std::string_view to_string(Opcode opcode);

namespace frame_flags {
inline constexpr std::uint8_t compressed = 0x01;      // v3, v4: the body is compressed
inline constexpr std::uint8_t tracing = 0x02;         // request: trace it; response: the body starts with a [uuid]
inline constexpr std::uint8_t custom_payload = 0x04;  // the body has a [bytes map] in front
inline constexpr std::uint8_t warning = 0x08;         // response: the body has a [string list] in front
inline constexpr std::uint8_t beta = 0x10;
}  // namespace frame_flags

inline constexpr std::size_t kFrameHeaderSize = 9;
inline constexpr std::size_t kDefaultMaxBody = 256 * 1024 * 1024;

/// One message with its body uncompressed. The body is a view: see FrameReader::next.
struct Frame {
  Version version = Version::v4;
  bool response = false;
  std::uint8_t flags = 0;
  std::int16_t stream = 0;
  Opcode opcode = Opcode::error;
  BytesView body;
};

struct FrameLimits {
  std::size_t max_body = kDefaultMaxBody;
};

class FrameReader {
 public:
  enum class Side : std::uint8_t { server, client };  // server: reads requests; client: reads responses
  explicit FrameReader(Side side, FrameLimits limits = {});

  /// Takes bytes as they arrive (copied).
  void feed(BytesView bytes);
  /// The next whole frame; nothing when more bytes are needed. The body is valid until the next call of feed() or
  /// next(). Errors (the connection must be closed, after fault_reply() was sent): SO-C101 (version), SO-C102 (too
  /// long), SO-C104 (segment damaged), SO-C105 (compressed body broken), SO-C106 (unknown opcode or wrong direction).
  Result<std::optional<Frame>> next();
  /// After an error of a server's reader: the bytes that Cassandra answers before it closes (a whole ERROR frame), else
  /// empty.
  Bytes fault_reply() const;
  /// Bodies of v3 and v4 frames with the compressed flag are decompressed with this; also the segments of v5.
  void set_compression(Compression compression) { compression_ = compression; }
  /// From here on bytes are v5 segments. Call it between next() calls: on the server when STARTUP has been read (v5),
  /// on the client when READY or AUTHENTICATE has been read.
  void start_segments() { segments_ = true; }

 private:
  Result<std::optional<Frame>> next_frame(BytesView from, std::size_t& used);
  Result<bool> unpack_segment();
  Error fail(Error error, std::uint32_t wire_code, std::uint8_t reply_version, std::uint8_t reply_flags,
             std::int16_t stream);

  Side side_;
  FrameLimits limits_;
  Compression compression_ = Compression::none;
  bool segments_ = false;
  Bytes input_;  // raw bytes from the wire
  std::size_t input_at_ = 0;
  Bytes unpacked_;  // frames cut out of segments
  std::size_t unpacked_at_ = 0;
  Bytes body_;  // a decompressed body
  std::optional<Error> failed_;
  Bytes reply_;
};

/// Puts messages of one connection on the wire.
class FrameWriter {
 public:
  FrameWriter(Version version, bool response) : version_(version), response_(response) {}

  void set_version(Version version) { version_ = version; }
  Version version() const { return version_; }
  void set_compression(Compression compression) { compression_ = compression; }
  /// On the server after READY/AUTHENTICATE was written (it goes out plain), on the client before the message after
  /// STARTUP's answer.
  void start_segments() { segments_ = true; }

  /// Begins a frame in `out`; write the body behind it and end it with finish(). One frame at a time.
  void begin(Bytes& out, Opcode opcode, std::int16_t stream, std::uint8_t flags = 0);
  /// Fills in the length, compresses the body (v3, v4) where that was agreed. The frame stays open for more frames
  /// behind it.
  void finish(Bytes& out);
  /// A whole frame at once.
  void append(Bytes& out, Opcode opcode, std::int16_t stream, BytesView body, std::uint8_t flags = 0);
  /// Turns a run of whole frames into what goes out: itself, or v5 segments (small frames share one, a large frame is
  /// split).
  Bytes seal(Bytes frames) const;

 private:
  Version version_;
  bool response_;
  bool segments_ = false;
  Compression compression_ = Compression::none;
  std::size_t start_ = 0;
};

/// The whole ERROR frame with which a server refuses a version, as Cassandra 5 sends it (a v5 frame on stream 0; for 6
/// without the beta flag a v6 one).
Bytes version_refusal(std::uint8_t requested, std::uint8_t flags);

}  // namespace streamops::cql
