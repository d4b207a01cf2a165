#include "doctor/gather/web.h"

#include <simdjson.h>

#include <future>

#include "base/base64.h"
#include "base/text.h"
#include "doctor/gather/line.h"
#include "doctor/gather/proxy.h"

namespace streamops::doctor {
namespace {

constexpr std::size_t largest_answer = 4 * 1024 * 1024;
constexpr std::size_t kept = 256 * 1024;
constexpr std::string_view tls_refused = "SO-R012";

/// One question under way; the call belongs to the loop.
struct Pending {
  std::promise<Result<runtime::HttpResponse>> promise;
  std::unique_ptr<runtime::HttpCall> call;
};

/// "Sun, 06 Nov 1994 08:49:37 GMT" (RFC 9110 §5.6.7); nothing for other forms.
std::optional<WallTime> parse_http_date(const std::string& text) {
  std::tm parts{};
  const char* end = ::strptime(text.c_str(), "%a, %d %b %Y %H:%M:%S GMT", &parts);
  if (end == nullptr || *end != '\0') return std::nullopt;
  return std::chrono::time_point_cast<Microseconds>(std::chrono::system_clock::from_time_t(::timegm(&parts)));
}

/// What is wrong with a certificate that the client refused.
TlsFacts look_at_certificate(const Dialled& dialled, const pipeline::TlsSpec& tls, Deadline until) {
  const Attempt* open = dialled.first_open();
  const std::unique_ptr<Line> line = open == nullptr ? nullptr : Line::open(open->address, dialled.at.port, until);
  return line ? line->start_tls(tls, dialled.at.host, until) : TlsFacts{};
}

pipeline::TlsSpec tls_of(const runtime::HttpRequest& request) {
  if (!request.tls) return {};
  return {request.tls->ca_file, request.tls->certificate, request.tls->key, request.tls->verify};
}

}  // namespace

bool WebFacts::is_html() const {
  const std::string_view start = trim(std::string_view(body).substr(0, 64));
  return content_type.starts_with("text/html") || to_lower(start).starts_with("<!doctype html") ||
         to_lower(start).starts_with("<html");
}

Web::Web() : thread_(runtime::make_loop_thread("doctor")) {
  std::promise<void> made;
  thread_->loop().post([&] {
    client_ = runtime::make_http_client(thread_->loop());
    made.set_value();
  });
  made.get_future().wait();
}

Web::~Web() {
  std::promise<void> gone;
  thread_->loop().post([&] {
    client_.reset();
    gone.set_value();
  });
  gone.get_future().wait();
  thread_->stop();
}

WebFacts Web::ask(runtime::HttpRequest request, Deadline until) {
  WebFacts facts;
  facts.url = request.url;
  facts.asked = true;
  request.timeout = Milliseconds{std::max(1, milliseconds_to(until))};
  request.max_body = largest_answer;
  const Deadline begin = runtime::system_clock().monotonic();
  const auto pending = std::make_shared<Pending>();
  thread_->loop().post([this, pending, request = std::move(request)]() mutable {
    pending->call = client_->send(std::move(request), [pending](Result<runtime::HttpResponse> response) {
      pending->promise.set_value(std::move(response));
    });
  });
  const Result<runtime::HttpResponse> response = pending->promise.get_future().get();
  thread_->loop().post([pending] { pending->call.reset(); });
  facts.took = runtime::system_clock().monotonic() - begin;
  facts.received = runtime::system_clock().wall();
  if (!response) {
    facts.failure_code = response.error().code();
    facts.failure = response.error().message();
    return facts;
  }
  facts.status = response->status;
  facts.body = response->body.substr(0, kept);
  facts.is_cut = response->body.size() > kept;
  if (const std::string* type = response->header("content-type")) facts.content_type = to_lower(*type);
  if (const std::string* date = response->header("date")) facts.date = parse_http_date(*date);
  return facts;
}

WebFacts Web::dial_and_ask(runtime::HttpRequest request, Deadline until) {
  WebFacts facts;
  facts.url = request.url;
  const std::optional<UrlParts> parts = parse_url(request.url);
  if (!parts) return facts;
  if (proxy_for(*parts, environment_proxies()).empty()) {
    facts.dialled = dial(parts->at, until);
    if (!facts.dialled.connected()) return facts;
  }
  Dialled dialled = std::move(facts.dialled);
  const pipeline::TlsSpec tls = tls_of(request);
  facts = ask(std::move(request), until);
  if (facts.failure_code == tls_refused) facts.tls = look_at_certificate(dialled, tls, in(Seconds{1}));
  facts.dialled = std::move(dialled);
  return facts;
}

runtime::HttpHeaders basic_login(const std::string& username, const std::string& password) {
  if (username.empty()) return {};
  return {{"Authorization", "Basic " + to_base64(username + ":" + password)}};
}

}  // namespace streamops::doctor
