#include "cql/store/read/scan.h"

#include <algorithm>

#include "cql/protocol/murmur3.h"
#include "errors/cql.h"

namespace streamops::cql::store {
namespace {

using Next = RowVisitor::Next;
using Stored = std::optional<std::string>;

Error broken(const Table& table) {
  return {errors::cql::broken_row, "a row of {}.{} cannot be read", table.keyspace, table.name};
}

class Scan {
 public:
  Scan(const storage::Rocks& rocks, const ScanRequest& request, RowVisitor& visitor)
      : rocks_(rocks),
        request_(request),
        table_(*request.table),
        visitor_(visitor),
        builder_(table_, request.now_seconds) {}

  Result<void> run() {
    if (!request_.partitions) return scan_tokens();
    for (const std::string& partition : *request_.partitions) {
      STREAMOPS_ASSIGN(const Next next, scan_partition(partition));
      if (next == Next::stop) break;
    }
    return Ok();
  }

  /// As run() for point requests, from memory alone.
  Result<bool> run_cached() {
    std::vector<std::vector<Stored>> found;
    for (const std::string& partition : *request_.partitions) {
      const std::string prefix = prefix_of(partition);
      std::vector<Stored> rows;
      for (const std::string& key : point_keys(prefix)) {
        std::optional<Result<Stored>> value = rocks_.get_cached(key);
        if (!value) return false;
        if (!*value) return value->error();
        rows.push_back(std::move(**value));
      }
      found.push_back(std::move(rows));
    }
    for (std::size_t i = 0; i < found.size(); ++i) {
      STREAMOPS_ASSIGN(const Next next, show_points((*request_.partitions)[i], found[i]));
      if (next == Next::stop) break;
    }
    return true;
  }

 private:
  std::string prefix_of(std::string_view partition) const {
    return partition_prefix(table_.id, murmur3_token(as_bytes(partition)), partition);
  }

  std::vector<std::string> point_keys(std::string_view prefix) const {
    std::vector<std::string> out{row_key(prefix, RowKind::deletions), row_key(prefix, RowKind::statics)};
    for (const ClusteringRange& range : request_.ranges) out.push_back(row_key(prefix, RowKind::row, range.lower));
    return out;
  }

  Result<void> begin(std::string_view partition) {
    if (!builder_.begin_partition(murmur3_token(as_bytes(partition)), partition)) return broken(table_);
    visitor_.begin_partition();
    return Ok();
  }

  Result<Next> show_points(std::string_view partition, const std::vector<Stored>& stored) {
    STREAMOPS_RETURN_IF_ERROR(begin(partition));
    if (stored[0] && !builder_.set_tombstones(*stored[0])) return broken(table_);
    if (stored[1] && !builder_.set_statics(*stored[1])) return broken(table_);
    const std::string prefix = prefix_of(partition);
    bool any = false;
    for (std::size_t i = 2; i < stored.size(); ++i) {
      if (!stored[i]) continue;
      const std::string& clustering = request_.ranges[i - 2].lower;
      STREAMOPS_ASSIGN(const Next next,
                       show_row(row_key(prefix, RowKind::row, clustering), clustering, *stored[i], any));
      if (next == Next::partition) return Next::row;
      if (next == Next::stop) return next;
    }
    return show_statics(prefix, any);
  }

  Result<Next> show_row(std::string_view key, std::string_view clustering, std::string_view stored, bool& any) {
    const RowViewBuilder::Outcome outcome = builder_.set_row(key, clustering, stored);
    if (outcome == RowViewBuilder::Outcome::damaged) return broken(table_);
    if (outcome == RowViewBuilder::Outcome::dead) return Next::row;
    any = true;
    return visitor_.row(builder_.view());
  }

  /// The partition has ended: its statics are shown alone when there was no row.
  Result<Next> show_statics(std::string_view prefix, bool any) {
    if (any || !request_.statics_without_rows || !builder_.has_live_statics()) return Next::row;
    const std::string key = row_key(prefix, RowKind::statics);
    builder_.set_statics_only(key);
    return visitor_.row(builder_.view());
  }

  Result<void> load_partition_rows(std::string_view prefix) {
    STREAMOPS_ASSIGN(const Stored tombstones, rocks_.get(row_key(prefix, RowKind::deletions)));
    if (tombstones && !builder_.set_tombstones(*tombstones)) return broken(table_);
    if (!table_.has_statics()) return Ok();
    STREAMOPS_ASSIGN(const Stored statics, rocks_.get(row_key(prefix, RowKind::statics)));
    if (statics && !builder_.set_statics(*statics)) return broken(table_);
    return Ok();
  }

  Result<Next> scan_partition(const std::string& partition) {
    const std::string prefix = prefix_of(partition);
    // Going on after a page: partitions before the one where it ended are done.
    if (!request_.resume.empty() && prefix < request_.resume.substr(0, partition_prefix_size(request_.resume)))
      return Next::row;
    if (request_.point && request_.resume.empty()) {
      std::vector<Stored> stored;
      for (const std::string& key : point_keys(prefix)) {
        STREAMOPS_ASSIGN(Stored value, rocks_.get(key));
        stored.push_back(std::move(value));
      }
      return show_points(partition, stored);
    }
    STREAMOPS_RETURN_IF_ERROR(begin(partition));
    STREAMOPS_RETURN_IF_ERROR(load_partition_rows(prefix));
    const std::string rows = row_key(prefix, RowKind::row);
    const std::unique_ptr<storage::Iterator> walk = rocks_.iterate(rows, after_prefix(rows), false);
    bool any = request_.resume.starts_with(rows);
    std::vector<ClusteringRange> ranges = request_.ranges;
    if (request_.reversed) std::reverse(ranges.begin(), ranges.end());
    for (const ClusteringRange& range : ranges) {
      STREAMOPS_ASSIGN(const Next next,
                       request_.reversed ? walk_back(*walk, rows, range, any) : walk_on(*walk, rows, range, any));
      if (next == Next::partition) return Next::row;
      if (next == Next::stop) return next;
      if (request_.statics_only && any) break;
    }
    return show_statics(prefix, any);
  }

