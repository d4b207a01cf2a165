#include "spark/stream_query.h"

#include <algorithm>
#include <mutex>

#include "errors/spark.h"
#include "runtime/random.h"
#include "spark/failure.h"
#include "spark/progress.h"

namespace streamops::spark {

namespace {

constexpr Microseconds look_interval = Milliseconds{1000};
constexpr Microseconds once_look_interval = Milliseconds{200};
constexpr Microseconds first_pause = Milliseconds{500};
constexpr Microseconds longest_pause = Milliseconds{10'000};
constexpr int table_tries = 15;
constexpr Microseconds table_pause = Milliseconds{1000};
constexpr Microseconds pass_timeout = Seconds{24 * 3600};  // of a pass over a topic

/// One of the two queries of a stream.
struct Watched {
  StreamingQueryInstanceId id;
  std::string name;
  ProgressCounter counter;
  bool ended = false;
};

}  // namespace

class StreamQuery::Impl : public std::enable_shared_from_this<Impl> {
 private:
  /// A callback that does nothing once the query object is gone, or when its turn has passed (see next_turn()).
  template <typename Body>
  auto guarded(Body body) {
    return [weak = weak_from_this(), turn = turn_, body = std::move(body)](auto&&... arguments) {
      const std::shared_ptr<Impl> self = weak.lock();
      if (self != nullptr && self->turn_ == turn) body(*self, std::forward<decltype(arguments)>(arguments)...);
    };
  }

 public:
  Impl(StreamJob job, Connection connection, QueryEnvironment environment)
      : job_(std::move(job)),
        root_(job_.checkpoint_location),
        connection_(std::move(connection)),
        env_(std::move(environment)) {}

  void begin(Run run, Done<void> done) {
    next_turn();
    run_ = run;
    done_ = std::move(done);
    load([](Impl& self) { self.connect(); });
  }

  void stop(Done<void> done) {
    next_turn();
    stopping_ = true;
    done_ = std::move(done);
    load([](Impl& self) {
      self.make_client();
      self.client_->active_queries(self.guarded([](Impl& me, Result<std::vector<ActiveQuery>> active) {
        if (!active) return me.failed(active.error());
        me.stop_queries(std::move(*active), [](Impl& it) { it.release(); });
      }));
    });
  }

  QueryStatus status() const {
    const std::lock_guard lock(mutex_);
    return status_;
  }

 private:
  /// What was begun before no longer goes on.
  void next_turn() {
    ++turn_;
    timer_.reset();
  }

  void load(std::function<void(Impl&)> then) {
    env_.files.run_then(
        env_.loop, [&disk = env_.disk, path = env_.record_path] { return load_query_record(disk, path); },
        guarded([then = std::move(then)](Impl& self, const Result<std::optional<QueryRecord>>& loaded) {
          if (!loaded) return self.failed(loaded.error());
          if (*loaded) {
            self.record_ = **loaded;
            return then(self);
          }
          self.record_ = {to_string(runtime::system_random().uuid()), 0, 0};
          self.save(then);
        }));
  }

  void save(std::function<void(Impl&)> then) {
    env_.files.run_then(
        env_.loop,
        [&disk = env_.disk, path = env_.record_path, record = record_] {
          return save_query_record(disk, path, record);
        },
        guarded([then = std::move(then)](Impl& self, const Result<void>& saved) {
          if (!saved) return self.failed(saved.error());
          then(self);
        }));
  }

  void make_client() {
    job_.checkpoint_location = fmt::format("{}/{}/{}", root_, job_.name, record_.generation);
    ClientOptions options;
    options.remote = connection_.remote;
    options.tls = connection_.tls;
    options.user_id = connection_.user_id;
    options.session_id = record_.session;
    client_ = std::make_unique<Client>(std::move(options), env_.http);
  }

  void connect() {
    make_client();
    client_->version(guarded([](Impl& self, const Result<std::string>& version) {
      if (!version) return self.failed(version.error());
      self.version_ = *version;
      self.client_->configure(session_settings(self.job_), self.guarded([](Impl& me, const Result<void>& set) {
        if (!set) return me.failed(set.error());
        me.look_for_queries();
      }));
    }));
  }

