#include "spark/query_record.h"

#include <charconv>

#include "base/bytes.h"
#include "base/text.h"
#include "base/uuid.h"
#include "errors/spark.h"

namespace streamops::spark {

namespace {

constexpr std::string_view head = "streamops spark 1";

bool read_number(std::string_view text, std::uint32_t& value) {
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
  return problem == std::errc{} && end == text.data() + text.size();
}

/// One "name value" line. False when it is none of ours.
bool read_line(std::string_view line, QueryRecord& record) {
  const std::size_t blank = line.find(' ');
  if (blank == std::string_view::npos) return false;
  const std::string_view name = line.substr(0, blank);
  const std::string_view value = line.substr(blank + 1);
  if (name == "session") {
    record.session = value;
    return parse_uuid(value).has_value();
  }
  if (name == "generation") return read_number(value, record.generation);
  return name == "fingerprint" && read_number(value, record.fingerprint);
}

}  // namespace

std::string to_text(const QueryRecord& record) {
  return fmt::format("{}\nsession {}\ngeneration {}\nfingerprint {}\n", head, record.session, record.generation,
                     record.fingerprint);
}

Result<QueryRecord> parse_query_record(std::string_view text, const std::string& path) {
  QueryRecord record;
  bool first = true;
  for (const std::string_view line : split(text, '\n')) {
    if (line.empty()) continue;
    const bool good = first ? line == head : read_line(line, record);
    if (!good) return Error(errors::spark::bad_memory, "{} cannot be read at `{}`", path, line);
    first = false;
  }
  if (record.session.empty()) return Error(errors::spark::bad_memory, "{} names no session", path);
  return record;
}

Result<std::optional<QueryRecord>> load_query_record(const runtime::Disk& disk, const std::string& path) {
  if (!disk.exists(path)) return std::optional<QueryRecord>();
  STREAMOPS_ASSIGN(const Bytes content, disk.read_file(path));
  STREAMOPS_ASSIGN(QueryRecord record, parse_query_record(as_text(content), path));
  return std::optional<QueryRecord>(std::move(record));
}

Result<void> save_query_record(runtime::Disk& disk, const std::string& path, const QueryRecord& record) {
  const std::string text = to_text(record);
  return disk.replace_file(path, as_bytes(text));
}

}  // namespace streamops::spark
