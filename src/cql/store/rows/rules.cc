#include "cql/store/rows/rules.h"

#include "cql/store/rows/row.h"
#include "cql/store/rows/tombstones.h"

namespace streamops::cql::store {
namespace {

constexpr std::uint32_t kDefaultGrace = 864'000;

bool is_deletions(std::string_view key) {
  const std::size_t prefix = partition_prefix_size(key);
  return prefix != 0 && key[prefix] == static_cast<char>(RowKind::deletions);
}

class RowMergeRule final : public storage::MergeRule {
 public:
  const char* name() const override { return "streamops.cql.row.1"; }

  bool merge(std::string_view key, std::span<const std::string_view> parts, std::string& out) const override {
    out.clear();
    if (parts.size() == 1) {
      out = parts[0];
      return true;
    }
    return is_deletions(key) ? merge_deletions(parts, out) : merge_rows(parts, out);
  }

 private:
  static bool merge_rows(std::span<const std::string_view> parts, std::string& out) {
    Row row;
    for (const std::string_view part : parts) {
      if (!parse_row(part, row)) return false;
    }
    resolve(row);
    append_row(out, row);
    return true;
  }

  static bool merge_deletions(std::span<const std::string_view> parts, std::string& out) {
    Tombstones all;
    for (const std::string_view part : parts) {
      if (!parse_tombstones(part, all)) return false;
    }
    resolve(all);
    append_tombstones(out, all);
    return true;
  }
};

class RowPurgeRule final : public storage::PurgeRule {
 public:
  RowPurgeRule(std::shared_ptr<const GraceTable> grace, const runtime::Clock& clock)
      : grace_(std::move(grace)), clock_(clock) {}
  const char* name() const override { return "streamops.cql.purge.1"; }

  Verdict judge(std::string_view key, std::string_view value, std::string& replacement) const override {
    const std::size_t prefix = partition_prefix_size(key);
    if (prefix == 0 || key[prefix] == static_cast<char>(RowKind::deletions)) return Verdict::keep;
    const TableId table = load_big_endian<std::uint32_t>(as_bytes(key).data());
    if (table == 0) return Verdict::keep;
    Row row;
    if (!parse_row(value, row)) return Verdict::keep;
    const std::int64_t now = to_micros(clock_.wall()) / 1'000'000;
    const std::int64_t before = now - grace_->of(table);
    if (before <= 0 || !purge(row, static_cast<std::uint32_t>(before))) return Verdict::keep;
    if (row.empty()) return Verdict::remove;
    replacement.clear();
    append_row(replacement, row);
    return Verdict::replace;
  }

 private:
  std::shared_ptr<const GraceTable> grace_;
  const runtime::Clock& clock_;
};

}  // namespace

void GraceTable::set(TableId table, std::uint32_t seconds) {
  const std::scoped_lock lock(mutex_);
  seconds_[table] = seconds;
}

void GraceTable::forget(TableId table) {
  const std::scoped_lock lock(mutex_);
  seconds_.erase(table);
}

std::uint32_t GraceTable::of(TableId table) const {
  const std::scoped_lock lock(mutex_);
  const auto found = seconds_.find(table);
  return found == seconds_.end() ? kDefaultGrace : found->second;
}

std::shared_ptr<const storage::MergeRule> make_row_merge_rule() {
  return std::make_shared<RowMergeRule>();
}

std::shared_ptr<const storage::PurgeRule> make_row_purge_rule(std::shared_ptr<const GraceTable> grace,
                                                              const runtime::Clock& clock) {
  return std::make_shared<RowPurgeRule>(std::move(grace), clock);
}

}  // namespace streamops::cql::store