  void look_for_queries() {
    client_->active_queries(guarded([](Impl& self, Result<std::vector<ActiveQuery>> active) {
      if (!active) return self.failed(active.error());
      const auto named = [&](const std::string& name) {
        return std::find_if(active->begin(), active->end(),
                            [&](const ActiveQuery& query) { return query.name == name; });
      };
      const auto rows = named(self.job_.name);
      const auto letters = named(self.job_.letters_name());
      const bool both = rows != active->end() && letters != active->end();
      if (both && self.record_.fingerprint == self.job_.fingerprint()) {
        self.watch_found(*rows, *letters);
        return self.run_ == Run::once ? self.wait_for_all(0) : self.running();
      }
      self.stop_queries(std::move(*active), [](Impl& me) { me.make_views(views(me.job_), 0); });
    }));
  }

  /// Queries that this object has watched before keep their counts; of others, what is past is not counted.
  void watch_found(const ActiveQuery& rows, const ActiveQuery& letters) {
    const bool known = queries_.size() == 2 && queries_[0].id == rows.id && queries_[1].id == letters.id;
    if (known) return;
    found_ = true;
    forget_queries();
    queries_ = {{rows.id, rows.name, ProgressCounter(true), false},
                {letters.id, letters.name, ProgressCounter(true), false}};
  }

  void forget_queries() {
    for (std::size_t i = 0; i < queries_.size(); ++i) {
      const ProgressCounter& counter = queries_[i].counter;
      if (i > 0) {
        past_.dead_letters += counter.rows_out();
        continue;
      }
      past_.records_in += counter.records_in();
      past_.rows_out += counter.rows_out();
      past_.batches += counter.batches();
    }
    queries_.clear();
  }

  void stop_queries(std::vector<ActiveQuery> queries, std::function<void(Impl&)> then) {
    if (queries.empty()) return then(*this);
    const StreamingQueryInstanceId id = queries.back().id;
    queries.pop_back();
    StreamingQueryCommand command;
    command.stop = true;
    client_->ask(id, std::move(command),
                 guarded([queries = std::move(queries), then = std::move(then)](
                             Impl& self, const Result<StreamingQueryCommandResult>& stopped) {
                   const bool gone = stopped.ok() || stopped.error().is(errors::spark::query_gone);
                   if (!gone) return self.failed(stopped.error());
                   self.stop_queries(queries, then);
                 }));
  }

  void make_views(std::vector<View> views, std::size_t index) {
    if (index == views.size()) return check_select();
    client_->create_view(views[index].name, views[index].relation,
                         guarded([views, index](Impl& self, const Result<void>& made) {
                           if (!made) return self.failed(made.error());
                           self.make_views(views, index + 1);
                         }));
  }

  /// By itself, so that an error's place is one in the user's text.
  void check_select() {
    client_->analyze(job_.select, guarded([](Impl& self, const Result<void>& checked) {
                       if (!checked) return self.failed(checked.error());
                       self.forget_queries();
                       self.found_ = false;
                       self.submit(rows_query(self.job_, self.run_), [](Impl& me) {
                         me.submit(letters_query(me.job_, me.run_), [](Impl& it) { it.submitted(); });
                       });
                     }));
  }

  /// The connector learns of a table that was made just now by an event, a second later or so.
  void submit(const WriteStreamOperationStart& start, std::function<void(Impl&)> then, int tries = table_tries) {
    client_->start_query(
        start,
        guarded([start, then = std::move(then), tries](Impl& self, const Result<StreamingQueryInstanceId>& started) {
          if (!started && lacks_table(started.error()) && tries > 1) {
            return self.again_in(table_pause, [start, then, tries](Impl& me) { me.submit(start, then, tries - 1); });
          }
          if (!started) return self.failed(without_place(started.error()));
          self.queries_.push_back({*started, start.query_name, ProgressCounter(), false});
          then(self);
        }));
  }

