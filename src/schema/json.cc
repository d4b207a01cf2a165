#include "schema/json.h"

#include <simdjson.h>

#include "errors/schema.h"

namespace streamops::schema {
namespace {

namespace dom = simdjson::dom;

Json to_tree(const dom::element& element) {
  Json out;
  switch (element.type()) {
    case dom::element_type::NULL_VALUE:
      break;
    case dom::element_type::BOOL:
      out.kind = Json::Kind::boolean;
      out.boolean = element.get_bool().value_unsafe();
      break;
    case dom::element_type::INT64:
      out.kind = Json::Kind::integer;
      out.integer = element.get_int64().value_unsafe();
      out.real = static_cast<double>(out.integer);
      break;
    case dom::element_type::UINT64:
      out.kind = Json::Kind::real;
      out.real = static_cast<double>(element.get_uint64().value_unsafe());
      break;
    case dom::element_type::DOUBLE:
      out.kind = Json::Kind::real;
      out.real = element.get_double().value_unsafe();
      break;
    case dom::element_type::STRING:
      out.kind = Json::Kind::text;
      out.text = std::string(element.get_string().value_unsafe());
      break;
    case dom::element_type::ARRAY: {
      const dom::array items = element.get_array().value_unsafe();
      for (const dom::element item : items) out.items.push_back(to_tree(item));
      out.kind = Json::Kind::array;
      break;
    }
    case dom::element_type::OBJECT: {
      const dom::object members = element.get_object().value_unsafe();
      for (const dom::key_value_pair member : members)
        out.members.emplace_back(std::string(member.key), to_tree(member.value));
      out.kind = Json::Kind::object;
      break;
    }
  }
  return out;
}

/// The beginning of a text that is no JSON, fit for a message.
std::string excerpt(std::string_view text) {
  constexpr std::size_t shown = 40;
  std::string out;
  for (const char c : text.substr(0, shown)) out += static_cast<unsigned char>(c) < ' ' ? ' ' : c;
  while (!out.empty() && (static_cast<unsigned char>(out.back()) & 0x80U) != 0) out.pop_back();
  return text.size() > shown ? out + "..." : out;
}

}  // namespace

Json::Json() = default;
Json::Json(const Json&) = default;
Json::Json(Json&&) noexcept = default;
Json& Json::operator=(const Json&) = default;
Json& Json::operator=(Json&&) noexcept = default;
Json::~Json() = default;

const Json* Json::find(std::string_view name) const {
  for (const auto& [key, value] : members) {
    if (key == name) return &value;
  }
  return nullptr;
}

std::string_view Json::text_of(std::string_view name) const {
  const Json* member = find(name);
  return member == nullptr ? std::string_view() : std::string_view(member->text);
}

std::int64_t Json::integer_of(std::string_view name, std::int64_t fallback) const {
  const Json* member = find(name);
  return member == nullptr || !member->is(Kind::integer) ? fallback : member->integer;
}

Result<Json> parse_json(std::string_view text, const JsonBounds& bounds) {
  if (text.size() > bounds.max_bytes) {
    return Error(errors::schema::not_json, "{} bytes are more than the {} that are read", text.size(),
                 bounds.max_bytes);
  }
  dom::parser parser;
  simdjson::error_code problem = parser.allocate(text.size() + 1, static_cast<std::size_t>(bounds.max_depth));
  dom::element root;
  if (problem == simdjson::SUCCESS) problem = parser.parse(text.data(), text.size(), true).get(root);
  if (problem == simdjson::SUCCESS) return to_tree(root);
  return Error(errors::schema::not_json, "`{}` is no JSON: {}", excerpt(text), simdjson::error_message(problem));
}

void write_json(const Json& value, JsonWriter& out) {
  switch (value.kind) {
    case Json::Kind::null:
      out.null();
      return;
    case Json::Kind::boolean:
      out.boolean(value.boolean);
      return;
    case Json::Kind::integer:
      out.number(value.integer);
      return;
    case Json::Kind::real:
      out.number(value.real);
      return;
    case Json::Kind::text:
      out.string(value.text);
      return;
    case Json::Kind::array:
      out.begin_array();
      for (const Json& item : value.items) write_json(item, out);
      out.end_array();
      return;
    case Json::Kind::object:
      out.begin_object();
      for (const auto& [name, member] : value.members) write_json(member, out.key(name));
      out.end_object();
      return;
  }
}

}  // namespace streamops::schema
