// kafka/broker/transactions/transaction.h — what the coordinator remembers of one transactional id.
//
//                add partition or group            end, time-out, a new producer          markers are durable
//   empty ─────────────────────────────▶ ongoing ────────────────────────────▶ ending ────────────────────────▶ ended
//     ▲                                     ▲                                                                     │
//     │ a new producer                      └─────────────────────────────────────────────────────────────────────┤
//     └───────────────────────────────────────────────────────────────────────────────────────────────────────────┘
//
// `outcome` says whether it is committed or aborted, from `ending` on. Source: KIP-98, KIP-360, KIP-890.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>

#include "kafka/broker/groups/offset_store.h"
#include "kafka/protocol/record_batch.h"

namespace streamops::kafka {

/// A producer id in one of its lives; a later epoch fences the earlier ones.
struct ProducerIdentity {
  std::int64_t id = -1;
  std::int16_t epoch = -1;

  friend bool operator==(const ProducerIdentity&, const ProducerIdentity&) = default;
};

/// The last epoch that a client may hold: the one behind it is for fencing it.
inline constexpr std::int16_t last_client_epoch = 32766;

enum class TransactionState : std::int8_t { empty = 0, ongoing = 1, ending = 2, ended = 3 };

struct Transaction {
  ProducerIdentity producer;
  ProducerIdentity previous;  // who may still ask for an answer that got lost: InitProducerId, EndTxn
  std::int32_t timeout_ms = 0;
  TransactionState state = TransactionState::empty;
  ControlType outcome = ControlType::unknown;
  std::int64_t started_ms = 0;  // since 1970: when it became ongoing
  std::int64_t changed_ms = 0;  // since 1970: last change of state
  std::set<TopicPartition> partitions;
  /// Positions that become the groups' when it commits; a group may have none yet.
  std::map<std::string, std::map<TopicPartition, CommittedOffset>> offsets;

  friend bool operator==(const Transaction&, const Transaction&) = default;
};

}  // namespace streamops::kafka
