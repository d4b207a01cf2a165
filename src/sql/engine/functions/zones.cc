#include "sql/engine/functions/zones.h"

#include <date/tz.h>

#include <array>

#include "data/calendar.h"
#include "data/text_form.h"

namespace streamops::sql {
namespace {

struct ShortName {
  std::string_view name;
  std::string_view zone;
};
/// java.time.ZoneId.SHORT_IDS.
constexpr std::array<ShortName, 28> short_names = {{{"EST", "-05:00"},
                                                    {"HST", "-10:00"},
                                                    {"MST", "-07:00"},
                                                    {"ACT", "Australia/Darwin"},
                                                    {"AET", "Australia/Sydney"},
                                                    {"AGT", "America/Argentina/Buenos_Aires"},
                                                    {"ART", "Africa/Cairo"},
                                                    {"AST", "America/Anchorage"},
                                                    {"BET", "America/Sao_Paulo"},
                                                    {"BST", "Asia/Dhaka"},
                                                    {"CAT", "Africa/Harare"},
                                                    {"CNT", "America/St_Johns"},
                                                    {"CST", "America/Chicago"},
                                                    {"CTT", "Asia/Shanghai"},
                                                    {"EAT", "Africa/Addis_Ababa"},
                                                    {"ECT", "Europe/Paris"},
                                                    {"IET", "America/Indiana/Indianapolis"},
                                                    {"IST", "Asia/Kolkata"},
                                                    {"JST", "Asia/Tokyo"},
                                                    {"MIT", "Pacific/Apia"},
                                                    {"NET", "Asia/Yerevan"},
                                                    {"NST", "Pacific/Auckland"},
                                                    {"PLT", "Asia/Karachi"},
                                                    {"PNT", "America/Phoenix"},
                                                    {"PRT", "America/Puerto_Rico"},
                                                    {"PST", "America/Los_Angeles"},
                                                    {"SST", "Pacific/Guadalcanal"},
                                                    {"VST", "Asia/Ho_Chi_Minh"}}};

std::chrono::seconds whole_seconds(std::int64_t micros) {
  return std::chrono::seconds(data::floor_divide(micros, data::micros_per_second));
}

std::int64_t micros_of(std::chrono::seconds offset) {
  return offset.count() * data::micros_per_second;
}

}  // namespace

std::optional<Zone> Zone::find(std::string_view name) {
  for (const ShortName& known : short_names) {
    if (known.name == name) name = known.zone;
  }
  Zone zone;
  if (const auto offset = data::parse_zone_offset(name)) {
    zone.offset_ = *offset;
    return zone;
  }
  try {
    zone.region_ = date::locate_zone(std::string(name));
  } catch (const std::runtime_error&) {
    return std::nullopt;
  }
  return zone;
}

std::int64_t Zone::to_local(std::int64_t micros) const {
  if (region_ == nullptr) return micros + offset_;
  return micros + micros_of(region_->get_info(date::sys_seconds(whole_seconds(micros))).offset);
}

std::int64_t Zone::to_utc(std::int64_t local_micros) const {
  if (region_ == nullptr) return local_micros - offset_;
  return local_micros - micros_of(region_->get_info(date::local_seconds(whole_seconds(local_micros))).first.offset);
}

}  // namespace streamops::sql
