// app/settings_of.h — the settings in force for one call: defaults, environment, --set.
#pragma once

#include "app/verb.h"
#include "base/settings.h"

namespace streamops::app {

/// Errors: SO-B003, SO-B004, SO-A101 (a --set without `=`).
Result<SettingValues> settings_of(const Arguments& arguments);

/// Applies --ports: `auto` makes every server port 0 where no --set or variable says otherwise. Errors: SO-A101.
Result<void> choose_ports(const Arguments& arguments, SettingValues& settings);

}  // namespace streamops::app
