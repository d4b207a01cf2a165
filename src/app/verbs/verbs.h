// app/verbs/verbs.h — the list of verbs, one file each, and the options that several of them share.
#pragma once

#include "app/verb.h"

namespace streamops::app {

VerbSpec up_verb();
VerbSpec run_verb();
VerbSpec check_verb();
VerbSpec test_verb();
VerbSpec preview_verb();
VerbSpec tap_verb();
VerbSpec why_verb();
VerbSpec trigger_verb();
VerbSpec status_verb();
VerbSpec topics_verb();
VerbSpec groups_verb();
VerbSpec tables_verb();
VerbSpec runs_verb();
VerbSpec dlq_verb();
VerbSpec reset_verb();
VerbSpec stop_verb();
VerbSpec explain_verb();
VerbSpec doctor_verb();
VerbSpec import_verb();
VerbSpec settings_verb();

inline OptionSpec json_option() {
  return {.name = "--json",
          .kind = OptionSpec::Kind::flag,
          .value = {},
          .help = "one JSON document instead of a table",
          .fallback = {}};
}
inline OptionSpec data_directory_option() {
  return {.name = "--data-dir",
          .kind = OptionSpec::Kind::text,
          .value = "DIR",
          .help = "where data lives; default: $XDG_STATE_HOME/streamops, ~/.local/state/streamops",
          .fallback = {}};
}
inline OptionSpec profile_option() {
  return {.name = "--profile",
          .kind = OptionSpec::Kind::text,
          .value = "NAME",
          .help = "embedded, live, real, or one of the file's own",
          .fallback = "embedded"};
}
inline OptionSpec ports_option() {
  return {.name = "--ports",
          .kind = OptionSpec::Kind::text,
          .value = "WHICH",
          .help = "default (9092, 29092, 9042, 8080, 9021) or auto: free ones, told in DIR/endpoints.json",
          .fallback = "default"};
}
inline OptionSpec set_option() {
  return {.name = "--set",
          .kind = OptionSpec::Kind::list,
          .value = "NAME=VALUE",
          .help = "a setting, like kafka.fsync=always; may be repeated",
          .fallback = {}};
}

}  // namespace streamops::app
