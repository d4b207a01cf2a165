// base/crc32c.h — CRC-32C (Castagnoli), the checksum of Kafka record batches and of our own files.
#pragma once

#include <cstdint>

#include "base/bytes.h"

namespace streamops {

/// The checksum of `bytes`, continuing from `crc` (0 to start). Uses SSE4.2 where the processor has it.
std::uint32_t crc32c(BytesView bytes, std::uint32_t crc = 0);

}  // namespace streamops
