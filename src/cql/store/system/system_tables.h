// cql/store/system/system_tables.h — the tables that drivers read to find their way: made up from memory at each read.
//
//   system.{local,peers,peers_v2,size_estimates}, system_schema.*, system_virtual_schema.*, system_traces.*,
//   system_auth.roles
//
// Columns and types are Cassandra 5.0's. One list in system_schema_rows.cc and its neighbours names each table with its
// columns and its rows.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cql/store/schema/schema.h"

namespace streamops::cql::store {

class Engine;

/// One value a column, by ordinal.
using SystemRow = std::vector<std::optional<Bytes>>;

struct NodeInfo {
  std::string cluster_name = "StreamOps";
  std::string release_version = "5.0.0";  // cqlsh warns about any other
  std::string address = "127.0.0.1";
  std::uint16_t port = 9042;
};

class SystemTables {
 public:
  explicit SystemTables(NodeInfo node) : node_(std::move(node)) {}
  NodeInfo& node() { return node_; }

  /// The system keyspaces, ready to stand in a Schema.
  static std::map<std::string, KeyspacePtr, std::less<>> keyspaces();
  /// Every row of a system table, in the order of its key.
  std::vector<SystemRow> rows(const Engine& engine, const Table& table) const;

 private:
  NodeInfo node_;
};

}  // namespace streamops::cql::store
