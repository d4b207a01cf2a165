// Probes of an Airflow that runs the tasks.
#include <simdjson.h>

#include "doctor/probes/connection.h"
#include "errors/doctor.h"

namespace streamops::doctor {
namespace {

using namespace errors::doctor;

Contacts contacts_of(const Subject& subject) {
  Contacts contacts;
  contacts.configured = subject.targets.airflow.has_value();
  contacts.service = "Airflow";
  if (!contacts.configured) return contacts;
  contacts.each = {contact_of(subject.facts.airflow.health)};
  contacts.in_container = subject.facts.machine.in_container;
  return contacts;
}

std::string without_airflow(const Subject& subject) {
  if (!subject.targets.airflow) return "not in this profile";
  return subject.facts.airflow.major == 0 ? "Airflow could not be asked" : "";
}

std::string without_login(const Subject& subject) {
  if (std::string why = without_airflow(subject); !why.empty()) return why;
  if (subject.targets.airflow->username.empty()) return "no login in --airflow";
  return subject.facts.airflow.dag.asked ? "" : "Airflow does not let us in";
}

Finding found(const Subject& subject, Error error) {
  return {Severity::problem, subject.targets.airflow->url, std::move(error)};
}

Verdict is_airflow(const Subject& subject) {
  if (!subject.targets.airflow) return Verdict::skip("not in this profile");
  const AirflowFacts& facts = subject.facts.airflow;
  if (!facts.health.answered()) return Verdict::skip("Airflow could not be asked");
  if (facts.major != 0) return Verdict::fine(fmt::format("Airflow {}", facts.major));
  return Verdict::found(found(subject, Error(airflow_not_there, "{} answers {}, and is not Airflow",
                                             subject.targets.airflow->url, facts.health.status)));
}

Verdict health(const Subject& subject) {
  if (std::string why = without_airflow(subject); !why.empty()) return Verdict::skip(std::move(why));
  simdjson::dom::parser parser;
  simdjson::dom::object parts;
  if (parser.parse(subject.facts.airflow.health.body).get(parts) != simdjson::SUCCESS)
    return Verdict::skip("its health report is no JSON");
  Verdict verdict = Verdict::fine("all parts are healthy");
  for (const auto [name, part] : parts) {
    std::string_view status;
    // A part that does not run at all says null.
    if (part["status"].get(status) != simdjson::SUCCESS || status == "healthy") continue;
    verdict.problem(Error(airflow_unhealthy, "Airflow's {} is {}", name, status), std::string(name));
  }
  return verdict;
}

Verdict credentials(const Subject& subject) {
  if (std::string why = without_airflow(subject); !why.empty()) return Verdict::skip(std::move(why));
  if (subject.targets.airflow->username.empty()) return Verdict::skip("no login in --airflow");
  const AirflowFacts& facts = subject.facts.airflow;
  const WebFacts& answer = facts.dag.asked ? facts.dag : facts.login;
  if (answer.status != 401 && answer.status != 403) return Verdict::fine("let in");
  return Verdict::found(found(subject, Error(airflow_credentials, "Airflow answers {} to user \"{}\"", answer.status,
                                             subject.targets.airflow->username)));
}

Verdict existence(const Subject& subject) {
  if (std::string why = without_login(subject); !why.empty()) return Verdict::skip(std::move(why));
  const WebFacts& dag = subject.facts.airflow.dag;
  if (dag.status != 404) return Verdict::fine(subject.targets.airflow->dag);
  return Verdict::found(found(subject, Error(dag_missing, "Airflow has no DAG {}", subject.targets.airflow->dag)));
}

/// Whether the DAG is paused; nothing when that is not known.
std::optional<bool> paused(const Subject& subject) {
  const WebFacts& dag = subject.facts.airflow.dag;
  simdjson::dom::parser parser;
  simdjson::dom::element root;
  bool is_paused = false;
  if (dag.status != 200 || parser.parse(dag.body).get(root) != simdjson::SUCCESS ||
      root["is_paused"].get(is_paused) != simdjson::SUCCESS) {
    return std::nullopt;
  }
  return is_paused;
}

Verdict pause(const Subject& subject) {
  if (std::string why = without_login(subject); !why.empty()) return Verdict::skip(std::move(why));
  const std::optional<bool> is_paused = paused(subject);
  if (!is_paused) return Verdict::skip("the DAG is not known");
  if (!*is_paused || subject.targets.airflow->own_scheduler) return Verdict::fine(*is_paused ? "paused" : "active");
  Finding finding = found(subject, Error(dag_paused, "the DAG {} is paused in Airflow", subject.targets.airflow->dag));
  finding.severity = Severity::warning;
  return Verdict::found(std::move(finding));
}

Verdict schedulers(const Subject& subject) {
  if (std::string why = without_login(subject); !why.empty()) return Verdict::skip(std::move(why));
  const std::optional<bool> is_paused = paused(subject);
  if (!is_paused) return Verdict::skip("the DAG is not known");
  if (*is_paused || !subject.targets.airflow->own_scheduler) return Verdict::fine("one scheduler");
  return Verdict::found(found(
      subject, Error(two_schedulers, "the DAG {} is active in Airflow and with us", subject.targets.airflow->dag)));
}

std::string_view text_of(simdjson::simdjson_result<simdjson::dom::element> value) {
  std::string_view text;
  return value.get(text) == simdjson::SUCCESS ? text : std::string_view();
}

Verdict imports(const Subject& subject) {
  if (std::string why = without_login(subject); !why.empty()) return Verdict::skip(std::move(why));
  simdjson::dom::parser parser;
  simdjson::dom::element root;
  simdjson::dom::array errors;
  if (parser.parse(subject.facts.airflow.import_errors.body).get(root) != simdjson::SUCCESS ||
      root["import_errors"].get(errors) != simdjson::SUCCESS) {
    return Verdict::skip("Airflow does not tell import errors");
  }
  Verdict verdict = Verdict::fine("every DAG file is imported");
  for (const simdjson::dom::element error : errors) {
    std::string_view file = text_of(error["filename"]);
    std::string_view trace = text_of(error["stack_trace"]);
    while (trace.ends_with('\n')) trace.remove_suffix(1);
    const std::size_t last_line = trace.rfind('\n');
    verdict.problem(Error(dag_import_error, "{}: {}", file,
                          last_line == std::string_view::npos ? trace : trace.substr(last_line + 1)),
                    std::string(file));
  }
  return verdict;
}

constexpr Probe probes[] = {
    {"airflow.name", "Airflow", "its name resolves", "SO-D401", Proof::reproduced,
     on_contacts<contacts_of, judge_names>},
    {"airflow.port", "Airflow", "its port is open", "SO-D402 SO-D403 SO-D413", Proof::reproduced,
     on_contacts<contacts_of, judge_ports>},
    {"airflow.answer", "Airflow", "it answers", "SO-D404", Proof::reproduced, on_contacts<contacts_of, judge_answers>},
    {"airflow.api", "Airflow", "it is Airflow, and nothing else on that port", "SO-D501", Proof::reproduced,
     is_airflow},
    {"airflow.health", "Airflow", "scheduler, database and DAG processor are healthy", "SO-D502", Proof::reproduced,
     health},
    {"airflow.credentials", "Airflow", "it lets us in", "SO-D503", Proof::reproduced, credentials},
    {"airflow.dag", "Airflow", "it knows the DAG", "SO-D504", Proof::reproduced, existence},
    {"airflow.imports", "Airflow", "DAG files are imported", "SO-D505", Proof::reproduced, imports},
    {"airflow.paused", "Airflow", "the DAG is not paused", "SO-D506", Proof::reproduced, pause},
    {"airflow.schedulers", "Airflow", "one scheduler runs the tasks", "SO-D507", Proof::reproduced, schedulers},
};

}  // namespace

std::span<const Probe> airflow_probes() {
  return probes;
}

}  // namespace streamops::doctor
