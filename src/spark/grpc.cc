#include "spark/grpc.h"

#include <charconv>

#include "base/base64.h"
#include "base/bytes.h"
#include "errors/runtime.h"
#include "errors/spark.h"

namespace streamops::spark {

namespace {

constexpr std::size_t frame_head = 5;
constexpr std::size_t max_answer = std::size_t{64} * 1024 * 1024;

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::string percent_decode(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const int high = text[i] == '%' && i + 2 < text.size() ? hex_digit(text[i + 1]) : -1;
    const int low = high < 0 ? -1 : hex_digit(text[i + 2]);
    if (low < 0) {
      out += text[i];
      continue;
    }
    out += static_cast<char>(high * 16 + low);
    i += 2;
  }
  return out;
}

/// The bytes of a binary header: base64 with padding or without, of several values the first (gRPC over HTTP/2,
/// Requests §Custom-Metadata). What is no base64 says nothing.
std::string binary_value(std::string_view text) {
  std::string letters(text.substr(0, text.find_first_of(",=")));
  letters.append((4 - letters.size() % 4) % 4, '=');
  return from_base64(letters).value_or("");
}

const std::string* find(const runtime::HttpResponse& response, std::string_view name) {
  const std::string* trailer = response.trailer(name);
  return trailer != nullptr ? trailer : response.header(name);
}

Error not_grpc(const Remote& remote, std::string_view why) {
  return Error(errors::spark::not_connect, "{} is no Spark Connect server: {}", remote.text(), why);
}

Error to_error(const Error& error, const Remote& remote, Microseconds timeout) {
  if (error.is(errors::runtime::http_timeout)) {
    return Error(errors::spark::timeout, "{} did not answer within {}", remote.text(), format_duration(timeout));
  }
  if (error.is(errors::runtime::http_cannot_connect)) {
    return Error(errors::spark::unreachable, "{} cannot be reached", remote.text());
  }
  if (error.is(errors::runtime::http_broken)) {
    return Error(errors::spark::unreachable, "{} took the call and broke off; is it the port of Spark Connect?",
                 remote.text());
  }
  return error;
}

}  // namespace

std::string grpc_frame(std::string_view message) {
  Bytes head;
  append_big_endian<std::uint8_t>(head, 0);
  append_big_endian(head, static_cast<std::uint32_t>(message.size()));
  return std::string(as_text(head)).append(message);
}

Result<std::vector<std::string>> grpc_unframe(std::string_view body) {
  std::vector<std::string> messages;
  while (!body.empty()) {
    if (body.size() < frame_head) return Error(errors::spark::broken_message, "an answer ends within a length");
    const BytesView head = as_bytes(body);
    if (head[0] != 0) return Error(errors::spark::broken_message, "an answer is compressed, which was not asked for");
    const auto size = load_big_endian<std::uint32_t>(head.data() + 1);
    body.remove_prefix(frame_head);
    if (size > body.size()) {
      return Error(errors::spark::broken_message, "a message of {} bytes ends after {}", size, body.size());
    }
    messages.emplace_back(body.substr(0, size));
    body.remove_prefix(size);
  }
  return messages;
}

Result<GrpcAnswer> read_grpc_answer(runtime::HttpResponse response, const Remote& remote) {
  const std::string* type = response.header("content-type");
  if (response.status == 401 || response.status == 403) {
    return Error(errors::spark::login_refused, "{} refuses the call with HTTP status {}", remote.text(),
                 response.status);
  }
  if (response.status != 200) return not_grpc(remote, fmt::format("it answers with HTTP status {}", response.status));
  if (type == nullptr || !type->starts_with("application/grpc")) {
    return not_grpc(remote, fmt::format("it answers with {}", type == nullptr ? "no content type" : *type));
  }
  GrpcAnswer answer;
  const std::string* status = find(response, "grpc-status");
  if (status == nullptr) return Error(errors::spark::unreachable, "{} broke off within an answer", remote.text());
  const auto [end, problem] = std::from_chars(status->data(), status->data() + status->size(), answer.status.code);
  if (problem != std::errc{} || end != status->data() + status->size()) {
    return Error(errors::spark::broken_message, "`{}` is no gRPC status", *status);
  }
  if (const std::string* message = find(response, "grpc-message")) answer.status.message = percent_decode(*message);
  if (const std::string* details = find(response, "grpc-status-details-bin")) {
    answer.status.details = binary_value(*details);
  }
  STREAMOPS_ASSIGN(answer.messages, grpc_unframe(response.body));
  return answer;
}

std::unique_ptr<runtime::HttpCall> GrpcChannel::call(std::string_view method, std::string_view message,
                                                     Microseconds timeout,
                                                     std::function<void(Result<GrpcAnswer>)> done) {
  runtime::HttpRequest request;
  request.method = "POST";
  request.url = fmt::format("{}/spark.connect.SparkConnectService/{}", remote_.url(), method);
  request.headers = {{"content-type", "application/grpc"}, {"te", "trailers"}};
  if (!remote_.token.empty()) request.headers.emplace_back("authorization", "Bearer " + remote_.token);
  request.body = grpc_frame(message);
  request.timeout = timeout;
  request.max_body = max_answer;
  request.tls = tls_;
  request.http2 = true;
  return http_.send(std::move(request),
                    [remote = remote_, timeout, done = std::move(done)](Result<runtime::HttpResponse> response) {
                      if (!response) return done(to_error(response.error(), remote, timeout));
                      done(read_grpc_answer(std::move(*response), remote));
                    });
}

}  // namespace streamops::spark
