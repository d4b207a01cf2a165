// kafka/client/impl/direct_transactions.h — a TransactionalProducer over our own codecs: rows are written straight into
// the batches that go to the socket.
//
//   init:    coordinator of the id -> InitProducerId -> coordinator of the group -> OffsetFetch
//   send:    record_sender.h; partitions are registered (AddPartitionsToTxn, and once AddOffsetsToTxn) as they get
//   their
//            first record
//   commit:  the last batches are acknowledged -> TxnOffsetCommit -> EndTxn
//
// Records are `taken`, not reported one by one: the commit answers for all of them. What the cluster refuses ends the
// transaction; nothing is sent twice. Protocol: transactions as of Kafka 0.11 to 3, which 4 speaks too (KIP-98).
// Threads: one loop.
#pragma once

#include <functional>
#include <memory>

#include "kafka/client/transactional_producer.h"

namespace streamops::kafka {

/// As TransactionalProducer::open().
Result<std::unique_ptr<TransactionalProducer>> open_direct_transactions(const ClientConfig& config,
                                                                        const TransactionOptions& options,
                                                                        runtime::Loop& loop, runtime::Pool& pool,
                                                                        Producer::OnReport on_report,
                                                                        std::function<void()> on_room);

}  // namespace streamops::kafka
