// cql/store/schema/journal.h — the schema on disk: one record a keyspace, rewritten whole at each change, beside the
// rows.
//
//   key  00000000 'k' name   -> | u8 1 | [string] name | u8 durable | [string map] replication
//                               | u16 n, n × ([string] type name, [string list] field names, [string list] field types)
//                               | u16 n, n × table |
//   key  00000000 'm'        -> | u8 1 | u32 next table id | [uuid] host id | [uuid] schema version |
//
//   table := | u32 id | [uuid] | [string] name | u16 next column id | u16 n, n × column | options | u16 n, n × dropped
//   column |
//
// Table id 0 is never a table of rows, so the records sort before all of them.
#pragma once

#include <optional>
#include <string>

#include "base/result.h"
#include "cql/store/schema/schema.h"

namespace streamops::cql::store {

struct SchemaMeta {
  TableId next_table = 1;
  Uuid host_id;
  Uuid version;
};

std::string keyspace_record_key(std::string_view keyspace);
std::string meta_record_key();
/// The range of all records.
std::string first_record_key();
std::string end_of_records();

std::string encode_keyspace(const Keyspace& keyspace);
/// Errors: SO-C007.
Result<Keyspace> decode_keyspace(std::string_view record);
std::string encode_meta(const SchemaMeta& meta);
/// Errors: SO-C007.
Result<SchemaMeta> decode_meta(std::string_view record);

}  // namespace streamops::cql::store
