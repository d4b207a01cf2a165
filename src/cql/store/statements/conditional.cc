#include "cql/store/statements/conditional.h"

#include <algorithm>

#include "cql/protocol/notation.h"
#include "cql/protocol/value.h"
#include "cql/store/engine.h"
#include "cql/store/read/scan.h"
#include "errors/cql.h"

namespace streamops::cql::store {
namespace {

/// One modification whose row has to be looked at, with everything copied that outlives the request.
struct Check {
  const Modification* modification = nullptr;
  std::vector<Filter> conditions;
  RowTarget target;
  // Filled by reading:
  bool exists = false;
  std::vector<std::optional<Bytes>> values;
};

struct Round {
  TablePtr table;
  std::vector<Check> checks;
  storage::WriteBatch batch;
  std::uint32_t now_seconds = 0;
  AnswerDone done;
};

/// Keeps what the row held.
class Keeper final : public RowVisitor {
 public:
  explicit Keeper(Check& check) : check_(check) {}
  void begin_partition() override {}
  Next row(const RowView& view) override {
    check_.exists = true;
    check_.values.clear();
    for (const std::optional<BytesView>& value : view.values) {
      check_.values.push_back(value ? std::optional<Bytes>(Bytes(value->begin(), value->end())) : std::nullopt);
    }
    return Next::stop;
  }

