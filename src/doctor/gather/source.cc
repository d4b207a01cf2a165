// Asks an API once, as a task's first poll will.
#include "doctor/gather/web.h"

namespace streamops::doctor {

SourceFacts gather_source(const SourceTarget& target, Web& web, const Limits& limits) {
  SourceFacts facts;
  facts.step = target.step;
  runtime::HttpRequest request{.url = target.url, .headers = target.headers};
  if (target.tls) {
    request.tls = runtime::TlsOptions{.ca_file = target.tls->ca_file,
                                      .certificate = target.tls->certificate,
                                      .key = target.tls->key,
                                      .server_name = {},
                                      .verify = target.tls->verify};
  }
  facts.answer = web.dial_and_ask(std::move(request), in(limits.step));
  return facts;
}

}  // namespace streamops::doctor
