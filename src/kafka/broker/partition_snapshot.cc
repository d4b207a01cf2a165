#include "kafka/broker/partition_snapshot.h"

#include <utility>

#include "base/crc32c.h"
#include "kafka/protocol/reader.h"
#include "kafka/protocol/writer.h"

namespace streamops::kafka {
namespace {

constexpr std::string_view magic = "SOP2";
constexpr std::size_t checksum_bytes = 4;

}  // namespace

Bytes encode_snapshot(Offset upto, const Producers& producers, const PartitionTransactions& transactions) {
  Writer out;
  out.raw(as_bytes(magic));
  out.i64(upto);
  producers.encode(out);
  transactions.encode(out);
  Bytes bytes = std::move(out).take();
  append_big_endian(bytes, crc32c(bytes));
  return bytes;
}

std::optional<PartitionSnapshot> decode_snapshot(BytesView file) {
  if (file.size() < magic.size() + checksum_bytes) return std::nullopt;
  const BytesView content = file.first(file.size() - checksum_bytes);
  if (load_big_endian<std::uint32_t>(content.data() + content.size()) != crc32c(content)) return std::nullopt;
  Reader in(content);
  if (as_text(in.take(magic.size())) != magic) return std::nullopt;
  PartitionSnapshot out;
  out.upto = in.i64();
  out.producers = Producers::decode(in);
  out.transactions = PartitionTransactions::decode(in);
  if (!in.ok() || in.remaining() != 0) return std::nullopt;
  return out;
}

}  // namespace streamops::kafka
