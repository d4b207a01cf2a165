#include "app/verbs/verbs.h"

namespace streamops::app {

std::span<const VerbSpec> all_verbs() {
  static const std::vector<VerbSpec> verbs{
      up_verb(),      run_verb(),    check_verb(),  test_verb(),   preview_verb(), tap_verb(),     why_verb(),
      trigger_verb(), status_verb(), topics_verb(), groups_verb(), tables_verb(),  runs_verb(),    dlq_verb(),
      reset_verb(),   stop_verb(),   doctor_verb(), import_verb(), explain_verb(), settings_verb()};
  return verbs;
}

}  // namespace streamops::app
