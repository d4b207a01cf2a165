// modules: pipeline
// The reference jobs from a record's bytes to a record's bytes, without Kafka: nanoseconds a record, stage by stage.
//
//   J1  every column through     J2  half of the records, ten columns out     J3  J2 into nothing
//   J4  count by 10 s of event time, gender and post code
//
//   read    bytes -> columns               query   columns -> rows (J4: into the state)
//   write   rows -> JSON                   engine  a whole stream: epochs, slices, checkpoints, JSON out; only topics
//                                                  and disks are stood in for
#include <benchmark/benchmark.h>

#include <cstdio>
#include <cstdlib>

#include "format/json_writer.h"
#include "pipeline/memory_ports.h"
#include "pipeline/stream_runner.h"
#include "runtime/virtual_loop.h"
#include "sql/engine/query_state.h"

using namespace streamops;

namespace {

constexpr std::size_t record_count = 20'000;
constexpr std::size_t slice_records = 128;
constexpr std::int32_t partitions = 4;

const char* const columns_text =
    "id STRING, first_name STRING, last_name STRING, gender STRING, address STRING, post_code STRING, email STRING, "
    "username STRING, dob STRING, registered_date STRING, phone STRING, picture STRING";
const char* const timed_columns_text = "gender STRING, post_code STRING, registered_date TIMESTAMP";
const char* const select_all =
    "SELECT id, first_name, last_name, gender, address, post_code, email, username, dob, registered_date, phone, "
    "picture FROM source";
const char* const select_women =
    "SELECT id, first_name || ' ' || last_name AS full_name, lower(email) AS email, split_part(email, '@', 2) AS "
    "email_domain, CAST(substring(dob, 1, 4) AS INT) AS birth_year, post_code, address, phone, registered_date AS "
    "registered_at, picture FROM source WHERE gender = 'female'";
const char* const count_by_window =
    "SELECT window.start AS start, gender, post_code, count(*) AS n FROM source GROUP BY window(registered_date, '10 "
    "seconds'), gender, post_code";

struct Job {
  const char* columns;
  const char* select;
  const char* more = "";
  bool drops_rows = false;
};
const Job j1{columns_text, select_all};
const Job j2{columns_text, select_women};
const Job j3{columns_text, select_women, "", true};
const Job j4{timed_columns_text, count_by_window,
             "    watermark: { column: registered_date, delay: 10s }\n    mode: append\n"};

pipeline::CheckedPipelinePtr checked(const Job& job) {
  const std::string text = std::string(
                               "name: jobs\nstreams:\n  job:\n    source: { kafka: { topic: users, format: json"
                               " }, schema: \"") +
                           job.columns + "\" }\n" + job.more + "    select: \"" + job.select +
                           "\"\n    sink: { kafka: { topic: out, format: json } }\n";
  const pipeline::Checking checking =
      pipeline::check_pipeline(text, "jobs.yaml", "embedded", pipeline::Surroundings::of_process(""));
  for (const Error& error : checking.errors) std::fputs(error.to_report().c_str(), stderr);
  if (checking.pipeline == nullptr) std::abort();
  return checking.pipeline;
}

/// Made-up people, the same each time: about 517 bytes, every seventh with letters beyond ASCII.
class People {
 public:
  std::string document(std::size_t number) {
    const bool woman = next() % 2 == 0;
    const std::string first = next() % 7 == 0 ? "Zoë" : pick({"Ingrid", "Jo", "Maximiliane", "Aada", "Christopher"});
    const std::string last = pick({"Haugen", "Li", "Featherstonehaugh", "Koskinen", "van den Berg"});
    const std::string street =
        pick({"Storgata", "Calle de Segovia", "High Street", "Rue du Bât-d'Argent", "Aukiontie"});
    const std::string city = pick({"Narvik", "Rivas-Vaciamadrid", "Newcastle upon Tyne", "Lyon"});
    const std::string n = std::to_string(number);
    const std::string day = std::to_string(10 + next() % 18);
    const std::string second = two(number / 1000 % 60), minute = two(number / 60'000 % 60);
    return R"({"id": "2f8b3c1e-5d7a-4e9b-8c6f-)" + pad(number, 12) + R"(", "first_name": ")" + first +
           R"(", "last_name": ")" + last + R"(", "gender": ")" + (woman ? "female" : "male") + R"(", "address": ")" +
           std::to_string(next() % 9999) + " " + street + ", " + city +
           R"(, Castilla y Leon, Bosnia and Herzegovina", "post_code": ")" + std::to_string(10'000 + next() % 1'000) +
           R"(", "email": ")" + first + "." + last + n + R"(@mail.example.com", "username": "silverswan-of-lapland)" +
           n + R"(", "dob": "19)" + std::to_string(50 + next() % 50) + "-05-" + day +
           R"(T07:45:12.123Z", "registered_date": "2011-11-02T21:)" + minute + ":" + second + "." +
           pad(number % 1000, 3) + R"(Z", "phone": ")" + std::to_string(70'000'000 + next() % 10'000'000) +
           R"(", "picture": "https://images.example.com/randomuser.me/api/portraits/medium-sized/)" +
           (woman ? "women/" : "men/") + std::to_string(next() % 100) + R"(.jpg"})";
  }

 private:
  std::uint64_t next() {
    random_ ^= random_ << 13;
    random_ ^= random_ >> 7;
    random_ ^= random_ << 17;
    return random_ >> 8;
  }
  std::string pick(std::initializer_list<const char*> of) { return of.begin()[next() % of.size()]; }
  static std::string pad(std::size_t value, std::size_t width) {
    const std::string digits = std::to_string(value);
    return std::string(width - std::min(width, digits.size()), '0') + digits;
  }
  static std::string two(std::size_t value) { return pad(value, 2); }

  std::uint64_t random_ = 88172645463325252ULL;
};

