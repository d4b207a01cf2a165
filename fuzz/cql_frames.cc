// modules: cql/protocol
// Bytes of a CQL connection, as server and as client: the splitter, segments, compression, every message, every value.
// The first byte chooses side, segments and compression; the second how the rest is cut into pieces.
#include <cstdint>
#include <cstdlib>

#include "cql/protocol/frame.h"
#include "cql/protocol/requests.h"
#include "cql/protocol/responses.h"
#include "cql/protocol/value.h"

using namespace streamops;
using namespace streamops::cql;

namespace {

constexpr std::size_t kMaxBody = 1 << 20;

void must(bool holds) {
  if (!holds) std::abort();
}

/// Whatever validate() accepts, everything else must take.
void use_value(const CqlType& type, BytesView bytes) {
  if (!validate(type, bytes).ok()) return;
  to_cql_literal(type, bytes);
  to_plain_text(type, bytes);
  std::string json;
  append_json(json, type, bytes);
  must(compare_values(type, bytes, bytes) == 0);
}

void read_rows(const Rows& rows) {
  RowReader reader(rows);
  std::vector<std::optional<BytesView>> cells;
  while (reader.next(cells)) {
    for (std::size_t i = 0; i < cells.size() && i < rows.metadata.columns.size(); ++i) {
      if (cells[i] && rows.metadata.columns[i].type) use_value(*rows.metadata.columns[i].type, *cells[i]);
    }
  }
}

void read_response(const Frame& frame) {
  decode_supported(frame).ok();
  decode_authenticate(frame).ok();
  decode_auth_token(frame).ok();
  decode_event(frame).ok();
  decode_error(frame).ok();
  const auto result = decode_result(frame);
  if (result.ok() && std::holds_alternative<Rows>(*result)) read_rows(std::get<Rows>(*result));
}

void read_request(const Frame& frame) {
  decode_startup(frame).ok();
  decode_prepare(frame).ok();
  decode_execute(frame).ok();
  decode_batch(frame).ok();
  decode_register(frame).ok();
  decode_auth_response(frame).ok();
  const auto query = decode_query(frame);
  if (!query.ok()) return;
  // What was decoded is encoded and decoded again: nothing is lost.
  Bytes body;
  append_query(body, *query, frame.version);
  Frame again = frame;
  again.flags = 0;
  again.body = body;
  const auto second = decode_query(again);
  must(second.ok() && second->text == query->text &&
       second->parameters.values.size() == query->parameters.values.size());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const bool server = (data[0] & 1) != 0;
  FrameReader reader(server ? FrameReader::Side::server : FrameReader::Side::client, {kMaxBody});
  reader.set_compression(static_cast<Compression>((data[0] >> 2) % 3));
  if ((data[0] & 2) != 0) {
    reader.set_compression(static_cast<Compression>((data[0] >> 2) % 2));
    reader.start_segments();
  }
  const std::size_t piece = data[1] == 0 ? size : data[1];
  BytesView rest(data + 2, size - 2);
  while (!rest.empty()) {
    const std::size_t length = std::min(piece, rest.size());
    reader.feed(rest.first(length));
    rest = rest.subspan(length);
    for (;;) {
      const auto frame = reader.next();
      if (!frame.ok()) {
        reader.fault_reply();
        return 0;
      }
      if (!frame->has_value()) break;
      if (server) {
        read_request(**frame);
      } else {
        read_response(**frame);
      }
    }
  }
  return 0;
}
