#include "app/settings_of.h"
#include "app/verbs/verbs.h"
#include "base/json_writer.h"

namespace streamops::app {
namespace {

std::string_view origin_name(SettingValues::Origin origin) {
  switch (origin) {
    case SettingValues::Origin::fallback:
      return "default";
    case SettingValues::Origin::profile:
      return "profile";
    case SettingValues::Origin::environment:
      return "environment";
    case SettingValues::Origin::flag:
      return "--set";
  }
  return "default";
}

ExitCode show_settings(const Arguments& arguments, Terminal& terminal) {
  const Result<SettingValues> values = settings_of(arguments);
  if (!values) {
    terminal.fail(values.error());
    return exit_code_for(values.error());
  }
  JsonWriter json;
  json.begin_array();
  std::vector<std::vector<std::string>> rows;
  for (const SettingInfo& info : setting_catalogue()) {
    const std::string value(values->text(info.name));
    const std::string_view origin = origin_name(values->origin(info.name));
    rows.push_back({info.name, value, std::string(origin), info.help});
    json.begin_object()
        .field("name", info.name)
        .field("value", value)
        .field("origin", origin)
        .field("default", info.fallback);
    json.field("help", info.help).field("example", info.example).end_object();
  }
  json.end_array();
  if (arguments.has("--json")) {
    terminal.print(json.text());
  } else {
    terminal.table({"SETTING", "VALUE", "FROM", "WHAT"}, rows);
  }
  return ExitCode::success;
}

}  // namespace

VerbSpec settings_verb() {
  return {.name = "settings",
          .summary = "List every setting with its value in force and where that comes from",
          .details =
              "A setting comes from its default, the environment (kafka.fsync is STREAMOPS_KAFKA_FSYNC) or --set; the "
              "last wins.",
          .positionals = {},
          .options = {set_option(), json_option()},
          .examples = {{"streamops settings", "all of them"},
                       {"STREAMOPS_KAFKA_FSYNC=always streamops settings", "what the environment changes"}},
          .run = show_settings};
}

}  // namespace streamops::app
