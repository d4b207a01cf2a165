#include "console/impl/json_body.h"

#include <simdjson.h>

#include "errors/console.h"

namespace streamops::console {

namespace {

constexpr std::size_t deepest = 64;

Error wrong_type(const char* name, const char* wanted) {
  return Error(errors::console::bad_request, "`{}` in the body must be {}", name, wanted);
}

}  // namespace

struct JsonBody::Impl {
  simdjson::dom::parser parser;
  simdjson::dom::object object;

  /// The value, or nothing when it is missing or null.
  std::optional<simdjson::dom::element> find(const char* name) const {
    simdjson::dom::element value;
    if (object.at_key(name).get(value) != simdjson::SUCCESS || value.is_null()) return std::nullopt;
    return value;
  }
};

JsonBody::JsonBody(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
JsonBody::JsonBody(JsonBody&&) noexcept = default;
JsonBody::~JsonBody() = default;

Result<JsonBody> JsonBody::parse(const std::string& body) {
  auto impl = std::make_unique<Impl>();
  const std::string& text = body.empty() ? std::string("{}") : body;
  const bool fits = impl->parser.allocate(text.size(), deepest) == simdjson::SUCCESS;
  if (!fits || impl->parser.parse(text).get(impl->object) != simdjson::SUCCESS) {
    return Error(errors::console::bad_request, "the body is not a JSON object");
  }
  return JsonBody(std::move(impl));
}

Result<std::optional<std::string>> JsonBody::text(const char* name) const {
  const auto value = impl_->find(name);
  if (!value) return std::optional<std::string>();
  std::string_view text;
  if (value->get(text) != simdjson::SUCCESS) return wrong_type(name, "a text");
  return std::optional<std::string>(text);
}

Result<std::optional<bool>> JsonBody::boolean(const char* name) const {
  const auto value = impl_->find(name);
  if (!value) return std::optional<bool>();
  bool flag = false;
  if (value->get(flag) != simdjson::SUCCESS) return wrong_type(name, "true or false");
  return std::optional<bool>(flag);
}

Result<std::optional<std::string>> JsonBody::object(const char* name) const {
  const auto value = impl_->find(name);
  if (!value) return std::optional<std::string>();
  if (!value->is_object()) return wrong_type(name, "an object");
  return std::optional<std::string>(simdjson::minify(*value));
}

Result<std::optional<std::vector<std::string>>> JsonBody::texts(const char* name) const {
  const auto value = impl_->find(name);
  if (!value) return std::optional<std::vector<std::string>>();
  simdjson::dom::array items;
  if (value->get(items) != simdjson::SUCCESS) return wrong_type(name, "a list of texts");
  std::vector<std::string> out;
  for (const simdjson::dom::element item : items) {
    std::string_view text;
    if (item.get(text) != simdjson::SUCCESS) return wrong_type(name, "a list of texts");
    out.emplace_back(text);
  }
  return std::optional(std::move(out));
}

Result<std::string> JsonBody::required(const char* name) const {
  STREAMOPS_ASSIGN(std::optional<std::string> value, text(name));
  if (!value) return Error(errors::console::bad_request, "`{}` is missing in the body", name);
  return std::move(*value);
}

}  // namespace streamops::console
