#include "connect/http/spool.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <utility>

#include "base/bytes.h"
#include "errors/http.h"

namespace streamops::connect {
namespace {

constexpr std::string_view poll_prefix = "poll-";
constexpr std::string_view done_prefix = "done-";
constexpr std::size_t head_size = sizeof(std::int64_t);

Error failed(const std::string& what, const Error& cause) {
  return Error(errors::http::spool_failed, "cannot {} the spool: {}", what, cause.message());
}

std::string file_name(const std::string& run) {
  std::string out;
  for (const char c : run) {
    const bool plain =
        (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
    out += plain ? std::string(1, c) : fmt::format("%{:02x}", static_cast<unsigned>(static_cast<unsigned char>(c)));
  }
  return out;
}

std::optional<std::int64_t> to_number(std::string_view text) {
  std::int64_t value = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || read.ec != std::errc() || read.ptr != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace

Spool::Spool(runtime::Disk& disk, const std::string& directory, const std::string& run)
    : disk_(disk), folder_(directory + "/" + file_name(run)) {}

std::string Spool::path(std::int64_t number) const {
  return fmt::format("{}/{}{:012}", folder_, poll_prefix, number);
}

std::string Spool::done_path(std::int64_t number) const {
  return fmt::format("{}/{}{:012}", folder_, done_prefix, number);
}

Result<WallTime> Spool::start_of_try(WallTime now, bool resumed) {
  const std::string start_file = folder_ + "/started";
  if (resumed && disk_.exists(start_file)) {
    const Result<Bytes> text = disk_.read_file(start_file);
    if (!text) return failed("read", text.error());
    const auto micros = to_number(as_text(*text));
    return micros ? from_micros(*micros) : now;
  }
  const auto kept = disk_.replace_file(start_file, as_bytes(std::to_string(to_micros(now))));
  if (!kept) return failed("write", kept.error());
  return now;
}

Result<Spool::Opened> Spool::open(WallTime now, std::int64_t from, bool resumed) {
  if (const auto made = disk_.make_directories(folder_); !made) return failed("create", made.error());
  Opened opened;
  STREAMOPS_ASSIGN(opened.started, start_of_try(now, resumed));
  const auto names = disk_.list(folder_);
  if (!names) return failed("read", names.error());
  for (const std::string& name : *names) {
    const bool is_done = name.starts_with(done_prefix);
    if (!is_done && !name.starts_with(poll_prefix)) continue;
    const auto number = to_number(std::string_view(name).substr(poll_prefix.size()));
    if (!number) continue;  // a file that a crash left half written, under another name
    opened.next = std::max(opened.next, *number + 1);
    if (is_done) {
      done_ = std::max(done_, *number);
    } else if (*number >= from) {
      opened.polls.push_back(*number);
    } else if (const auto removed = disk_.remove(folder_ + "/" + name); !removed) {
      return failed("clean", removed.error());
    }
  }
  return opened;
}

Result<void> Spool::put(const SpooledPoll& poll) {
  Bytes content;
  content.reserve(head_size + poll.body.size());
  append_big_endian(content, poll.timestamp_ms);
  append_text(content, poll.body);
  if (const auto kept = disk_.replace_file(path(poll.number), content); !kept) return failed("write to", kept.error());
  return Ok();
}

Result<SpooledPoll> Spool::get(std::int64_t number) const {
  const Result<Bytes> content = disk_.read_file(path(number));
  if (!content) return failed("read", content.error());
  if (content->size() < head_size) {
    return Error(errors::http::spool_failed, "poll {} in the spool is cut off", number);
  }
  SpooledPoll poll{number, load_big_endian<std::int64_t>(content->data()), {}};
  poll.body = as_text(BytesView(*content).subspan(head_size));
  return poll;
}

Result<void> Spool::remove(std::int64_t number) {
  const std::lock_guard lock(mutex_);
  if (!disk_.exists(path(number))) return Ok();
  if (number < done_) {
    const auto removed = disk_.remove(path(number));
    return removed ? Ok() : Result<void>(failed("clean", removed.error()));
  }
  if (const auto kept = disk_.rename(path(number), done_path(number)); !kept) return failed("clean", kept.error());
  const std::int64_t before = std::exchange(done_, number);
  if (before < 0 || !disk_.exists(done_path(before))) return Ok();
  const auto removed = disk_.remove(done_path(before));
  return removed ? Ok() : Result<void>(failed("clean", removed.error()));
}

Result<void> Spool::remove_all() {
  if (const auto removed = disk_.remove_tree(folder_); !removed) return failed("remove", removed.error());
  return Ok();
}

}  // namespace streamops::connect
