// cql/grammar/term.h — what stands for a value in CQL text: literals, markers, calls.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "cql/grammar/type_name.h"
#include "cql/protocol/value.h"

namespace streamops::cql {

/// A name that may carry a keyspace. Unquoted names are in lower case already.
struct QualifiedName {
  std::string keyspace;  // empty: the session's
  std::string name;
  friend bool operator==(const QualifiedName&, const QualifiedName&) = default;
};

struct Term;
struct MapEntry;
struct FieldEntry;

struct NullTerm {};
/// A literal; `text` without quotes (and with '' undone); blobs with their 0x, NaN and Infinity as floating.
struct Constant {
  ConstantKind kind = ConstantKind::string;
  std::string text;
};
/// `?` or `:name`. `index` counts markers from the left, from 0.
struct Marker {
  std::size_t index = 0;
  std::string name;  // empty for `?`
};
/// [a, b]; also a vector.
struct ListTerm {
  std::vector<Term> items;
};
/// {a, b}; the empty braces {} are this too, whatever the column is.
struct SetTerm {
  std::vector<Term> items;
};
/// {k: v, ...}.
struct MapTerm {
  std::vector<MapEntry> entries;
};
/// {field: value, ...} of a user-defined type.
struct UdtTerm {
  std::vector<FieldEntry> fields;
};
/// (a, b); also the right side of IN. One item in parentheses is a tuple of one.
struct TupleTerm {
  std::vector<Term> items;
};
struct FunctionTerm {
  QualifiedName function;
  std::vector<Term> arguments;
};
/// (int) term.
struct CastTerm {
  TypeName type;
  std::vector<Term> operand;  // exactly one
};
/// a + b and its kin; `sign` is one of + - * / %. A lone minus before a term has one operand.
struct ArithmeticTerm {
  char sign = '+';
  std::vector<Term> operands;
};

struct Term {
  std::variant<NullTerm, Constant, Marker, ListTerm, SetTerm, MapTerm, UdtTerm, TupleTerm, FunctionTerm, CastTerm,
               ArithmeticTerm>
      node;

  template <typename T>
  const T* as() const {
    return std::get_if<T>(&node);
  }
};

struct MapEntry {
  Term key;
  Term value;
};
struct FieldEntry {
  std::string name;
  Term value;
};

/// The term as CQL text, for messages and for column names of selected terms.
std::string to_cql(const Term& term);

}  // namespace streamops::cql
