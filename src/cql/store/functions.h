// cql/store/functions.h — the native functions of CQL: of terms (now()) and of selected columns (toDate(t)).
//
// To add a function: one entry in the table of functions.cc.
#pragma once

#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "cql/protocol/type.h"
#include "cql/store/evaluation.h"

namespace streamops::cql::store {

using Argument = std::optional<BytesView>;

/// One overload.
struct ScalarFunction {
  std::string_view name;
  std::vector<CqlTypePtr> parameters;
  CqlTypePtr result;
  /// A null argument gives null without a call.
  Result<std::optional<Bytes>> (*call)(std::span<const Argument> arguments, Evaluation& evaluation) = nullptr;
};

/// Overloads of `name` (as toTimestamp or to_timestamp, in any case) with `count` parameters. `receiver` serves
/// functions whose type is given from outside.
std::vector<const ScalarFunction*> find_functions(std::string_view name, std::size_t count);
/// The overload that takes these types; a null pointer type stands for "not known". Errors: SO-C001 in Cassandra's
/// words.
Result<const ScalarFunction*> resolve_function(std::string_view name, std::span<const CqlTypePtr> types);

/// The value of a call in a term. Errors: SO-C001.
Result<OwnedValue> call_in_term(const FunctionTerm& call, const CqlType& receiver, Evaluation& evaluation);
/// The function that a term's call means, for a receiver of this type.
Result<const ScalarFunction*> function_of_term(const FunctionTerm& call);

/// A value of one type as another: CAST(x AS t) between numbers, times and text. Errors: SO-C001.
Result<std::optional<Bytes>> cast_value(const CqlType& from, const CqlType& to, BytesView value);
bool can_cast(const CqlType& from, const CqlType& to);

}  // namespace streamops::cql::store
