#include "connect/http/source.h"

#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <utility>

#include "base/check.h"
#include "connect/http/spool.h"
#include "errors/http.h"
#include "errors/runtime.h"
#include "runtime/http_server.h"

namespace streamops::connect {
namespace {

constexpr std::size_t padding = 64;                        // bytes after each value (data/position.h)
constexpr std::size_t bodies_in_memory = 8 * 1024 * 1024;  // beyond, waiting polls are read back from the spool
constexpr Microseconds first_pause = Milliseconds{500};
constexpr Microseconds longest_pause = Seconds{30};

/// What an attempt came to.
struct Verdict {
  enum class Kind : std::uint8_t { data, nothing, again, final };
  Kind kind;
  std::optional<Error> error;  // again, final
  Microseconds wait{0};        // again: no sooner than this
};

/// Errors of the client that another attempt may not meet again.
bool may_pass(const Error& error) {
  return error.is(errors::runtime::http_cannot_connect) || error.is(errors::runtime::http_timeout) ||
         error.is(errors::runtime::http_broken);
}

Verdict judge(const runtime::HttpResponse& response, WallTime now) {
  const int status = response.status;
  if (status == 204) return {Verdict::Kind::nothing, std::nullopt};
  if (status >= 200 && status < 300) {
    if (!response.body.empty()) return {Verdict::Kind::data, std::nullopt};
    return {Verdict::Kind::again, Error(errors::http::api_strange, "status {} with an empty body", status)};
  }
  if (status == 408 || status == 429 || status >= 500) {
    const std::string* after = response.header("retry-after");
    const auto wait = after == nullptr ? std::nullopt : parse_retry_after(*after, now);
    return {Verdict::Kind::again, Error(errors::http::api_unavailable, "status {}", status),
            wait.value_or(Microseconds{0})};
  }
  if (status >= 400)
    return {Verdict::Kind::final, Error(errors::http::api_refused, "the API answers with status {}", status)};
  return {Verdict::Kind::final, Error(errors::http::api_strange, "the API answers with status {}", status)};
}

std::string full_url(const HttpSourceOptions& options) {
  std::string url = options.url;
  char before = url.find('?') == std::string::npos ? '?' : '&';
  for (const auto& [name, value] : options.query) {
    url += before + runtime::percent_encode(name) + '=' + runtime::percent_encode(value);
    before = '&';
  }
  return url;
}

class HttpSource final : public data::Source {
 public:
  HttpSource(HttpSourceOptions options, runtime::Loop& loop, runtime::HttpClient& client, runtime::Disk& disk,
             runtime::Pool& pool)
      : options_(std::move(options)),
        loop_(loop),
        client_(client),
        pool_(pool),
        spool_(std::make_shared<Spool>(disk, options_.spool_directory, options_.run)) {}

  void start(std::vector<data::Position> from, std::function<void()> on_ready) override {
    on_ready_ = std::move(on_ready);
    for (const data::Position& position : from) {
      if (position.partition == 0) next_number_ = std::max(next_number_, position.next);
    }
    in_pool([now = loop_.clock().wall(), from_number = next_number_,
             resumed = options_.resumed](Spool& spool) { return spool.open(now, from_number, resumed); },
            [this](Result<Spool::Opened> opened) { opened ? resume(*opened) : fail(opened.error()); });
  }

  Result<data::Records> poll(std::size_t max_bytes) override {
    notified_ = false;
    if (failure_) return *failure_;
    data::Records records;
    auto bodies = std::make_shared<std::deque<std::string>>();
    while (!waiting_.empty() && waiting_.front().loaded && records.bytes < std::max<std::size_t>(max_bytes, 1)) {
      hand_out(records, *bodies);
    }
    records.owner = std::move(bodies);
    if (!waiting_.empty()) waiting_.front().loaded ? notify() : load_front();
    return records;
  }

  bool ended() const override { return finished_ && waiting_.empty() && !failure_; }

  void acknowledge(const data::Ack& ack) override {
    for (const data::Position& position : ack.positions) {
      if (position.partition != 0) continue;
      while (!handed_out_.empty() && handed_out_.front() < position.next) {
        // A file that stays after a failure is handed out again after a restart: at least once.
        in_pool([number = handed_out_.front()](Spool& spool) { return spool.remove(number); },
                [](const Result<void>&) {});
        handed_out_.pop_front();
      }
    }
  }

