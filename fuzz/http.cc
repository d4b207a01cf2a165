// modules: runtime base
// Feeds the HTTP request parser: first byte = size of the pieces, the rest = the stream.
#include "runtime/impl/http_request_parser.h"

using namespace streamops;
using namespace streamops::runtime;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::size_t piece = data[0] + 1U;
  BytesView rest(data + 1, size - 1);
  HttpServerLimits limits;
  limits.max_header_bytes = 256;
  limits.max_body_bytes = 256;
  HttpRequestParser parser(limits);
  while (!rest.empty() && parser.state() != HttpRequestParser::State::failed) {
    const BytesView part = rest.first(std::min(piece, rest.size()));
    const std::size_t used = parser.feed(part);
    if (parser.state() == HttpRequestParser::State::complete) {
      const ServerRequest request = parser.take();
      if (request.body.size() > limits.max_body_bytes) __builtin_trap();
    }
    rest = rest.subspan(used);
  }
  return 0;
}