const data::Records& users() {
  static const data::Records all = [] {
    People people;
    auto arena = std::make_shared<std::string>();
    std::vector<std::size_t> ends;
    for (std::size_t i = 0; i < record_count; ++i) ends.push_back((*arena += people.document(i)).size());
    const std::size_t bytes = arena->size();
    arena->append(64, '\0');
    data::Records records;
    for (std::size_t i = 0; i < record_count; ++i) {
      data::Record& record = records.records.emplace_back();
      const std::size_t begin = i == 0 ? 0 : ends[i - 1];
      record.value = std::string_view(*arena).substr(begin, ends[i] - begin);
      record.key = record.value->substr(8, 36);
      record.partition = static_cast<std::int32_t>(i * partitions / record_count);
      record.offset = static_cast<std::int64_t>(i % (record_count / partitions));
      record.timestamp_ms = 1'700'000'000'000 + static_cast<std::int64_t>(i);
    }
    records.owner = arena;
    records.bytes = bytes;
    return records;
  }();
  return all;
}

/// The users in slices, as a stream cuts them.
std::vector<data::Records> slices() {
  std::vector<data::Records> out;
  for (std::size_t at = 0; at < record_count; at += slice_records) {
    data::Records& slice = out.emplace_back();
    slice.owner = users().owner;
    for (std::size_t i = at; i < std::min(at + slice_records, record_count); ++i)
      slice.records.push_back(users().records[i]);
  }
  return out;
}

void count(benchmark::State& state) {
  state.counters["per_record"] = benchmark::Counter(
      static_cast<double>(record_count), benchmark::Counter::kIsIterationInvariantRate | benchmark::Counter::kInvert);
  state.counters["bytes"] = static_cast<double>(users().bytes) / static_cast<double>(record_count);
}

pipeline::StreamPorts ports_for(const pipeline::CheckedStep& step) {
  pipeline::MemoryWorld world;
  pipeline::StreamPorts ports;
  ports.reader = pipeline::make_memory_connectors(world)->kafka_reader(
      *step.spec->kafka_source,
      {step.source_schema, step.reader_schema, step.query->needed(), step.query->first_conditions()});
  return ports;
}

void read(benchmark::State& state, const Job& job) {
  const auto file = checked(job);
  const auto reader = ports_for(file->streams[0]).reader;
  const std::vector<data::Records> input = slices();
  for (auto _ : state) {
    for (const data::Records& slice : input) benchmark::DoNotOptimize(reader->decode(slice).batch.rows);
  }
  count(state);
}

void query(benchmark::State& state, const Job& job) {
  const auto file = checked(job);
  const auto reader = ports_for(file->streams[0]).reader;
  std::vector<data::Batch> input;
  for (const data::Records& slice : slices()) input.push_back(reader->decode(slice).batch);
  const sql::Query& compiled = *file->streams[0].query;
  const auto memory = compiled.keeps_state() ? compiled.open_state() : nullptr;
  for (auto _ : state) {
    for (const data::Batch& batch : input) {
      benchmark::DoNotOptimize(memory ? memory->take(batch, {}).late.size() : compiled.run(batch, {}).batch.rows);
    }
  }
  count(state);
}

void write(benchmark::State& state, const Job& job) {
  const auto file = checked(job);
  const auto reader = ports_for(file->streams[0]).reader;
  std::vector<data::Batch> input;
  for (const data::Records& slice : slices())
    input.push_back(file->streams[0].query->run(reader->decode(slice).batch, {}).batch);
  format::JsonWriterOfRows writer(*file->streams[0].query->output());
  std::string out;
  for (auto _ : state) {
    for (const data::Batch& batch : input) {
      for (std::size_t row = 0; row < batch.rows; ++row) {
        out.clear();
        benchmark::DoNotOptimize(writer.append(batch, row, out).has_value());
        benchmark::DoNotOptimize(out.data());
      }
    }
  }
  count(state);
}

