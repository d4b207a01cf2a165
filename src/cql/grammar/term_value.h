// cql/grammar/term_value.h — from a term to the wire bytes of a value of a given type.
#pragma once

#include <functional>
#include <optional>
#include <string_view>

#include "base/result.h"
#include "cql/grammar/term.h"
#include "cql/protocol/type.h"
#include "cql/protocol/value.h"

namespace streamops::cql {

/// A value that owns its bytes.
struct OwnedValue {
  Value::State state = Value::State::null;
  Bytes bytes;

  static OwnedValue of(Bytes bytes) { return {Value::State::bytes, std::move(bytes)}; }
  static OwnedValue null() { return {}; }
  static OwnedValue unset() { return {Value::State::unset, {}}; }
  bool is_null() const { return state == Value::State::null; }
  bool is_unset() const { return state == Value::State::unset; }
  Value view() const { return {state, bytes}; }
};

/// What terms draw on besides the text.
struct TermContext {
  /// The bound value of a marker (already known to be there), for a value of `type`. Missing function: markers are
  /// refused.
  std::function<Result<OwnedValue>(const Marker& marker, const CqlType& type)> marker;
  /// The value of a call such as now(), uuid(), toTimestamp(now()). Missing function: calls are refused.
  std::function<Result<OwnedValue>(const FunctionTerm& call, const CqlType& type)> function;
};

/// The value of `term` for a receiver called `receiver` of `type`: literals are checked as Cassandra checks them
/// (0x2200), sets and maps come out sorted, tuples and UDTs may have nulls, collections may not. Errors: SO-C120 and
/// whatever the context answers.
Result<OwnedValue> evaluate(const Term& term, const CqlType& type, std::string_view receiver,
                            const TermContext& context = {});

}  // namespace streamops::cql
