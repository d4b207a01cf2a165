// pipeline/transform.h — the work on records, free of time and of ports: raw records -> columns -> SQL -> rows to
// write.
//
//   record -> RecordReader -> row -> Query -> 0..n rows -> one a key and record -> write timestamp = record's own
//        \ poison -> dead letter     \ ANSI error -> dead letter (none of its rows is written)
//        \ no value -> delete of the row that its key names
//
// A query that collects gives no rows until its epoch ends; rows behind its watermark come out as they went in. Records
// of a table's topic change the table, and give no rows. Which input a record is of tells its partition
// (merged_source.h).
//
// Streams, tasks and the test runner all use this, so a test tells the truth. Equal input and Stamp give equal output,
// to the byte. Threads: one Transform, one thread at a time.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "data/ports.h"
#include "format/record_reader.h"
#include "pipeline/check.h"
#include "pipeline/tap.h"
#include "sql/engine/query_state.h"

namespace streamops::pipeline {

/// What makes the work on a slice of records repeatable.
struct Stamp {
  std::int64_t epoch_us = 0;  // current_timestamp()
  Uuid topic_id;
  /// Microseconds for each record of the slice: the write timestamp of all of its rows.
  std::vector<std::int64_t> write_timestamps;
};

struct Transformed {
  data::SinkBatch rows;
  /// The record (index into the slice) of each row; empty for the rows of an epoch's end.
  std::vector<std::size_t> record_of_row;
  data::SinkBatch late;  // rows of the source behind the watermark
  std::vector<std::size_t> record_of_late;
  std::size_t late_elsewhere = 0;         // rows of further streams behind the watermark
  std::vector<data::DeadLetter> letters;  // in the order of their records
  std::size_t collapsed = 0;              // rows that a later row of the same record replaced
};

class Transform {
 public:
  /// `owner` names the step for uuid() and rand(); `origin` is what dead letters say they come from; `reader` reads
  /// values by the source's columns, those that the query needs.
  Transform(const CheckedStep& step, std::string_view owner, std::string origin, format::RecordReaderPtr reader);

  /// A further stream, or a table: the next number of the query's inputs.
  void add_input(std::string origin, format::RecordReaderPtr reader, bool is_table) {
    inputs_.push_back({std::move(origin), std::move(reader), is_table});
  }
  /// For a query that keeps state: what it remembers, which must outlive the calls that follow.
  void use(sql::QueryState& state) { state_ = &state; }

  /// For those who look at what passes; null: nobody.
  void watch(Taps* taps) { taps_ = taps; }

  /// `slice`, all of one input, must have one timestamp a record in `stamp`.
  Transformed run(const data::Records& slice, const Stamp& stamp);
  /// Ends the epoch of a query that keeps state: its rows, all written at `epoch_us`.
  Transformed end_epoch(std::int64_t epoch_us, const Uuid& topic_id);

  /// The letter of one record that failed at `stage`.
  data::DeadLetter letter(const data::Record& record, std::string_view stage, const Error& error,
                          std::int64_t write_timestamp) const;
  /// The letter of a row that no single record is to blame for: number `row` of the epoch's end.
  data::DeadLetter letter_of_group(std::int64_t epoch_us, std::size_t row, std::string_view stage, const Error& error,
                                   std::optional<std::string> value) const;

  const data::SchemaPtr& output() const { return step_.query->output(); }

 private:
  void select(const data::Records& slice, const Stamp& stamp, const format::Decoded& decoded,
              const sql::EvaluationContext& context, std::size_t input, Transformed& out) const;
  void take(const data::Records& slice, const Stamp& stamp, const format::Decoded& decoded,
            const sql::EvaluationContext& context, std::size_t input, Transformed& out) const;
  void change(const data::Records& slice, const Stamp& stamp, const format::Decoded& decoded,
              const sql::EvaluationContext& context, Transformed& out) const;
  void add_failures(const data::Records& slice, const Stamp& stamp, const format::Decoded& decoded,
                    const std::vector<sql::RowError>& failures, Transformed& out) const;
  void append_deletes(const data::Records& slice, const Stamp& stamp, const std::vector<std::size_t>& deletes,
                      Transformed& out) const;
  void collapse(Transformed& out) const;

  const CheckedStep& step_;
  std::string owner_;
  std::uint64_t owner_hash_;
  struct Input {
    std::string origin;  // of its dead letters
    format::RecordReaderPtr reader;
    bool is_table = false;
  };
  std::vector<int> key_indices_;      // of key_columns in the output
  std::vector<Input> inputs_;         // the source first
  sql::QueryState* state_ = nullptr;  // of a query that keeps state
  Taps* taps_ = nullptr;
};

}  // namespace streamops::pipeline
