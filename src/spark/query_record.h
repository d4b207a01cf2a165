// spark/query_record.h — what must be remembered of a stream on Spark, to find its queries after a restart of ours.
//
//   <data>/pipeline/<owner>.spark :   streamops spark 1
//                                     session 6f9619ff-8b86-d011-b42d-00c04fc964ff     of Spark Connect
//                                     generation 0            counts resets; part of the checkpoint's folder
//                                     fingerprint 123456789   of the job that runs; 0: none is known to
//
// Invariants: written before the session is used for the first time; a fingerprint is written after its query started.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "runtime/disk.h"
#include "runtime/loop.h"
#include "runtime/pool.h"

namespace streamops::spark {

struct QueryRecord {
  std::string session;
  std::uint32_t generation = 0;
  std::uint32_t fingerprint = 0;

  friend bool operator==(const QueryRecord&, const QueryRecord&) = default;
};

std::string to_text(const QueryRecord& record);
/// Errors: SO-E022. `path` is for the message.
Result<QueryRecord> parse_query_record(std::string_view text, const std::string& path);

/// Nothing when there is no file. Errors: SO-E022, the disk's.
Result<std::optional<QueryRecord>> load_query_record(const runtime::Disk& disk, const std::string& path);
/// Durable when it returns. Errors: the disk's.
Result<void> save_query_record(runtime::Disk& disk, const std::string& path, const QueryRecord& record);

}  // namespace streamops::spark
