// workflow/schedule.h — when runs are due: a cron expression or a preset in a time zone, with Airflow 3's trigger
// timetable.
//
// A scheduled run has one time: its logical date, both ends of its data interval and the moment it may start are equal.
// Change of the clocks: a time that the clocks jump over runs one hour later by the wall clock (02:30 becomes 03:30);
// of a time that comes twice the second one counts; a schedule for every hour follows elapsed time.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"

namespace streamops::workflow {

class Schedule {
 public:
  enum class Kind : std::uint8_t {
    none,        // by hand only
    once,        // one run, ever
    continuous,  // the next run starts when the last one ends
    cron
  };

  /// By hand only.
  Schedule();

  /// Reads a cron expression or one of @once @hourly @daily @weekly @monthly @quarterly @yearly @continuous, or "none"
  /// (or an empty text). `time_zone` is an IANA name. Errors: SO-W001 (bad expression), SO-W002 (no such zone), SO-W003
  /// (no date ever matches).
  static Result<Schedule> parse(std::string_view text, std::string_view time_zone = "UTC");

  Kind kind() const { return kind_; }
  /// As it was written: "@daily", "*/5 * * * *", "none".
  const std::string& text() const { return text_; }
  const std::string& time_zone() const { return time_zone_; }

  /// The first time after `time`. Cron schedules only, as are the next three.
  WallTime next(WallTime time) const;
  /// The last time before `time`.
  WallTime previous(WallTime time) const;
  /// `time` itself when it is a time of the schedule, else next(time).
  WallTime align_to_next(WallTime time) const;
  /// `time` itself when it is a time of the schedule, else previous(time).
  WallTime align_to_previous(WallTime time) const;

  /// The time of the next scheduled run of a DAG: never before `earliest`, after `last` (the newest scheduled run), and
  /// without `catchup` not before the latest time that has passed. Nothing when no further run is due by time.
  std::optional<WallTime> next_run(std::optional<WallTime> last, WallTime earliest, bool catchup, WallTime now) const;

 private:
  struct Cron;

  Kind kind_ = Kind::none;
  std::string text_ = "none";
  std::string time_zone_ = "UTC";
  std::shared_ptr<const Cron> cron_;  // immutable
};

}  // namespace streamops::workflow
