// Probes of the APIs that tasks poll.
#include <simdjson.h>

#include <algorithm>

#include "base/text.h"
#include "doctor/gather/proxy.h"
#include "doctor/probes/connection.h"
#include "errors/doctor.h"

namespace streamops::doctor {
namespace {

using namespace errors::doctor;

Contacts contacts_of(const Subject& subject) {
  Contacts contacts;
  contacts.configured = !subject.facts.sources.empty();
  contacts.absent = "no task polls an API outside";
  contacts.service = "an HTTP server";
  for (const SourceFacts& source : subject.facts.sources) {
    // Behind a proxy it is the proxy that looks the name up and connects.
    if (!source.answer.dialled.at.host.empty()) contacts.each.push_back(contact_of(source.answer));
  }
  if (!subject.targets.sources.empty()) contacts.place = subject.targets.sources.front().place;
  contacts.in_container = subject.facts.machine.in_container;
  return contacts;
}

/// Judges each API that answered.
template <typename Judge>
Verdict each_answer(const Subject& subject, std::string fine, Judge judge) {
  if (subject.targets.sources.empty()) return Verdict::skip("no task polls an API outside");
  Verdict verdict = Verdict::fine(std::move(fine));
  bool any = false;
  for (std::size_t i = 0; i < subject.targets.sources.size() && i < subject.facts.sources.size(); ++i) {
    const WebFacts& answer = subject.facts.sources[i].answer;
    if (!answer.answered()) continue;
    any = true;
    std::optional<Finding> finding = judge(subject.targets.sources[i], answer);
    if (!finding) continue;
    finding->where = subject.targets.sources[i].url.substr(0, subject.targets.sources[i].url.find('?'));
    finding->error = placed(finding->error, subject.targets.sources[i].place);
    verdict.findings.push_back(std::move(*finding));
  }
  return any ? verdict : Verdict::skip("no API answered");
}

using Found = std::optional<Finding>;

Found problem(Error error) {
  return Finding{Severity::problem, {}, std::move(error)};
}

Verdict status(const Subject& subject) {
  return each_answer(subject, "it answers 200", [](const SourceTarget& target, const WebFacts& answer) -> Found {
    const int code = answer.status;
    if (code == 401 || code == 403) return problem(Error(api_refuses, "the API of {} answers {}", target.step, code));
    if (code == 404 || code == 410) return problem(Error(api_not_found, "the API of {} answers {}", target.step, code));
    if (code == 429) {
      return Finding{Severity::warning, {}, Error(api_rate_limited, "the API of {} answers 429", target.step)};
    }
    if (code >= 500) return problem(Error(api_failing, "the API of {} answers {}", target.step, code));
    return std::nullopt;
  });
}

bool is_json(const std::string& body) {
  simdjson::dom::parser parser;
  return parser.parse(body).error() == simdjson::SUCCESS;
}

Verdict json(const Subject& subject) {
  return each_answer(subject, "it is JSON", [](const SourceTarget& target, const WebFacts& answer) -> Found {
    // A body that was cut is no JSON any more.
    if (answer.status >= 300 || answer.is_cut || is_json(answer.body)) return std::nullopt;
    return problem(Error(api_not_json, "the API of {} answers {}{}", target.step,
                         answer.is_html() ? "a web page" : "something else than JSON",
                         answer.content_type.empty() ? "" : " (" + answer.content_type + ")"));
  });
}

Verdict shape(const Subject& subject) {
  return each_answer(
      subject, "it has the schema's fields", [](const SourceTarget& target, const WebFacts& answer) -> Found {
        simdjson::dom::parser parser;
        simdjson::dom::object object;
        if (target.columns.empty() || answer.status >= 300 || answer.is_cut ||
            parser.parse(answer.body).get(object) != simdjson::SUCCESS) {
          return std::nullopt;
        }
        std::vector<std::string> fields;
        for (const auto [key, value] : object) fields.emplace_back(key);
        const bool any = std::any_of(target.columns.begin(), target.columns.end(), [&](const std::string& column) {
          return std::find(fields.begin(), fields.end(), column) != fields.end();
        });
        if (any) return std::nullopt;
        return problem(Error(api_other_shape, "the answer has {}; the schema asks for {}", join(fields, ", "),
                             join(std::span<const std::string>(target.columns), ", ")));
      });
}

Verdict speed(const Subject& subject) {
  return each_answer(
      subject, "faster than it is polled", [](const SourceTarget& target, const WebFacts& answer) -> Found {
        if (target.every.count() == 0 || answer.took <= target.every) return std::nullopt;
        return Finding{
            Severity::warning,
            {},
            Error(api_slow, "an answer took {}, a poll comes every {}",
                  format_duration(std::chrono::round<Milliseconds>(answer.took)), format_duration(target.every))};
      });
}

constexpr Probe probes[] = {
    {"api.name", "APIs", "their names resolve", "SO-D401", Proof::reproduced, on_contacts<contacts_of, judge_names>},
    {"api.port", "APIs", "their ports are open", "SO-D402 SO-D403 SO-D413", Proof::reproduced,
     on_contacts<contacts_of, judge_ports>},
    {"api.answer", "APIs", "they answer", "SO-D404", Proof::reproduced, on_contacts<contacts_of, judge_answers>},
    {"api.protocol", "APIs", "they speak HTTP", "SO-D405", Proof::reproduced, on_contacts<contacts_of, judge_protocol>},
    {"api.certificate", "APIs", "certificates are valid, trusted and for the right name", "SO-D408 SO-D409 SO-D410",
     Proof::reproduced, on_contacts<contacts_of, judge_certificates>},
    {"api.status", "APIs", "they let us in and know the path", "SO-D511 SO-D512 SO-D513 SO-D514", Proof::reproduced,
     status},
    {"api.json", "APIs", "they answer JSON", "SO-D515", Proof::reproduced, json},
    {"api.shape", "APIs", "their answers have the schema's fields", "SO-D516", Proof::reproduced, shape},
    {"api.speed", "APIs", "they answer faster than they are polled", "SO-D517", Proof::reproduced, speed},
};

}  // namespace

std::span<const Probe> source_probes() {
  return probes;
}

}  // namespace streamops::doctor
