// modules: kafka/client
// Any bytes as what a broker says about a partition: cut into batches, read in place. What can be read is the same as
// what the careful iterator of kafka/protocol reads.
#include "kafka/client/impl/fetched.h"

#include <cstddef>
#include <cstdint>

#include "base/check.h"
#include "base/crc32c.h"
#include "kafka/client/impl/frame_receiver.h"

namespace {

using namespace streamops;
using namespace streamops::kafka;

/// Checksums made right, so that what lies behind them is reached.
Bytes with_checksums(BytesView bytes) {
  Bytes whole(bytes.begin(), bytes.end());
  std::span<std::uint8_t> rest(whole);
  while (const std::optional<std::size_t> size = RecordBatchView::peek_size(rest)) {
    if (*size > rest.size()) break;
    store_big_endian(rest.data() + 17, crc32c(rest.first(*size).subspan(21)));
    rest = rest.subspan(*size);
  }
  return whole;
}

bool same(const data::Record& fast, const RecordView& careful) {
  const auto text = [](const std::optional<BytesView>& bytes) {
    return bytes ? std::optional(as_text(*bytes)) : std::nullopt;
  };
  return fast.offset == careful.offset && fast.timestamp_ms == std::max<std::int64_t>(careful.timestamp, 0) &&
         fast.key == text(careful.key) && fast.value == text(careful.value) &&
         fast.headers.size() == careful.headers.size();
}

void read_both(const RecordBatchView& batch) {
  RecordWalker walker(batch, batch.payload());
  RecordIterator iterator(batch, batch.payload());
  while (!walker.at_end()) {
    data::Record fast;
    const bool read = walker.next(fast).ok();
    const Result<std::optional<RecordView>> careful = iterator.next();
    // The fast one takes numbers of ten bytes where the protocol has five, and nothing else that the other refuses.
    if (!read) return;
    if (!careful.ok()) return;
    STREAMOPS_CHECK(careful->has_value() && same(fast, **careful), "both readers see the same record");
  }
}

void receive(BytesView bytes) {
  FrameReceiver receiver(512, 1 << 16);
  std::size_t step = 1;
  while (!bytes.empty()) {
    const std::size_t count = std::min(step++ * 7, bytes.size());
    if (!receiver.feed(bytes.first(count)).ok()) return;
    bytes = bytes.subspan(count);
    while (const std::optional<Frame> frame = receiver.next())
      STREAMOPS_CHECK(frame->bytes.size() <= 1 << 16, "no answer is larger than allowed");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  receive({data, size});
  const Bytes bytes = with_checksums({data, size});
  const Result<Fetched> fetched = cut_fetched(bytes, 0, {{1, 0}, {2, 5}});
  if (!fetched.ok()) return 0;
  STREAMOPS_CHECK(fetched->next >= 0, "reading never goes back");
  for (const RecordBatchView& batch : fetched->batches) {
    if (batch.compression() == Compression::none) read_both(batch);
  }
  return 0;
}
