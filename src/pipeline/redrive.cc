#include "pipeline/redrive.h"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include "base/text.h"
#include "errors/pipeline.h"
#include "pipeline/epoch.h"
#include "pipeline/id_of_run.h"
#include "pipeline/transform.h"

namespace streamops::pipeline {

namespace {

using Fate = RedrivenLetter::Fate;
using Positions = std::vector<data::Position>;

constexpr std::size_t letters_a_turn = 32;  // transformed before others on the loop go on
constexpr std::size_t padding = 64;         // readable bytes behind each value

/// Position of one partition; nothing where it is not named.
std::optional<std::int64_t> position_of(const Positions& positions, std::int32_t partition) {
  for (const data::Position& one : positions) {
    if (one.partition == partition) return one.next;
  }
  return std::nullopt;
}

void move_to(Positions& positions, std::int32_t partition, std::int64_t next) {
  for (data::Position& one : positions) {
    if (one.partition == partition) {
      one.next = std::max(one.next, next);
      return;
    }
  }
  positions.push_back({{}, partition, next});
}

/// True when `stream` alone writes to its topic of letters: then letters that name no step are its own.
bool is_alone(const CheckedPipeline& pipeline, const CheckedStep& step) {
  const auto reads = [&](const CheckedStep& other) {
    return letters_topic(pipeline, other) == letters_topic(pipeline, step);
  };
  return std::count_if(pipeline.streams.begin(), pipeline.streams.end(), reads) +
             std::count_if(pipeline.tasks.begin(), pipeline.tasks.end(), reads) ==
         1;
}

}  // namespace

std::string redrive_owner(const std::string& owner) {
  return owner + "+redrive";
}

std::string letters_topic(const CheckedPipeline& pipeline, const CheckedStep& step) {
  return (step.spec->kafka_source ? step.spec->kafka_source->topic : pipeline.owner(step)) + ".dlq";
}

class Redrive::Impl : public std::enable_shared_from_this<Impl> {
  template <typename Body>
  auto guarded(Body body) {
    return [weak = weak_from_this(), body = std::move(body)](auto&&... arguments) {
      if (const std::shared_ptr<Impl> self = weak.lock()) body(*self, std::forward<decltype(arguments)>(arguments)...);
    };
  }

 public:
  Impl(CheckedPipelinePtr pipeline, const CheckedStep& step, RedrivePorts ports, RedriveRequest request)
      : pipeline_(std::move(pipeline)),
        step_(step),
        owner_(pipeline_->owner(step)),
        loop_(ports.loop),
        connectors_(ports.connectors),
        cursor_store_(std::move(ports.cursor)),
        stream_store_(std::move(ports.stream)),
        output_(std::move(ports.output)),
        transform_(step, owner_, {}, std::move(ports.reader)),
        request_(std::move(request)) {
    outcome_.until = request_.until;
  }

  void start(std::function<void(Result<RedriveOutcome>)> done) {
    done_ = std::move(done);
    cursor_store_->load(guarded([](Impl& self, const Result<std::optional<Checkpoint>>& loaded) {
      if (!loaded) return self.end(loaded.error());
      self.cursor_ = *loaded;
      if (self.cursor_) self.from_ = positions_after(*self.cursor_);
      self.learn_topic_ids();
    }));
  }

 private:
  /// One letter of this step, on its way.
  struct Entry {
    KeptLetter kept;
    data::DeadLetter mended;
    bool enters = false;
    std::optional<data::DeadLetter> again;  // to be written: it failed again, or stays
    RedrivenLetter told;
  };

  /// A stream's uuid() depends on the id of its topic, which letters do not carry.
  void learn_topic_ids() {
    if (stream_store_ == nullptr) return open();
    stream_store_->load(guarded([](Impl& self, const Result<std::optional<Checkpoint>>& loaded) {
      if (!loaded) return self.end(loaded.error());
      if (*loaded && !(*loaded)->ranges.empty()) self.topic_id_ = (*loaded)->ranges[0].topic_id;
      self.open();
    }));
  }

  void open() {
    if (request_.dry_run) {
      if (!request_.from.empty()) from_ = request_.from;
      return read();
    }
    opened_ = true;
    output_.open(transform_.output(), step_.source_schema, guarded([](Impl& self, const Result<Positions>& committed) {
                   if (!committed) return self.end(committed.error());
                   // A cluster forgets what nobody commits for a week; the cursor on disk does not.
                   if (!committed->empty()) self.from_ = *committed;
                   self.read();
                 }));
  }

