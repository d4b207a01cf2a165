#include "registry/client/answer.h"

#include "errors/registry.h"

namespace streamops::registry {
namespace {

constexpr std::size_t max_answer_bytes = 16 * 1024 * 1024;

bool passes(int status) {
  return status >= 500 || status == 429 || status == 408;
}

Error not_a_registry(const runtime::HttpResponse& response, std::string_view base) {
  const std::string* type = response.header("content-type");
  const std::size_t begin = response.body.find_first_not_of(" \t\r\n");
  const bool is_html = begin != std::string::npos && response.body[begin] == '<';
  const std::string what = is_html ? "a page of HTML" : (type == nullptr ? std::string("something else") : *type);
  return Error(errors::registry::not_a_registry, "{} answers {} with {} where a schema registry speaks JSON", base,
               response.status, what);
}

}  // namespace

std::string Answer::message() const {
  const std::string_view text = body.text_of("message");
  const std::int64_t code = body.integer_of("error_code", status);
  return fmt::format("{} ({})", text.empty() ? "no reason given" : text, code);
}

Result<Answer> read_answer(const runtime::HttpResponse& response, std::string_view base) {
  if (passes(response.status)) {
    return Error(errors::registry::unreachable, "the schema registry {} answers {}", base, response.status);
  }
  const Result<schema::Json> body = schema::parse_json(response.body, {max_answer_bytes, 128});
  if (response.status == 401 || response.status == 403) {
    const std::string_view said = body ? body->text_of("message") : std::string_view();
    return Error(errors::registry::registry_refused, "the schema registry {} answers {}{}{}", base, response.status,
                 said.empty() ? "" : ": ", said);
  }
  // A registry's errors have a code; the 404 of any other server has none.
  const bool speaks = body && (response.status < 300 || body->find("error_code") != nullptr);
  if (!speaks) return not_a_registry(response, base);
  return Answer{response.status, *body};
}

}  // namespace streamops::registry