  /// Places in SQL of ours mean nothing to the reader of the file.
  static Error without_place(const Error& error) { return Error(error.info(), error.message()); }

  void submitted() {
    record_.fingerprint = job_.fingerprint();
    save([](Impl& self) { self.running(); });
  }

  void running() {
    pause_ = first_pause;
    trouble_.reset();
    set_state(QueryState::running);
    if (run_ == Run::continuous) tell(Ok());
    look(0);
  }

  /// A pass over the topic while a query of the same job runs: it does the work.
  void wait_for_all(std::size_t index) {
    set_state(QueryState::running);
    if (index == queries_.size()) return look(0);
    StreamingQueryCommand command;
    command.process_all_available = true;
    client_->ask(queries_[index].id, std::move(command),
                 guarded([index](Impl& self, const Result<StreamingQueryCommandResult>& done) {
                   if (!done) return self.failed(done.error());
                   self.queries_[index].ended = true;
                   self.wait_for_all(index + 1);
                 }),
                 pass_timeout);
  }

  // --- watching ---
  void look(std::size_t index) {
    if (index == queries_.size()) return looked();
    StreamingQueryCommand command;
    command.recent_progress = true;
    client_->ask(queries_[index].id, std::move(command),
                 guarded([index](Impl& self, const Result<StreamingQueryCommandResult>& answer) {
                   if (!answer) return self.failed(answer.error());
                   const auto& reports = answer->recent_progress;
                   Watched& query = self.queries_[index];
                   const Result<void> counted = reports ? query.counter.add(reports->recent_progress_json) : Ok();
                   if (!counted) return self.failed(counted.error());
                   self.publish();
                   self.look_at_state(index);
                 }));
  }

  void look_at_state(std::size_t index) {
    if (queries_[index].ended) return look(index + 1);
    StreamingQueryCommand command;
    command.status = true;
    client_->ask(queries_[index].id, std::move(command),
                 guarded([index](Impl& self, const Result<StreamingQueryCommandResult>& answer) {
                   if (!answer) return self.failed(answer.error());
                   const bool active = !answer->status || answer->status->is_active;
                   return active ? self.look(index + 1) : self.ask_why(index);
                 }));
  }

  void ask_why(std::size_t index) {
    StreamingQueryCommand command;
    command.exception = true;
    client_->ask(queries_[index].id, std::move(command),
                 guarded([index](Impl& self, const Result<StreamingQueryCommandResult>& answer) {
                   if (!answer) return self.failed(answer.error());
                   const std::string& name = self.queries_[index].name;
                   if (answer->exception && answer->exception->exception_message) {
                     return self.failed(query_error(name, *answer->exception->exception_message));
                   }
                   if (self.run_ == Run::continuous) {
                     return self.failed(Error(errors::spark::query_gone, "{} was stopped on Spark", name));
                   }
                   self.queries_[index].ended = true;
                   self.look(index);  // once more: the last reports
                 }));
  }

  void looked() {
    trouble_.reset();
    publish();
    const bool ended = std::all_of(queries_.begin(), queries_.end(), [](const Watched& query) { return query.ended; });
    if (run_ == Run::once && ended) {
      set_state(QueryState::stopped);
      return tell(Ok());
    }
    again_in(run_ == Run::once ? once_look_interval : look_interval, [](Impl& self) { self.look(0); });
  }

  // --- trouble ---
  void failed(const Error& error) {
    if (error.is(errors::spark::session_closed) && !stopping_) return renew_session(error);
    const bool retried = passes(error) && run_ == Run::continuous && !stopping_;
    trouble_ = error;
    if (!retried) {
      set_state(QueryState::failed);
      return stop_rest(error);
    }
    publish();
    again_in(pause_, [](Impl& self) { self.connect(); });
    pause_ = std::min(pause_ * 2, longest_pause);
  }

  void renew_session(const Error& error) {
    if (renewed_) return give_up(error);
    renewed_ = true;
    record_.session = to_string(runtime::system_random().uuid());
    record_.fingerprint = 0;
    save([](Impl& self) { self.connect(); });
  }

