// kafka/client/impl/record_sender.h — records of a transaction, from send() to the partitions' leaders.
//
//   send() -> partition (murmur2 of the key) -> open batch, up to about 1 MB -> sealed -> Produce, at most 5 under way
//                                                                             \ once the partition is registered
//
// Brokers look into the transaction at its first batch, and refuse the batch while its coordinator is busy with another
// question about it: so who owns this holds it while he asks, and asks when nothing is under way.
//
// Nothing is sent twice: whatever goes wrong is told as failure(), and the transaction begins anew with another
// producer. Who owns this registers partitions() with the transaction before their batches leave. Threads: one loop.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kafka/client/config.h"
#include "kafka/client/impl/batch_writer.h"
#include "kafka/client/impl/conversation.h"
#include "kafka/client/impl/topic_leaders.h"
#include "kafka/client/producer.h"
#include "kafka/protocol/record_batch.h"
#include "runtime/loop.h"
#include "runtime/network.h"

namespace streamops::kafka {

/// The partition that Kafka's Java client gives a key: murmur2, its sign bit cleared, modulo.
std::int32_t partition_of_key(std::string_view key, std::int32_t partitions);

struct TopicPartition {
  std::string topic;
  std::int32_t partition = 0;
};

class RecordSender {
 public:
  /// `on_change`: room, an acknowledgement or a failure; never in a call of this.
  RecordSender(const ClientConfig& config, std::string transactional_id, const ProducerOptions& options,
               runtime::Loop& loop, runtime::Network& network, std::function<void()> on_change);
  ~RecordSender();
  RecordSender(const RecordSender&) = delete;
  RecordSender& operator=(const RecordSender&) = delete;

  void use(const ProducerIdentity& identity) { identity_ = identity; }
  /// Takes the record, or says `full`: then on_change comes.
  Producer::Sent send(const OutgoingRecord& record);
  /// The largest batch that brokers take.
  std::size_t largest_batch() const { return options_.max_record_bytes + RecordBatchView::log_overhead; }

  /// Partitions that have records and are not registered; asking for them says that they will be.
  std::vector<TopicPartition> take_unregistered();
  void registered(const std::vector<TopicPartition>& partitions);
  /// Sends all, also what could still grow.
  void flush();
  /// Everything is acknowledged.
  bool is_idle() const { return unacknowledged_ == 0; }
  /// Batches under way to brokers.
  bool is_sending() const { return under_way_ > 0; }
  std::size_t records() const { return records_; }
  /// The transaction is over: each partition has to be registered again.
  void begin_anew();
  /// Nothing leaves while it is held.
  void hold();
  void release();

  /// Why nothing goes on, for good.
  const std::optional<Error>& failure() const { return failure_; }
  /// The cluster's code where it refused a batch, 0 where the failure is another one.
  std::int16_t refusal() const { return refusal_; }
  const std::optional<Error>& trouble() const { return trouble_; }

 private:
  enum class Registration : std::uint8_t { none, asked, done };
  struct Sealed {
    Bytes bytes;
    std::int32_t records = 0;
  };
  struct Partition {
    BatchWriter open;
    std::deque<Sealed> sealed;
    std::int32_t next_sequence = 0;
    Registration registration = Registration::none;
    std::string leader;  // key of brokers_
  };
  struct Topic {
    std::vector<Partition> partitions;  // empty: not known yet
    std::int32_t sticky = -1;           // where records without a key go for now
  };
  struct Broker {
    runtime::Endpoint endpoint;
    std::shared_ptr<Conversation> conversation;
    int under_way = 0;
  };
  struct Shipment;

  Topic& topic_of(std::string_view name);
  void look();
  void looked(const std::string& name, const Result<TopicLeaders>& found);
  std::int32_t choose(Topic& topic, const OutgoingRecord& record);
  void seal(Topic& topic, Partition& partition);
  void seal_all();
  void pump_soon();
  void pump();
  void connect(Broker& broker);
  bool load(const std::string& broker, Shipment& shipment);
  void ship(const std::string& key, Broker& broker, Shipment shipment);
  void acknowledged(const std::string& key, const Shipment& shipment, const Result<struct ProduceResponse>& answer);
  void fail(const Error& error);
  void tell();

  ClientConfig config_;
  std::string transactional_id_;
  ProducerOptions options_;
  runtime::Loop& loop_;
  runtime::Network& network_;
  std::function<void()> on_change_;
  std::shared_ptr<int> alive_ = std::make_shared<int>(0);
  ProducerIdentity identity_;
  LeaderLook look_;
  std::map<std::string, Topic, std::less<>> topics_;
  std::map<std::string, Broker> brokers_;
  std::size_t unacknowledged_ = 0;  // bytes: open, sealed and under way
  std::size_t records_ = 0;         // in them
  std::size_t under_way_ = 0;       // shipments
  bool is_full_ = false;
  bool is_held_ = false;
  bool pumping_ = false;
  bool telling_ = false;
  runtime::TimerPtr retry_;
  std::optional<Error> trouble_;
  std::optional<Error> failure_;
  std::int16_t refusal_ = 0;
};

}  // namespace streamops::kafka
