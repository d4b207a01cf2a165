// pipeline/tap.h — looks at what passes through a running stream, on any of its edges, through a filter of SQL.
//
//   source -> decode -> select -> (sink)          late: rows behind the watermark      dead_letters: what did not pass
//
// A tap holds at most some rows; what comes while nobody takes them is counted and dropped: a stream never waits for
// those who look. Without taps a stream pays one comparison a slice. Threads: the stream's loop.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "data/ports.h"
#include "format/record_reader.h"
#include "pipeline/check.h"
#include "runtime/loop.h"

namespace streamops::pipeline {

enum class Edge : std::uint8_t { source, decode, select, late, dead_letters };
inline constexpr std::string_view edge_names[] = {"source", "decode", "select", "late", "dead_letters"};
/// Nothing for a word that is none of them.
std::optional<Edge> parse_edge(std::string_view word);

struct TapRequest {
  Edge edge = Edge::select;
  std::string where;      // a condition over the edge's columns; empty: every row
  std::uint64_t tap = 0;  // as the answer before has it; 0: a new one
};

/// What has passed since the call before.
struct TapAnswer {
  std::uint64_t tap = 0;
  std::vector<std::string> rows;  // as JSON
  std::uint64_t passed = 0;       // rows on the edge
  std::uint64_t dropped = 0;      // that the filter let through and nobody took in time
};

/// One look.
class Tap {
 public:
  static constexpr std::size_t most_rows = 1000;
  static constexpr std::size_t most_bytes = 1024 * 1024;

  /// Errors: SO-S0xx, of the filter.
  static Result<std::unique_ptr<Tap>> open(const CheckedStep& step, const TapRequest& request);

  Edge edge() const { return edge_; }
  void see_records(const data::Records& records);
  void see_letters(const std::vector<data::DeadLetter>& letters);
  /// Rows of decode, select or late; those with a mark in `deletes` are none.
  void see_rows(const data::Batch& batch, const std::vector<std::uint8_t>& deletes);
  TapAnswer take();

 private:
  Tap(Edge edge, std::shared_ptr<const sql::Query> filter, std::vector<int> columns);
  void see(const data::Batch& batch);

  Edge edge_;
  std::shared_ptr<const sql::Query> filter_;
  std::vector<int> columns_;  // of the edge's batch that the filter sees
  std::size_t bytes_ = 0;
  TapAnswer waiting_;
};

/// Those of one stream.
class Taps {
 public:
  /// A tap that nobody asks for this long is gone.
  static constexpr Microseconds patience = Seconds{10};

  Taps(const CheckedStep& step, runtime::Loop& loop) : step_(step), loop_(loop) {}

  /// Errors: SO-S0xx, SO-P072 (no such tap any more).
  Result<TapAnswer> ask(const TapRequest& request);

  bool any() const { return !taps_.empty(); }
  /// What a slice became.
  void see(const data::Records& slice, const format::Decoded& decoded, const data::SinkBatch& rows,
           const data::SinkBatch& late, const std::vector<data::DeadLetter>& letters);
  /// What an epoch's end gave.
  void see_end(const data::SinkBatch& rows, const std::vector<data::DeadLetter>& letters);

 private:
  struct One {
    std::unique_ptr<Tap> tap;
    runtime::TimerPtr end;
  };
  const CheckedStep& step_;
  runtime::Loop& loop_;
  std::map<std::uint64_t, One> taps_;
  std::uint64_t last_ = 0;
};

}  // namespace streamops::pipeline
