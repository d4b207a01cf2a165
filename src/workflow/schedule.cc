#include "workflow/schedule.h"

#include <date/tz.h>

#include <algorithm>
#include <array>
#include <stdexcept>
#include <utility>
#include <vector>

#include "base/text.h"
#include "errors/workflow.h"
#include "workflow/cron.h"

namespace streamops::workflow {

namespace {

constexpr std::array<std::pair<std::string_view, std::string_view>, 6> cron_presets = {{{"@hourly", "0 * * * *"},
                                                                                        {"@daily", "0 0 * * *"},
                                                                                        {"@weekly", "0 0 * * 0"},
                                                                                        {"@monthly", "0 0 1 * *"},
                                                                                        {"@quarterly", "0 0 1 */3 *"},
                                                                                        {"@yearly", "0 0 1 1 *"}}};
constexpr std::array<std::string_view, 8> preset_names = {"@once",    "@hourly",    "@daily",  "@weekly",
                                                          "@monthly", "@quarterly", "@yearly", "@continuous"};

/// The zone, or nothing; the library throws, and reads the system's time zone files on first use.
const date::time_zone* find_zone(std::string_view name) {
  try {
    return date::locate_zone(std::string(name));
  } catch (const std::exception&) {
    return nullptr;
  }
}

Result<CronExpression> parse_cron(std::string_view text) {
  for (const auto& [name, cron] : cron_presets) {
    if (name == text) return CronExpression::parse(cron);
  }
  if (text.starts_with('@')) {
    return Error(errors::workflow::bad_schedule, "`{}` is not a preset", text)
        .with_label(did_you_mean(text, preset_names));
  }
  return CronExpression::parse(text);
}

}  // namespace

struct Schedule::Cron {
  CronExpression expression;
  const date::time_zone* zone;

  LocalTime to_local(WallTime time) const {
    const auto seconds = date::floor<std::chrono::seconds>(time);
    const auto offset = zone->get_info(date::sys_seconds{seconds.time_since_epoch()}).offset;
    return LocalTime{seconds.time_since_epoch() + offset};
  }

  /// A local time that the clocks jump over moves on by the jump; of one that comes twice the second counts.
  WallTime to_wall(LocalTime time) const {
    const date::local_info info = zone->get_info(date::local_seconds{time.time_since_epoch()});
    const auto offset = info.result == date::local_info::ambiguous ? info.second.offset : info.first.offset;
    return WallTime{time.time_since_epoch() - offset};
  }
};

Schedule::Schedule() = default;

Result<Schedule> Schedule::parse(std::string_view text, std::string_view time_zone) {
  const std::string_view trimmed = trim(text);
  Schedule out;
  const date::time_zone* zone = find_zone(time_zone);
  if (zone == nullptr) return Error(errors::workflow::unknown_time_zone, "there is no time zone `{}`", time_zone);
  out.time_zone_ = time_zone;
  if (trimmed.empty() || equals_ignore_case(trimmed, "none")) return out;
  out.text_ = trimmed;
  if (trimmed == "@once" || trimmed == "@continuous") {
    out.kind_ = trimmed == "@once" ? Kind::once : Kind::continuous;
    return out;
  }
  STREAMOPS_ASSIGN(CronExpression expression, parse_cron(trimmed));
  out.kind_ = Kind::cron;
  out.cron_ = std::make_shared<const Cron>(Cron{expression, zone});
  return out;
}

WallTime Schedule::next(WallTime time) const {
  const LocalTime local = cron_->to_local(time);
  const LocalTime due = cron_->expression.next(local);
  if (!cron_->expression.covers_every_hour()) return cron_->to_wall(due);
  return std::chrono::floor<Seconds>(time) + (due - local);
}

WallTime Schedule::previous(WallTime time) const {
  const WallTime whole = std::chrono::ceil<Seconds>(time);
  const LocalTime local = cron_->to_local(whole);
  const LocalTime due = cron_->expression.previous(local);
  if (!cron_->expression.covers_every_hour()) return cron_->to_wall(due);
  return whole - (local - due);
}

WallTime Schedule::align_to_next(WallTime time) const {
  const WallTime due = next(time);
  const WallTime before = previous(due);
  return before == time ? before : due;
}

WallTime Schedule::align_to_previous(WallTime time) const {
  const WallTime before = previous(time);
  return next(before) == time ? time : before;
}

std::optional<WallTime> Schedule::next_run(std::optional<WallTime> last, WallTime earliest, bool catchup,
                                           WallTime now) const {
  if (kind_ == Kind::once && !last) return std::max(earliest, now);
  if (kind_ != Kind::cron) return std::nullopt;
  if (catchup) return last ? next(*last) : align_to_next(earliest);
  WallTime due = std::max(align_to_previous(now), align_to_next(earliest));
  return last ? std::max(due, next(*last)) : due;
}

}  // namespace streamops::workflow
