// kafka/client/testing/mock_cluster.h — for tests: the library's own one-broker cluster on loopback, and a loop to run
// clients on.
#pragma once

#include <doctest/doctest.h>
#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>

#include <future>
#include <memory>

#include "kafka/client/config.h"
#include "runtime/loop.h"
#include "runtime/pool.h"

namespace streamops::kafka::testing {

/// Serves no CreateTopics; topics are made by create().
class MockCluster {
 public:
  MockCluster() {
    char text[256];
    rd_kafka_conf_t* conf = rd_kafka_conf_new();
    rd_kafka_conf_set(conf, "log_level", "3", text, sizeof(text));
    handle_ = rd_kafka_new(RD_KAFKA_PRODUCER, conf, text, sizeof(text));
    cluster_ = rd_kafka_mock_cluster_new(handle_, 1);
  }
  ~MockCluster() {
    rd_kafka_mock_cluster_destroy(cluster_);
    rd_kafka_destroy(handle_);
  }
  MockCluster(const MockCluster&) = delete;
  MockCluster& operator=(const MockCluster&) = delete;

  void create(const char* topic, int partitions) { rd_kafka_mock_topic_create(cluster_, topic, partitions, 1); }
  /// The next requests of this kind (Apache's number of the API) get this error.
  void refuse(std::int16_t api, rd_kafka_resp_err_t code) {
    rd_kafka_mock_push_request_errors(cluster_, api, 4, code, code, code, code);
  }
  void refuse_once(std::int16_t api, rd_kafka_resp_err_t code) {
    rd_kafka_mock_push_request_errors(cluster_, api, 1, code);
  }
  ClientConfig config() const {
    ClientConfig config;
    config.bootstrap = rd_kafka_mock_cluster_bootstraps(cluster_);
    return config;
  }

 private:
  rd_kafka_t* handle_;
  rd_kafka_mock_cluster_t* cluster_;
};

/// A loop with a pool; runs pieces of a test there and waits for what they promise.
struct Rig {
  std::unique_ptr<runtime::Pool> pool = runtime::make_pool("kafka", 2);
  std::unique_ptr<runtime::LoopThread> thread = runtime::make_loop_thread("test");

  ~Rig() { thread->stop(); }

  template <typename Work>
  void on_loop(Work work) {
    std::promise<void> done;
    thread->loop().post([&] {
      work();
      done.set_value();
    });
    done.get_future().get();
  }
};

template <typename T>
T wait(std::future<T> future) {
  REQUIRE(future.wait_for(std::chrono::seconds(30)) == std::future_status::ready);
  return future.get();
}

}  // namespace streamops::kafka::testing
