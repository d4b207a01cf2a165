// sql/engine/group_operator.h — GROUP BY as an operator: rows in, groups out at the end of an epoch.
//
//   rows: keys | arguments | filters   ->   groups: key -> cells   ->   rows: keys | results
//
// An entry of a checkpoint is (key bytes, cells). Threads: one owner.
#pragma once

#include <functional>
#include <memory>

#include "sql/engine/cells.h"
#include "sql/engine/evaluation.h"
#include "sql/engine/projection.h"

namespace streamops::sql {

struct GroupSpec {
  std::vector<data::TypePtr> keys;  // the first columns of the rows
  std::vector<AggregateSpec> aggregates;
  /// The key whose passing by the watermark closes a group: a TIMESTAMP, or a window, whose end counts.
  std::optional<std::size_t> event_time;
  /// The key that is a session window: overlapping ones merge.
  std::optional<std::size_t> session;
  OutputMode mode = OutputMode::update;
  data::SchemaPtr output;    // keys, results
  std::uint32_t layout = 0;  // tells apart entries of different GROUP BYs
};

/// Notes of one take(), by source row.
struct RowNotes {
  Failures& failures;
  std::vector<std::uint8_t> counted;  // contributed to some group
  std::vector<std::uint8_t> late;     // a group that it belongs to was closed
};

using TakeGroup = std::function<void(std::string_view key, std::optional<std::string_view> value)>;

class GroupOperator {
 public:
  GroupOperator() = default;
  virtual ~GroupOperator() = default;
  GroupOperator(const GroupOperator&) = delete;
  GroupOperator& operator=(const GroupOperator&) = delete;

  /// Takes rows in, but those that failed already or whose group the watermark has closed.
  virtual void absorb(const Rows& rows, std::int64_t watermark, RowNotes& notes) = 0;
  /// What the output mode wants, and away with what `watermark` closes. `had_rows`: the epoch had source rows.
  virtual Rows end_epoch(std::int64_t watermark, bool had_rows, std::vector<Error>& failures) = 0;

  virtual void take_changes(const TakeGroup& entry) = 0;
  /// False: damaged.
  virtual bool restore(std::string_view key, StateReader& value) = 0;
  virtual std::size_t bytes() const = 0;
  virtual std::size_t keys() const = 0;
};

/// `spec` must outlive the operator.
std::unique_ptr<GroupOperator> make_group_operator(const GroupSpec& spec);
std::unique_ptr<GroupOperator> make_session_operator(const GroupSpec& spec);

/// Reads when each row's group ends: the event time that closes it, or never.
class GroupEnds {
 public:
  static constexpr std::int64_t never = INT64_MAX;

  GroupEnds(const GroupSpec& spec, const Columns& columns);
  std::int64_t operator[](std::size_t row) const {
    return values_ == nullptr || key_->is_null(row) ? never : values_[row];
  }

 private:
  const data::Column* key_ = nullptr;
  const std::int64_t* values_ = nullptr;
};

/// A key's values, one row each; nothing when the bytes are no key of `spec`.
std::optional<Columns> key_columns(const GroupSpec& spec, std::string_view key);
/// Takes out the rows that have no result.
void drop_failed(Rows& rows, const std::vector<Cells::Failed>& failed, std::vector<Error>& failures);

}  // namespace streamops::sql
