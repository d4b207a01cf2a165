#include "cql/store/statements/select.h"

#include <fmt/format.h>

#include <algorithm>

#include "cql/protocol/notation.h"
#include "cql/store/engine.h"
#include "cql/store/invalid.h"
#include "cql/store/read/scan.h"
#include "cql/store/restrictions.h"
#include "cql/store/selection.h"
#include "cql/store/system/system_tables.h"
#include "errors/cql.h"

namespace streamops::cql::store {
namespace {

constexpr std::uint8_t kPagingFormat = 1;
constexpr std::uint32_t kNoLimit = UINT32_MAX;
constexpr std::size_t kMaxPageBytes = 4 * 1024 * 1024;       // a page ends here even before its rows are full
constexpr std::size_t kMaxUnpagedBytes = 128 * 1024 * 1024;  // an answer without pages may not grow beyond

struct PagePosition {
  std::uint32_t left = kNoLimit;
  std::uint32_t left_in_partition = kNoLimit;
  std::string key;
};

Bytes encode(const PagePosition& position) {
  Bytes out{kPagingFormat};
  append_big_endian(out, position.left);
  append_big_endian(out, position.left_in_partition);
  append_text(out, position.key);
  return out;
}

Result<PagePosition> decode(BytesView state, TableId table) {
  PagePosition out;
  Reader reader(state);
  const bool known = reader.byte() == kPagingFormat;
  out.left = static_cast<std::uint32_t>(reader.int_());
  out.left_in_partition = static_cast<std::uint32_t>(reader.int_());
  out.key = as_text(reader.raw(reader.left()));
  const bool fits = table == 0 ? out.key.size() == sizeof(std::uint32_t)
                               : out.key.starts_with(table_prefix(table)) && parse_row_key(out.key);
  if (!known || !reader.ok() || !fits)
    return Error(errors::cql::invalid_request, "{}", "Invalid value for the paging state");
  return out;
}

/// Everything that a page needs, bound and free of the request: runs on any thread.
struct Job {
  ScanRequest scan;
  std::vector<Filter> filters;
  const Selection* selection = nullptr;
  PlanPtr plan;  // keeps the selection
  std::shared_ptr<std::atomic<bool>> closing;
  std::uint32_t limit = kNoLimit;
  std::uint32_t per_partition = kNoLimit;
  std::uint32_t left_in_partition = kNoLimit;  // of the partition to go on in
  std::uint32_t page_size = kNoLimit;
  std::int64_t now_micros = 0;
  std::vector<Bytes> bound_bytes;
  std::vector<Value> bound;
  /// In-memory sorting of several partitions: the columns and directions, nothing otherwise.
  std::vector<std::pair<const Column*, bool>> sort;
};

class PageVisitor final : public RowVisitor {
 public:
  PageVisitor(const Job& job, Evaluation& evaluation)
      : job_(job),
        evaluation_(evaluation),
        left_(job.limit),
        left_in_partition_(job.per_partition),
        resumed_(!job.scan.resume.empty()) {
    if (job.selection->is_aggregate()) aggregation_.emplace(*job.selection);
  }

  void begin_partition() override {
    left_in_partition_ = resumed_ ? job_.left_in_partition : job_.per_partition;
    resumed_ = false;
  }

  Next row(const RowView& view) override {
    for (const Filter& filter : job_.filters) {
      if (!filter.accepts(view.values[filter.column->ordinal])) return Next::row;
    }
    if (left_ == 0) return Next::stop;
    if (job_.closing->load(std::memory_order_relaxed)) return fail(invalid("The store is closing"));
    if (left_in_partition_ == 0) return Next::partition;
    return aggregation_ ? fold(view) : take(view);
  }

  Result<Answer> finish() {
    if (failure_) return *failure_;
    RowsAnswer rows;
    rows.columns = job_.selection->columns();
    if (aggregation_) {
      STREAMOPS_RETURN_IF_ERROR(aggregation_->finish(cells_));
      count_ = 1;
    }
    if (!job_.sort.empty()) put_sorted();
    rows.cells = std::move(cells_);
    rows.count = static_cast<std::int32_t>(count_);
    if (more_) rows.paging_state = encode({left_, left_in_partition_, next_key_});
    return Answer{std::move(rows), {}};
  }

 private:
  struct SortedRow {
    std::vector<std::optional<Bytes>> keys;
    Bytes cells;
  };

  Next fold(const RowView& view) {
    const Result<void> added = aggregation_->add(view, evaluation_);
    evaluation_.release();
    if (!added) return fail(added.error());
    count_down();
    return Next::row;
  }

