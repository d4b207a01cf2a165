// kafka/client/config.h — how to reach a Kafka cluster: embedded, on premises or hosted.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace streamops::kafka {

/// What a profile says about a cluster.
struct ClientConfig {
  std::string bootstrap;  // "host:port,host:port"
  std::string client_id = "streamops";
  bool tls = false;
  std::string ca_file;         // empty: the system's certificates
  std::string certificate;     // PEM file, for mutual TLS
  std::string key;             // PEM file
  bool verify = true;          // of the broker's certificate and name
  std::string sasl_mechanism;  // empty: none; PLAIN, SCRAM-SHA-256, SCRAM-SHA-512
  std::string username;
  std::string password;
  /// Records are fetched, and written in transactions, by our own code; false, or anything in `extra`: by librdkafka.
  bool direct = true;
  /// Anything else that librdkafka knows, by its own names; wins over ours.
  std::vector<std::pair<std::string, std::string>> extra;
  /// Lines of the library's log. Called on its threads, so it must be safe there; may be empty.
  std::function<void(std::string_view line)> log;
};

}  // namespace streamops::kafka