  std::optional<Error> trouble() const override { return trouble_; }
  std::optional<std::int64_t> lag() const override { return static_cast<std::int64_t>(waiting_.size()); }

  void stop() override {
    alive_.reset();
    call_.reset();
    timer_.reset();
    on_ready_ = nullptr;
  }

 private:
  struct Waiting {
    std::int64_t number;
    bool loaded;
    SpooledPoll poll;
  };

  /// Runs `work` with the spool in the pool, then `then` here, unless the source was stopped meanwhile.
  template <typename Work, typename Then>
  void in_pool(Work work, Then then) {
    pool_.run_then(
        loop_, [spool = spool_, work = std::move(work)] { return work(*spool); },
        [alive = std::weak_ptr<int>(alive_), then = std::move(then)](auto&& result) {
          if (!alive.expired()) then(std::forward<decltype(result)>(result));
        });
  }

  void log(const std::string& line) {
    if (options_.log) options_.log(line);
  }

  void notify() {
    if (notified_ || !on_ready_) return;
    notified_ = true;
    loop_.post([this, alive = std::weak_ptr<int>(alive_)] {
      if (alive.expired() || !on_ready_) return;
      const std::function<void()> call = on_ready_;  // it may stop this source
      call();
    });
  }

  void fail(const Error& error) {
    failure_ = error;
    trouble_ = error;
    notify();
  }

  void finish() {
    finished_ = true;
    notify();
  }

  // --- when to poll --------------------------------------------------------------------------------------------------

  void resume(const Spool::Opened& opened) {
    started_ = opened.started;
    next_number_ = std::max(next_number_, opened.next);
    for (const std::int64_t number : opened.polls) waiting_.push_back({number, false, {}});
    if (!waiting_.empty()) {
      log(fmt::format("{} polls of before are handed out again", waiting_.size()));
      load_front();
    }
    schedule();
  }

  /// Waits for the next tick of the run: polls begin at its start plus whole intervals; ticks that were missed are left
  /// out. The very first one is never missed: making the spool takes longer than no time.
  void schedule() {
    const Microseconds elapsed = loop_.clock().wall() - started_;
    if (!options_.duration) return next_number_ == 0 ? begin() : finish();
    const bool is_first = (next_number_ == 0 || !options_.resumed) && tick_ < 0;
    const std::int64_t passed =
        (elapsed + (is_first ? Microseconds{0} : options_.every - Microseconds{1})) / options_.every;
    tick_ = std::max({tick_ + 1, passed, std::int64_t{0}});
    const Microseconds due = tick_ * options_.every;
    if (due >= *options_.duration) return finish();
    timer_ = loop_.after(std::max(due - elapsed, Microseconds{0}), [this] { begin(); });
  }

  // --- one poll, with its repeats ------------------------------------------------------------------------------------

  void begin() {
    attempt_ = 0;
    send();
  }

  void send() {
    runtime::HttpRequest request;
    request.url = full_url(options_);
    request.headers = options_.headers;
    request.timeout = options_.timeout;
    request.max_body = options_.max_body;
    request.tls = options_.tls;
    call_ = client_.send(std::move(request),
                         [this, alive = std::weak_ptr<int>(alive_)](Result<runtime::HttpResponse> answer) {
                           // Out of the client's callback: what follows may drop the call.
                           loop_.post([this, alive, answer = std::move(answer)]() mutable {
                             if (!alive.expired()) on_answer(std::move(answer));
                           });
                         });
  }

  void on_answer(Result<runtime::HttpResponse> answer) {
    call_.reset();
    if (!answer) {
      return may_pass(answer.error()) ? repeat(answer.error(), Microseconds{0}) : fail(answer.error());
    }
    const WallTime now = loop_.clock().wall();
    const Verdict verdict = judge(*answer, now);
    switch (verdict.kind) {
      case Verdict::Kind::data:
        return keep(SpooledPoll{next_number_, to_millis(now), std::move(answer->body)});
      case Verdict::Kind::nothing:
        log(fmt::format("poll {}: no content", next_number_));
        trouble_.reset();
        return options_.duration ? schedule() : finish();
      case Verdict::Kind::again:
        return repeat(*verdict.error, verdict.wait);
      case Verdict::Kind::final:
        return fail(*verdict.error);
    }
  }