  Next take(const RowView& view) {
    const bool full = count_ >= job_.page_size || (job_.page_size != kNoLimit && cells_.size() >= kMaxPageBytes);
    if (full) {
      more_ = true;
      next_key_ = view.key;
      return Next::stop;
    }
    const std::size_t before = cells_.size();
    const Result<void> added = job_.selection->append(cells_, view, *job_.scan.table, evaluation_);
    evaluation_.release();
    if (!added) return fail(added.error());
    if (cells_.size() > kMaxUnpagedBytes) {
      return fail(invalid("The answer is larger than 128 MiB; ask for it in pages, or with a LIMIT"));
    }
    if (!job_.sort.empty()) set_aside(view, before);
    ++count_;
    count_down();
    return Next::row;
  }

  void count_down() {
    if (left_ != kNoLimit) --left_;
    if (left_in_partition_ != kNoLimit) --left_in_partition_;
  }

  Next fail(Error error) {
    failure_ = std::move(error);
    return Next::stop;
  }

  void set_aside(const RowView& view, std::size_t before) {
    SortedRow row;
    for (const auto& [column, descending] : job_.sort) {
      const std::optional<BytesView>& value = view.values[column->ordinal];
      row.keys.push_back(value ? std::optional<Bytes>(Bytes(value->begin(), value->end())) : std::nullopt);
    }
    row.cells.assign(cells_.begin() + static_cast<std::ptrdiff_t>(before), cells_.end());
    sorted_.push_back(std::move(row));
  }

  void put_sorted() {
    std::stable_sort(sorted_.begin(), sorted_.end(), [this](const SortedRow& a, const SortedRow& b) {
      for (std::size_t i = 0; i < job_.sort.size(); ++i) {
        if (!a.keys[i] || !b.keys[i]) {
          if (a.keys[i].has_value() != b.keys[i].has_value()) return !a.keys[i].has_value();
          continue;
        }
        const std::strong_ordering order = compare_values(*job_.sort[i].first->type, *a.keys[i], *b.keys[i]);
        if (order != 0) return job_.sort[i].second ? order > 0 : order < 0;
      }
      return false;
    });
    cells_.clear();
    for (const SortedRow& row : sorted_) append_bytes(cells_, row.cells);
  }

  const Job& job_;
  Evaluation& evaluation_;
  std::optional<Aggregation> aggregation_;
  std::uint32_t left_;
  std::uint32_t left_in_partition_;
  bool resumed_;
  Bytes cells_;
  std::vector<SortedRow> sorted_;
  std::uint32_t count_ = 0;
  bool more_ = false;
  std::string next_key_;
  std::optional<Error> failure_;
};

class SelectPlan final : public Plan, public std::enable_shared_from_this<SelectPlan> {
 public:
  void execute(Engine& engine, const ExecuteRequest& request, AnswerDone done) const override;

  Selection selection;
  Restrictions where;
  std::optional<ValueSource> limit;
  std::optional<ValueSource> per_partition_limit;
  bool distinct = false;
  bool reversed = false;
  bool whole_partition = false;  // no restriction inside of partitions
  bool filtering = false;
  std::vector<std::pair<const Column*, bool>> ordering;
  std::vector<std::string> warnings;

