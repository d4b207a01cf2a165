// format/avro/wire.h — how a value names its schema: the header that Confluent's serializers put in front.
//
//   | 0 | u32 schema id, big-endian | Avro binary |
//
// The newer form, a GUID in a record header named `__value_schema_id`, is recognised and refused.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "data/position.h"

namespace streamops::format {

struct FramedValue {
  std::int32_t schema_id = 0;
  std::string_view payload;
};

/// The record must have a value. Errors: SO-F010 (no such header), SO-F011 (the newer form).
Result<FramedValue> split_frame(const data::Record& record);
void append_frame(std::string& out, std::int32_t schema_id);

}  // namespace streamops::format