  void repeat(const Error& cause, Microseconds at_least) {
    if (attempt_ >= options_.retries) {
      if (cause.is(errors::http::spool_failed)) return fail(cause);
      return fail(Error(errors::http::api_unavailable, "poll {} failed {} times, last: {}", next_number_, attempt_ + 1,
                        cause.message()));
    }
    const Microseconds pause = std::min(first_pause * (std::int64_t{1} << std::min(attempt_, 10)), longest_pause);
    const auto half = static_cast<std::uint64_t>(pause.count() / 2);
    const Microseconds jittered{static_cast<std::int64_t>(half + loop_.random().below(half + 1))};
    const Microseconds wait = std::max(jittered, at_least);
    ++attempt_;
    trouble_ = cause;
    log(fmt::format("poll {}: {}, again in {}", next_number_, cause.message(),
                    format_duration(std::chrono::ceil<Milliseconds>(wait))));
    timer_ = loop_.after(wait, [this] { send(); });
  }

  /// Spools the answer; only then it counts.
  void keep(SpooledPoll poll) {
    auto shared = std::make_shared<SpooledPoll>(std::move(poll));
    in_pool([shared](Spool& spool) { return spool.put(*shared); },
            [this, shared](const Result<void>& kept) {
              if (!kept) return repeat(kept.error(), Microseconds{0});
              trouble_.reset();
              log(fmt::format("poll {}: {} bytes", shared->number, shared->body.size()));
              next_number_ = shared->number + 1;
              const bool room = loaded_bytes_ + shared->body.size() <= bodies_in_memory;
              if (room) loaded_bytes_ += shared->body.size();
              waiting_.push_back({shared->number, room, room ? std::move(*shared) : SpooledPoll{}});
              notify();
              schedule();
            });
  }

  // --- handing out ---------------------------------------------------------------------------------------------------

  void hand_out(data::Records& records, std::deque<std::string>& bodies) {
    SpooledPoll poll = std::move(waiting_.front().poll);
    waiting_.pop_front();
    const std::size_t size = poll.body.size();
    loaded_bytes_ -= std::min(loaded_bytes_, size);
    std::string& body = bodies.emplace_back(std::move(poll.body));
    body.append(padding, '\0');
    data::Record record;
    record.offset = poll.number;
    record.timestamp_ms = poll.timestamp_ms;
    record.value = std::string_view(body).substr(0, size);
    records.records.push_back(std::move(record));
    records.bytes += size;
    handed_out_.push_back(poll.number);
  }

  /// Reads the poll at the front back from the spool.
  void load_front() {
    if (loading_) return;
    loading_ = true;
    in_pool([number = waiting_.front().number](Spool& spool) { return spool.get(number); },
            [this](Result<SpooledPoll> poll) {
              loading_ = false;
              if (!poll) return fail(poll.error());
              STREAMOPS_CHECK(!waiting_.empty() && waiting_.front().number == poll->number, "the front was loaded");
              loaded_bytes_ += poll->body.size();
              waiting_.front() = {poll->number, true, std::move(*poll)};
              notify();
            });
  }

  HttpSourceOptions options_;
  runtime::Loop& loop_;
  runtime::HttpClient& client_;
  runtime::Pool& pool_;
  std::shared_ptr<Spool> spool_;
  std::shared_ptr<int> alive_ = std::make_shared<int>(0);
  std::function<void()> on_ready_;
  std::unique_ptr<runtime::HttpCall> call_;
  runtime::TimerPtr timer_;

  WallTime started_{};
  std::int64_t tick_ = -1;
  std::int64_t next_number_ = 0;
  int attempt_ = 0;
  bool finished_ = false;
  std::optional<Error> trouble_;
  std::optional<Error> failure_;

  std::deque<Waiting> waiting_;  // spooled and not handed out, by number
  std::size_t loaded_bytes_ = 0;
  bool loading_ = false;
  bool notified_ = false;
  std::deque<std::int64_t> handed_out_;  // and not acknowledged, by number
};

}  // namespace

std::unique_ptr<data::Source> make_http_source(HttpSourceOptions options, runtime::Loop& loop,
                                               runtime::HttpClient& client, runtime::Disk& disk, runtime::Pool& pool) {
  return std::make_unique<HttpSource>(std::move(options), loop, client, disk, pool);
}

Result<void> discard_spool(runtime::Disk& disk, const std::string& spool_directory, const std::string& run) {
  return Spool(disk, spool_directory, run).remove_all();
}

}  // namespace streamops::connect
