// kafka/client/impl/batch_writer.h — builds one record batch in the memory that goes to the socket.
//
// Records are written behind room for the header, which seal() fills in once it is known what to say there. Format:
// kafka/protocol/record_batch.h.
#pragma once

#include <cstdint>

#include "base/bytes.h"
#include "kafka/client/producer.h"

namespace streamops::kafka {

/// Who writes a batch: a producer id and its epoch, as the cluster gave them.
struct ProducerIdentity {
  std::int64_t id = -1;
  std::int16_t epoch = -1;
};

class BatchWriter {
 public:
  /// Bytes that a batch of this record alone has.
  static std::size_t size_alone(const OutgoingRecord& record);

  bool empty() const { return count_ == 0; }
  std::int32_t count() const { return count_; }
  /// Of the batch as it stands.
  std::size_t size() const { return bytes_.size(); }
  /// At most what the batch grows by with this record.
  static std::size_t growth(const OutgoingRecord& record);
  void add(const OutgoingRecord& record, std::size_t reserve);
  /// The whole batch, of a transaction, with its checksum; empty afterwards.
  Bytes seal(const ProducerIdentity& producer, std::int32_t first_sequence);

 private:
  Bytes bytes_;
  std::int32_t count_ = 0;
  std::int64_t base_timestamp_ = 0;
  std::int64_t max_timestamp_ = 0;
};

}  // namespace streamops::kafka
