#include "connect/cassandra/table_opener.h"

#include <fmt/format.h>

#include "errors/cassandra.h"
#include "errors/cql_client.h"

namespace streamops::connect {

namespace {

constexpr Microseconds kFirstPause = Milliseconds{100};
constexpr Microseconds kLongestPause = Seconds{5};

const cql::Rows& rows_of(const cql::Answer& answer) {
  static const cql::Rows kNone{};
  return answer.rows() == nullptr ? kNone : *answer.rows();
}

}  // namespace

void TableOpener::open(data::SchemaPtr schema, std::function<void(Result<OpenTable>)> done) {
  schema_ = std::move(schema);
  done_ = std::move(done);
  create(0);
}

void TableOpener::create(std::size_t index) {
  if (index == options_.create.size()) return read_schema();
  run(options_.create[index], fmt::format("statement {} of `create`", index + 1),
      [this, index](const cql::Answer&) { create(index + 1); });
}

void TableOpener::read_schema() {
  run(columns_query(options_.keyspace, options_.table), "the table's columns", [this](const cql::Answer& columns) {
    run(types_query(options_.keyspace), "the keyspace's types",
        [this, columns](const cql::Answer& types) { plan(columns, types); });
  });
}

void TableOpener::plan(const cql::Answer& columns, const cql::Answer& types) {
  const Result<TableDescription> table =
      describe_table(options_.keyspace, options_.table, rows_of(columns), rows_of(types));
  if (!table) return finish(table.error());
  Result<WritePlan> plan = plan_writes(*table, *schema_, options_.ttl.has_value());
  if (!plan) return finish(plan.error());
  if (!options_.delete_nulls && client_.version() == 3) {
    return finish(Error(errors::cassandra::needs_version_4,
                        "{}.{} is served over protocol version 3, which cannot leave a null column's cell alone",
                        options_.keyspace, options_.table));
  }
  table_.plan = std::move(*plan);
  prepare(table_.plan.insert, [this](cql::PreparedStatementPtr insert) {
    table_.insert = std::move(insert);
    prepare(table_.plan.erase, [this](cql::PreparedStatementPtr erase) {
      table_.erase = std::move(erase);
      finish(std::move(table_));
    });
  });
}

void TableOpener::prepare(const std::string& text, std::function<void(cql::PreparedStatementPtr)> then) {
  client_.prepare(
      text, [this, alive = alive_, text, then = std::move(then)](const Result<cql::PreparedStatementPtr>& statement) {
        if (!*alive) return;
        if (!statement) return failed(statement.error(), text, [this, text, then] { prepare(text, then); });
        trouble_.reset();
        then(*statement);
      });
}

void TableOpener::run(const std::string& text, std::string context, Then then) {
  client_.query(text, [this, alive = alive_, text, context = std::move(context),
                       then = std::move(then)](const Result<cql::Answer>& answer) {
    if (!*alive) return;
    if (!answer) return failed(answer.error(), context, [this, text, context, then] { run(text, context, then); });
    trouble_.reset();
    pause_length_ = kFirstPause;
    then(*answer);
  });
}

void TableOpener::failed(const Error& error, const std::string& context, std::function<void()> repeat) {
  if (cql::classify(error) != cql::FailureKind::retriable) return finish(error.in(context));
  trouble_ = error.in(context);
  const auto half = static_cast<std::uint64_t>(pause_length_.count() / 2);
  const Microseconds pause{static_cast<std::int64_t>(half + loop_.random().below(half + 1))};
  pause_length_ = std::min(pause_length_ * 2, kLongestPause);
  pause_ = loop_.after(pause, std::move(repeat));
}

void TableOpener::finish(Result<OpenTable> result) {
  const auto done = std::exchange(done_, nullptr);
  if (done) done(std::move(result));
}

}  // namespace streamops::connect
