// format/json_reader.h — JSON bytes straight into columns, by the rules of Spark 4.0's from_json in PERMISSIVE mode.
//
//   value of a record                      becomes
//   an object that fits the schema         a row
//   nothing (a tombstone)                  an entry of `deletes`, no row
//   empty or blank                         a row of nulls
//   anything for which Spark would fill    an entry of `poison`, no row
//   _corrupt_record
//
// Two ways lead to the same columns: one pass over documents that are plain JSON and fit (impl/json_fast.h), and a
// lenient parser (impl/json_tape.h) for everything else: quotes of the other kind, NaN, duplicates, wrong types,
// damage. The fast way gives up at the first surprise, so the lenient one alone decides what is accepted. Rules worth
// knowing: names are case-sensitive, the last duplicate wins, whatever follows the closing brace is not looked at,
// numbers and whole objects fit into STRING (as Spark writes them), everything else must have its own type.
//
// Threads: one reader, one thread at a time; it keeps its buffers between calls.
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "base/result.h"
#include "data/batch.h"
#include "data/position.h"
#include "format/record_reader.h"

namespace streamops::format {

struct JsonLimits {
  std::size_t max_bytes = 64 * 1024 * 1024;  // of one document
  int max_depth = 1000;                      // of nested objects and arrays
};

class JsonReader final : public RecordReader {
 public:
  /// `needed` has one entry a column; empty means all. Columns that are not needed are checked all the same, and not
  /// built. Records that do not fulfil all of `wanted` are checked and give no row; its columns are needed STRINGs.
  explicit JsonReader(data::SchemaPtr schema, const std::vector<bool>& needed = {}, JsonLimits limits = {},
                      std::vector<TextCondition> wanted = {});
  JsonReader(JsonReader&&) noexcept;
  JsonReader& operator=(JsonReader&&) noexcept;
  ~JsonReader() override;

  /// Poison: SO-F001 to SO-F005.
  Decoded decode(std::span<const data::Record> records) override;
  using RecordReader::decode;
  void keep_unwanted(bool keep) override;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Spark's from_json(texts, type) in PERMISSIVE mode: `type` is a STRUCT, an ARRAY or a MAP with STRING keys. Null and
/// blank texts give null; a bad field gives null in its place; a text that is no JSON gives a STRUCT of nulls, or null.
data::ColumnPtr from_json(const data::Column& texts, const data::TypePtr& type, const JsonLimits& limits = {});

}  // namespace streamops::format
