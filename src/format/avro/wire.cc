#include "format/avro/wire.h"

#include "base/bytes.h"
#include "errors/format.h"

namespace streamops::format {
namespace {

constexpr std::size_t frame_bytes = 5;
constexpr std::string_view newer_header = "__value_schema_id";

Error not_framed(std::string_view value) {
  if (value.empty()) return Error(errors::format::avro_not_framed, "the value is empty: no schema id, no Avro");
  const auto first = static_cast<unsigned char>(value[0]);
  if (first == 0) {
    return Error(errors::format::avro_not_framed, "{} bytes are too few for a schema id in front of Avro",
                 value.size());
  }
  const bool is_json = first == '{' || first == '[' || first == '"';
  return Error(errors::format::avro_not_framed, "the value begins with byte 0x{:02x}, not with 0 and a schema id{}",
               first, is_json ? ": it looks like JSON" : "");
}

}  // namespace

Result<FramedValue> split_frame(const data::Record& record) {
  const std::string_view value = *record.value;
  for (const data::Header& header : record.headers) {
    if (header.name != newer_header) continue;
    return Error(errors::format::avro_newer_frame, "the schema is named in the header `{}`", header.name);
  }
  if (value.size() < frame_bytes || value[0] != 0) return not_framed(value);
  const auto id = load_big_endian<std::int32_t>(as_bytes(value).data() + 1);
  return FramedValue{id, value.substr(frame_bytes)};
}

void append_frame(std::string& out, std::int32_t schema_id) {
  char frame[frame_bytes] = {};
  store_big_endian(reinterpret_cast<std::uint8_t*>(frame) + 1, schema_id);
  out.append(frame, frame_bytes);
}

}  // namespace streamops::format