 private:
  Check& check_;
};

Result<void> read_rows(const storage::Rocks& rocks, Round& round) {
  for (Check& check : round.checks) {
    ScanRequest request;
    request.table = round.table;
    request.partitions = {check.target.partition};
    request.now_seconds = round.now_seconds;
    const bool statics_only = !check.modification->where.missing_clustering(*round.table).empty();
    request.point = !statics_only;
    request.statics_without_rows = true;
    request.ranges = {{check.target.clustering, statics_only ? "" : after_prefix(check.target.clustering)}};
    request.statics_only = statics_only;
    Keeper keeper(check);
    STREAMOPS_RETURN_IF_ERROR(scan(rocks, request, keeper));
    // Statics alone do not make a row exist for statements about the row itself.
    const bool row_is_there = check.exists && (round.table->clustering_size == 0 || statics_only ||
                                               check.values[round.table->partition_size]);
    if (!row_is_there && check.modification->conditions.empty()) check.exists = false;
  }
  return Ok();
}

bool holds(const Check& check) {
  const Modification& modification = *check.modification;
  if (modification.if_not_exists) return !check.exists;
  if (modification.if_exists) return check.exists;
  std::size_t bound = 0;
  for (const Restriction& restriction : modification.conditions) {
    const std::optional<Bytes> none;
    const std::optional<Bytes>& value = check.exists ? check.values[restriction.column->ordinal] : none;
    if (restriction.values.empty()) {  // compared with null
      if (restriction.op == Operator::eq ? value.has_value() : !value.has_value()) return false;
      continue;
    }
    const Filter& filter = check.conditions[bound++];
    const bool differs = restriction.op == Operator::ne && !value;
    if (!differs && !filter.accepts(value ? std::optional<BytesView>(*value) : std::nullopt)) return false;
  }
  return true;
}

/// The columns shown with [applied] = false: all for IF [NOT] EXISTS, else those of the conditions in their order
/// (behind the key in batches).
std::vector<const Column*> shown_columns(const Round& round) {
  std::vector<const Column*> out;
  const bool all = std::any_of(round.checks.begin(), round.checks.end(),
                               [](const Check& check) { return check.modification->conditions.empty(); });
  const std::size_t key = round.table->partition_size + round.table->clustering_size;
  for (const Column& column : round.table->columns) {
    if (all || (round.checks.size() > 1 && column.ordinal < key)) out.push_back(&column);
  }
  if (all) return out;
  for (const Check& check : round.checks) {
    for (const Restriction& condition : check.modification->conditions) {
      if (std::find(out.begin(), out.end(), condition.column) == out.end()) out.push_back(condition.column);
    }
  }
  return out;
}

Answer answer(const Round& round, bool applied) {
  auto specs = std::make_shared<std::vector<ColumnSpec>>();
  specs->push_back({round.table->keyspace, round.table->name, "[applied]", CqlType::scalar(TypeId::boolean)});
  RowsAnswer rows;
  const Bytes yes{1};
  const Bytes no{0};
  std::vector<const Column*> columns;
  if (!applied &&
      std::any_of(round.checks.begin(), round.checks.end(), [](const Check& check) { return check.exists; })) {
    columns = shown_columns(round);
  }
  for (const Column* column : columns) specs->push_back(round.table->spec(*column));
  for (const Check& check : round.checks) {
    if (!columns.empty() && !check.exists) continue;
    append_bytes_value(rows.cells, applied ? BytesView(yes) : BytesView(no));
    for (const Column* column : columns) {
      const std::optional<Bytes>& value = check.values[column->ordinal];
      append_bytes_value(rows.cells, value ? std::optional<BytesView>(*value) : std::nullopt);
    }
    ++rows.count;
    if (columns.empty()) break;
  }
  rows.columns = std::move(specs);
  return {std::move(rows), {}};
}

Result<void> prepare(Engine& engine, const std::vector<BoundModifications>& parts, const ExecuteRequest& request,
                     Round& round) {
  const std::int64_t now = engine.next_timestamp();
  round.now_seconds =
      request.now_in_seconds ? static_cast<std::uint32_t>(*request.now_in_seconds) : engine.now_seconds();
  std::string partition;
  for (const BoundModifications& part : parts) {
    Evaluation evaluation(part.values, now, round.now_seconds, engine.loop().random());
    for (const Modification& modification : *part.modifications) {
      if (!round.table) round.table = modification.table;
      if (modification.timestamp && modification.is_conditional()) {
        return Error(errors::cql::invalid_request, "{}", "Cannot provide custom timestamp for conditional updates");
      }
      STREAMOPS_ASSIGN(std::vector<RowTarget> targets, row_targets(modification, evaluation));
      if (partition.empty() && !targets.empty()) partition = targets[0].partition;
      const bool same = std::all_of(targets.begin(), targets.end(),
                                    [&](const RowTarget& each) { return each.partition == partition; });
      if (!same || modification.table->id != round.table->id) {
        return Error(errors::cql::invalid_request, "{}", "Batch with conditions cannot span multiple partitions");
      }
      if (modification.is_conditional()) {
        Check check;
        check.modification = &modification;
        check.target = targets.at(0);
        for (const Restriction& condition : modification.conditions) {
          if (condition.values.empty()) continue;
          STREAMOPS_ASSIGN(Filter filter, bind_filter(condition, evaluation));
          check.conditions.push_back(std::move(filter));
        }
        round.checks.push_back(std::move(check));
      }
      STREAMOPS_RETURN_IF_ERROR(apply(modification, evaluation, {now, std::nullopt}, round.batch));
    }
  }
  return Ok();
}

void judge_and_write(Engine& engine, const std::shared_ptr<Round>& round, const Result<void>& read,
                     std::function<void()> release) {
  const bool applied = read.ok() && std::all_of(round->checks.begin(), round->checks.end(), holds);
  if (!applied) {
    release();
    return read.ok() ? round->done(answer(*round, false)) : round->done(read.error());
  }
  engine.commits().commit(std::move(round->batch), [round, release = std::move(release)](const Result<void>& written) {
    release();
    if (!written) return round->done(written.error());
    round->done(answer(*round, true));
  });
}

}  // namespace

void execute_conditional(Engine& engine, const std::vector<BoundModifications>& parts, const ExecuteRequest& request,
                         AnswerDone done) {
  auto round = std::make_shared<Round>();
  const Result<void> prepared = prepare(engine, parts, request, *round);
  if (!prepared) return done(prepared.error());
  round->done = std::move(done);
  engine.exclusively([&engine, round](std::function<void()> release) {
    engine.read_in_pool([&rocks = engine.rocks(), round] { return read_rows(rocks, *round); },
                        [&engine, round, release = std::move(release)](const Result<void>& read) {
                          judge_and_write(engine, round, read, release);
                        });
  });
}

}  // namespace streamops::cql::store
