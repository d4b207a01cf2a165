// modules: kafka/protocol
// Any bytes as record batches: parsed, checked, iterated, and unpacked by the codec that they name.
#include "kafka/protocol/record_batch.h"

#include <cstddef>
#include <cstdint>

#include "base/check.h"
#include "kafka/protocol/compression.h"

namespace {

using namespace streamops;
using namespace streamops::kafka;

constexpr std::size_t unpacked_limit = 1 << 20;

void read_records(const RecordBatchView& batch, BytesView payload) {
  RecordIterator records(batch, payload);
  std::int32_t count = 0;
  for (;;) {
    const Result<std::optional<RecordView>> record = records.next();
    if (!record.ok()) return;
    if (!record->has_value()) break;
    ++count;
  }
  STREAMOPS_CHECK(count == batch.record_count(), "as many records as announced");
}

/// The broker's changes keep a batch whole.
void change(const RecordBatchView& batch) {
  Bytes copy(batch.bytes().begin(), batch.bytes().end());
  set_base_offset(copy, 42);
  set_log_append_time(copy, 1);
  set_producer(copy, 1, 2, 3);
  const Result<RecordBatchView> changed = RecordBatchView::parse(copy);
  STREAMOPS_CHECK(changed.ok() && changed->verify_checksum().ok(), "a changed batch is whole");
  STREAMOPS_CHECK(changed->base_offset() == 42 && changed->producer_id() == 1, "and says what was set");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Result<std::vector<RecordBatchView>> batches = parse_batches({data, size});
  if (!batches.ok()) return 0;
  for (const RecordBatchView& batch : *batches) {
    static_cast<void>(batch.verify_checksum().ok());
    static_cast<void>(control_type(batch).ok());
    change(batch);
    const Result<Bytes> payload = decompress(batch.compression(), batch.payload(), unpacked_limit);
    if (payload.ok()) read_records(batch, *payload);
  }
  return 0;
}
