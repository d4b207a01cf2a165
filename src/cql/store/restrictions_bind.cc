// Executing a WHERE clause: bound values become partition keys, ranges of clustering bytes and filters.
#include <fmt/format.h>

#include <algorithm>
#include <tuple>

#include "cql/protocol/murmur3.h"
#include "cql/protocol/value.h"
#include "cql/store/invalid.h"
#include "cql/store/restrictions.h"
#include "cql/store/rows/clustering.h"

namespace streamops::cql::store {
namespace {

/// Every value of a restriction, bound.
Result<std::vector<BytesView>> bind(const Restriction& restriction, Evaluation& evaluation) {
  std::vector<BytesView> out;
  if (restriction.list_marker) {
    STREAMOPS_ASSIGN(const BytesView list, restriction.values[0].get_present(evaluation));
    return split_collection(*restriction.values[0].type(), list);
  }
  for (const ValueSource& source : restriction.values) {
    STREAMOPS_ASSIGN(const BytesView value, source.get_present(evaluation));
    out.push_back(value);
  }
  return out;
}

using Ranges = std::vector<ClusteringRange>;

/// The range of one column's slice behind a prefix.
ClusteringRange slice_range(const std::string& prefix, const Column& column, Operator op, BytesView value) {
  std::string at = prefix;
  append_clustering(at, *column.type, column.descending, value);
  const std::string end = after_prefix(prefix);
  switch (op) {
    case Operator::gt:
      return column.descending ? ClusteringRange{prefix, at} : ClusteringRange{after_prefix(at), end};
    case Operator::ge:
      return column.descending ? ClusteringRange{prefix, after_prefix(at)} : ClusteringRange{at, end};
    case Operator::lt:
      return column.descending ? ClusteringRange{after_prefix(at), end} : ClusteringRange{prefix, at};
    case Operator::le:
      return column.descending ? ClusteringRange{at, end} : ClusteringRange{prefix, after_prefix(at)};
    default:
      return {at, after_prefix(at)};
  }
}

std::optional<ClusteringRange> intersect(const ClusteringRange& a, const ClusteringRange& b) {
  ClusteringRange out;
  out.lower = std::max(a.lower, b.lower);
  out.upper = a.upper.empty() ? b.upper : b.upper.empty() ? a.upper : std::min(a.upper, b.upper);
  if (!out.upper.empty() && out.upper <= out.lower) return std::nullopt;
  return out;
}

Ranges intersect(const Ranges& a, const Ranges& b) {
  Ranges out;
  for (const ClusteringRange& x : a) {
    for (const ClusteringRange& y : b) {
      if (std::optional<ClusteringRange> both = intersect(x, y)) out.push_back(std::move(*both));
    }
  }
  return out;
}

void sort_ranges(Ranges& ranges) {
  std::sort(ranges.begin(), ranges.end(), [](const ClusteringRange& a, const ClusteringRange& b) {
    return std::tie(a.lower, a.upper) < std::tie(b.lower, b.upper);
  });
  ranges.erase(std::unique(ranges.begin(), ranges.end()), ranges.end());
}

/// (a, b, c) op (x, y, z) as ranges: for each length of a common prefix, a slice of the column behind it.
Result<Ranges> tuple_ranges(const TupleRestriction& restriction, const std::vector<ValueSource>& tuple,
                            Evaluation& evaluation) {
  Ranges out;
  std::string prefix;
  const bool open = restriction.op == Operator::gt || restriction.op == Operator::lt;
  const Operator strict =
      restriction.op == Operator::gt || restriction.op == Operator::ge ? Operator::gt : Operator::lt;
  for (std::size_t i = 0; i < tuple.size(); ++i) {
    STREAMOPS_ASSIGN(const BytesView value, tuple[i].get_present(evaluation));
    const Column& column = *restriction.columns[i];
    const bool last = i + 1 == tuple.size();
    if (is_slice(restriction.op))
      out.push_back(slice_range(prefix, column, last && !open ? restriction.op : strict, value));
    append_clustering(prefix, *column.type, column.descending, value);
  }
  if (!is_slice(restriction.op)) out.push_back({prefix, after_prefix(prefix)});
  return out;
}

}  // namespace

Result<std::string> join_partition_key(std::span<const BytesView> values) {
  const Bytes key = partition_key(values);
  if (values.size() == 1 && key.empty()) return invalid("Key may not be empty");
  if (key.size() > 65'535) return invalid(fmt::format("Key length of {} is longer than maximum of 65535", key.size()));
  return std::string(as_text(key));
}

bool Filter::accepts(const std::optional<BytesView>& value) const {
  if (op == Operator::is_not_null) return value.has_value();
  if (!value) return false;
  const CqlType& type = *column->type;
  const auto equal = [](const CqlType& of, BytesView a, BytesView b) { return compare_values(of, a, b) == 0; };
  if (op == Operator::contains || op == Operator::contains_key || element) {
    const std::vector<BytesView> items = split_collection(type, *value);
    const std::size_t step = type.id() == TypeId::map ? 2 : 1;
    for (std::size_t i = 0; i + step <= items.size(); i += step) {
      if (op == Operator::contains && equal(*type.children().back(), items[i + step - 1], values[0])) return true;
      if (op == Operator::contains_key && equal(*type.children()[0], items[i], values[0])) return true;
      if (element && equal(*type.children()[0], items[i], *element))
        return equal(*type.children()[1], items[i + 1], values[0]);
    }
    return false;
  }
  if (op == Operator::in) {
    return std::any_of(values.begin(), values.end(), [&](const Bytes& each) { return equal(type, *value, each); });
  }
  const std::strong_ordering order = compare_values(type, *value, values[0]);
  switch (op) {
    case Operator::eq:
      return order == 0;
    case Operator::ne:
      return order != 0;
    case Operator::lt:
      return order < 0;
    case Operator::le:
      return order <= 0;
    case Operator::gt:
      return order > 0;
    case Operator::ge:
      return order >= 0;
    default:
      return false;
  }
}

Result<std::vector<std::string>> Restrictions::partitions(Evaluation& evaluation) const {
  std::vector<std::vector<BytesView>> keys{{}};
  for (const Restriction& restriction : partition_) {
    STREAMOPS_ASSIGN(const std::vector<BytesView> values, bind(restriction, evaluation));
    std::vector<std::vector<BytesView>> longer;
    if (keys.size() * values.size() > 10'000)
      return invalid("Too many partitions in IN: at most 10000 in one statement");
    for (const std::vector<BytesView>& key : keys) {
      for (const BytesView value : values) {
        longer.push_back(key);
        longer.back().push_back(value);
      }
    }
    keys = std::move(longer);
  }
  std::vector<std::pair<std::int64_t, std::string>> ordered;
  for (const std::vector<BytesView>& key : keys) {
    STREAMOPS_ASSIGN(std::string joined, join_partition_key(key));
    const std::int64_t token = keys.size() == 1 ? 0 : murmur3_token(as_bytes(joined));
    ordered.emplace_back(token, std::move(joined));
  }
  std::sort(ordered.begin(), ordered.end());
  ordered.erase(std::unique(ordered.begin(), ordered.end()), ordered.end());
  std::vector<std::string> out;
  out.reserve(ordered.size());
  for (auto& [token, key] : ordered) out.push_back(std::move(key));
  return out;
}

Result<std::vector<ClusteringRange>> Restrictions::ranges(const Table& table, Evaluation& evaluation) const {
  std::vector<std::string> prefixes{""};
  Ranges out{{}};
  bool sliced = false;
  for (std::size_t i = 0; i < clustering_.size(); ++i) {
    const Restriction& restriction = clustering_[i];
    STREAMOPS_ASSIGN(const std::vector<BytesView> values, bind(restriction, evaluation));
    const bool slice = is_slice(restriction.op);
    if (slice && !sliced) sliced = true;
    Ranges found;
    std::vector<std::string> longer;
    for (const std::string& prefix : prefixes) {
      for (const BytesView value : values) {
        found.push_back(slice_range(prefix, *restriction.column, slice ? restriction.op : Operator::eq, value));
        if (!slice) longer.push_back(found.back().lower);
      }
    }
    if (found.size() > 10'000) return invalid("Too many rows in IN: at most 10000 in one statement");
    if (!slice) prefixes = std::move(longer);
    out = intersect(out, found);
  }
  for (const TupleRestriction& restriction : tuples_) {
    Ranges found;
    for (const std::vector<ValueSource>& tuple : restriction.tuples) {
      STREAMOPS_ASSIGN(Ranges some, tuple_ranges(restriction, tuple, evaluation));
      std::move(some.begin(), some.end(), std::back_inserter(found));
    }
    out = intersect(out, found);
  }
  static_cast<void>(table);
  sort_ranges(out);
  return out;
}

Result<TokenRange> Restrictions::tokens(Evaluation& evaluation) const {
  TokenRange out;
  for (const auto& [op, source] : token_) {
    STREAMOPS_ASSIGN(const BytesView bytes, source.get_present(evaluation));
    const auto value = load_big_endian<std::int64_t>(bytes.data());
    // Cassandra takes the smallest token on the right of < and <= as the end of the ring.
    const bool end_of_ring = value == INT64_MIN && (op == Operator::lt || op == Operator::le);
    if (end_of_ring) continue;
    if (op == Operator::gt && value == INT64_MAX) return TokenRange{1, 0};
    if (op == Operator::eq || op == Operator::ge) out.from = std::max(out.from, value);
    if (op == Operator::gt) out.from = std::max(out.from, value + 1);
    if (op == Operator::eq || op == Operator::le) out.to = std::min(out.to, value);
    if (op == Operator::lt) out.to = std::min(out.to, value - 1);
  }
  return out;
}

Result<Filter> bind_filter(const Restriction& restriction, Evaluation& evaluation) {
  Filter filter;
  filter.column = restriction.column;
  filter.op = restriction.op;
  if (restriction.element) {
    STREAMOPS_ASSIGN(const BytesView element, restriction.element->get_present(evaluation));
    filter.element = Bytes(element.begin(), element.end());
  }
  if (restriction.op == Operator::is_not_null) return filter;
  STREAMOPS_ASSIGN(const std::vector<BytesView> values, bind(restriction, evaluation));
  for (const BytesView value : values) filter.values.emplace_back(value.begin(), value.end());
  return filter;
}

Result<std::vector<Filter>> Restrictions::bind_filters(Evaluation& evaluation) const {
  std::vector<Filter> out;
  for (const Restriction& restriction : filters_) {
    STREAMOPS_ASSIGN(Filter filter, bind_filter(restriction, evaluation));
    out.push_back(std::move(filter));
  }
  return out;
}

}  // namespace streamops::cql::store
