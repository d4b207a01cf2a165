#include "cql/grammar/delete.h"

#include "cql/grammar/parser.h"

namespace streamops::cql {

namespace {

Result<Deletion> parse_deletion(Parser& parser) {
  STREAMOPS_ASSIGN(std::string column, parser.name());
  if (parser.accept_symbol("[")) {
    DeleteElement out;
    out.column = std::move(column);
    STREAMOPS_ASSIGN(out.key, parse_term(parser));
    STREAMOPS_RETURN_IF_ERROR(parser.expect_symbol("]"));
    return Deletion{std::move(out)};
  }
  if (parser.accept_symbol(".")) {
    STREAMOPS_ASSIGN(std::string field, parser.name());
    return Deletion{DeleteField{std::move(column), std::move(field)}};
  }
  return Deletion{DeleteColumn{std::move(column)}};
}

}  // namespace

Result<Delete> parse_delete(Parser& parser) {
  STREAMOPS_RETURN_IF_ERROR(parser.expect("delete"));
  Delete out;
  if (!parser.is("from")) {
    STREAMOPS_RETURN_IF_ERROR(parser.separated([&]() -> Result<void> {
      STREAMOPS_ASSIGN(Deletion deletion, parse_deletion(parser));
      out.deletions.push_back(std::move(deletion));
      return Ok();
    }));
  }
  STREAMOPS_RETURN_IF_ERROR(parser.expect("from"));
  STREAMOPS_ASSIGN(out.table, parser.qualified_name());
  STREAMOPS_ASSIGN(out.parameters, parse_using(parser, false));
  STREAMOPS_RETURN_IF_ERROR(parse_which_rows(parser, out));
  return out;
}

}  // namespace streamops::cql
