// modules: cql/grammar
// CQL text: the parser, scripts, terms to values, type texts. Nothing may crash; what a term prints must read back.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "cql/grammar/statement.h"
#include "cql/grammar/term_value.h"

using namespace streamops;
using namespace streamops::cql;

namespace {

void must(bool holds) {
  if (!holds) std::abort();
}

void read_term(std::string_view text) {
  const auto term = parse_term(text);
  if (!term.ok()) return;
  const std::string printed = to_cql(*term);
  const auto again = parse_term(printed);
  // Arithmetic prints without the brackets that only its tree has.
  if (again.ok() && !term->as<ArithmeticTerm>()) must(to_cql(*again) == printed);
  for (const char* type_text :
       {"int", "text", "decimal", "varint", "timestamp", "duration", "frozen<set<int>>",
        "frozen<map<text, frozen<list<double>>>>", "frozen<tuple<int, text>>", "vector<float, 2>"}) {
    const auto type = parse_type(type_text);
    const auto value = evaluate(*term, **type, "c");
    if (!value.ok() || value->state != Value::State::bytes) continue;
    must(validate(**type, value->bytes).ok());
    to_cql_literal(**type, value->bytes);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  parse_statement(text, ParseLimits{1 << 16, 50, 20'000}).ok();
  const auto script = split_script(text);
  if (script.ok()) {
    for (const ScriptStatement& statement : *script) must(!statement.text.empty() && statement.offset < size);
  }
  const auto type = parse_type(text);
  if (type.ok() && (*type)->id() != TypeId::custom)
    must((*parse_type((*type)->to_cql()))->to_cql() == (*type)->to_cql());
  read_term(text);
  return 0;
}
