// storage/rocks/impl/adapters.h — our rules and limits behind the interfaces that RocksDB calls.
#pragma once

#include <rocksdb/compaction_filter.h>
#include <rocksdb/env.h>
#include <rocksdb/merge_operator.h>
#include <rocksdb/status.h>

#include <functional>
#include <memory>

#include "base/result.h"
#include "storage/rocks/rocks.h"

namespace streamops::storage {

std::shared_ptr<rocksdb::MergeOperator> make_merge_operator(std::shared_ptr<const MergeRule> rule);
std::unique_ptr<rocksdb::CompactionFilter> make_compaction_filter(std::shared_ptr<const PurgeRule> rule);
/// The machine's file system, with `has_room` asked before every append. Returns an Env to be kept while the database
/// is open.
std::unique_ptr<rocksdb::Env> make_limited_env(std::function<bool(std::uint64_t)> has_room);

/// The project's error for a failed status; `doing` starts the message.
Error to_error(const rocksdb::Status& status, std::string_view doing);

}  // namespace streamops::storage
