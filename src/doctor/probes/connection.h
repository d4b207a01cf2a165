// doctor/probes/connection.h — the judgements that all systems share: name, port, answer, protocol, TLS, certificate.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "doctor/probe.h"

namespace streamops::doctor {

/// The endpoints of one system as its probes see them.
struct Contacts {
  bool configured = false;
  std::string absent = "not in this profile";  // why there is none
  std::string service;                         // "a Kafka broker"
  std::vector<Contact> each;
  std::optional<Place> place;
  bool in_container = false;

  bool any_works() const;
};

Verdict judge_names(const Contacts& contacts);
Verdict judge_ports(const Contacts& contacts);
Verdict judge_answers(const Contacts& contacts);
Verdict judge_protocol(const Contacts& contacts);
Verdict judge_tls(const Contacts& contacts);
Verdict judge_certificates(const Contacts& contacts);
Verdict judge_localhost(const Contacts& contacts);

/// A probe made of one of these judgements and of the contacts of a system.
template <Contacts (*contacts_of)(const Subject&), Verdict (*judgement)(const Contacts&)>
Verdict on_contacts(const Subject& subject) {
  return judgement(contacts_of(subject));
}

/// An HTTP exchange seen as a contact.
Contact contact_of(const WebFacts& web);

/// The error, pointing at `place` where there is one.
Error placed(const Error& error, const std::optional<Place>& place);

/// 127.0.0.0/8, ::1, localhost and what ends in it.
bool is_loopback(const std::string& host);

}  // namespace streamops::doctor
