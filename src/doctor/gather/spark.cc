// Asks whether a Spark Connect server lives at the address: gRPC is HTTP/2, whose first frame is SETTINGS (RFC 9113
// §3.4).
#include "base/text.h"
#include "doctor/gather/contact.h"
#include "doctor/gather/web.h"

namespace streamops::doctor {
namespace {

constexpr std::uint16_t connect_port = 15002;
constexpr std::string_view preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
constexpr std::size_t frame_header = 9;
constexpr std::uint8_t settings_frame = 4;

Speech greet(Line& line, Deadline until, Bytes& said) {
  Bytes out;
  append_text(out, preface);
  append_bytes(out, Bytes{0, 0, 0, settings_frame, 0, 0, 0, 0, 0});
  if (!line.write(out, until)) return Speech::closed;
  while (said.size() < frame_header) {
    const Line::Read read = line.read(said, until);
    if (read != Line::Read::data) return said.empty() ? speech_of(read) : Speech::other;
  }
  return said[3] == settings_frame && said[0] == 0 ? Speech::expected : Speech::other;
}

}  // namespace

SparkFacts gather_spark(const SparkTarget& target, const Limits& limits) {
  SparkFacts facts;
  const std::size_t scheme = target.address.find("://");
  std::string_view rest = target.address;
  if (scheme != std::string::npos) rest.remove_prefix(scheme + 3);
  const Result<runtime::Endpoint> at = runtime::parse_endpoint(rest.substr(0, rest.find_first_of(";/?")), connect_port);
  if (!at) return facts;
  std::optional<pipeline::TlsSpec> tls;
  if (target.address.find("use_ssl=true") != std::string::npos) tls.emplace();
  facts.connect = open_contact(*at, tls, limits, in(limits.whole), greet).contact;
  return facts;
}

}  // namespace streamops::doctor