 private:
  Result<std::shared_ptr<Job>> bind(Engine& engine, const ExecuteRequest& request) const;
  Result<Answer> run_virtual(Engine& engine, Job& job) const;
};

Result<std::uint32_t> bind_limit(const std::optional<ValueSource>& source, Evaluation& evaluation,
                                 std::string_view name) {
  if (!source) return kNoLimit;
  STREAMOPS_ASSIGN(const Value value, source->get(evaluation));
  if (value.is_unset()) return kNoLimit;
  if (value.is_null()) return invalid(fmt::format("Invalid null value of {}", name));
  const auto limit = load_big_endian<std::int32_t>(value.bytes.data());
  if (limit <= 0) return invalid(fmt::format("{} must be strictly positive", name));
  return static_cast<std::uint32_t>(limit);
}

Result<Answer> run(const storage::Rocks& rocks, Job& job, bool& cached) {
  Evaluation evaluation(job.bound, job.now_micros, job.scan.now_seconds, runtime::system_random());
  PageVisitor visitor(job, evaluation);
  if (cached) {
    STREAMOPS_ASSIGN(cached, scan_cached(rocks, job.scan, visitor));
    if (!cached) return Answer{};
  } else {
    STREAMOPS_RETURN_IF_ERROR(scan(rocks, job.scan, visitor));
  }
  return visitor.finish();
}

void SelectPlan::execute(Engine& engine, const ExecuteRequest& request, AnswerDone done) const {
  const Result<std::shared_ptr<Job>> bound = bind(engine, request);
  if (!bound) return done(bound.error());
  const std::shared_ptr<Job>& job = *bound;
  if (table->is_virtual()) return done(run_virtual(engine, *job));
  const bool short_read = job->scan.point && job->scan.resume.empty() && job->scan.partitions &&
                          job->scan.partitions->size() == 1 && job->scan.ranges.size() == 1;
  if (short_read) {
    bool cached = true;
    Result<Answer> answer = run(engine.rocks(), *job, cached);
    if (cached) return done(std::move(answer));
  }
  engine.read_in_pool(
      [&rocks = engine.rocks(), job] {
        bool cached = false;
        return run(rocks, *job, cached);
      },
      [done = std::move(done), notes = warnings](Result<Answer> answer) {
        if (answer) answer->warnings = notes;
        done(std::move(answer));
      });
}

Result<std::shared_ptr<Job>> SelectPlan::bind(Engine& engine, const ExecuteRequest& request) const {
  auto job = std::make_shared<Job>();
  job->plan = shared_from_this();
  job->closing = engine.closing();
  job->selection = &selection;
  job->now_micros = to_micros(engine.loop().clock().wall());
  job->scan.now_seconds =
      request.now_in_seconds ? static_cast<std::uint32_t>(*request.now_in_seconds) : engine.now_seconds();
  job->bound_bytes.reserve(request.values.size());
  for (const Value& value : request.values) {
    job->bound_bytes.emplace_back(value.bytes.begin(), value.bytes.end());
    job->bound.push_back({value.state, job->bound_bytes.back()});
  }
  Evaluation evaluation(job->bound, job->now_micros, job->scan.now_seconds, engine.loop().random());
  ScanRequest& scan = job->scan;
  scan.table = table;
  if (where.has_whole_partition_key()) {
    STREAMOPS_ASSIGN(scan.partitions, where.partitions(evaluation));
  } else {
    STREAMOPS_ASSIGN(scan.tokens, where.tokens(evaluation));
  }
  STREAMOPS_ASSIGN(scan.ranges, where.ranges(*table, evaluation));
  STREAMOPS_ASSIGN(job->filters, where.bind_filters(evaluation));
  scan.point = scan.partitions && !distinct && (table->clustering_size == 0 || where.selects_one_row(*table));
  scan.reversed = reversed;
  scan.statics_only = distinct;
  scan.statics_without_rows = distinct || whole_partition;
  STREAMOPS_ASSIGN(job->limit, bind_limit(limit, evaluation, "LIMIT"));
  STREAMOPS_ASSIGN(job->per_partition, bind_limit(per_partition_limit, evaluation, "PER PARTITION LIMIT"));
  const bool paged = request.page_size && *request.page_size > 0 && !selection.is_aggregate();
  if (where.has_in_partition() && !ordering.empty()) {
    if (paged) {
      return invalid(
          "Cannot page queries with both ORDER BY and a IN restriction on the partition key; you must either remove "
          "the "
          "ORDER BY or the IN and sort client side, or disable paging for this query");
    }
    job->sort = ordering;
  }
  if (paged) job->page_size = static_cast<std::uint32_t>(*request.page_size);
  if (request.paging_state && !selection.is_aggregate()) {
    STREAMOPS_ASSIGN(const PagePosition position, decode(*request.paging_state, table->id));
    job->limit = position.left;
    job->left_in_partition = position.left_in_partition;
    scan.resume = position.key;
  }
  return job;
}

Result<Answer> SelectPlan::run_virtual(Engine& engine, Job& job) const {
  Evaluation evaluation(job.bound, job.now_micros, job.scan.now_seconds, engine.loop().random());
  const std::vector<SystemRow> rows = engine.system().rows(engine, *table);
  const std::size_t first =
      job.scan.resume.empty() ? 0 : load_big_endian<std::uint32_t>(as_bytes(job.scan.resume).data());
  PageVisitor visitor(job, evaluation);
  RowView view;
  view.times.resize(table->columns.size());
  for (std::size_t i = first; i < rows.size(); ++i) {
    if (i == first || rows[i].at(0) != rows[i - 1].at(0)) visitor.begin_partition();
    view.values.clear();
    for (const std::optional<Bytes>& value : rows[i])
      view.values.push_back(value ? std::optional<BytesView>(*value) : std::nullopt);
    Bytes place;
    append_big_endian(place, static_cast<std::uint32_t>(i));
    view.key = as_text(place);
    if (visitor.row(view) == RowVisitor::Next::stop) break;
  }
  return visitor.finish();
}

Result<void> compile_order(const Select& statement, SelectPlan& plan) {
  const Table& table = *plan.table;
  if (statement.order_by.empty()) return Ok();
  if (!plan.where.has_whole_partition_key()) {
    return invalid("ORDER BY is only supported when the partition key is restricted by an EQ or an IN.");
  }
  std::optional<bool> reversed;
  std::size_t next = 0;
  for (const Ordering& order : statement.order_by) {
    if (order.ann_of) return Error(errors::cql::not_served, "ORDER BY ... ANN OF is not served");
    STREAMOPS_ASSIGN(const Column* column, require_column(table, order.column));
    if (column->kind != ColumnKind::clustering) {
      return invalid(fmt::format(
          "Order by is currently only supported on the clustered columns of the PRIMARY KEY, got {}", column->name));
    }
    // Columns that are restricted by = may be left out.
    while (next < column->position) {
      const auto fixed = [&](const Restriction& each) {
        return each.column->position == next && each.op == Operator::eq;
      };
      if (std::none_of(plan.where.clustering().begin(), plan.where.clustering().end(), fixed)) break;
      ++next;
    }
    if (column->position != next++) {
      return invalid(
          fmt::format("Order by currently only supports the ordering of columns following their declared order in the "
                      "PRIMARY KEY"));
    }
    const bool backwards = order.descending != column->descending;
    if (reversed && *reversed != backwards) return invalid("Unsupported order by relation");
    reversed = backwards;
    plan.ordering.emplace_back(column, order.descending);
  }
  plan.reversed = reversed.value_or(false);
  return Ok();
}

Error needs_filtering() {
  return invalid(
      "Cannot execute this query as it might involve data filtering and thus may have unpredictable performance. If "
      "you want to "
      "execute this query despite the performance unpredictability, use ALLOW FILTERING");
}

/// Decides what is looked up and what is filtered, and refuses what would be filtered without being allowed to.
Result<void> compile_access(const Select& statement, SelectPlan& plan) {
  const Table& table = *plan.table;
  Restrictions& where = plan.where;
  plan.whole_partition = !where.has_clustering() && !where.has_filters();
  if (table.is_virtual()) {
    where.filter_everything();
    return Ok();
  }
  const bool partial_key = where.has_any_partition_column() && !where.has_whole_partition_key();
  const bool scan_with_rows = !where.has_whole_partition_key() && where.has_clustering();
  const std::optional<std::string> gap = where.clustering_gap(table);
  if ((partial_key || scan_with_rows || where.has_filters()) && !statement.allow_filtering) return needs_filtering();
  if (gap && !statement.allow_filtering) return invalid(*gap);
  if (partial_key || gap || (scan_with_rows && !where.has_tuples())) where.filter_everything();
  return Ok();
}

}  // namespace

Result<PlanPtr> compile_select(const Select& statement, const CompileContext& context) {
  auto plan = std::make_shared<SelectPlan>();
  STREAMOPS_ASSIGN(plan->table,
                   context.schema.require(statement.table.keyspace, context.keyspace, statement.table.name));
  const Table& table = *plan->table;
  if (!statement.group_by.empty()) return Error(errors::cql::not_served, "GROUP BY is not served");
  MarkerSpecs markers(context.markers, table.keyspace, table.name);
  STREAMOPS_ASSIGN(plan->selection, Selection::compile(statement, table, markers));
  plan->distinct = statement.distinct;
  if (statement.distinct) STREAMOPS_RETURN_IF_ERROR(plan->selection.check_distinct());
  STREAMOPS_ASSIGN(plan->where, Restrictions::compile(statement.where, table, markers));
  plan->partition_key = plan->where.partition_markers();
  STREAMOPS_RETURN_IF_ERROR(compile_order(statement, *plan));
  STREAMOPS_RETURN_IF_ERROR(compile_access(statement, *plan));
  const CqlTypePtr number = CqlType::scalar(TypeId::int_);
  if (statement.limit) {
    STREAMOPS_ASSIGN(plan->limit, ValueSource::compile(*statement.limit, number, "[limit]", markers));
  }
  if (statement.per_partition_limit) {
    STREAMOPS_ASSIGN(plan->per_partition_limit,
                     ValueSource::compile(*statement.per_partition_limit, number, "[per_partition_limit]", markers));
  }
  STREAMOPS_ASSIGN(plan->variables, markers.take());
  plan->result_columns = plan->selection.columns();
  if (plan->selection.is_aggregate() && !plan->where.has_whole_partition_key() && !table.is_virtual()) {
    plan->warnings.emplace_back("Aggregation query used without partition key");
  }
  return PlanPtr(std::move(plan));
}

}  // namespace streamops::cql::store
