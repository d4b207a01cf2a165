#include "cql/store/system/system_tables.h"

#include <algorithm>
#include <charconv>
#include <functional>

#include "base/text.h"
#include "cql/grammar/type_name.h"
#include "cql/store/engine.h"
#include "cql/store/system/cell_values.h"

namespace streamops::cql::store {
namespace {

/// One system table: its columns as "name type" lines, key first.
struct TableText {
  const char* keyspace;
  const char* name;
  const char* comment;
  int partition;
  int clustering;
  const char* columns;  // "name type; name type; …"
};

constexpr const char* kColumnColumns =
    "keyspace_name text; table_name text; column_name text; clustering_order text; column_name_bytes blob; kind text; "
    "position int; type text";

constexpr TableText kTables[] = {
    {"system", "local", "information about the local node", 1, 0,
     "key text; bootstrapped text; broadcast_address inet; broadcast_port int; cluster_name text; cql_version text; "
     "data_center text; "
     "gossip_generation int; host_id uuid; listen_address inet; listen_port int; native_protocol_version text; "
     "partitioner text; rack text; "
     "release_version text; rpc_address inet; rpc_port int; schema_version uuid; tokens set<text>; truncated_at "
     "map<uuid, blob>"},
    {"system", "peers", "information about known peers in the cluster", 1, 0,
     "peer inet; data_center text; host_id uuid; preferred_ip inet; rack text; release_version text; rpc_address inet; "
     "schema_version uuid; "
     "tokens set<text>"},
    {"system", "peers_v2", "information about known peers in the cluster", 1, 1,
     "peer inet; peer_port int; data_center text; host_id uuid; native_address inet; native_port int; preferred_ip "
     "inet; preferred_port int; "
     "rack text; release_version text; schema_version uuid; tokens set<text>"},
    {"system", "size_estimates", "per-table primary range size estimates", 1, 3,
     "keyspace_name text; table_name text; range_start text; range_end text; mean_partition_size bigint; "
     "partitions_count bigint"},
    {"system_auth", "roles", "role definitions", 1, 0,
     "role text; can_login boolean; is_superuser boolean; member_of set<text>; salted_hash text"},
    {"system_auth", "role_members", "role memberships lookup table", 1, 1, "role text; member text"},
    {"system_auth", "role_permissions", "permissions granted to db roles", 1, 1,
     "role text; resource text; permissions set<text>"},
    {"system_schema", "keyspaces", "keyspace definitions", 1, 0,
     "keyspace_name text; durable_writes boolean; replication frozen<map<text, text>>"},
    {"system_schema", "tables", "table definitions", 1, 1,
     "keyspace_name text; table_name text; additional_write_policy text; allow_auto_snapshot boolean; "
     "bloom_filter_fp_chance double; "
     "caching frozen<map<text, text>>; cdc boolean; comment text; compaction frozen<map<text, text>>; compression "
     "frozen<map<text, text>>; "
     "crc_check_chance double; dclocal_read_repair_chance double; default_time_to_live int; extensions "
     "frozen<map<text, blob>>; "
     "flags frozen<set<text>>; gc_grace_seconds int; id uuid; incremental_backups boolean; max_index_interval int; "
     "memtable text; "
     "memtable_flush_period_in_ms int; min_index_interval int; read_repair text; read_repair_chance double; "
     "speculative_retry text"},
    {"system_schema", "columns", "column definitions", 1, 2, kColumnColumns},
    {"system_schema", "column_masks", "column dynamic data masks", 1, 2,
     "keyspace_name text; table_name text; column_name text; function_argument_nulls frozen<list<boolean>>; "
     "function_argument_types frozen<list<text>>; function_argument_values frozen<list<text>>; function_keyspace text; "
     "function_name text"},
    {"system_schema", "dropped_columns", "dropped column registry", 1, 2,
     "keyspace_name text; table_name text; column_name text; dropped_time timestamp; kind text; type text"},
    {"system_schema", "types", "user defined type definitions", 1, 1,
     "keyspace_name text; type_name text; field_names frozen<list<text>>; field_types frozen<list<text>>"},
    {"system_schema", "functions", "user defined function definitions", 1, 2,
     "keyspace_name text; function_name text; argument_types frozen<list<text>>; argument_names frozen<list<text>>; "
     "body text; "
     "called_on_null_input boolean; language text; return_type text"},
    {"system_schema", "aggregates", "user defined aggregate definitions", 1, 2,
     "keyspace_name text; aggregate_name text; argument_types frozen<list<text>>; final_func text; initcond text; "
     "return_type text; "
     "state_func text; state_type text"},
    {"system_schema", "triggers", "trigger definitions", 1, 2,
     "keyspace_name text; table_name text; trigger_name text; options frozen<map<text, text>>"},
    {"system_schema", "indexes", "secondary index definitions", 1, 2,
     "keyspace_name text; table_name text; index_name text; kind text; options frozen<map<text, text>>"},
    {"system_schema", "views", "view definitions", 1, 1,
     "keyspace_name text; view_name text; additional_write_policy text; allow_auto_snapshot boolean; base_table_id "
     "uuid; "
     "base_table_name text; bloom_filter_fp_chance double; caching frozen<map<text, text>>; cdc boolean; comment text; "
     "compaction frozen<map<text, text>>; compression frozen<map<text, text>>; crc_check_chance double; "
     "dclocal_read_repair_chance double; "
     "default_time_to_live int; extensions frozen<map<text, blob>>; gc_grace_seconds int; id uuid; include_all_columns "
     "boolean; "
     "incremental_backups boolean; max_index_interval int; memtable text; memtable_flush_period_in_ms int; "
     "min_index_interval int; "
     "read_repair text; read_repair_chance double; speculative_retry text; where_clause text"},
    {"system_traces", "sessions", "tracing sessions", 1, 0,
     "session_id uuid; client inet; command text; coordinator inet; coordinator_port int; duration int; parameters "
     "map<text, text>; "
     "request text; started_at timestamp"},
    {"system_traces", "events", "tracing events", 1, 1,
     "session_id uuid; event_id timeuuid; activity text; source inet; source_elapsed int; source_port int; thread "
     "text"},
    {"system_virtual_schema", "keyspaces", "virtual keyspace definitions", 1, 0, "keyspace_name text"},
    {"system_virtual_schema", "tables", "virtual table definitions", 1, 1,
     "keyspace_name text; table_name text; comment text"},
    {"system_virtual_schema", "columns", "virtual column definitions", 1, 2, kColumnColumns},
};

bool is_virtual_keyspace(std::string_view keyspace) {
  return keyspace == "system_virtual_schema";
}

Table make_table(const TableText& text) {
  Table table;
  table.keyspace = text.keyspace;
  table.name = text.name;
  table.options.restore("comment", std::string(text.comment));
  table.options.restore("gc_grace_seconds",
                        table.keyspace == "system_schema" ? std::string("604800") : std::string("0"));
  // A stable id made of the name: drivers only compare it.
  std::uint64_t hash = 1'469'598'103'934'665'603U;
  for (const char c : table.keyspace + "." + table.name)
    hash = (hash ^ static_cast<unsigned char>(c)) * 1'099'511'628'211U;
  table.uuid = make_uuid(hash, hash * 31, 3);
  for (const std::string_view line : split(text.columns, ';')) {
    const std::string_view words = trim(line);
    const std::size_t blank = words.find(' ');
    Column column;
    column.name = words.substr(0, blank);
    Result<CqlTypePtr> type = parse_type(words.substr(blank + 1));
    STREAMOPS_CHECK(type.ok(), "the type of a system table's column does not parse");
    column.type = *type;
    column.id = table.next_column++;
    const int place = static_cast<int>(table.columns.size());
    column.kind = place < text.partition                     ? ColumnKind::partition_key
                  : place < text.partition + text.clustering ? ColumnKind::clustering
                                                             : ColumnKind::regular;
    column.position = static_cast<std::size_t>(place);
    table.columns.push_back(std::move(column));
  }
  table.arrange();
  return table;
}

/// Fills a row by column names, so that the order of columns cannot be mistaken.
class RowMaker {
 public:
  explicit RowMaker(const Table& table) : table_(table), row_(table.columns.size()) {}
  RowMaker& set(std::string_view column, std::optional<Bytes> value) {
    const Column* found = table_.find(column);
    STREAMOPS_CHECK(found != nullptr, "a system table lacks a column");
    row_[found->ordinal] = std::move(value);
    return *this;
  }
  SystemRow take() { return std::move(row_); }

