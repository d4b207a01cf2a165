// kafka/client/impl/direct_consumer.h — a Consumer over our own codecs: from the socket into the memory where the
// records stay, without a copy.
//
//   leaders of the partitions -> one connection a broker -> Fetch, one at a time, asked again before its answer is read
//   answer -> held back as batches, about `prefetch_bytes` -> poll(): records read in place
//
// Only committed records are handed out. A partition whose leader has moved, or a connection that broke, is looked up
// anew after a pause; trouble() tells meanwhile. Questions about topics go through the library. Threads: one loop.
#pragma once

#include <functional>
#include <memory>

#include "kafka/client/consumer.h"

namespace streamops::kafka {

/// As Consumer::open().
Result<std::unique_ptr<Consumer>> open_direct_consumer(const ClientConfig& config, const ConsumerOptions& options,
                                                       runtime::Loop& loop, runtime::Pool& pool,
                                                       std::function<void()> on_ready);

}  // namespace streamops::kafka
