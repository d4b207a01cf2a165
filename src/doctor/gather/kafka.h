// doctor/gather/kafka.h — asks a Kafka cluster, bytes by bytes: every bootstrap server, the login, one Metadata for
// brokers and topics, the configuration, the newest timestamps. Creates nothing, joins nothing.
#pragma once

#include "doctor/doctor.h"
#include "doctor/gather/dial.h"

namespace streamops::doctor {

KafkaFacts gather_kafka(const KafkaTarget& target, const Limits& limits);

}  // namespace streamops::doctor
