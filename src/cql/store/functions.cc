#include "cql/store/functions.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>

#include "base/text.h"
#include "cql/protocol/value.h"
#include "errors/cql.h"

namespace streamops::cql::store {
namespace {

using Arguments = std::span<const Argument>;
using Computed = Result<std::optional<Bytes>>;

constexpr std::int64_t kMillisADay = 86'400'000;
constexpr std::int64_t kDateOffset = std::int64_t{1} << 31;

std::optional<Bytes> big_endian(std::integral auto value) {
  Bytes out;
  append_big_endian(out, value);
  return out;
}

std::int64_t floor_div(std::int64_t a, std::int64_t b) {
  return a / b - (a % b != 0 && (a < 0) != (b < 0) ? 1 : 0);
}

std::optional<Bytes> date_of_millis(std::int64_t millis) {
  return big_endian(static_cast<std::uint32_t>(floor_div(millis, kMillisADay) + kDateOffset));
}
std::int64_t millis_of_date(BytesView date) {
  return (static_cast<std::int64_t>(load_big_endian<std::uint32_t>(date.data())) - kDateOffset) * kMillisADay;
}
std::int64_t millis_of(BytesView timestamp) {
  return load_big_endian<std::int64_t>(timestamp.data());
}

std::optional<Bytes> bytes_of(const Uuid& uuid) {
  return Bytes(uuid.bytes.begin(), uuid.bytes.end());
}

Computed now(Arguments, Evaluation& evaluation) {
  return std::optional<Bytes>(evaluation.next_timeuuid());
}
Computed uuid(Arguments, Evaluation& evaluation) {
  return bytes_of(evaluation.random().uuid());
}
Computed current_timestamp(Arguments, Evaluation& evaluation) {
  return big_endian(floor_div(evaluation.now_micros(), 1000));
}
Computed current_date(Arguments, Evaluation& evaluation) {
  return date_of_millis(floor_div(evaluation.now_micros(), 1000));
}
Computed current_time(Arguments, Evaluation& evaluation) {
  const std::int64_t micros = evaluation.now_micros();
  return big_endian((micros - floor_div(micros, kMillisADay * 1000) * kMillisADay * 1000) * 1000);
}

Computed timestamp_of_timeuuid(Arguments in, Evaluation&) {
  return big_endian(timeuuid_to_millis(*in[0]));
}
Computed timestamp_of_date(Arguments in, Evaluation&) {
  return big_endian(millis_of_date(*in[0]));
}
Computed date_of_timeuuid(Arguments in, Evaluation&) {
  return date_of_millis(timeuuid_to_millis(*in[0]));
}
Computed date_of_timestamp(Arguments in, Evaluation&) {
  return date_of_millis(millis_of(*in[0]));
}
Computed same(Arguments in, Evaluation&) {
  return std::optional<Bytes>(Bytes(in[0]->begin(), in[0]->end()));
}

// Cassandra's smallest and largest clock sequence and node: every byte -128, every byte 127.
Computed min_timeuuid(Arguments in, Evaluation&) {
  Uuid out = make_timeuuid(millis_of(*in[0]) * 10'000, 0);
  std::fill(out.bytes.begin() + 8, out.bytes.end(), std::uint8_t{0x80});
  return bytes_of(out);
}
Computed max_timeuuid(Arguments in, Evaluation&) {
  Uuid out = make_timeuuid(millis_of(*in[0]) * 10'000 + 9'999, 0);
  std::fill(out.bytes.begin() + 8, out.bytes.end(), std::uint8_t{0x7f});
  return bytes_of(out);
}

const CqlTypePtr& type(TypeId id) {
  static const std::vector<CqlTypePtr> all = [] {
    std::vector<CqlTypePtr> out(0x16);
    for (std::size_t i = 1; i < out.size(); ++i) {
      if (i != 0x0A) out[i] = CqlType::scalar(static_cast<TypeId>(i));
    }
    return out;
  }();
  return all[static_cast<std::size_t>(id)];
}

std::vector<ScalarFunction> make_functions() {
  const CqlTypePtr timeuuid = type(TypeId::timeuuid);
  const CqlTypePtr timestamp = type(TypeId::timestamp);
  const CqlTypePtr date = type(TypeId::date);
  const CqlTypePtr bigint = type(TypeId::bigint);
  std::vector<ScalarFunction> out{
      {"now", {}, timeuuid, now},
      {"currenttimeuuid", {}, timeuuid, now},
      {"uuid", {}, type(TypeId::uuid), uuid},
      {"currenttimestamp", {}, timestamp, current_timestamp},
      {"currentdate", {}, date, current_date},
      {"currenttime", {}, type(TypeId::time), current_time},
      {"totimestamp", {timeuuid}, timestamp, timestamp_of_timeuuid},
      {"totimestamp", {date}, timestamp, timestamp_of_date},
      {"todate", {timeuuid}, date, date_of_timeuuid},
      {"todate", {timestamp}, date, date_of_timestamp},
      {"tounixtimestamp", {timeuuid}, bigint, timestamp_of_timeuuid},
      {"tounixtimestamp", {timestamp}, bigint, same},
      {"tounixtimestamp", {date}, bigint, timestamp_of_date},
      {"dateof", {timeuuid}, timestamp, timestamp_of_timeuuid},
      {"unixtimestampof", {timeuuid}, bigint, timestamp_of_timeuuid},
      {"mintimeuuid", {timestamp}, timeuuid, min_timeuuid},
      {"maxtimeuuid", {timestamp}, timeuuid, max_timeuuid},
  };
  // blobAsInt, intAsBlob and so on: the bytes stay as they are (and are checked against the type by the caller).
  static const std::vector<std::string> names = [] {
    std::vector<std::string> all;
    for (std::uint16_t id = 1; id < 0x16; ++id) {
      const std::string scalar = id == 0x0A ? std::string() : std::string(scalar_name(static_cast<TypeId>(id)));
      all.push_back(scalar + "asblob");
      all.push_back("blobas" + scalar);
    }
    return all;
  }();
  for (std::uint16_t id = 1; id < 0x16; ++id) {
    const auto scalar = static_cast<TypeId>(id);
    if (id == 0x0A || scalar == TypeId::blob) continue;
    const std::size_t at = static_cast<std::size_t>(id - 1) * 2;
    out.push_back({names[at], {type(scalar)}, type(TypeId::blob), same});
    out.push_back({names[at + 1], {type(TypeId::blob)}, type(scalar), same});
  }
  out.push_back({"varcharasblob", {type(TypeId::text)}, type(TypeId::blob), same});
  out.push_back({"blobasvarchar", {type(TypeId::blob)}, type(TypeId::text), same});
  return out;
}

const std::vector<ScalarFunction>& functions() {
  static const std::vector<ScalarFunction> all = make_functions();
  return all;
}

/// to_timestamp and toTimestamp are one.
std::string plain_name(std::string_view name) {
  std::string out = to_lower(name);
  std::erase(out, '_');
  return out;
}

/// Whether a term can be an argument of this type; markers and calls are taken as fitting.
bool fits(const Term& term, const CqlType& parameter) {
  if (const auto* call = term.as<FunctionTerm>()) {
    const Result<const ScalarFunction*> inner = function_of_term(*call);
    return inner.ok() && (*inner)->result->id() == parameter.id();
  }
  if (term.as<Marker>() != nullptr) return true;
  return evaluate(term, parameter, "argument").ok();
}

}  // namespace

std::vector<const ScalarFunction*> find_functions(std::string_view name, std::size_t count) {
  const std::string plain = plain_name(name);
  std::vector<const ScalarFunction*> out;
  for (const ScalarFunction& function : functions()) {
    if (function.name == plain && function.parameters.size() == count) out.push_back(&function);
  }
  return out;
}

Result<const ScalarFunction*> resolve_function(std::string_view name, std::span<const CqlTypePtr> types) {
  for (const ScalarFunction* function : find_functions(name, types.size())) {
    bool fit = true;
    for (std::size_t i = 0; i < types.size(); ++i) {
      const bool text = types[i] && types[i]->id() == TypeId::ascii && function->parameters[i]->id() == TypeId::text;
      fit = fit && (!types[i] || text || types[i]->id() == function->parameters[i]->id());
    }
    if (fit) return function;
  }
  return Error(errors::cql::invalid_request, "Unknown function '{}'", name);
}

Result<const ScalarFunction*> function_of_term(const FunctionTerm& call) {
  const std::vector<const ScalarFunction*> overloads = find_functions(call.function.name, call.arguments.size());
  for (const ScalarFunction* function : overloads) {
    bool fit = true;
    for (std::size_t i = 0; i < call.arguments.size(); ++i)
      fit = fit && fits(call.arguments[i], *function->parameters[i]);
    if (fit) return function;
  }
  if (overloads.empty()) return Error(errors::cql::invalid_request, "Unknown function '{}'", call.function.name);
  return Error(errors::cql::invalid_request, "Invalid call to function {}, none of its type signatures match",
               call.function.name);
}

Result<OwnedValue> call_in_term(const FunctionTerm& call, const CqlType& receiver, Evaluation& evaluation) {
  STREAMOPS_ASSIGN(const ScalarFunction* function, function_of_term(call));
  const bool same_kind = function->result->id() == receiver.id() ||
                         (function->result->id() == TypeId::timeuuid && receiver.id() == TypeId::uuid) ||
                         (function->result->id() == TypeId::bigint && receiver.id() == TypeId::varint) ||
                         receiver.id() == TypeId::blob;
  if (!same_kind) {
    return Error(errors::cql::invalid_request,
                 "Type error: cannot assign result of function system.{} (type {}) to a value of type {}",
                 function->name, function->result->to_cql(), receiver.to_cql());
  }
  std::vector<Argument> arguments;
  for (std::size_t i = 0; i < call.arguments.size(); ++i) {
    TermContext context;
    context.marker = [&evaluation](const Marker& marker, const CqlType& wanted) -> Result<OwnedValue> {
      STREAMOPS_ASSIGN(const Value value, evaluation.bound(marker.index));
      if (!value.has_bytes()) return OwnedValue{value.state, {}};
      STREAMOPS_RETURN_IF_ERROR(validate(wanted, value.bytes));
      return OwnedValue::of(Bytes(value.bytes.begin(), value.bytes.end()));
    };
    context.function = [&evaluation](const FunctionTerm& inner, const CqlType& wanted) {
      return call_in_term(inner, wanted, evaluation);
    };
    STREAMOPS_ASSIGN(OwnedValue value, evaluate(call.arguments[i], *function->parameters[i], "argument", context));
    if (!value.view().has_bytes()) return OwnedValue::null();
    arguments.push_back(evaluation.keep(std::move(value.bytes)));
  }
  STREAMOPS_ASSIGN(std::optional<Bytes> result, function->call(arguments, evaluation));
  if (!result) return OwnedValue::null();
  STREAMOPS_RETURN_IF_ERROR(validate(receiver, *result));
  return OwnedValue::of(std::move(*result));
}

}  // namespace streamops::cql::store
