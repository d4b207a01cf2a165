#include "cql/grammar/batch.h"

#include "cql/grammar/parser.h"

namespace streamops::cql {

namespace {

Result<Modification> parse_modification(Parser& parser) {
  if (parser.is("insert")) {
    STREAMOPS_ASSIGN(Insert insert, parse_insert(parser));
    return Modification{std::move(insert)};
  }
  if (parser.is("update")) {
    STREAMOPS_ASSIGN(Update update, parse_update(parser));
    return Modification{std::move(update)};
  }
  if (!parser.is("delete")) return parser.unexpected();
  STREAMOPS_ASSIGN(Delete deletion, parse_delete(parser));
  return Modification{std::move(deletion)};
}

}  // namespace

Result<BatchStatement> parse_batch(Parser& parser) {
  STREAMOPS_RETURN_IF_ERROR(parser.expect("begin"));
  BatchStatement out;
  if (parser.accept("unlogged")) {
    out.kind = BatchStatement::Kind::unlogged;
  } else if (parser.accept("counter")) {
    out.kind = BatchStatement::Kind::counter;
  } else {
    parser.accept("logged");
  }
  STREAMOPS_RETURN_IF_ERROR(parser.expect("batch"));
  STREAMOPS_ASSIGN(out.parameters, parse_using(parser, true));
  while (!parser.is("apply")) {
    STREAMOPS_ASSIGN(Modification modification, parse_modification(parser));
    out.statements.push_back(std::move(modification));
    parser.accept_symbol(";");
  }
  STREAMOPS_RETURN_IF_ERROR(parser.expect({"apply", "batch"}));
  return out;
}

}  // namespace streamops::cql
