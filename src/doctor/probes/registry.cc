// Probes of a schema registry.
#include <simdjson.h>

#include "doctor/probes/connection.h"
#include "errors/doctor.h"

namespace streamops::doctor {
namespace {

using namespace errors::doctor;

Contacts contacts_of(const Subject& subject) {
  Contacts contacts;
  contacts.configured = subject.targets.registry.has_value();
  contacts.service = "a schema registry";
  if (!contacts.configured) return contacts;
  contacts.each = {contact_of(subject.facts.registry.subjects)};
  contacts.place = subject.targets.registry->place;
  contacts.in_container = subject.facts.machine.in_container;
  return contacts;
}

bool starts_like_list(const WebFacts& web) {
  const std::size_t start = web.body.find_first_not_of(" \t\r\n");
  return web.answered() && web.status == 200 && start != std::string::npos && web.body[start] == '[';
}

std::string without_registry(const Subject& subject) {
  if (!subject.targets.registry) return "not in this profile";
  if (!subject.facts.registry.subjects.answered()) return "the registry could not be asked";
  return {};
}

Finding at_profile(const Subject& subject, Error error) {
  return {Severity::problem, subject.targets.registry->url, placed(std::move(error), subject.targets.registry->place)};
}

Verdict credentials(const Subject& subject) {
  if (std::string why = without_registry(subject); !why.empty()) return Verdict::skip(std::move(why));
  const int status = subject.facts.registry.subjects.status;
  if (status != 401 && status != 403) return Verdict::fine("let in");
  return Verdict::found(at_profile(subject, Error(registry_credentials, "the registry answers {} to {}", status,
                                                  subject.targets.registry->username.empty()
                                                      ? "a request without a login"
                                                      : "user \"" + subject.targets.registry->username + "\"")));
}

Verdict is_registry(const Subject& subject) {
  if (std::string why = without_registry(subject); !why.empty()) return Verdict::skip(std::move(why));
  const RegistryFacts& facts = subject.facts.registry;
  if (starts_like_list(facts.subjects)) return Verdict::fine("it answers as a registry");
  if (facts.subjects.status == 401 || facts.subjects.status == 403) return Verdict::skip("it does not let us in");
  for (const WebFacts& other : facts.elsewhere) {
    if (!starts_like_list(other)) continue;
    const std::string path = other.url.substr(0, other.url.size() - std::string_view("/subjects").size());
    return Verdict::found(at_profile(subject, Error(registry_path, "the registry's API is at {}", path)
                                                  .with_hint("write " + path + " as the registry's address")));
  }
  if (facts.subjects.is_html())
    return Verdict::found(
        at_profile(subject, Error(registry_web_page, "a web page answers at {}", facts.subjects.url)));
  return Verdict::found(at_profile(subject, Error(registry_not_there, "{} answers {}, not a list of subjects",
                                                  facts.subjects.url, facts.subjects.status)));
}

/// The text of a member of a JSON object; empty when there is none.
std::string member(const WebFacts& web, const char* name) {
  simdjson::dom::parser parser;
  simdjson::dom::element root;
  std::string_view text;
  if (!web.answered() || parser.parse(web.body).get(root) != simdjson::SUCCESS ||
      root[name].get(text) != simdjson::SUCCESS) {
    return {};
  }
  return std::string(text);
}

std::string without_subjects(const Subject& subject) {
  if (std::string why = without_registry(subject); !why.empty()) return why;
  return subject.facts.registry.each.empty() ? "the file uses no subject" : "";
}

/// Calls `judge` with each subject's use and facts.
template <typename Judge>
Verdict each_subject(const Subject& subject, std::string fine, Judge judge) {
  if (std::string why = without_subjects(subject); !why.empty()) return Verdict::skip(std::move(why));
  Verdict verdict = Verdict::fine(std::move(fine));
  const auto& uses = subject.targets.registry->subjects;
  for (std::size_t i = 0; i < uses.size() && i < subject.facts.registry.each.size(); ++i)
    judge(uses[i], subject.facts.registry.each[i], verdict);
  return verdict;
}

Verdict existence(const Subject& subject) {
  return each_subject(
      subject, "there, or registered at the first write",
      [](const SubjectUse& use, const SubjectFacts& facts, Verdict& verdict) {
        if (!use.must_exist || facts.latest.status != 404) return;
        verdict.problem(placed(Error(subject_missing, "there is no subject {}", use.subject), use.place), use.subject);
      });
}

Verdict kinds(const Subject& subject) {
  return each_subject(subject, "Avro", [](const SubjectUse& use, const SubjectFacts& facts, Verdict& verdict) {
    const std::string kind = member(facts.latest, "schemaType");  // absent for Avro
    if (kind.empty() || kind == "AVRO") return;
    verdict.problem(placed(Error(subject_not_avro, "the subject {} is of type {}", use.subject, kind), use.place),
                    use.subject);
  });
}

/// Whether an answer of the compatibility check is a clear no.
bool says_no(const std::string& body) {
  simdjson::dom::parser parser;
  simdjson::dom::element root;
  bool fits = true;
  return parser.parse(body).get(root) == simdjson::SUCCESS && root["is_compatible"].get(fits) == simdjson::SUCCESS &&
         !fits;
}

Verdict compatibility(const Subject& subject) {
  return each_subject(subject, "our schemas are taken",
                      [](const SubjectUse& use, const SubjectFacts& facts, Verdict& verdict) {
                        const WebFacts& answer = facts.compatibility;
                        if (!answer.answered() || !says_no(answer.body)) return;
                        verdict.problem(placed(Error(schema_refused, "the registry would refuse our schema for {}: {}",
                                                     use.subject, answer.body.substr(0, 200)),
                                               use.place),
                                        use.subject);
                      });
}

Verdict mode(const Subject& subject) {
  if (std::string why = without_registry(subject); !why.empty()) return Verdict::skip(std::move(why));
  const std::string mode = member(subject.facts.registry.mode, "mode");
  if (mode.empty()) return Verdict::skip("the registry does not tell its mode");
  if (mode != "READONLY" && mode != "READONLY_OVERRIDE") return Verdict::fine(mode);
  return Verdict::found(at_profile(subject, Error(registry_read_only, "the registry's mode is {}", mode)));
}

constexpr Probe probes[] = {
    {"registry.name", "Registry", "its name resolves", "SO-D401", Proof::reproduced,
     on_contacts<contacts_of, judge_names>},
    {"registry.port", "Registry", "its port is open", "SO-D402 SO-D403 SO-D413", Proof::reproduced,
     on_contacts<contacts_of, judge_ports>},
    {"registry.answer", "Registry", "it answers", "SO-D404", Proof::reproduced,
     on_contacts<contacts_of, judge_answers>},
    {"registry.protocol", "Registry", "it speaks HTTP", "SO-D405", Proof::reproduced,
     on_contacts<contacts_of, judge_protocol>},
    {"registry.certificate", "Registry", "its certificate is valid, trusted and for the right name",
     "SO-D408 SO-D409 SO-D410", Proof::reproduced, on_contacts<contacts_of, judge_certificates>},
    {"registry.credentials", "Registry", "it lets us in", "SO-D482", Proof::reproduced, credentials},
    {"registry.api", "Registry", "it is a schema registry, under this path", "SO-D481 SO-D483 SO-D488",
     Proof::reproduced, is_registry},
    {"registry.subjects", "Registry", "subjects that are read exist", "SO-D484", Proof::reproduced, existence},
    {"registry.avro", "Registry", "subjects are Avro", "SO-D486", Proof::reproduced, kinds},
    {"registry.compatibility", "Registry", "it takes our schemas", "SO-D485", Proof::reproduced, compatibility},
    {"registry.mode", "Registry", "it takes schemas at all", "SO-D487", Proof::reproduced, mode},
};

}  // namespace

std::span<const Probe> registry_probes() {
  return probes;
}

}  // namespace streamops::doctor
