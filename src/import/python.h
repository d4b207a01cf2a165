// import/python.h — Python text as a tree, as far as scripts of data pipelines use the language.
//
//   bytes -> tokens (python_token.h) -> Module { statements, mistakes }
//
// The reader is tolerant: a line that it cannot read becomes a mistake with its place, and reading goes on behind it.
// Any bytes give a module; sizes, nesting and tokens are bounded. Nothing is ever executed. Threads: a Module is
// immutable.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace streamops::importer::python {

enum class ExpressionKind : std::uint8_t {
  name,           // text
  text,           // text: the value; pieces side by side are one
  formatted,      // items: texts and expressions in turn, in any order
  number,         // text: as written, without underscores
  boolean,        // text: "True" or "False"
  none,           // None, ...
  list,           // items
  tuple,          // items
  dict,           // items: key, value, key, value; a `**x` has a none for its key
  call,           // items[0]: what is called; arguments
  attribute,      // items[0] . text
  subscript,      // items[0] [ items[1] ]
  slice,          // items: from, to
  unary,          // text: "-", "+", "~", "not"; items[0]
  binary,         // text: "+", ">>", "and", "==", "not in", ...; items[0], items[1]
  conditional,    // items[0] if items[1] else items[2]
  lambda,         // parameters, items[0]
  comprehension,  // text: "[" "{" "("; items[0] for items[1] in items[2]; a dict's value is items[3]
  starred         // *items[0]
};

struct Expression;
using ExpressionPtr = std::shared_ptr<const Expression>;

/// name: empty for one by position, "*" and "**" for unpacked ones.
struct Argument {
  std::string name;
  ExpressionPtr value;
};

struct Parameter {
  std::string name;  // "*args" and "**more" without their stars
  int stars = 0;
  ExpressionPtr fallback;  // may be null
};

struct Expression {
  ExpressionKind kind = ExpressionKind::none;
  std::uint32_t line = 0;    // from 1
  std::uint32_t column = 0;  // from 1, in bytes
  std::string text;
  std::vector<ExpressionPtr> items;
  std::vector<Argument> arguments;
  std::vector<Parameter> parameters;
};

enum class StatementKind : std::uint8_t {
  expression,  // value
  assign,      // targets = value
  augmented,   // targets[0] text= value
  import_,     // imports
  function,    // text: name; parameters, decorators, body
  class_,      // text: name; body
  with_,       // values as targets: context, name (or null), context, name; body
  for_,        // targets[0] in value; body, other
  while_,      // value; body, other
  if_,         // value; body, other
  try_,        // body, handlers, other (else and finally)
  handler,     // of try_: text: the exception's name; body
  return_,     // value, may be null
  raise_,
  break_,
  continue_,
  other  // pass, global, del, assert
};

struct Imported {
  std::string module;  // "pyspark.sql"
  std::string name;    // empty: the module itself; "*"
  std::string alias;   // the name that it gets here
};

struct Statement {
  StatementKind kind = StatementKind::other;
  std::uint32_t line = 0;
  std::string text;
  std::vector<ExpressionPtr> targets;
  ExpressionPtr value;
  std::vector<Parameter> parameters;
  std::vector<ExpressionPtr> decorators;
  std::vector<Imported> imports;
  std::vector<Statement> body;
  std::vector<Statement> handlers;
  std::vector<Statement> other;
};

struct Mistake {
  std::string text;
  std::uint32_t line = 0;
  std::uint32_t column = 0;
};

struct Module {
  std::vector<Statement> body;
  std::vector<Mistake> mistakes;  // at most a few; the first is the one to tell
};

struct Limits {
  std::size_t max_bytes = 1 << 20;
  std::size_t max_tokens = 200'000;
  int max_depth = 60;  // of brackets, blocks and operators within each other
};

/// Reads UTF-8 text.
Module parse(std::string_view source, const Limits& limits = {});

}  // namespace streamops::importer::python
