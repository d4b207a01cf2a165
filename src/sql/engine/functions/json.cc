// JSON in texts.
#include "base/text.h"
#include "format/json_reader.h"
#include "format/json_writer.h"
#include "sql/engine/functions/families.h"
#include "sql/engine/json_path.h"
#include "sql/grammar/ddl.h"

namespace streamops::sql {
namespace {

using data::Type;
using data::TypeId;
using data::TypePtr;

/// "a INT, b STRING" or a type such as "ARRAY<INT>".
Result<TypePtr> schema_type(const std::string& text) {
  for (std::string_view start : {"array<", "map<", "struct<"}) {
    if (equals_ignore_case(std::string_view(text).substr(0, start.size()), start)) return parse_type(text, {});
  }
  STREAMOPS_ASSIGN(const data::SchemaPtr schema, parse_schema(text, {}));
  return Type::structure(schema->fields());
}

Result<NodePtr> bind_from_json(Binding& binding) {
  STREAMOPS_RETURN_IF_ERROR(binding.expect_arguments(2, 3));
  if (binding.size() == 3) return Error(errors::sql::not_served, "options of from_json are not served");
  const auto schema = binding.constant_text(1);
  if (!schema) return binding.mismatch(1, "a constant schema");
  auto type = schema_type(*schema);
  if (!type)
    return Error(errors::sql::bad_literal, "the schema '{}' cannot be used: {}", *schema, type.error().message());
  for (const data::Field& field : (*type)->fields()) {
    if (field.name == "_corrupt_record")
      return Error(errors::sql::not_served, "_corrupt_record in from_json is not served");
  }
  STREAMOPS_ASSIGN(NodePtr text, binding.argument_as(0, Type::scalar(TypeId::string)));
  return call_node(*type, true, binding.span(), {text}, [](const Call& call) {
    return Vector{format::from_json(*call.arguments[0].column, call.type), call.arguments[0].constant};
  });
}

Result<NodePtr> bind_to_json(Binding& binding) {
  STREAMOPS_RETURN_IF_ERROR(binding.expect_arguments(1, 1));
  if (binding.id(0) == TypeId::null) return null_node(Type::scalar(TypeId::string), binding.span());
  if (!binding.type(0).is_nested()) return binding.mismatch(0, "STRUCT, ARRAY or MAP");
  return binding.node(Type::scalar(TypeId::string), binding.any_nullable(), [](const Call& call) {
    Output<Text> out(call);
    std::string text;
    for (std::size_t row = 0; row < call.frame.rows; ++row) {
      if (call.arguments[0].is_null(row)) {
        out.skip(row);
        continue;
      }
      out.begin(row);
      text.clear();
      format::append_json(*call.arguments[0].column, call.arguments[0].index(row), text);
      out.append(text);
      out.end();
    }
    return out.finish();
  });
}

struct PathCache {
  std::optional<JsonPath> path;
  std::string text;
  std::string found;
};

constexpr auto get_json_object = [](PathCache& cache, auto& out, Text json, Text path) {
  if (!cache.path || cache.text != path) {
    cache.path = JsonPath::compile(path);
    cache.text = path;
  }
  cache.found.clear();
  cache.path&& cache.path->find(json, cache.found) ? out.append(cache.found) : out.null();
};

}  // namespace

const std::vector<Function>& json_functions() {
  static const std::vector<Function> all = {
      {"get_json_object",
       "get_json_object(text, path)",
       "The value at a path such as $.a.b[0] as text; NULL where there is none or the text is no JSON.",
       {{"get_json_object('{\"a\":{\"b\":[1,2]}}', '$.a.b[1]')", "2"}},
       {stateful_overload<PathCache, Text(Text, Text)>(get_json_object)}},
      {"from_json",
       "from_json(text, schema)",
       "A text read by a schema; what does not fit is NULL.",
       {{"from_json('{\"a\":1,\"b\":\"x\"}', 'a INT, b STRING').b", "x"}},
       {},
       bind_from_json},
      {"to_json",
       "to_json(value)",
       "A structure, array or map as JSON; members that are NULL are left out.",
       {{"to_json(named_struct('a', 1, 'b', NULL))", "{\"a\":1}"}},
       {},
       bind_to_json},
  };
  return all;
}

}  // namespace streamops::sql
