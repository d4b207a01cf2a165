// connect/http/source.h — a REST API as a bounded source: one GET every `every`, for as long as `duration`.
//
//   poll -> body -> spool (durable) -> record {partition 0, offset = number of the poll in the run} -> acknowledged ->
//   spool file removed
//
// Spool: <directory>/<run>/started            when the try began, microseconds since the epoch, as text
//        <directory>/<run>/poll-000000000007  u64 time of the poll in milliseconds, big-endian, then the body
//        <directory>/<run>/done-000000000006  the newest poll that was acknowledged: its number is not given again
// Every file is written beside, synced and renamed, so a body is there whole or not at all; a body is handed out only
// after that. The same run started again hands out what was not acknowledged, then polls on: after a crash for the rest
// of its time (`resumed`), as a new try for the whole of it.
//
// A poll that fails for a passing reason (no connection, time-out, 429, 5xx) is repeated with exponential back-off and
// jitter, no sooner than Retry-After says; after `retries` repeats, or on any other status, the source fails.
// Nothing is ever made up: no answer, no record.
// Threads: one loop; files are written in the pool.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "data/ports.h"
#include "runtime/disk.h"
#include "runtime/http_client.h"
#include "runtime/loop.h"
#include "runtime/pool.h"

namespace streamops::connect {

struct HttpSourceOptions {
  std::string url;                       // http:// or https://
  Microseconds every = Seconds{1};       // from one poll's start to the next one's
  std::optional<Microseconds> duration;  // polls begin while it lasts; nothing: one poll
  runtime::HttpHeaders headers;
  std::vector<std::pair<std::string, std::string>> query;  // appended to the URL, percent-encoded
  Microseconds timeout = Seconds{30};
  int retries = 5;  // repeats of one poll
  std::size_t max_body = 64 * 1024 * 1024;
  std::optional<runtime::TlsOptions> tls;
  std::string spool_directory;
  std::string run;                       // names the folder below spool_directory; any text
  bool resumed = false;                  // the try of before goes on; false: a try of its own
  std::function<void(std::string)> log;  // lines for a person ("poll 3: 503, again in 2s"); may be empty
};

/// Everything given must outlive the source. Errors of poll(): SO-H001 to SO-H005, SO-R012 to SO-R015, the disk's.
std::unique_ptr<data::Source> make_http_source(HttpSourceOptions options, runtime::Loop& loop,
                                               runtime::HttpClient& client, runtime::Disk& disk, runtime::Pool& pool);

/// Forgets what a run has kept, when it is over for good. Errors: SO-H004. Blocks.
Result<void> discard_spool(runtime::Disk& disk, const std::string& spool_directory, const std::string& run);

/// How long an answer asks to wait: seconds, or an HTTP date (RFC 9110 §10.2.3). Nothing when malformed.
std::optional<Microseconds> parse_retry_after(std::string_view text, WallTime now);

}  // namespace streamops::connect
