#include "cql/grammar/describe.h"

#include <array>

#include "cql/grammar/parser.h"

namespace streamops::cql {

namespace {

using What = Describe::What;

enum class Name : std::uint8_t { none, maybe, needed };
struct Form {
  std::string_view first;
  std::string_view second;  // empty: one word
  What what;
  Name name;
};
constexpr std::array kForms = std::to_array<Form>({
    {"cluster", "", What::cluster, Name::none},
    {"keyspaces", "", What::keyspaces, Name::none},
    {"tables", "", What::tables, Name::none},
    {"columnfamilies", "", What::tables, Name::none},
    {"types", "", What::types, Name::none},
    {"functions", "", What::functions, Name::none},
    {"aggregates", "", What::aggregates, Name::none},
    {"schema", "", What::schema, Name::none},
    {"full", "schema", What::full_schema, Name::none},
    {"only", "keyspace", What::only_keyspace, Name::maybe},
    {"keyspace", "", What::keyspace, Name::maybe},
    {"table", "", What::table, Name::needed},
    {"columnfamily", "", What::table, Name::needed},
    {"type", "", What::type, Name::needed},
    {"index", "", What::index, Name::needed},
    {"materialized", "view", What::materialized_view, Name::needed},
    {"function", "", What::function, Name::needed},
    {"aggregate", "", What::aggregate, Name::needed},
});

bool accept_form(Parser& parser, const Form& form) {
  return form.second.empty() ? parser.accept(form.first) : parser.accept({form.first, form.second});
}

bool is_tail(const Parser& parser) {
  return parser.at_end() || parser.is_symbol(";") || parser.is("with");
}

}  // namespace

Result<Describe> parse_describe(Parser& parser) {
  if (!parser.accept("describe")) STREAMOPS_RETURN_IF_ERROR(parser.expect("desc"));
  Describe out;
  out.what = What::anything;
  Name name = Name::needed;
  for (const Form& form : kForms) {
    // "types" and its kin are also names of tables: DESC types.t.
    if (parser.is_symbol(".", 1) || !accept_form(parser, form)) continue;
    out.what = form.what;
    name = form.name;
    break;
  }
  if (name == Name::needed || (name == Name::maybe && !is_tail(parser))) {
    STREAMOPS_ASSIGN(out.name, parser.qualified_name());
  }
  if (parser.accept("with")) {
    STREAMOPS_RETURN_IF_ERROR(parser.expect("internals"));
    out.with_internals = true;
  }
  return out;
}

}  // namespace streamops::cql