  void read() {
    const ConnectorUse use{loop_, redrive_owner(owner_), {}, {}, {}};
    connectors_.read_letters(letters_topic(*pipeline_, step_), from_, request_.letters, use,
                             guarded([](Impl& self, Result<KeptLetters> found) {
                               found ? self.sort_out(std::move(*found)) : self.end(found.error());
                             }));
  }

  void sort_out(KeptLetters found) {
    if (outcome_.until.empty()) outcome_.until = found.ends;
    outcome_.next = from_;
    const bool alone = is_alone(*pipeline_, step_);
    std::map<std::tuple<std::string, std::int32_t, std::int64_t>, std::size_t> newest;
    std::size_t seen = 0;
    for (KeptLetter& kept : found.letters) {
      if (kept.offset >= position_of(outcome_.until, kept.partition).value_or(0)) continue;
      move_to(outcome_.next, kept.partition, kept.offset + 1);
      ++seen;
      const data::DeadLetter& letter = kept.letter;
      const bool mine = letter.step == owner_ || (letter.step.empty() && alone);
      if (!mine) {
        ++outcome_.others;
        continue;
      }
      // A redrive that died may have left the same letter twice: the later one counts.
      newest[{letter.origin, letter.partition, letter.offset}] = entries_.size();
      Entry& entry = entries_.emplace_back();
      entry.mended = letter;
      entry.kept = std::move(kept);
    }
    std::vector<Entry> kept;
    for (std::size_t i = 0; i < entries_.size(); ++i) {
      const data::DeadLetter& letter = entries_[i].kept.letter;
      if (newest[{letter.origin, letter.partition, letter.offset}] == i) kept.push_back(std::move(entries_[i]));
    }
    entries_ = std::move(kept);
    outcome_.more = seen > 0 && std::any_of(outcome_.until.begin(), outcome_.until.end(), [&](const auto& end) {
                      return position_of(outcome_.next, end.partition).value_or(0) < end.next;
                    });
    choose();
    run_some(0);
  }

  /// Who enters: those that may still, mended where there is a fix.
  void choose() {
    std::vector<data::DeadLetter*> to_mend;
    std::vector<Entry*> their_entries;
    for (Entry& entry : entries_) {
      const data::DeadLetter& letter = entry.kept.letter;
      entry.told = {Fate::passed, letter.identity(), letter.code, letter.message, 0, letter.value};
      if (letter.redrives >= request_.most_redrives) {
        entry.told.fate = Fate::redriven_too_often;
        entry.again = letter;
        continue;
      }
      entry.enters = true;
      to_mend.push_back(&entry.mended);
      their_entries.push_back(&entry);
    }
    if (!request_.fix) return;
    const std::vector<std::string> reasons = request_.fix->apply(to_mend);
    for (std::size_t i = 0; i < reasons.size(); ++i) {
      Entry& entry = *their_entries[i];
      entry.told.value = entry.mended.value;
      if (reasons[i].empty()) continue;
      entry.enters = false;
      entry.again = entry.kept.letter;
      entry.told.fate = Fate::not_mended;
      entry.told.message = reasons[i];
      entry.told.value = entry.kept.letter.value;
    }
  }

  void run_some(std::size_t next) {
    for (std::size_t n = 0; next < entries_.size() && n < letters_a_turn; ++n, ++next) {
      if (entries_[next].enters) enter(entries_[next]);
    }
    if (next < entries_.size()) {
      return loop_.post(guarded([next](Impl& self) { self.run_some(next); }));
    }
    all_entered_ = true;
    settle();
  }

  /// A stream's letters have its topic as origin, a task's one of its runs.
  Uuid topic_id_for(const data::DeadLetter& letter) const {
    return stream_store_ == nullptr ? id_of_run(letter.origin.substr(letter.origin.find('/') + 1)) : topic_id_;
  }