 private:
  const Table& table_;
  SystemRow row_;
};

using Rows = std::vector<SystemRow>;

Rows local_rows(const Engine& engine, const Table& table, const NodeInfo& node) {
  RowMaker row(table);
  row.set("key", text_value("local"))
      .set("bootstrapped", text_value("COMPLETED"))
      .set("broadcast_address", inet_value(node.address))
      .set("broadcast_port", int_value(7000))
      .set("cluster_name", text_value(node.cluster_name))
      .set("cql_version", text_value("3.4.7"))
      .set("data_center", text_value("datacenter1"))
      .set("gossip_generation", int_value(1))
      .set("host_id", uuid_value(engine.host_id()))
      .set("listen_address", inet_value(node.address))
      .set("listen_port", int_value(7000))
      .set("native_protocol_version", text_value("5"))
      .set("partitioner", text_value("org.apache.cassandra.dht.Murmur3Partitioner"))
      .set("rack", text_value("rack1"))
      .set("release_version", text_value(node.release_version))
      .set("rpc_address", inet_value(node.address))
      .set("rpc_port", int_value(node.port))
      .set("schema_version", uuid_value(engine.schema()->version))
      .set("tokens", texts_value({"0"}));
  return {row.take()};
}

Rows keyspace_rows(const Engine& engine, const Table& table, bool virtual_ones) {
  Rows out;
  for (const auto& [name, keyspace] : engine.schema()->keyspaces) {
    if (is_virtual_keyspace(name) != virtual_ones) continue;
    RowMaker row(table);
    row.set("keyspace_name", text_value(name));
    if (!virtual_ones)
      row.set("durable_writes", boolean_value(keyspace->durable_writes))
          .set("replication", map_value(keyspace->replication));
    out.push_back(row.take());
  }
  return out;
}

std::optional<Bytes> option_value(const Table& of, const OptionInfo& info) {
  const bool given = of.options.given().contains(info.name);
  if (info.null_in_system_table && !given) return std::nullopt;
  switch (info.type) {
    case OptionType::map:
      return map_value(of.options.map(info.name));
    case OptionType::integer:
      return int_value(static_cast<std::int32_t>(of.options.integer(info.name)));
    case OptionType::boolean:
      return boolean_value(of.options.text(info.name) == "true");
    case OptionType::text:
      return text_value(of.options.text(info.name));
    case OptionType::floating:
      break;
  }
  const std::string text = of.options.text(info.name);
  double value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return double_value(value);
}

/// Calls `each` for every table of real, or of virtual, keyspaces.
void for_tables(const Engine& engine, bool virtual_ones, const std::function<void(const Table&)>& each) {
  for (const auto& [name, keyspace] : engine.schema()->keyspaces) {
    if (is_virtual_keyspace(name) != virtual_ones) continue;
    for (const auto& [table_name, table] : keyspace->tables) each(*table);
  }
}

Rows table_rows(const Engine& engine, const Table& table) {
  Rows out;
  for_tables(engine, false, [&](const Table& of) {
    RowMaker row(table);
    row.set("keyspace_name", text_value(of.keyspace)).set("table_name", text_value(of.name));
    for (const OptionInfo& info : table_option_list()) row.set(info.name, option_value(of, info));
    row.set("dclocal_read_repair_chance", double_value(0)).set("read_repair_chance", double_value(0));
    row.set("flags", texts_value({"compound"})).set("id", uuid_value(of.uuid));
    out.push_back(row.take());
  });
  return out;
}

Rows virtual_table_rows(const Engine& engine, const Table& table) {
  Rows out;
  for_tables(engine, true, [&](const Table& of) {
    RowMaker row(table);
    row.set("keyspace_name", text_value(of.keyspace)).set("table_name", text_value(of.name));
    out.push_back(row.set("comment", text_value(of.options.text("comment"))).take());
  });
  return out;
}

Rows column_rows(const Engine& engine, const Table& table, bool virtual_ones) {
  Rows out;
  for_tables(engine, virtual_ones, [&](const Table& of) {
    std::vector<const Column*> columns;
    columns.reserve(of.columns.size());
    for (const Column& column : of.columns) columns.push_back(&column);
    std::sort(columns.begin(), columns.end(), [](const Column* a, const Column* b) { return a->name < b->name; });
    for (const Column* column : columns) {
      const bool key = column->kind == ColumnKind::partition_key || column->kind == ColumnKind::clustering;
      const char* order = column->kind != ColumnKind::clustering ? "none" : column->descending ? "desc" : "asc";
      RowMaker row(table);
      row.set("keyspace_name", text_value(of.keyspace))
          .set("table_name", text_value(of.name))
          .set("column_name", text_value(column->name))
          .set("clustering_order", text_value(order))
          .set("column_name_bytes", text_value(column->name))
          .set("kind", text_value(to_string(column->kind)))
          .set("position", int_value(key ? static_cast<std::int32_t>(column->position) : -1))
          .set("type", text_value(column->type->to_cql()));
      out.push_back(row.take());
    }
  });
  return out;
}

Rows dropped_rows(const Engine& engine, const Table& table) {
  Rows out;
  for_tables(engine, false, [&](const Table& of) {
    for (const DroppedColumn& column : of.dropped) {
      Bytes time;
      append_big_endian(time, column.dropped_micros / 1000);
      RowMaker row(table);
      row.set("keyspace_name", text_value(of.keyspace))
          .set("table_name", text_value(of.name))
          .set("column_name", text_value(column.name))
          .set("dropped_time", std::move(time))
          .set("kind", text_value(to_string(column.kind)))
          .set("type", text_value(column.type));
      out.push_back(row.take());
    }
  });
  return out;
}

Rows type_rows(const Engine& engine, const Table& table) {
  Rows out;
  for (const auto& [name, keyspace] : engine.schema()->keyspaces) {
    for (const auto& [type_name, type] : keyspace->types) {
      std::vector<std::string> types;
      for (const CqlTypePtr& child : type->children()) types.push_back(child->to_cql());
      RowMaker row(table);
      row.set("keyspace_name", text_value(name))
          .set("type_name", text_value(type_name))
          .set("field_names", texts_value(type->field_names()))
          .set("field_types", texts_value(types));
      out.push_back(row.take());
    }
  }
  return out;
}

Rows role_rows(const Table& table) {
  RowMaker row(table);
  row.set("role", text_value("cassandra"))
      .set("can_login", boolean_value(true))
      .set("is_superuser", boolean_value(true));
  return {row.take()};
}

}  // namespace

std::map<std::string, KeyspacePtr, std::less<>> SystemTables::keyspaces() {
  std::map<std::string, std::shared_ptr<Keyspace>> made;
  for (const TableText& text : kTables) {
    std::shared_ptr<Keyspace>& keyspace = made[text.keyspace];
    if (!keyspace) keyspace = std::make_shared<Keyspace>();
    keyspace->tables[text.name] = std::make_shared<const Table>(make_table(text));
  }
  std::map<std::string, KeyspacePtr, std::less<>> out;
  for (auto& [name, keyspace] : made) {
    keyspace->name = name;
    keyspace->is_system = true;
    const bool local = name == "system" || name == "system_schema" || is_virtual_keyspace(name);
    keyspace->replication = {
        {"class", std::string("org.apache.cassandra.locator.") + (local ? "LocalStrategy" : "SimpleStrategy")}};
    if (!local) keyspace->replication.emplace_back("replication_factor", name == "system_traces" ? "2" : "1");
    out[name] = keyspace;
  }
  return out;
}

std::vector<SystemRow> SystemTables::rows(const Engine& engine, const Table& table) const {
  const std::string name = table.keyspace + "." + table.name;
  if (name == "system.local") return local_rows(engine, table, node_);
  if (name == "system_schema.keyspaces") return keyspace_rows(engine, table, false);
  if (name == "system_schema.tables") return table_rows(engine, table);
  if (name == "system_schema.columns") return column_rows(engine, table, false);
  if (name == "system_schema.dropped_columns") return dropped_rows(engine, table);
  if (name == "system_schema.types") return type_rows(engine, table);
  if (name == "system_virtual_schema.keyspaces") return keyspace_rows(engine, table, true);
  if (name == "system_virtual_schema.tables") return virtual_table_rows(engine, table);
  if (name == "system_virtual_schema.columns") return column_rows(engine, table, true);
  if (name == "system_auth.roles") return role_rows(table);
  return {};  // one node without peers, functions, views, indexes, triggers, traces
}

}  // namespace streamops::cql::store
