#include "log/journal_reader.h"

#include <algorithm>
#include <optional>

#include "base/crc32c.h"
#include "errors/log.h"
#include "log/file_window.h"

namespace streamops::log {

namespace {

constexpr std::size_t chunk_bytes = 1 << 20;

struct Framed {
  std::uint64_t durable;
  BytesView payload;
};

// The record at `position`, or nothing when there is no whole one.
Result<std::optional<Framed>> record_at(FileWindow& window, std::uint64_t position, std::uint32_t max_record_bytes) {
  STREAMOPS_ASSIGN(BytesView head, window.view(position, journal_record_head));
  if (head.size() < journal_record_head) return std::optional<Framed>();
  const auto length = load_big_endian<std::uint32_t>(head.data());
  const auto durable = load_big_endian<std::uint64_t>(head.data() + 8);
  const std::uint64_t left = window.size() - position - journal_record_head;
  if (length > max_record_bytes || length > left || durable > position) return std::optional<Framed>();
  STREAMOPS_ASSIGN(BytesView framed, window.view(position, journal_record_head + length));
  if (framed.size() < journal_record_head + length) return std::optional<Framed>();
  if (load_big_endian<std::uint32_t>(framed.data() + 4) != journal_record_crc(framed)) return std::optional<Framed>();
  return std::optional<Framed>(Framed{durable, framed.subspan(journal_record_head)});
}

// True when a whole record after `broken` was written at a time when `broken` was known to be on disk.
Result<bool> was_durable(FileWindow& window, std::uint64_t broken, std::uint32_t max_record_bytes) {
  std::uint64_t position = broken + 1;
  while (position + journal_record_head <= window.size()) {
    STREAMOPS_ASSIGN(const std::optional<Framed> record, record_at(window, position, max_record_bytes));
    if (record && record->durable > broken) return true;
    position += record ? journal_record_head + record->payload.size() : 1;
  }
  return false;
}

}  // namespace

std::uint32_t journal_record_crc(BytesView framed) {
  return crc32c(framed.subspan(8), crc32c(framed.first(4)));
}

Result<JournalExtent> read_journal(const std::string& path, const runtime::File& file, std::uint32_t max_record_bytes,
                                   const std::function<Result<void>(BytesView record)>& replay) {
  FileWindow window(file, chunk_bytes);
  STREAMOPS_ASSIGN(const BytesView magic, window.view(0, journal_magic.size()));
  const bool begun = std::all_of(magic.begin(), magic.end(), [](std::uint8_t byte) { return byte == 0; });
  if (begun && file.size() <= journal_magic.size())
    return JournalExtent{0};  // new, or a crash came before the first sync
  if (as_text(magic) != journal_magic.substr(0, magic.size())) {
    return Error(errors::log::not_a_journal, "{} does not begin like a journal of StreamOps", path);
  }
  if (magic.size() < journal_magic.size()) return JournalExtent{0};

  std::uint64_t position = journal_magic.size();
  while (position < window.size()) {
    STREAMOPS_ASSIGN(const std::optional<Framed> record, record_at(window, position, max_record_bytes));
    if (!record) break;
    const std::size_t bytes = journal_record_head + record->payload.size();
    STREAMOPS_RETURN_IF_ERROR(replay(record->payload));
    position += bytes;
  }
  if (position == window.size()) return JournalExtent{position};
  STREAMOPS_ASSIGN(const bool damaged, was_durable(window, position, max_record_bytes));
  if (damaged) {
    return Error(errors::log::journal_damaged, "{}: the record at byte {} is damaged, and whole records follow it",
                 path, position);
  }
  return JournalExtent{position};
}

}  // namespace streamops::log