  Result<Next> walk_on(storage::Iterator& walk, const std::string& rows, const ClusteringRange& range, bool& any) {
    const std::string lower = rows + range.lower;
    const std::string upper = range.upper.empty() ? after_prefix(rows) : rows + range.upper;
    for (walk.seek(std::max(lower, request_.resume)); walk.valid() && walk.key() < upper; walk.next()) {
      STREAMOPS_ASSIGN(const Next next, show_row(walk.key(), walk.key().substr(rows.size()), walk.value(), any));
      if (next != Next::row) return next;
    }
    STREAMOPS_RETURN_IF_ERROR(walk.status());
    return Next::row;
  }

  Result<Next> walk_back(storage::Iterator& walk, const std::string& rows, const ClusteringRange& range, bool& any) {
    const std::string lower = rows + range.lower;
    std::string upper = range.upper.empty() ? after_prefix(rows) : rows + range.upper;
    const bool resumed = request_.resume.starts_with(rows) && request_.resume < upper;
    walk.seek_for_previous(resumed ? request_.resume : upper);
    // The upper bound itself is outside of the range; the key to resume at is inside.
    if (!resumed && walk.valid() && walk.key() == upper) walk.previous();
    for (; walk.valid() && walk.key() >= lower; walk.previous()) {
      STREAMOPS_ASSIGN(const Next next, show_row(walk.key(), walk.key().substr(rows.size()), walk.value(), any));
      if (next != Next::row) return next;
    }
    STREAMOPS_RETURN_IF_ERROR(walk.status());
    return Next::row;
  }

  bool in_ranges(std::string_view clustering) const {
    return std::any_of(request_.ranges.begin(), request_.ranges.end(), [clustering](const ClusteringRange& range) {
      return clustering >= range.lower && (range.upper.empty() || clustering < range.upper);
    });
  }

  Result<void> scan_tokens() {
    if (request_.tokens.from > request_.tokens.to) return Ok();
    const std::string lower = token_prefix(table_.id, request_.tokens.from);
    const std::string upper = after_prefix(token_prefix(table_.id, request_.tokens.to));
    const std::unique_ptr<storage::Iterator> walk = rocks_.iterate(lower, upper, false);
    walk->seek(std::max(lower, request_.resume));
    std::string prefix;
    bool any = false;
    bool skip = false;
    const bool resumed_inside = !request_.resume.empty();
    for (; walk->valid(); walk->next()) {
      const std::string_view key = walk->key();
      if (prefix.empty() || !key.starts_with(prefix)) {
        STREAMOPS_ASSIGN(const Next next, end_partition(prefix, any, skip));
        if (next == Next::stop) return Ok();
        const bool first = prefix.empty() && resumed_inside;
        skip = false;
        STREAMOPS_RETURN_IF_ERROR(enter_partition(key, first, prefix));
        // Going on behind a row: the partition has shown rows already.
        any = first && key[prefix.size()] == static_cast<char>(RowKind::row);
      }
      if (skip) continue;
      STREAMOPS_ASSIGN(const Next next, show_key(key.substr(prefix.size()), key, walk->value(), any));
      if (next == Next::stop) return Ok();
      skip = next == Next::partition || (request_.statics_only && any);
    }
    STREAMOPS_RETURN_IF_ERROR(walk->status());
    STREAMOPS_ASSIGN([[maybe_unused]] const Next last, end_partition(prefix, any, skip));
    return Ok();
  }

  Result<Next> end_partition(std::string_view prefix, bool any, bool skip) {
    if (prefix.empty() || skip) return Next::row;
    return show_statics(prefix, any);
  }

  Result<void> enter_partition(std::string_view key, bool resumed, std::string& prefix) {
    const std::optional<RowKey> parsed = parse_row_key(key);
    if (!parsed) return broken(table_);
    prefix = key.substr(0, partition_prefix_size(key));
    if (!builder_.begin_partition(parsed->token, parsed->partition)) return broken(table_);
    visitor_.begin_partition();
    // A page that ended inside of a partition has jumped over its first keys.
    if (resumed && parsed->kind != RowKind::deletions) return load_partition_rows(prefix);
    return Ok();
  }

  /// One key of a partition; `tail` is the kind and what stands behind it.
  Result<Next> show_key(std::string_view tail, std::string_view key, std::string_view value, bool& any) {
    if (tail[0] == static_cast<char>(RowKind::deletions)) {
      if (!builder_.set_tombstones(value)) return broken(table_);
      return Next::row;
    }
    if (tail[0] == static_cast<char>(RowKind::statics)) {
      if (!builder_.set_statics(value)) return broken(table_);
      return Next::row;
    }
    if (!in_ranges(tail.substr(1))) return Next::row;
    return show_row(key, tail.substr(1), value, any);
  }

  const storage::Rocks& rocks_;
  const ScanRequest& request_;
  const Table& table_;
  RowVisitor& visitor_;
  RowViewBuilder builder_;
};

}  // namespace

Result<void> scan(const storage::Rocks& rocks, const ScanRequest& request, RowVisitor& visitor) {
  return Scan(rocks, request, visitor).run();
}

Result<bool> scan_cached(const storage::Rocks& rocks, const ScanRequest& request, RowVisitor& visitor) {
  return Scan(rocks, request, visitor).run_cached();
}

}  // namespace streamops::cql::store
