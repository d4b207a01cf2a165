// pipeline/letter_fix.h — SQL that mends dead letters: an expression over the letter, or a SELECT over the table of
// them.
//
//   value STRING, key STRING, code STRING, message STRING, stage STRING, origin STRING, partition INT, offset BIGINT,
//   redrives INT, at TIMESTAMP   ->   value STRING [, key STRING]
//
// A letter for which the SQL gives nothing, NULL, an error or several rows stays as it is.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "data/ports.h"
#include "sql/engine/query.h"

namespace streamops::pipeline {

class LetterFix {
 public:
  /// `sql`: an expression that gives the new value (`replace(value, ',}', '}')`), or a SELECT with a column `value`
  /// and, where the key changes too, `key`. Errors: SO-P070 (wrong columns, or it groups), SO-S0xx.
  static Result<LetterFix> compile(std::string_view sql);

  /// Mends what it can, in place. One text a letter: empty where the letter is mended, else why it is not.
  std::vector<std::string> apply(std::span<data::DeadLetter* const> letters) const;

 private:
  explicit LetterFix(std::shared_ptr<const sql::Query> query) : query_(std::move(query)) {}
  std::shared_ptr<const sql::Query> query_;
};

}  // namespace streamops::pipeline