  /// A stream of which one query has failed for good does not half go on.
  void stop_rest(const Error& error) {
    if (stopping_ || queries_.empty() || passes(error)) return give_up(error);
    std::vector<ActiveQuery> rest;
    rest.reserve(queries_.size());
    for (const Watched& query : queries_) rest.push_back({query.id, query.name});
    forget_queries();
    next_turn();
    give_up(error);
    stop_queries(std::move(rest), [](Impl&) {});
  }

  void give_up(const Error& error) {
    trouble_ = error;
    set_state(QueryState::failed);
    tell(error);
  }

  // --- the end ---
  void release() {
    client_->release(guarded([](Impl& self, const Result<void>& released) {
      if (!released) return self.failed(released.error());
      const auto removed = [path = self.env_.record_path, &disk = self.env_.disk] { return disk.remove(path); };
      self.env_.files.run_then(self.env_.loop, removed, self.guarded([](Impl& me, const Result<void>& gone) {
        me.set_state(QueryState::stopped);
        me.tell(gone);
      }));
    }));
  }

  // --- odds ---
  void tell(const Result<void>& result) {
    if (const Done<void> done = std::exchange(done_, nullptr)) done(result);
  }

  void again_in(Microseconds pause, std::function<void(Impl&)> body) {
    timer_ = env_.loop.after(pause, guarded([body = std::move(body)](Impl& self) { body(self); }));
  }

  void set_state(QueryState state) {
    state_ = state;
    if (state == QueryState::running) renewed_ = false;
    publish();
  }

  void publish() {
    const std::lock_guard lock(mutex_);
    status_.state = state_;
    status_.version = version_;
    status_.found = found_;
    status_.trouble = trouble_;
    if (queries_.empty()) return;
    const ProgressCounter& rows = queries_[0].counter;
    if (past_.batches + rows.batches() != status_.batches) status_.last_batch_at = env_.loop.clock().wall();
    status_.records_in = past_.records_in + rows.records_in();
    status_.rows_out = past_.rows_out + rows.rows_out();
    status_.batches = past_.batches + rows.batches();
    if (queries_.size() > 1) status_.dead_letters = past_.dead_letters + queries_[1].counter.rows_out();
    if (!rows.last()) return;
    status_.records_per_second = rows.last()->records_per_second;
    status_.lag = rows.last()->lag;
    status_.batch_time = rows.last()->took;
    status_.positions = rows.last()->positions;
  }

  StreamJob job_;
  std::string root_;  // of checkpoints
  Connection connection_;
  QueryEnvironment env_;
  QueryRecord record_;
  std::unique_ptr<Client> client_;
  Run run_ = Run::continuous;
  Done<void> done_;
  std::uint64_t turn_ = 0;
  bool stopping_ = false;
  bool renewed_ = false;  // a session was replaced since the queries last ran
  bool found_ = false;
  QueryState state_ = QueryState::starting;
  std::string version_;
  std::vector<Watched> queries_;  // rows, then dead letters
  QueryStatus past_;              // counts of queries that were replaced
  std::optional<Error> trouble_;
  Microseconds pause_ = first_pause;
  runtime::TimerPtr timer_;

  mutable std::mutex mutex_;  // guards status_, which other threads read
  QueryStatus status_;
};

StreamQuery::StreamQuery(StreamJob job, Connection connection, QueryEnvironment environment)
    : impl_(std::make_shared<Impl>(std::move(job), std::move(connection), std::move(environment))) {}

StreamQuery::~StreamQuery() = default;

void StreamQuery::start(Done<void> done) {
  impl_->begin(Run::continuous, std::move(done));
}

void StreamQuery::run_once(Done<void> done) {
  impl_->begin(Run::once, std::move(done));
}

void StreamQuery::stop(Done<void> done) {
  impl_->stop(std::move(done));
}

QueryStatus StreamQuery::status() const {
  return impl_->status();
}

}  // namespace streamops::spark
