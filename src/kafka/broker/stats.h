// kafka/broker/stats.h — what the broker counts about itself, under the names that Prometheus and the console show.
#pragma once

#include "observe/metrics.h"

namespace streamops::kafka {

struct BrokerStats {
  explicit BrokerStats(observe::Metrics& metrics)
      : connections(metrics.gauge("streamops_kafka_connections", "Clients connected now.")),
        connections_accepted(metrics.counter("streamops_kafka_connections_accepted_total", "Clients that connected.")),
        connections_refused(metrics.counter("streamops_kafka_connections_refused_total",
                                            "Clients closed as they came: too many at once.")),
        connections_timed_out(
            metrics.counter("streamops_kafka_connections_timed_out_total", "Clients closed for being idle or slow.")),
        protocol_errors(metrics.counter("streamops_kafka_protocol_errors_total",
                                        "Connections closed for bytes that are not Kafka's protocol.")),
        requests(metrics.counter("streamops_kafka_requests_total", "Requests handled.")),
        produced_batches(metrics.counter("streamops_kafka_produced_batches_total", "Record batches appended.")),
        produced_records(metrics.counter("streamops_kafka_produced_records_total", "Records appended.")),
        produced_bytes(metrics.counter("streamops_kafka_produced_bytes_total", "Bytes of record batches appended.")),
        fetched_bytes(
            metrics.counter("streamops_kafka_fetched_bytes_total", "Bytes of record batches given to consumers.")),
        storage_errors(
            metrics.counter("streamops_kafka_storage_errors_total", "Appends that the disk refused or lost.")) {}

  observe::Gauge& connections;
  observe::Counter& connections_accepted;
  observe::Counter& connections_refused;
  observe::Counter& connections_timed_out;
  observe::Counter& protocol_errors;
  observe::Counter& requests;
  observe::Counter& produced_batches;
  observe::Counter& produced_records;
  observe::Counter& produced_bytes;
  observe::Counter& fetched_bytes;
  observe::Counter& storage_errors;
};

}  // namespace streamops::kafka
