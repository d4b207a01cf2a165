#include "runtime/impl/http_request_parser.h"

#include <http_parser.h>

#include "base/text.h"

namespace streamops::runtime {

struct HttpRequestParser::Impl {
  explicit Impl(const HttpServerLimits& server_limits) : limits(server_limits) {
    http_parser_settings_init(&settings);
    settings.on_url = [](http_parser* from, const char* at, size_t length) {
      return of(from).on_header_bytes(of(from).target, at, length);
    };
    settings.on_header_field = [](http_parser* from, const char* at, size_t length) {
      return of(from).on_field(at, length);
    };
    settings.on_header_value = [](http_parser* from, const char* at, size_t length) {
      return of(from).on_value(at, length);
    };
    settings.on_headers_complete = [](http_parser* from) { return of(from).on_headers_complete(); };
    settings.on_body = [](http_parser* from, const char* at, size_t length) { return of(from).on_body(at, length); };
    settings.on_message_complete = [](http_parser* from) { return of(from).on_message_complete(); };
    start();
  }

  static Impl& of(http_parser* from) { return *static_cast<Impl*>(from->data); }

  void start() {
    http_parser_init(&parser, HTTP_REQUEST);
    parser.data = this;
    state = State::headers;
    request = {};
    target.clear();
    header_bytes = 0;
    in_value = false;
    started = false;
  }

  int fail(int status) {
    state = State::failed;
    failure = status;
    return -1;  // 1 would mean "no body" to on_headers_complete
  }

  int on_header_bytes(std::string& into, const char* at, std::size_t length) {
    header_bytes += length;
    if (header_bytes > limits.max_header_bytes) return fail(&into == &target ? 414 : 431);
    into.append(at, length);
    return 0;
  }

  int on_field(const char* at, std::size_t length) {
    if (request.headers.empty() || in_value) request.headers.emplace_back();
    in_value = false;
    return on_header_bytes(request.headers.back().first, at, length);
  }

  int on_value(const char* at, std::size_t length) {
    in_value = true;
    return on_header_bytes(request.headers.back().second, at, length);
  }

  int on_headers_complete() {
    for (auto& [name, value] : request.headers) name = to_lower(name);
    request.method = http_method_str(static_cast<http_method>(parser.method));
    if (parser.content_length != UINT64_MAX && parser.content_length > limits.max_body_bytes) return fail(413);
    const std::size_t question = target.find('?');
    request.path = percent_decode(std::string_view(target).substr(0, question), false);
    if (question != std::string::npos) read_query(std::string_view(target).substr(question + 1));
    state = State::body;
    return 0;
  }

  void read_query(std::string_view query) {
    for (const std::string_view pair : split(query, '&')) {
      const std::size_t equals = std::min(pair.find('='), pair.size());
      const std::string_view value = equals < pair.size() ? pair.substr(equals + 1) : std::string_view();
      if (!pair.empty()) request.query[percent_decode(pair.substr(0, equals), true)] = percent_decode(value, true);
    }
  }

  int on_body(const char* at, std::size_t length) {
    if (request.body.size() + length > limits.max_body_bytes) return fail(413);
    request.body.append(at, length);
    return 0;
  }

  int on_message_complete() {
    state = State::complete;
    keep_alive = http_should_keep_alive(&parser) != 0;
    http_parser_pause(&parser, 1);
    return 0;
  }

  const HttpServerLimits limits;
  http_parser parser{};
  http_parser_settings settings{};
  State state = State::headers;
  int failure = 400;
  bool keep_alive = false;
  bool in_value = false;
  bool started = false;
  std::size_t header_bytes = 0;
  std::string target;
  ServerRequest request;
};

HttpRequestParser::HttpRequestParser(const HttpServerLimits& limits) : impl_(std::make_unique<Impl>(limits)) {}
HttpRequestParser::~HttpRequestParser() = default;

std::size_t HttpRequestParser::feed(BytesView bytes) {
  if (impl_->state == State::complete || impl_->state == State::failed) return 0;
  impl_->started = true;
  const std::size_t used =
      http_parser_execute(&impl_->parser, &impl_->settings, reinterpret_cast<const char*>(bytes.data()), bytes.size());
  const http_errno problem = HTTP_PARSER_ERRNO(&impl_->parser);
  if (impl_->state == State::complete) {
    http_parser_pause(&impl_->parser, 0);
    return used;
  }
  if (problem != HPE_OK && impl_->state != State::failed) impl_->fail(400);
  return used;
}

HttpRequestParser::State HttpRequestParser::state() const {
  return impl_->state;
}
bool HttpRequestParser::is_between_requests() const {
  return !impl_->started;
}
bool HttpRequestParser::keeps_alive() const {
  return impl_->keep_alive;
}
int HttpRequestParser::failure_status() const {
  return impl_->failure;
}

bool HttpRequestParser::expects_continue() const {
  const std::string* expect = impl_->request.header("expect");
  return impl_->state == State::body && expect != nullptr && equals_ignore_case(*expect, "100-continue");
}

ServerRequest HttpRequestParser::take() {
  ServerRequest request = std::move(impl_->request);
  impl_->start();
  return request;
}

}  // namespace streamops::runtime