/// Hands out the users again and again, as many as it is told.
class Users final : public data::Source {
 public:
  void start(std::vector<data::Position>, std::function<void()> on_ready) override { on_ready_ = std::move(on_ready); }
  Result<data::Records> poll(std::size_t max_bytes) override {
    data::Records out;
    out.owner = users().owner;
    const std::size_t most = max_bytes / (users().bytes / record_count);
    out.records.reserve(most);
    for (; out.records.size() < most && next_ < record_count; ++next_) {
      out.records.push_back(users().records[next_]);
      out.records.back().offset += round_ * static_cast<std::int64_t>(record_count);
    }
    return out;
  }
  void acknowledge(const data::Ack&) override {}
  void stop() override {}
  void again() {
    next_ = 0;
    ++round_;
    on_ready_();
  }

 private:
  std::function<void()> on_ready_;
  std::size_t next_ = record_count;
  std::int64_t round_ = 0;
};

/// Encodes every row and forgets it.
class Encoder final : public data::TransactionalSink, private data::Sink, private data::DeadLetterSink {
 public:
  Encoder(runtime::Loop& loop, bool drops_rows) : loop_(loop), drops_rows_(drops_rows) {}

  void open(const data::SchemaPtr& schema, std::function<void(Result<std::vector<data::Position>>)> done) override {
    writer_ = std::make_unique<format::JsonWriterOfRows>(*schema);
    loop_.post([done = std::move(done)] { done(std::vector<data::Position>()); });
  }
  data::Sink& rows() override { return *this; }
  data::DeadLetterSink& dead_letters() override { return *this; }
  data::Sink* late() override { return nullptr; }
  void commit(std::vector<data::Position>, std::function<void(Result<void>)> done) override {
    loop_.post([done = std::move(done)] { done(Ok()); });
  }
  bool can_start_over() const override { return false; }
  std::optional<Error> trouble() const override { return std::nullopt; }
  void close(std::function<void()> done) override { loop_.post(std::move(done)); }

 private:
  void open(const data::SchemaPtr&, std::function<void(Result<void>)>) override {}
  void write(data::SinkBatch rows, std::function<void(Result<std::vector<data::RowFailure>>)> done) override {
    for (std::size_t row = 0; row < rows.batch.rows && !drops_rows_; ++row) {
      value_.clear();
      benchmark::DoNotOptimize(writer_->append(rows.batch, row, value_).has_value());
      benchmark::DoNotOptimize(value_.data());
    }
    loop_.post([done = std::move(done)] { done(std::vector<data::RowFailure>()); });
  }
  void write(std::vector<data::DeadLetter>, std::function<void(Result<void>)>) override { std::abort(); }

  runtime::Loop& loop_;
  bool drops_rows_;
  std::unique_ptr<format::JsonWriterOfRows> writer_;
  std::string value_;
};

/// Takes what an epoch has changed, and forgets it.
class Forgetful final : public pipeline::StateStore {
 public:
  explicit Forgetful(runtime::Loop& loop) : loop_(loop) {}
  void load(std::uint64_t, std::function<void(Result<pipeline::StoredState>)> done) override {
    loop_.post([done = std::move(done)] { done(pipeline::StoredState()); });
  }
  void commit(pipeline::StateCommit, std::function<void(Result<void>)> done) override {
    loop_.post([done = std::move(done)] { done(Ok()); });
  }

 private:
  runtime::Loop& loop_;
};

void engine(benchmark::State& state, const Job& job) {
  const auto file = checked(job);
  const pipeline::CheckedStep& step = file->streams[0];
  runtime::VirtualLoop loop(parse_iso8601("2024-01-01").value());
  pipeline::MemoryWorld world;
  auto source = std::make_unique<Users>();
  Users& again = *source;
  pipeline::StreamPorts ports = ports_for(step);
  ports.source = std::move(source);
  ports.output.topic = std::make_unique<Encoder>(loop, job.drops_rows);
  ports.checkpoints = pipeline::make_memory_checkpoints(world, "job", loop);
  if (step.query->keeps_state()) ports.state = std::make_unique<Forgetful>(loop);
  pipeline::StreamRunner runner(file, step, std::move(ports), loop, settings::Pipeline::from(SettingValues()), nullptr);
  runner.start([](const Result<void>& opened) {
    if (!opened) std::abort();
  });
  loop.settle();
  for (auto _ : state) {
    again.again();
    loop.settle();
  }
  const auto expected = static_cast<std::int64_t>(record_count) * static_cast<std::int64_t>(state.iterations());
  if (runner.status().records_in != expected || runner.status().poison != 0) std::abort();
  count(state);
}

BENCHMARK_CAPTURE(read, J1, j1);
BENCHMARK_CAPTURE(query, J1, j1);
BENCHMARK_CAPTURE(write, J1, j1);
BENCHMARK_CAPTURE(engine, J1, j1);
BENCHMARK_CAPTURE(read, J2, j2);
BENCHMARK_CAPTURE(query, J2, j2);
BENCHMARK_CAPTURE(write, J2, j2);
BENCHMARK_CAPTURE(engine, J2, j2);
BENCHMARK_CAPTURE(engine, J3, j3);
BENCHMARK_CAPTURE(read, J4, j4);
BENCHMARK_CAPTURE(query, J4, j4);
BENCHMARK_CAPTURE(engine, J4, j4);

}  // namespace

BENCHMARK_MAIN();