  void enter(Entry& entry) {
    const data::DeadLetter& letter = entry.mended;
    auto bytes = std::make_shared<std::string>(letter.value.value_or("") + std::string(padding, '\0'));
    data::Record record;
    record.partition = letter.partition;
    record.offset = letter.offset;
    record.timestamp_ms = letter.record_timestamp_ms;
    if (letter.key) record.key = *letter.key;
    if (letter.value) record.value = std::string_view(*bytes).substr(0, letter.value->size());
    const data::Records slice{bytes, {record}, bytes->size()};
    Transformed out = transform_.run(slice, {letter.write_timestamp, topic_id_for(letter), {letter.write_timestamp}});
    if (!out.letters.empty())
      return fail_again(entry, out.letters[0].stage, out.letters[0].code, out.letters[0].message);
    entry.told.rows = static_cast<std::int64_t>(out.rows.batch.rows);
    if (request_.dry_run || out.rows.batch.rows == 0) return;
    ++writing_;
    output_.rows().write(std::move(out.rows),
                         guarded([&entry](Impl& self, const Result<std::vector<data::RowFailure>>& written) {
                           --self.writing_;
                           if (!written) return self.end(written.error());
                           if (!written->empty()) {
                             const Error& error = (*written)[0].error;
                             self.fail_again(entry, "sink", std::string(error.code()), std::string(error.message()));
                             entry.told.rows -= static_cast<std::int64_t>(written->size());
                           }
                           self.settle();
                         }));
  }

  /// The letter of before, with the new failure: its bytes are those that first failed, not those of a fix.
  void fail_again(Entry& entry, const std::string& stage, const std::string& code, const std::string& message) {
    entry.again = entry.kept.letter;
    entry.again->step = owner_;
    entry.again->stage = stage;
    entry.again->code = code;
    entry.again->message = message;
    ++entry.again->redrives;
    entry.told.fate = Fate::failed_again;
    entry.told.code = code;
    entry.told.message = message;
  }

  /// Once every row is with the sink: the letters that stay, then the cursor.
  void settle() {
    if (!all_entered_ || writing_ > 0 || done_ == nullptr) return;
    for (Entry& entry : entries_) {
      outcome_.rows += entry.told.rows;
      outcome_.letters.push_back(entry.told);
    }
    const bool any = std::any_of(entries_.begin(), entries_.end(), [](const Entry& entry) { return entry.enters; });
    // Letters that all stay need not be written again, unless others wait behind them.
    if (request_.dry_run || (!any && !outcome_.more)) return end(Ok());
    std::vector<data::DeadLetter> again;
    for (Entry& entry : entries_) {
      if (entry.again) again.push_back(std::move(*entry.again));
    }
    if (again.empty()) return commit();
    output_.dead_letters().write(std::move(again), guarded([](Impl& self, const Result<void>& written) {
                                   written ? self.commit() : self.end(written.error());
                                 }));
  }

  void commit() {
    if (!output_.commits()) return save_cursor();
    output_.commit(outcome_.next, guarded([](Impl& self, const Result<void>& committed) {
                     committed ? self.save_cursor() : self.end(committed.error());
                   }));
  }

  void save_cursor() {
    Checkpoint next;
    next.epoch = cursor_ ? cursor_->epoch + 1 : 1;
    next.epoch_us = to_micros(loop_.clock().wall());
    next.done = true;
    for (const data::Position& position : outcome_.next) {
      const std::int64_t from = position_of(from_, position.partition).value_or(0);
      next.ranges.push_back({{}, position.partition, from, position.next});
    }
    cursor_store_->save(next, guarded([](Impl& self, const Result<void>& saved) { self.end(saved); }));
  }

  void end(const Result<void>& result) {
    if (done_ == nullptr) return;
    auto tell = [done = std::exchange(done_, nullptr), result, outcome = outcome_] {
      result ? done(outcome) : done(result.error());
    };
    if (!opened_) return loop_.post(std::move(tell));
    output_.close(std::move(tell));
  }

  CheckedPipelinePtr pipeline_;
  const CheckedStep& step_;
  std::string owner_;
  runtime::Loop& loop_;
  ConnectorFactory& connectors_;
  std::unique_ptr<CheckpointStore> cursor_store_;
  std::unique_ptr<CheckpointStore> stream_store_;
  StreamOutput output_;
  Transform transform_;
  RedriveRequest request_;

  std::function<void(Result<RedriveOutcome>)> done_;
  bool opened_ = false;
  std::optional<Checkpoint> cursor_;
  Positions from_;
  Uuid topic_id_;
  std::vector<Entry> entries_;  // does not move once letters enter
  bool all_entered_ = false;
  int writing_ = 0;
  RedriveOutcome outcome_;
};

Redrive::Redrive(CheckedPipelinePtr pipeline, const CheckedStep& step, RedrivePorts ports, RedriveRequest request)
    : impl_(std::make_shared<Impl>(std::move(pipeline), step, std::move(ports), std::move(request))) {}

Redrive::~Redrive() = default;

void Redrive::start(std::function<void(Result<RedriveOutcome>)> done) {
  impl_->start(std::move(done));
}

}  // namespace streamops::pipeline
