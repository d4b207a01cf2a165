// workflow/cron.h — a cron expression of five fields, on a local calendar without time zones.
//
//   minute  hour  day of month  month     day of week
//   0-59    0-23  1-31, L       1-12,jan  0-7,sun, 5#2 (second Friday)
//
// Each field is a list of `*`, values, ranges and steps (`*/15`, `1-5`, `mon-fri`, `10-50/20`, `22-2`). When both day
// fields are restricted a day matches if either does, as in every cron.
#pragma once

#include <array>
#include <bitset>
#include <chrono>
#include <string>
#include <string_view>

#include "base/result.h"

namespace streamops::workflow {

/// Seconds on a wall clock whose zone is not said; the cron side of the arithmetic.
using LocalTime = std::chrono::local_seconds;

class CronExpression {
 public:
  /// Errors: SO-W001 (says which field and why), SO-W003 (no date ever matches).
  static Result<CronExpression> parse(std::string_view text);

  /// The first match after `time`, which itself does not count. There always is one within fifty years of any date.
  LocalTime next(LocalTime time) const;
  /// The last match before `time`, which itself does not count.
  LocalTime previous(LocalTime time) const;

  /// True when the hour field is `*`: then a run follows the elapsed time over a change of the clocks, else the wall
  /// clock.
  bool covers_every_hour() const { return every_hour_; }

 private:
  friend class CronParser;

  bool matches_day(std::chrono::year_month_day day) const;

  std::bitset<60> minutes_;
  std::bitset<24> hours_;
  std::bitset<32> days_;
  std::bitset<13> months_;
  std::bitset<7> weekdays_;
  std::array<std::bitset<6>, 7> nth_weekdays_{};  // [weekday] has bit n when `weekday#n` was written
  bool last_day_ = false;
  bool every_hour_ = false;
  bool any_day_ = false;
  bool any_weekday_ = false;
};

}  // namespace streamops::workflow
