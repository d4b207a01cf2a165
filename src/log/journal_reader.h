// log/journal_reader.h — reads a journal's file from front to back and finds where its whole records end. Format:
// log/journal.h.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "runtime/disk.h"

namespace streamops::log {

inline constexpr std::string_view journal_magic = "SOJ1";
inline constexpr std::size_t journal_record_head = 16;

/// The checksum of a framed record: over its length, its `durable` and its payload.
std::uint32_t journal_record_crc(BytesView framed);

struct JournalExtent {
  std::uint64_t whole = 0;  // bytes up to the end of the last whole record; 0 when not even the magic is there
};

/// Calls `replay` for each whole record. Errors: SO-L001, SO-L002 (see log/journal.h), replay's, the disk's.
Result<JournalExtent> read_journal(const std::string& path, const runtime::File& file, std::uint32_t max_record_bytes,
                                   const std::function<Result<void>(BytesView record)>& replay);

}  // namespace streamops::log
