// Functions that depend on the row or on the epoch: equal when the same record is replayed.
#include "base/uuid.h"
#include "sql/engine/functions/families.h"

namespace streamops::sql {
namespace {

using data::Type;
using data::TypeId;

std::uint64_t mix(std::uint64_t state) {  // splitmix64
  state += 0x9E3779B97F4A7C15U;
  state = (state ^ state >> 30) * 0xBF58476D1CE4E5B9U;
  state = (state ^ state >> 27) * 0x94D049BB133111EBU;
  return state ^ state >> 31;
}

std::uint64_t word(const Uuid& uuid, std::size_t at) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < 8; ++i) value = value << 8 | uuid.bytes[at + i];
  return value;
}

/// A number that depends on stream, topic, partition, offset, the row's place among the record's rows, and the place of
/// the call.
std::uint64_t row_hash(const Call& call, std::size_t row, std::uint64_t salt) {
  const EvaluationContext& context = *call.frame.context;
  const std::size_t source = call.frame.source_row(row);
  std::uint64_t state = mix(context.stream_hash ^ salt);
  state = mix(state ^ word(context.topic_id, 0));
  state = mix(state ^ word(context.topic_id, 8));
  state = mix(state ^ static_cast<std::uint64_t>(context.partitions.empty() ? 0 : context.partitions[source]));
  state = mix(state ^ (context.offsets.empty() ? source : static_cast<std::uint64_t>(context.offsets[source])));
  state = mix(state ^ static_cast<std::uint64_t>(call.frame.ordinal.empty() ? 0 : call.frame.ordinal[row]));
  return mix(state ^ call.span.offset);
}

Result<NodePtr> bind_uuid(Binding& binding) {
  STREAMOPS_RETURN_IF_ERROR(binding.expect_arguments(0, 0));
  return binding.node(Type::scalar(TypeId::string), false, [](const Call& call) {
    return rows<Text()>(call, [&](auto& out) {
      out.append(to_string(make_uuid(row_hash(call, out.row(), 1), row_hash(call, out.row(), 2), 4)));
    });
  });
}

Result<NodePtr> bind_rand(Binding& binding) {
  STREAMOPS_RETURN_IF_ERROR(binding.expect_arguments(0, 0));
  return binding.node(Type::scalar(TypeId::float64), false, [](const Call& call) {
    return rows<double()>(
        call, [&](auto& out) { out.set(static_cast<double>(row_hash(call, out.row(), 3) >> 11) * 0x1.0p-53); });
  });
}

}  // namespace

const std::vector<Function>& row_functions() {
  static const std::vector<Function> all = {
      {"uuid",
       "uuid()",
       "A random UUID, the same one when the record is read again.",
       {{"length(uuid())", "36"}},
       {},
       bind_uuid,
       {},
       false},
      {"rand",
       "rand()",
       "A random DOUBLE from 0 up to 1, the same one when the record is read again. A seed is not taken: Spark's "
       "numbers depend on its partitions.",
       {{"rand() < 1", "true"}},
       {},
       bind_rand,
       {"random"},
       false},
  };
  return all;
}

}  // namespace streamops::sql
