// pipeline/preview.h — the first rows of a step, at any of its stages, from records at hand: what the production code
// makes of them, written nowhere.
//
//   source: raw records -> decode: the source's columns -> select: the query's rows -> sink: what would be written
//
// Pure: no clock, no ports; the caller brings records and a reader. Threads: any, one call at a time for a reader.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "pipeline/check.h"
#include "pipeline/transform.h"

namespace streamops::pipeline {

enum class Stage : std::uint8_t { source, decode, select, sink };
inline constexpr std::string_view stage_names[] = {"source", "decode", "select", "sink"};
/// Nothing for a word that is none of them.
std::optional<Stage> parse_stage(std::string_view word);

struct PreviewRow {
  /// The record that the row stems from; nothing for a row of groups.
  std::optional<std::pair<std::int32_t, std::int64_t>> record;  // partition, offset
  std::optional<std::string> key;                               // source: the record's; sink: what the row's would be
  std::optional<std::string> text;                              // source: the value; else the row as JSON
  bool is_delete = false;
};

struct Preview {
  std::vector<PreviewRow> rows;  // at most the limit
  std::size_t all_rows = 0;      // how many the records gave
  std::vector<data::DeadLetter> letters;
  std::size_t late = 0;
};

/// `reader` reads all columns of the source for Stage::decode, else those that the query needs; `now_us` is
/// current_timestamp(). All records are one epoch of a query that keeps state.
Preview preview(const CheckedPipeline& pipeline, const CheckedStep& step, format::RecordReaderPtr reader,
                const data::Records& records, Stage stage, std::size_t limit, std::int64_t now_us);

}  // namespace streamops::pipeline
