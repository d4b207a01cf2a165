#include "app/settings_of.h"

#include <unistd.h>

#include "errors/app.h"

namespace streamops::app {

Result<SettingValues> settings_of(const Arguments& arguments) {
  SettingValues values;
  std::vector<std::string> environment;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) environment.emplace_back(*entry);
  STREAMOPS_RETURN_IF_ERROR(values.set_from_environment(environment));
  for (const std::string& pair : arguments.list("--set")) {
    const std::size_t equals = pair.find('=');
    if (equals == std::string::npos)
      return Error(errors::app::usage, "--set {} has no value", pair)
          .with_hint("write it like --set kafka.fsync=always");
    STREAMOPS_RETURN_IF_ERROR(values.set(pair.substr(0, equals), pair.substr(equals + 1), SettingValues::Origin::flag));
  }
  return values;
}

Result<void> choose_ports(const Arguments& arguments, SettingValues& settings) {
  const std::string which = arguments.text("--ports");
  if (which == "default") return Ok();
  if (which != "auto") return Error(errors::app::usage, "--ports {} is neither default nor auto", which);
  for (const SettingInfo& info : setting_catalogue()) {
    const std::string_view name = info.name;
    if (name.starts_with("server.") && name.ends_with("_port")) {
      STREAMOPS_RETURN_IF_ERROR(settings.set(name, "0", SettingValues::Origin::profile));
    }
  }
  return Ok();
}

}  // namespace streamops::app
