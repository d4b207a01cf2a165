// kafka/client/impl/scram_provider.h — SCRAM for the library, in place of its own before version 2.6.1.
//
// Those versions repeat the client's nonce in the last message; brokers up to Kafka 3.9 overlook it, Kafka 4 refuses
// the login. The library finds its mechanisms by symbol, so an object of ours with the same symbol takes that one's
// place when the library is linked statically. Newer libraries are left alone.
#pragma once

#include <librdkafka/rdkafka.h>

#include <string>

namespace streamops::kafka {

struct SaslLogin {
  std::string mechanism;  // "SCRAM-SHA-256", "SCRAM-SHA-512"; others are none of our business
  std::string username;
  std::string password;
};

/// Makes clients of this configuration log in with `login`, which must outlive them.
void use_own_scram(rd_kafka_conf_t* conf, const SaslLogin& login);

}  // namespace streamops::kafka
