// doctor/gather/contact.h — the first minute of every conversation: look up, connect, TLS, a greeting; and when the
// greeting is not answered as it should be, who it is that lives there.
#pragma once

#include <functional>
#include <memory>
#include <optional>

#include "doctor/doctor.h"
#include "doctor/gather/line.h"

namespace streamops::doctor {

/// Asks the protocol's first question. What was no answer of the protocol is left in `said`.
using Greeting = std::function<Speech(Line& line, Deadline until, Bytes& said)>;

struct Opened {
  Contact contact;
  std::unique_ptr<Line> line;  // behind the greeting, when the contact works
};

Opened open_contact(const runtime::Endpoint& at, const std::optional<pipeline::TlsSpec>& tls, const Limits& limits,
                    Deadline last, const Greeting& greeting);

/// A line to an endpoint that was dialled before, with TLS where it is configured; nothing when it does not come up.
std::unique_ptr<Line> open_again(const Dialled& dialled, const std::optional<pipeline::TlsSpec>& tls, Deadline until);

/// What a read that brought no answer means.
Speech speech_of(Line::Read read);

}  // namespace streamops::doctor
