// modules: connect/cassandra
// CPU of the loop that a Cassandra sink runs on, and allocations, for each row of twelve columns: encoding, framing,
// socket, answers. The server is a loop of its own in this process that says "done" to everything and is not counted.
#include <benchmark/benchmark.h>
#include <fmt/format.h>
#include <time.h>

#include <atomic>
#include <cstdlib>
#include <new>

#include "../../tests/support/scripted_cql_server.h"
#include "connect/cassandra/sink.h"

namespace {

std::atomic<bool> counting{false};
thread_local bool counted_thread = false;
thread_local std::uint64_t allocations = 0;

}  // namespace

void* operator new(std::size_t size) {
  if (counted_thread && counting.load(std::memory_order_relaxed)) ++allocations;
  if (void* memory = std::malloc(size)) return memory;
  throw std::bad_alloc();
}
void operator delete(void* memory) noexcept {
  std::free(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
  std::free(memory);
}

namespace {

using namespace streamops;

constexpr const char* kColumns[] = {"id",    "first_name", "last_name", "gender",          "address", "post_code",
                                    "email", "username",   "dob",       "registered_date", "phone",   "picture"};

cql::ScriptedServer::Reply reply_to(const cql::Frame& frame, cql::Version version) {
  cql::ScriptedServer::Reply reply;
  if (frame.opcode == cql::Opcode::execute) return cql::void_reply();
  if (frame.opcode == cql::Opcode::prepare) {
    cql::Prepared answer;
    answer.id = as_bytes("0123456789abcdef");
    answer.result_metadata_id = as_bytes("0123456789abcdef");
    for (const char* name : kColumns)
      answer.variables.push_back({"ks", "t", name, cql::CqlType::scalar(cql::TypeId::text)});
    append_prepared(reply.body, answer, version);
    return reply;
  }
  // The table's columns; no user-defined types.
  const bool is_columns = cql::decode_query(frame).value().text.find("system_schema.columns") != std::string_view::npos;
  Bytes cells;
  const auto cell = [&](std::string_view text) { cql::append_bytes_value(cells, as_bytes(text)); };
  for (const char* name : kColumns) {
    const bool is_key = name == kColumns[0];
    cell(name);
    cell(is_key ? "partition_key" : "regular");
    cql::append_bytes_value(cells, BytesView(is_key ? Bytes{0, 0, 0, 0} : Bytes{255, 255, 255, 255}));
    cell(is_key ? "uuid" : "text");
  }
  cql::RowsMetadata metadata;
  metadata.has_columns = false;
  metadata.column_count = is_columns ? 4 : 3;
  append_rows(reply.body, metadata, is_columns ? 12 : 0, is_columns ? BytesView(cells) : BytesView(), version);
  return reply;
}

data::SinkBatch users(std::size_t count) {
  const data::TypePtr text = data::Type::scalar(data::TypeId::string);
  std::vector<data::Field> fields;
  for (const char* name : kColumns) fields.push_back({name, text, true});
  data::SinkBatch out;
  out.batch.schema = std::make_shared<data::Schema>(std::move(fields));
  out.batch.rows = count;
  for (const char* name : kColumns) {
    data::ColumnBuilder builder(text);
    for (std::size_t i = 0; i < count; ++i) {
      if (name == kColumns[0]) {
        builder.append_text(fmt::format("550e8400-e29b-41d4-a716-{:012}", i));
      } else {
        builder.append_text(fmt::format("{} of {} and {}", name, i, "some more text"));
      }
    }
    out.batch.columns.push_back(builder.finish());
  }
  out.write_timestamps.assign(count, 1'706'702'400'000'000);
  out.deletes.assign(count, 0);
  out.record_timestamps_ms.assign(count, 0);
  return out;
}

std::int64_t thread_cpu_nanos() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return now.tv_sec * 1'000'000'000 + now.tv_nsec;
}

/// A sink on a loop of its own, over a client of a scripted server on another.
class Rig {
 public:
  explicit Rig(cql::Version version) : sink_loop_(runtime::make_loop_thread("sink")) {
    cql::ScriptedServer& server = servers_.add_server({.highest = version}, reply_to);
    on_loop([&] {
      counted_thread = true;
      network_ = runtime::make_network(sink_loop_->loop());
      cql::ClientOptions client;
      client.contact_points = {server.at()};
      connect::CassandraSinkOptions options;
      options.keyspace = "ks";
      options.table = "t";
      sink_ = connect::make_cassandra_sink(options, cql::make_client(client, sink_loop_->loop(), *network_),
                                           sink_loop_->loop());
    });
  }
  Rig(const Rig&) = delete;
  Rig& operator=(const Rig&) = delete;
  ~Rig() {
    on_loop([&] {
      sink_.reset();
      network_.reset();
    });
  }

  void open(const data::SchemaPtr& schema) {
    std::promise<bool> opened;
    sink_loop_->loop().post(
        [&] { sink_->open(schema, [&](const Result<void>& result) { opened.set_value(result.ok()); }); });
    if (!opened.get_future().get()) std::abort();
  }
  /// CPU nanoseconds of the sink's loop, and its allocations.
  std::pair<std::int64_t, std::uint64_t> write(const data::SinkBatch& batch) {
    std::promise<std::pair<std::int64_t, std::uint64_t>> done;
    sink_loop_->loop().post([&] {
      data::SinkBatch copy = batch;
      counting = true;
      const std::int64_t begin = thread_cpu_nanos();
      const std::uint64_t before = allocations;
      sink_->write(std::move(copy), [&done, begin, before](const auto& result) {
        if (!result || !result->empty()) std::abort();
        counting = false;
        done.set_value({thread_cpu_nanos() - begin, allocations - before});
      });
    });
    return done.get_future().get();
  }

 private:
  void on_loop(const std::function<void()>& work) {
    std::promise<void> done;
    sink_loop_->loop().post([&] {
      work();
      done.set_value();
    });
    done.get_future().get();
  }

  cql::CqlFixture servers_;
  std::unique_ptr<runtime::LoopThread> sink_loop_;
  std::unique_ptr<runtime::Network> network_;
  std::unique_ptr<data::Sink> sink_;
};

void rows_to_wire(benchmark::State& state) {
  Rig rig(static_cast<cql::Version>(state.range(0)));
  const data::SinkBatch batch = users(4000);
  rig.open(batch.batch.schema);
  std::uint64_t allocated = 0;
  for (auto _ : state) {
    const auto [nanos, news] = rig.write(batch);
    state.SetIterationTime(static_cast<double>(nanos) / 1e9);
    allocated += news;
  }
  const auto rows = static_cast<double>(state.iterations()) * 4000;
  state.SetItemsProcessed(state.iterations() * 4000);
  state.counters["allocations_per_row"] = static_cast<double>(allocated) / rows;
}

BENCHMARK(rows_to_wire)->ArgName("protocol")->Arg(4)->Arg(5)->UseManualTime()->MinTime(2);

}  // namespace

BENCHMARK_MAIN();
