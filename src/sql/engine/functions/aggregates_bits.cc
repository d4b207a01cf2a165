// bit_and, bit_or, bit_xor.
#include "sql/engine/functions/aggregate_families.h"

namespace streamops::sql {
namespace {

using data::Type;
using data::TypeId;

struct BitCell {
  std::int64_t value = 0;
  std::int64_t any = 0;
};

enum class Bits : std::uint8_t { conjunction, disjunction, difference };

/// On 64 bits, into which narrower integers are extended with their sign.
template <Bits operation>
class BitFold : public CellAccumulator<BitFold<operation>, BitCell> {
 public:
  using Input = ValueInput<std::int64_t>;
  bool absorb(BitCell& cell, const Input& in, std::size_t row) { return combine(cell, {in[row], 1}); }
  bool combine(BitCell& cell, const BitCell& other) {
    if (other.any == 0) return true;
    if (cell.any == 0) {
      cell = other;
    } else if constexpr (operation == Bits::conjunction) {
      cell.value &= other.value;
    } else if constexpr (operation == Bits::disjunction) {
      cell.value |= other.value;
    } else {
      cell.value ^= other.value;
    }
    return true;
  }
  std::optional<Error> emit(const BitCell& cell, data::ColumnBuilder& out) const {
    cell.any != 0 ? out.append_integer(narrowed(cell.value, out.type()->width())) : out.append_null();
    return std::nullopt;
  }

 private:
  /// A stored entry may hold anything; what is built must fit.
  static std::int64_t narrowed(std::int64_t value, int width) {
    return width == 1   ? static_cast<std::int8_t>(value)
           : width == 2 ? static_cast<std::int16_t>(value)
           : width == 4 ? static_cast<std::int32_t>(value)
                        : value;
  }
};

template <Bits operation>
Result<BoundAggregate> bind_bits(Binding& binding) {
  STREAMOPS_RETURN_IF_ERROR(binding.expect_arguments(1, 1));
  if (!binding.type(0).is_integer() && binding.id(0) != TypeId::null) return binding.mismatch(0, "an integer");
  const data::TypePtr type = binding.type(0).is_integer() ? binding[0]->type() : Type::scalar(TypeId::int32);
  STREAMOPS_RETURN_IF_ERROR(binding.cast_argument(0, Type::scalar(TypeId::int64)));
  return BoundAggregate{type, true, binding.arguments(), [] { return std::make_unique<BitFold<operation>>(); }};
}

}  // namespace

const std::vector<AggregateFunction>& bit_aggregates() {
  static const std::vector<AggregateFunction> functions = {
      {{.name = "bit_and",
        .signature = "bit_and(integer)",
        .summary = "Bits that all values have.",
        .examples = {{"bit_and(n)", "0"}, {"bit_and(n) FILTER (WHERE n > 1)", "2"}}},
       bind_bits<Bits::conjunction>},
      {{.name = "bit_or",
        .signature = "bit_or(integer)",
        .summary = "Bits that some value has.",
        .examples = {{"bit_or(n)", "3"}}},
       bind_bits<Bits::disjunction>},
      {{.name = "bit_xor",
        .signature = "bit_xor(integer)",
        .summary = "Bits that an odd number of values have.",
        .examples = {{"bit_xor(n)", "1"}}},
       bind_bits<Bits::difference>},
  };
  return functions;
}

}  // namespace streamops::sql
