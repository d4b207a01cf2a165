// cql/store/evaluation.h — values of a statement: described while compiling (what does each marker stand for), computed
// while executing.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "cql/grammar/relation.h"
#include "cql/grammar/term.h"
#include "cql/grammar/term_value.h"
#include "cql/protocol/responses.h"
#include "runtime/random.h"

namespace streamops::cql::store {

/// Collects what each marker stands for while a statement is compiled.
class MarkerSpecs {
 public:
  MarkerSpecs(const std::vector<std::string>& names, std::string keyspace, std::string table);
  /// Says that the marker is a value for `receiver`.
  void describe(const Marker& marker, std::string_view receiver, CqlTypePtr type);
  /// Describes every marker inside of `term`, a value for `receiver`. Errors: SO-C001 (an unknown function).
  Result<void> describe_all(const Term& term, std::string_view receiver, const CqlTypePtr& type);
  /// One a marker. Errors: SO-C001 (a marker where the type cannot be known).
  Result<std::vector<ColumnSpec>> take();

 private:
  std::string keyspace_;
  std::string table_;
  std::vector<std::string> names_;
  std::vector<ColumnSpec> specs_;
};

/// One execution: bound values, the present moment, and room for values that are computed.
class Evaluation {
 public:
  Evaluation(std::span<const Value> values, std::int64_t now_micros, std::uint32_t now_seconds, runtime::Random& random)
      : values_(values), now_micros_(now_micros), now_seconds_(now_seconds), random_(random) {}

  /// The bound value of a marker. Errors: SO-C001 (too few were given).
  Result<Value> bound(std::size_t index) const;
  std::int64_t now_micros() const { return now_micros_; }
  std::uint32_t now_seconds() const { return now_seconds_; }
  runtime::Random& random() const { return random_; }
  /// A version 1 UUID of now; each call gives a later one.
  Bytes next_timeuuid();
  /// Keeps bytes as long as this lives, or until release().
  BytesView keep(Bytes bytes);
  /// Lets go of everything kept: between the rows of a scan.
  void release() { kept_.clear(); }

 private:
  std::span<const Value> values_;
  std::int64_t now_micros_;
  std::uint32_t now_seconds_;
  runtime::Random& random_;
  std::deque<Bytes> kept_;
};

/// A term that will be a value of a known type: a constant, a marker, or something to compute.
class ValueSource {
 public:
  ValueSource() = default;
  /// Checks constants now and describes markers. Errors: SO-C001, SO-C120.
  static Result<ValueSource> compile(const Term& term, const CqlTypePtr& type, std::string_view receiver,
                                     MarkerSpecs& markers);
  /// A value known now.
  static ValueSource constant(Bytes bytes, CqlTypePtr type);

  /// The value, checked against the type. Errors: SO-C001, SO-C120.
  Result<Value> get(Evaluation& evaluation) const;
  /// The same, where null and unset are mistakes ("Invalid null value in condition for column x").
  Result<BytesView> get_present(Evaluation& evaluation) const;

  const CqlTypePtr& type() const { return type_; }
  const std::string& receiver() const { return receiver_; }
  /// The marker's index when it is a lone marker.
  std::optional<std::size_t> marker() const { return marker_; }

 private:
  CqlTypePtr type_;
  std::string receiver_;
  std::optional<std::size_t> marker_;
  std::optional<OwnedValue> constant_;
  std::optional<Term> term_;
};

}  // namespace streamops::cql::store
