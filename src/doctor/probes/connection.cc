#include "doctor/probes/connection.h"

#include <algorithm>
#include <cerrno>

#include "base/text.h"
#include "errors/doctor.h"

namespace streamops::doctor {
namespace {

using namespace errors::doctor;

std::string name(const Contact& contact) {
  return runtime::to_string(contact.dialled.at);
}

/// Judges each contact that `concerns` picks; a fault of one is a warning while another one works.
template <typename Judge>
Verdict each_of(const Contacts& contacts, std::string fine, Judge judge) {
  if (!contacts.configured) return Verdict::skip(contacts.absent);
  if (contacts.each.empty()) return Verdict::skip("no endpoint to ask");
  const Severity severity = contacts.any_works() ? Severity::warning : Severity::problem;
  Verdict verdict = Verdict::fine(std::move(fine));
  for (const Contact& contact : contacts.each) {
    std::optional<Error> error = judge(contact);
    if (error) verdict.findings.push_back({severity, name(contact), placed(std::move(*error), contacts.place)});
  }
  return verdict;
}

bool is_bad(TlsOutcome outcome) {
  return outcome == TlsOutcome::expired || outcome == TlsOutcome::untrusted || outcome == TlsOutcome::other_name ||
         outcome == TlsOutcome::wants_certificate;
}

std::string_view to_string(Speech speech) {
  switch (speech) {
    case Speech::http:
      return "an HTTP server";
    case Speech::tls:
      return "a TLS server";
    case Speech::zookeeper:
      return "ZooKeeper";
    default:
      return "something else";
  }
}

}  // namespace

bool Contacts::any_works() const {
  return std::any_of(each.begin(), each.end(), [](const Contact& contact) { return contact.works(); });
}

Verdict judge_names(const Contacts& contacts) {
  return each_of(contacts, "every name resolves", [](const Contact& contact) -> std::optional<Error> {
    const Dialled& dialled = contact.dialled;
    if (dialled.resolved || dialled.at.host.empty()) return std::nullopt;
    return Error(name_unknown, "{} {}", dialled.at.host,
                 dialled.name_late ? "was not looked up within a second" : "does not resolve here");
  });
}

Verdict judge_ports(const Contacts& contacts) {
  return each_of(contacts, "the port is open", [&](const Contact& contact) -> std::optional<Error> {
    const Dialled& dialled = contact.dialled;
    if (!dialled.resolved || dialled.connected()) return std::nullopt;
    if (contacts.in_container && is_loopback(dialled.at.host)) {
      return Error(localhost_in_container, "{} is this container itself, and nothing listens on port {}",
                   dialled.at.host, dialled.at.port);
    }
    const bool refused = std::any_of(dialled.attempts.begin(), dialled.attempts.end(),
                                     [](const Attempt& attempt) { return attempt.error == ECONNREFUSED; });
    if (refused) return Error(port_closed, "nothing listens on {}: {} is not there", name(contact), contacts.service);
    return Error(no_answer, "{} does not answer at all", name(contact));
  });
}

Verdict judge_answers(const Contacts& contacts) {
  return each_of(contacts, "it answers", [&](const Contact& contact) -> std::optional<Error> {
    const bool quiet = contact.speech == Speech::silent || contact.speech == Speech::closed;
    if (!quiet || contact.tls.outcome == TlsOutcome::wants_certificate) return std::nullopt;
    return Error(silent_service, "{} {}, not as {} would", name(contact),
                 contact.speech == Speech::silent ? "accepts and says nothing" : "accepts and hangs up",
                 contacts.service);
  });
}

Verdict judge_protocol(const Contacts& contacts) {
  return each_of(contacts, "it is " + contacts.service, [&](const Contact& contact) -> std::optional<Error> {
    if (contact.speech != Speech::http && contact.speech != Speech::other) return std::nullopt;
    return Error(other_protocol, "{} is {}, not {}{}", name(contact), to_string(contact.speech), contacts.service,
                 contact.said.empty() ? "" : ": it says \"" + contact.said + "\"");
  });
}

Verdict judge_tls(const Contacts& contacts) {
  return each_of(contacts, "TLS on both sides, or on none", [&](const Contact& contact) -> std::optional<Error> {
    if (contact.tls.outcome == TlsOutcome::plain)
      return Error(speaks_no_tls, "{} answers without TLS, and the profile has tls", name(contact));
    if (contact.tls.outcome == TlsOutcome::not_tried && contact.speech == Speech::tls)
      return Error(needs_tls, "{} speaks TLS, and the profile has no tls", name(contact));
    return std::nullopt;
  });
}

Verdict judge_certificates(const Contacts& contacts) {
  const bool any_tls = std::any_of(contacts.each.begin(), contacts.each.end(), [](const Contact& contact) {
    return contact.tls.outcome != TlsOutcome::not_tried && contact.tls.outcome != TlsOutcome::plain;
  });
  if (contacts.configured && !any_tls) return Verdict::skip("no TLS");
  Verdict verdict = each_of(contacts, "the certificate is good", [](const Contact& contact) -> std::optional<Error> {
    const TlsFacts& tls = contact.tls;
    switch (tls.outcome) {
      case TlsOutcome::expired:
        return Error(certificate_expired, "the certificate of {} is not valid now: it ends at {}", name(contact),
                     tls.until);
      case TlsOutcome::untrusted:
        return Error(certificate_untrusted, "the certificate of {} is not trusted ({}); it was issued by {}",
                     name(contact), tls.detail, tls.issuer);
      case TlsOutcome::other_name:
        return Error(certificate_other_name, "the certificate of {} is for {}", name(contact), tls.names);
      case TlsOutcome::wants_certificate:
        return Error(certificate_wanted, "{} wants a certificate of ours", name(contact));
      case TlsOutcome::bad_files:
        return Error(certificate_files, "the files under tls cannot be used: {}", tls.detail);
      default:
        return std::nullopt;
    }
  });
  // A bad certificate stops every client, also where the conversation behind it went on for the sake of this report.
  for (Finding& finding : verdict.findings) finding.severity = Severity::problem;
  return verdict;
}

Verdict judge_localhost(const Contacts& contacts) {
  Verdict verdict = each_of(contacts, "the first address answers", [](const Contact& contact) -> std::optional<Error> {
    const Dialled& dialled = contact.dialled;
    if (!dialled.connected() || dialled.attempts.front().error == 0) return std::nullopt;
    return Error(localhost_first_address, "{} is {} first, where nothing listens; {} answers", dialled.at.host,
                 dialled.attempts.front().address, dialled.first_open()->address);
  });
  for (Finding& finding : verdict.findings) finding.severity = Severity::warning;
  return verdict;
}

Contact contact_of(const WebFacts& web) {
  Contact contact;
  contact.dialled = web.dialled;
  contact.tls = web.tls;
  if (web.answered()) {
    contact.speech = Speech::expected;
  } else if (web.failure_code == "SO-R011") {
    contact.speech = Speech::silent;
  } else if (web.failure_code == "SO-R014") {
    contact.speech = Speech::other;
    contact.said = web.failure;
  } else if (web.failure_code == "SO-R012" && !is_bad(web.tls.outcome)) {
    contact.tls.outcome = TlsOutcome::untrusted;  // the client refused it, whatever a second look saw
    contact.tls.detail = web.failure;
  }
  return contact;
}

Error placed(const Error& error, const std::optional<Place>& place) {
  return place ? error.with_place(*place) : error;
}

bool is_loopback(const std::string& host) {
  const std::string lower = to_lower(host);
  return lower == "localhost" || lower.ends_with(".localhost") || lower == "::1" || lower.starts_with("127.");
}

}  // namespace streamops::doctor
