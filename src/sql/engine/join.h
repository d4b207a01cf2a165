// sql/engine/join.h — what a JOIN is made of, for tables (look_up) and for streams (stream_join.h).
//
//   side:   the side's columns | keys | eligible         as a project step hands them up
//   result: left columns | right columns                 of a semi and an anti join the left ones
//
// Rows meet when their keys are equal, none of them null, and `condition` is true. (A full join of streams lets nulls
// meet nulls, as Spark's does.)
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "sql/engine/evaluation.h"
#include "sql/engine/projection.h"
#include "sql/grammar/tree.h"

namespace streamops::sql {

struct PlanNode;

struct JoinSide {
  std::vector<data::TypePtr> types;       // of the side's columns
  std::optional<std::size_t> eligible;    // a BOOLEAN column: rows where it is not true meet nobody
  std::optional<std::size_t> event_time;  // rows whose time the watermark has passed come too late
  /// The column, one of the keys or of the side's own, that tells when a row can meet nobody any more: when the
  /// watermark plus `ends_after_us` has reached its time.
  std::optional<std::size_t> ends_by;
  std::int64_t ends_after_us = 0;
};

struct JoinSpec {
  static constexpr std::size_t left = 0, right = 1;

  JoinType type = JoinType::inner;
  std::array<JoinSide, 2> sides;
  std::vector<data::TypePtr> keys;
  NodePtr condition;                  // over the columns of both sides; may be null
  std::vector<bool> condition_reads;  // by column of both sides
  data::SchemaPtr output;
  std::size_t stream_side = left;  // of a lookup
  std::uint32_t layout = 0;        // tells apart entries of different joins

  /// True when rows of the side that meet nobody come out with nulls.
  bool keeps(std::size_t side) const {
    return type == JoinType::full || (side == left && type == JoinType::left) ||
           (side == right && type == JoinType::right);
  }
  std::size_t key_column(std::size_t side, std::size_t key) const { return sides[side].types.size() + key; }
};

/// A watermark behind a join, given the one before it: what both sides' rows that still may come out have passed.
std::int64_t watermark_behind(const JoinSpec& join, std::int64_t watermark);
/// What `ends_by` is compared with.
std::int64_t end_of_side(const JoinSide& side, std::int64_t watermark);

/// Which pairs of rows satisfy the condition. `columns`: one row a pair, the columns of both sides.
std::vector<std::uint8_t> meeting_pairs(const JoinSpec& join, const std::vector<data::ColumnPtr>& columns,
                                        std::size_t pairs, const RunContext& context, Failures& failures,
                                        std::span<const std::int32_t> origin);

/// Joins rows of the stream's side with the table of the lookup `node`.
Rows look_up(const PlanNode& node, Rows rows, const RunContext& context);

}  // namespace streamops::sql
