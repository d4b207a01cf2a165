// cql/store/server/prepared.h — prepared statements by their id, the MD5 of keyspace and text, as Cassandra makes it.
//
// Threads: the server's loop. At most `capacity` are kept; the one used longest ago goes first, and its next EXECUTE is
// answered UNPREPARED.
#pragma once

#include <list>
#include <string>
#include <unordered_map>

#include "base/bytes.h"
#include "cql/store/plan.h"

namespace streamops::cql::store {

/// 16 bytes.
Bytes md5(BytesView bytes);

struct PreparedStatement {
  std::string id;
  std::string text;
  std::string keyspace;  // the session's at PREPARE
  PlanPtr plan;
  std::string result_metadata_id;  // v5
};

class PreparedStatements {
 public:
  explicit PreparedStatements(std::size_t capacity) : capacity_(capacity) {}
  const PreparedStatement* find(BytesView id);
  const PreparedStatement& add(std::string_view keyspace, std::string_view text, const PlanPtr& plan);
  /// Drops everything that stands on a changed part of the schema.
  void forget(const SchemaChange& change);
  static std::string id_of(std::string_view keyspace, std::string_view text);

 private:
  using List = std::list<PreparedStatement>;
  std::size_t capacity_;
  List used_;  // the most recent first
  std::unordered_map<std::string, List::iterator> by_id_;
};

}  // namespace streamops::cql::store
