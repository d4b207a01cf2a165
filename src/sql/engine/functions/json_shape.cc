// What a text of JSON is made of: json_array_length, json_object_keys.
#include "sql/engine/functions/build_rows.h"
#include "sql/engine/functions/families.h"
#include "sql/engine/functions/utf8.h"
#include "sql/engine/json_path.h"

namespace streamops::sql {
namespace {

using data::Type;
using data::TypeId;
using data::TypePtr;

/// The value as compact JSON when it begins with `bracket`; nothing when the text is no JSON, or another value.
std::optional<std::string> compact(Text text, char bracket) {
  const std::size_t start = text.find_first_not_of(" \t\r\n");
  if (start == std::string_view::npos || text[start] != bracket) return std::nullopt;
  const auto whole = JsonPath::compile("$");
  std::string out;
  if (!whole || !whole->find(text, out)) return std::nullopt;
  return out;
}

/// The byte behind the text that begins with the quote at `at`.
std::size_t behind_text(std::string_view json, std::size_t at) {
  for (++at; json[at] != '"'; ++at) at += json[at] == '\\' ? 1 : 0;
  return at + 1;
}

/// Calls `take(at)` where each member of the outermost array or object begins.
template <typename Take>
void each_member(std::string_view json, Take take) {
  int depth = 0;
  for (std::size_t at = 0; at < json.size();) {
    const char c = json[at];
    const bool first = depth == 1 && (json[at - 1] == '[' || json[at - 1] == '{') && c != ']' && c != '}';
    if (at == 1 ? first : depth == 1 && json[at - 1] == ',') take(at);
    depth += c == '[' || c == '{' ? 1 : c == ']' || c == '}' ? -1 : 0;
    at = c == '"' ? behind_text(json, at) : at + 1;
  }
}

constexpr auto array_length = [](auto& out, Text text) {
  const auto json = compact(text, '[');
  if (!json) return out.null();
  std::int32_t count = 0;
  each_member(*json, [&](std::size_t) { ++count; });
  out.set(count);
};

/// A text of compact JSON without its quotes and escapes.
std::string unquoted(std::string_view text) {
  std::string out;
  for (std::size_t i = 1; i + 1 < text.size(); ++i) {
    if (text[i] != '\\') {
      out += text[i];
      continue;
    }
    constexpr std::string_view signs = "bfnrt", meant = "\b\f\n\r\t";
    const char c = text[++i];
    if (c == 'u') {
      append_utf8(out, static_cast<std::uint32_t>(std::stoul(std::string(text.substr(i + 1, 4)), nullptr, 16)));
      i += 4;
    } else {
      const std::size_t sign = signs.find(c);
      out += sign == std::string_view::npos ? c : meant[sign];
    }
  }
  return out;
}

Result<NodePtr> bind_object_keys(Binding& binding) {
  STREAMOPS_RETURN_IF_ERROR(binding.expect_arguments(1, 1));
  STREAMOPS_ASSIGN(binding.arguments()[0], binding.argument_as(0, Type::scalar(TypeId::string)));
  const TypePtr type = Type::array(Type::scalar(TypeId::string));
  return binding.node(
      type, true, built_rows([](const RowAt& at, data::ColumnBuilder& out) {
        const auto json = compact(at.text(0), '{');
        if (!json) return out.append_null();
        each_member(*json, [&](std::size_t begin) {
          out.child(0).append_text(unquoted(std::string_view(*json).substr(begin, behind_text(*json, begin) - begin)));
        });
        out.append_present();
      }));
}

/// NULL where the condition is true, else an error.
Result<NodePtr> bind_assert(Binding& binding) {
  STREAMOPS_RETURN_IF_ERROR(binding.expect_arguments(1, 2));
  STREAMOPS_ASSIGN(binding.arguments()[0], binding.argument_as(0, Type::scalar(TypeId::boolean)));
  if (binding.size() == 1)
    binding.arguments().push_back(text_constant("a condition of assert_true does not hold", binding.span()));
  STREAMOPS_ASSIGN(binding.arguments()[1], binding.argument_as(1, Type::scalar(TypeId::string)));
  return binding.node(Type::scalar(TypeId::null), true,
                      built_rows_with_nulls([](const RowAt& at, data::ColumnBuilder& out) {
                        if (at.is_null(0) || !at.boolean(0)) {
                          at.fail(Error(errors::sql::invalid_input, "[USER_RAISED_EXCEPTION] {}",
                                        at.is_null(1) ? Text("null") : at.text(1)));
                        }
                        out.append_null();
                      }));
}

Result<NodePtr> bind_raise(Binding& binding) {
  STREAMOPS_RETURN_IF_ERROR(binding.expect_arguments(1, 1));
  STREAMOPS_ASSIGN(binding.arguments()[0], binding.argument_as(0, Type::scalar(TypeId::string)));
  return binding.node(
      Type::scalar(TypeId::null), true, built_rows_with_nulls([](const RowAt& at, data::ColumnBuilder& out) {
        at.fail(
            Error(errors::sql::invalid_input, "[USER_RAISED_EXCEPTION] {}", at.is_null(0) ? Text("null") : at.text(0)));
        out.append_null();
      }));
}

}  // namespace

const std::vector<Function>& json_shape_functions() {
  static const std::vector<Function> all = {
      {"json_array_length",
       "json_array_length(text)",
       "The number of members of an array of JSON; NULL for anything else.",
       {{"json_array_length('[1,[2,3],{}]')", "3"}, {"json_array_length('{}')", "NULL"}},
       {nullable_overload<std::int32_t(Text)>(array_length)}},
      {"json_object_keys",
       "json_object_keys(text)",
       "The names in an object of JSON; NULL for anything else.",
       {{"json_object_keys('{\"a\":1,\"b\":{\"c\":2}}')", "[a, b]"}},
       {},
       bind_object_keys},
      {"assert_true",
       "assert_true(condition[, message])",
       "NULL where the condition is true, an error where it is false or NULL.",
       {{"assert_true(1 < 2)", "NULL"}},
       {},
       bind_assert},
      {"raise_error",
       "raise_error(message)",
       "An error with this message, for branches that must not be taken.",
       {{"if(true, 1, raise_error('never'))", "1"}},
       {},
       bind_raise},
  };
  return all;
}

}  // namespace streamops::sql
