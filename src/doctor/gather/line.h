// doctor/gather/line.h — a conversation over TCP or TLS with one address, question by question.
//
// Unlike runtime::Network it says exactly why something failed, looks at a certificate even when it is bad, and goes on
// talking behind it. Blocks its thread until each call's deadline. Not for production traffic.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/bytes.h"
#include "doctor/facts.h"
#include "doctor/gather/dial.h"
#include "pipeline/file.h"

namespace streamops::doctor {

class Line {
 public:
  /// Connects to a numeric address. Nothing when that fails in time.
  static std::unique_ptr<Line> open(const std::string& address, std::uint16_t port, Deadline until);
  virtual ~Line() = default;

  /// Puts TLS on the line; `host` is the name that the certificate must bear. With a bad certificate the line is up all
  /// the same, and the outcome says what is bad.
  virtual TlsFacts start_tls(const pipeline::TlsSpec& tls, const std::string& host, Deadline until) = 0;

  virtual bool write(BytesView bytes, Deadline until) = 0;

  enum class Read : std::uint8_t { data, closed, late, certificate_wanted };
  /// Appends what arrives next, at least one byte, at most 64 KiB.
  virtual Read read(Bytes& into, Deadline until) = 0;
};

/// Who is behind a port that does not speak what was expected: asks in TLS, HTTP and ZooKeeper's four letter words, at
/// once. `said` gets the first line of the answer.
Speech identify(const std::string& address, std::uint16_t port, Deadline until, std::string& said);

/// What some first bytes are the beginning of.
Speech speech_of(BytesView bytes);
/// The first line, printable, at most 80 letters.
std::string first_line(BytesView bytes);

}  // namespace streamops::doctor
