// doctor/gather/cassandra.h — asks a Cassandra cluster, in protocol v4: every contact point, the login, the nodes, the
// clock, the schema of the pipeline's tables. Reads system tables only.
#pragma once

#include "doctor/doctor.h"

namespace streamops::doctor {

CassandraFacts gather_cassandra(const CassandraTarget& target, const Limits& limits);

}  // namespace streamops::doctor
