#include "log/batch_header.h"

#include "base/crc32c.h"

namespace streamops::log {

namespace {

constexpr std::size_t length_counts_from = 12;
constexpr std::size_t checksum_covers_from = 21;

}  // namespace

std::optional<BatchHeader> read_batch_header(BytesView bytes) {
  if (bytes.size() < batch_header_bytes) return std::nullopt;
  const std::uint8_t* at = bytes.data();
  const auto length = load_big_endian<std::int32_t>(at + 8);
  BatchHeader header;
  header.base_offset = load_big_endian<Offset>(at);
  header.attributes = load_big_endian<std::int16_t>(at + 21);
  header.last_offset_delta = load_big_endian<std::int32_t>(at + 23);
  header.max_timestamp = load_big_endian<std::int64_t>(at + 35);
  header.producer_id = load_big_endian<std::int64_t>(at + 43);
  header.producer_epoch = load_big_endian<std::int16_t>(at + 51);
  header.base_sequence = load_big_endian<std::int32_t>(at + 53);
  header.record_count = load_big_endian<std::int32_t>(at + 57);
  const bool plausible = at[16] == 2 && length >= static_cast<std::int32_t>(batch_header_bytes - length_counts_from) &&
                         header.base_offset >= 0 && header.last_offset_delta >= 0;
  if (!plausible) return std::nullopt;
  header.size = static_cast<std::uint32_t>(length) + length_counts_from;
  return header;
}

bool batch_checksum_matches(BytesView batch) {
  return batch.size() >= batch_header_bytes &&
         load_big_endian<std::uint32_t>(batch.data() + 17) == crc32c(batch.subspan(checksum_covers_from));
}

void place_batch(std::span<std::uint8_t> batch, Offset base_offset, std::int32_t leader_epoch) {
  store_big_endian(batch.data(), base_offset);
  store_big_endian(batch.data() + 12, leader_epoch);
}

}  // namespace streamops::log
