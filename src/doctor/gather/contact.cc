#include "doctor/gather/contact.h"

namespace streamops::doctor {
namespace {

bool is_up(TlsOutcome outcome) {
  return outcome == TlsOutcome::not_tried || outcome == TlsOutcome::fine || outcome == TlsOutcome::expired ||
         outcome == TlsOutcome::untrusted || outcome == TlsOutcome::other_name;
}

/// TLS did not come up: does the other side answer the greeting without it?
void try_without_tls(Contact& contact, const Attempt& open, Deadline until, const Greeting& greeting) {
  const std::unique_ptr<Line> line = Line::open(open.address, contact.dialled.at.port, until);
  Bytes said;
  if (line && greeting(*line, until, said) == Speech::expected) {
    contact.tls.outcome = TlsOutcome::plain;
  } else if (contact.tls.outcome == TlsOutcome::plain || contact.tls.outcome == TlsOutcome::failed) {
    contact.speech = identify(open.address, contact.dialled.at.port, until, contact.said);
  }
}

}  // namespace

Speech speech_of(Line::Read read) {
  switch (read) {
    case Line::Read::late:
      return Speech::silent;
    case Line::Read::closed:
    case Line::Read::certificate_wanted:
      return Speech::closed;
    case Line::Read::data:
      break;
  }
  return Speech::other;
}

Opened open_contact(const runtime::Endpoint& at, const std::optional<pipeline::TlsSpec>& tls, const Limits& limits,
                    Deadline last, const Greeting& greeting) {
  Opened opened;
  Contact& contact = opened.contact;
  contact.dialled = dial(at, in(limits.step, last));
  const Attempt* open = contact.dialled.first_open();
  if (open == nullptr) return opened;
  const Deadline until = in(limits.step, last);
  opened.line = Line::open(open->address, at.port, until);
  if (!opened.line) return opened;
  if (tls) contact.tls = opened.line->start_tls(*tls, at.host, until);
  if (!is_up(contact.tls.outcome)) {
    opened.line.reset();
    if (contact.tls.outcome == TlsOutcome::plain || contact.tls.outcome == TlsOutcome::failed)
      try_without_tls(contact, *open, in(limits.step, last), greeting);
    return opened;
  }
  Bytes said;
  contact.speech = greeting(*opened.line, until, said);
  if (contact.works()) return opened;
  opened.line.reset();
  if (contact.speech == Speech::other) {
    contact.speech = speech_of(said);
    contact.said = first_line(said);
  }
  if (tls || contact.speech == Speech::tls || contact.speech == Speech::http) return opened;
  const Speech who = identify(open->address, at.port, in(limits.step, last), contact.said);
  if (who != Speech::unknown) contact.speech = who;
  return opened;
}

std::unique_ptr<Line> open_again(const Dialled& dialled, const std::optional<pipeline::TlsSpec>& tls, Deadline until) {
  const Attempt* open = dialled.first_open();
  if (open == nullptr) return nullptr;
  std::unique_ptr<Line> line = Line::open(open->address, dialled.at.port, until);
  if (!line || !tls) return line;
  return is_up(line->start_tls(*tls, dialled.at.host, until).outcome) ? std::move(line) : nullptr;
}

}  // namespace streamops::doctor
