// kafka/broker/partition_snapshot.h — the file that spares a start the reading of a whole partition: what its producers
// and transactions were at some offset.
//
//   | "SOP2" | i64 offset: all batches before it are in | producers | transactions | u32 crc32c of all before |
//
// A file of another form, or one that is not whole, counts as none: then the log is read from its start.
#pragma once

#include <optional>

#include "base/bytes.h"
#include "kafka/broker/partition_transactions.h"
#include "kafka/broker/producers.h"

namespace streamops::kafka {

struct PartitionSnapshot {
  Offset upto = 0;
  Producers producers;
  PartitionTransactions transactions;
};

Bytes encode_snapshot(Offset upto, const Producers& producers, const PartitionTransactions& transactions);
std::optional<PartitionSnapshot> decode_snapshot(BytesView file);

}  // namespace streamops::kafka
