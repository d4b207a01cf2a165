// Probes of the tables that a pipeline writes: are they there, do the columns fit, can the replicas be had.
#include <algorithm>
#include <map>

#include "base/text.h"
#include "doctor/probes/connection.h"
#include "errors/doctor.h"

namespace streamops::doctor {
namespace {

using namespace errors::doctor;

/// Judges every table of the file.
template <typename Judge>
Verdict each_table(const Subject& subject, std::string fine, Judge judge) {
  if (!subject.targets.cassandra) return Verdict::skip("not in this profile");
  if (!subject.facts.cassandra.has_schema || !subject.facts.cassandra.has_nodes)
    return Verdict::skip("the cluster could not be asked");
  if (subject.targets.cassandra->tables.empty()) return Verdict::skip("the file writes no table");
  Verdict verdict = Verdict::fine(std::move(fine));
  for (const TableUse& use : subject.targets.cassandra->tables) judge(use, verdict);
  return verdict;
}

const KeyspaceFacts* keyspace_of(const Subject& subject, const TableUse& use) {
  const auto found = subject.facts.cassandra.keyspaces.find(use.keyspace);
  return found == subject.facts.cassandra.keyspaces.end() || !found->second.exists ? nullptr : &found->second;
}

const std::vector<ColumnFacts>* columns_of(const Subject& subject, const TableUse& use) {
  const auto found = subject.facts.cassandra.tables.find(use.name());
  return found == subject.facts.cassandra.tables.end() ? nullptr : &found->second;
}

Verdict keyspaces(const Subject& subject) {
  return each_table(subject, "there, or made by `create`", [&](const TableUse& use, Verdict& verdict) {
    if (use.creates_keyspace || keyspace_of(subject, use) != nullptr) return;
    verdict.problem(placed(Error(keyspace_missing, "the keyspace {} does not exist", use.keyspace), use.place),
                    use.keyspace);
  });
}

Verdict existence(const Subject& subject) {
  return each_table(subject, "there, or made by `create`", [&](const TableUse& use, Verdict& verdict) {
    if (use.creates_table || columns_of(subject, use) != nullptr) return;
    verdict.problem(placed(Error(table_missing, "the table {} does not exist", use.name()), use.place), use.name());
  });
}

std::optional<Place> place_of(const TableUse& use, const std::string& column) {
  const auto found = use.columns.find(column);
  return found == use.columns.end() ? use.place : std::optional(found->second);
}

Verdict columns(const Subject& subject) {
  return each_table(subject, "every column of the SELECT is there", [&](const TableUse& use, Verdict& verdict) {
    const std::vector<ColumnFacts>* there = columns_of(subject, use);
    if (there == nullptr || !use.output) return;
    std::vector<std::string> names;
    for (const ColumnFacts& column : *there) names.push_back(column.name);
    for (const data::Field& field : use.output->fields()) {
      if (std::find(names.begin(), names.end(), field.name) != names.end()) continue;
      verdict.problem(placed(Error(column_missing, "{} on the cluster has no column `{}`", use.name(), field.name),
                             place_of(use, field.name))
                          .with_label(did_you_mean(field.name, std::span<const std::string>(names))),
                      use.name());
    }
  });
}

Verdict types(const Subject& subject) {
  return each_table(subject, "every column's type fits", [&](const TableUse& use, Verdict& verdict) {
    const std::vector<ColumnFacts>* there = columns_of(subject, use);
    if (there == nullptr || !use.output || !subject.targets.cassandra->fits) return;
    for (const ColumnFacts& column : *there) {
      const int index = use.output->index_of(column.name);
      if (index < 0) continue;
      const data::Field& field = (*use.output)[static_cast<std::size_t>(index)];
      const Result<void> fit = subject.targets.cassandra->fits(field.name, *field.type, column.type);
      if (fit) continue;
      verdict.problem(placed(Error(column_type, "{}.{} is {} on the cluster: {}", use.name(), column.name, column.type,
                                   fit.error().message()),
                             place_of(use, column.name)),
                      use.name());
    }
  });
}

/// Partition key, then clustering columns, in their order.
std::vector<std::string> key_of(std::vector<ColumnFacts> columns) {
  std::stable_sort(columns.begin(), columns.end(), [](const ColumnFacts& a, const ColumnFacts& b) {
    return std::pair(a.kind != "partition_key", a.position) < std::pair(b.kind != "partition_key", b.position);
  });
  std::vector<std::string> key;
  for (const ColumnFacts& column : columns) {
    if (column.kind == "partition_key" || column.kind == "clustering") key.push_back(column.name);
  }
  return key;
}

Verdict keys(const Subject& subject) {
  return each_table(subject, "the key is that of `create`", [&](const TableUse& use, Verdict& verdict) {
    const std::vector<ColumnFacts>* there = columns_of(subject, use);
    if (there == nullptr || use.key.empty()) return;
    const std::vector<std::string> key = key_of(*there);
    if (key == use.key) return;
    verdict.problem(placed(Error(key_differs, "{} has the key ({}), `create` says ({})", use.name(), join(key, ", "),
                                 join(use.key, ", ")),
                           use.place),
                    use.name());
  });
}

/// Replicas of a keyspace: one number, or one a datacenter.
struct Replication {
  int everywhere = 0;  // SimpleStrategy
  std::map<std::string, int> by_datacenter;
};

Replication replication_of(const Subject& subject, const TableUse& use) {
  const KeyspaceFacts* keyspace = keyspace_of(subject, use);
  Replication replication;
  for (const auto& [name, value] : keyspace == nullptr ? use.created_replication : keyspace->replication) {
    if (name == "class") continue;
    // Of a NetworkTopologyStrategy this is short for "in each datacenter".
    if (name == "replication_factor") {
      replication.everywhere = std::atoi(value.c_str());
    } else {
      replication.by_datacenter[name] = std::atoi(value.c_str());
    }
  }
  return replication;
}

std::map<std::string, int> nodes_of(const CassandraFacts& facts) {
  std::map<std::string, int> nodes;
  ++nodes[facts.local.datacenter];
  for (const NodeFacts& peer : facts.peers) ++nodes[peer.datacenter];
  return nodes;
}

int total(const std::map<std::string, int>& counts) {
  int sum = 0;
  for (const auto& [name, count] : counts) sum += count;
  return sum;
}

Verdict replication(const Subject& subject) {
  return each_table(subject, "no more replicas than nodes", [&](const TableUse& use, Verdict& verdict) {
    const std::map<std::string, int> nodes = nodes_of(subject.facts.cassandra);
    const Replication replication = replication_of(subject, use);
    if (replication.everywhere > total(nodes)) {
      verdict.warning(placed(Error(replication_above_nodes, "{} asks for {} replicas; the cluster has {} node{}",
                                   use.keyspace, replication.everywhere, total(nodes), total(nodes) == 1 ? "" : "s"),
                             use.place),
                      use.keyspace);
    }
    for (const auto& [datacenter, wanted] : replication.by_datacenter) {
      const auto found = nodes.find(datacenter);
      if (found == nodes.end() || wanted <= found->second) continue;
      verdict.warning(placed(Error(replication_above_nodes, "{} asks for {} replicas in {}, which has {}", use.keyspace,
                                   wanted, datacenter, found->second),
                             use.place),
                      use.keyspace);
    }
  });
}

Verdict datacenters(const Subject& subject) {
  return each_table(subject, "every datacenter is known", [&](const TableUse& use, Verdict& verdict) {
    const std::map<std::string, int> nodes = nodes_of(subject.facts.cassandra);
    for (const auto& [datacenter, wanted] : replication_of(subject, use).by_datacenter) {
      if (nodes.contains(datacenter)) continue;
      verdict.problem(placed(Error(unknown_datacenter, "the replication of {} names {}, the cluster has {}",
                                   use.keyspace, datacenter, nodes.begin()->first),
                             use.place),
                      use.keyspace);
    }
  });
}

/// Replicas that a write waits for, and how many of them there can be, in one datacenter or in all.
struct Need {
  int wanted = 0;
  int present = 0;
};

Need need_of(const std::string& level, const Replication& replication, const std::map<std::string, int>& nodes,
             const std::string& local) {
  const bool is_local = level.starts_with("LOCAL_");
  int factor = replication.everywhere;
  int present = std::min(factor, total(nodes));
  if (!replication.by_datacenter.empty()) {
    factor = 0;
    present = 0;
    for (const auto& [datacenter, replicas] : replication.by_datacenter) {
      const auto found = nodes.find(datacenter);
      if (found == nodes.end() || (is_local && datacenter != local)) continue;
      factor += replicas;
      present += std::min(replicas, found->second);
    }
  }
  if (level.ends_with("ONE")) return {1, present};
  return {level == "ALL" ? factor : factor / 2 + 1, present};
}

Verdict consistency(const Subject& subject) {
  const std::string level = subject.targets.cassandra ? subject.targets.cassandra->consistency : "";
  return each_table(subject, level + " can be reached", [&](const TableUse& use, Verdict& verdict) {
    const Replication replication = replication_of(subject, use);
    if (replication.everywhere == 0 && replication.by_datacenter.empty()) return;
    const std::string& wanted_dc = subject.targets.cassandra->local_datacenter;
    const Need need = need_of(level, replication, nodes_of(subject.facts.cassandra),
                              wanted_dc.empty() ? subject.facts.cassandra.local.datacenter : wanted_dc);
    if (need.wanted <= need.present) return;
    verdict.problem(placed(Error(consistency_unreachable, "{} needs {} replica{} of {}, {} can be there", level,
                                 need.wanted, need.wanted == 1 ? "" : "s", use.keyspace, need.present),
                           use.place),
                    use.keyspace);
  });
}

Verdict durability(const Subject& subject) {
  return each_table(subject, "durable", [&](const TableUse& use, Verdict& verdict) {
    const KeyspaceFacts* keyspace = keyspace_of(subject, use);
    if (keyspace == nullptr || keyspace->durable_writes) return;
    verdict.warning(Error(keyspace_not_durable, "the keyspace {} has durable_writes off", use.keyspace), use.keyspace);
  });
}

constexpr Probe probes[] = {
    {"table.keyspace", "Tables", "keyspaces exist, or `create` makes them", "SO-D455", Proof::reproduced, keyspaces},
    {"table.exists", "Tables", "tables exist, or `create` makes them", "SO-D456", Proof::reproduced, existence},
    {"table.columns", "Tables", "tables have the columns of the SELECT", "SO-D457", Proof::reproduced, columns},
    {"table.types", "Tables", "the columns' types fit", "SO-D458", Proof::reproduced, types},
    {"table.key", "Tables", "tables have the key that `create` says", "SO-D459", Proof::reproduced, keys},
    {"table.replication", "Tables", "no more replicas than nodes", "SO-D460", Proof::reproduced, replication},
    {"table.datacenters", "Tables", "replication names known datacenters", "SO-D461", Proof::reproduced, datacenters},
    {"table.consistency", "Tables", "the consistency level can be reached", "SO-D463", Proof::reproduced, consistency},
    {"table.durable", "Tables", "keyspaces are durable", "SO-D467", Proof::reproduced, durability},
};

}  // namespace

std::span<const Probe> table_probes() {
  return probes;
}

}  // namespace streamops::doctor
