// collect_list, collect_set.
#include <unordered_set>

#include "errors/sql.h"
#include "sql/engine/functions/aggregate_families.h"

namespace streamops::sql {
namespace {

using data::Type;
using data::TypeId;
using data::TypePtr;

/// No group collects more bytes than this: a value of the result must stay a value.
constexpr std::size_t largest_list = 64 << 20;

struct ListCell {
  std::string values;  // encoded, one behind another
  std::uint32_t count = 0;
};

bool extend(ListCell& cell, std::string_view values, std::uint32_t count) {
  if (cell.values.size() + values.size() > largest_list) return false;
  cell.values += values;
  cell.count += count;
  return true;
}

void put_list(const ListCell& cell, std::string& out) {
  put_fixed(out, cell.count);
  put_text(out, cell.values);
}

std::optional<Error> emit_list(const std::string& values, std::uint32_t count, data::ColumnBuilder& out) {
  StateReader in(values);
  for (std::uint32_t i = 0; i < count; ++i) {
    if (!read_value(in, out.child(0))) break;
  }
  out.append_present();
  return std::nullopt;
}

Error too_large() {
  return Error(errors::sql::value_too_large, "the group would collect more than 64 MiB");
}

/// The values of an entry, checked: `each` gets every one's bytes.
template <typename F>
void read_list_entry(StateReader& in, const TypePtr& element, F each) {
  const auto count = in.fixed<std::uint32_t>();
  const std::string_view values = in.text();
  StateReader rest(values);
  for (std::uint32_t i = 0; i < count && !in.failed(); ++i) {
    const std::size_t begin = values.size() - rest.left();
    data::ColumnBuilder one(element);
    if (!read_value(rest, one) || one.finish()->is_null(0)) return in.fail();
    each(values.substr(begin, values.size() - rest.left() - begin));
  }
  if (rest.left() > 0) in.fail();
}

class CollectList : public CellAccumulator<CollectList, ListCell> {
 public:
  using Input = RowInput;
  explicit CollectList(TypePtr element) : element_(std::move(element)) {}
  Error refusal() const override { return too_large(); }
  bool may_fail(Arguments arguments) const override { return arguments[0]->memory() + bytes() > largest_list; }
  bool absorb(ListCell& cell, const Input& in, std::size_t row) {
    value_.clear();
    append_value(*in.arguments[0], row, Floats::kept, value_);
    return extend(cell, value_, 1);
  }
  bool combine(ListCell& cell, const ListCell& other) { return extend(cell, other.values, other.count); }
  std::optional<Error> emit(const ListCell& cell, data::ColumnBuilder& out) const {
    return emit_list(cell.values, cell.count, out);
  }
  void put(const ListCell& cell, std::string& out) const { put_list(cell, out); }
  void get(ListCell& cell, StateReader& in) {
    read_list_entry(in, element_, [&](std::string_view value) { (void)extend(cell, value, 1); });
  }
  static std::size_t held(const ListCell& cell) { return cell.values.capacity() > 15 ? cell.values.capacity() + 1 : 0; }

 private:
  TypePtr element_;
  std::string value_;
};

struct SetCell {
  ListCell list;  // in the order of their first coming
  std::unordered_set<std::string> known;
};

class CollectSet : public CellAccumulator<CollectSet, SetCell> {
 public:
  using Input = RowInput;
  explicit CollectSet(TypePtr element) : element_(std::move(element)) {}
  Error refusal() const override { return too_large(); }
  bool may_fail(Arguments arguments) const override { return arguments[0]->memory() + bytes() > largest_list; }
  bool absorb(SetCell& cell, const Input& in, std::size_t row) {
    value_.clear();
    append_value(*in.arguments[0], row, Floats::normalised, value_);
    return insert(cell, value_);
  }
  bool combine(SetCell& cell, const SetCell& other) {
    if (cell.list.values.size() + other.list.values.size() > largest_list) return false;
    StateReader rest(other.list.values);
    for (std::uint32_t i = 0; i < other.list.count; ++i) {
      const std::size_t begin = other.list.values.size() - rest.left();
      data::ColumnBuilder one(element_);
      if (!read_value(rest, one)) break;
      (void)insert(cell,
                   std::string_view(other.list.values).substr(begin, other.list.values.size() - rest.left() - begin));
    }
    return true;
  }
  std::optional<Error> emit(const SetCell& cell, data::ColumnBuilder& out) const {
    return emit_list(cell.list.values, cell.list.count, out);
  }
  void put(const SetCell& cell, std::string& out) const { put_list(cell.list, out); }
  void get(SetCell& cell, StateReader& in) {
    read_list_entry(in, element_, [&](std::string_view value) { (void)insert(cell, value); });
  }
  static std::size_t held(const SetCell& cell) {
    // A node of the set: the text, its own bytes, and two pointers of the table.
    return CollectList::held(cell.list) + cell.list.values.size() +
           cell.known.size() * (sizeof(std::string) + 4 * sizeof(void*));
  }

 private:
  static bool insert(SetCell& cell, std::string_view value) {
    if (cell.known.contains(std::string(value))) return true;
    if (!extend(cell.list, value, 1)) return false;
    cell.known.emplace(value);
    return true;
  }

  TypePtr element_;
  std::string value_;
};

template <typename Collector>
Result<BoundAggregate> bind_collect(Binding& binding) {
  STREAMOPS_RETURN_IF_ERROR(binding.expect_arguments(1, 1));
  const TypePtr element = binding[0]->type();
  if (element->id() == TypeId::null) return binding.mismatch(0, "values with a type");
  return BoundAggregate{Type::array(element, false), false, binding.arguments(),
                        [element] { return std::make_unique<Collector>(element); }};
}

bool has_map(const Type& type) {
  if (type.id() == TypeId::map) return true;
  for (const data::Field& field : type.fields()) {
    if (has_map(*field.type)) return true;
  }
  return false;
}

Result<BoundAggregate> bind_set(Binding& binding) {
  STREAMOPS_RETURN_IF_ERROR(binding.expect_arguments(1, 1));
  if (has_map(binding.type(0))) return binding.mismatch(0, "anything but a MAP");
  return bind_collect<CollectSet>(binding);
}

}  // namespace

const std::vector<AggregateFunction>& collecting_aggregates() {
  static const std::vector<AggregateFunction> functions = {
      {{.name = "collect_list",
        .signature = "collect_list(value)",
        .summary = "An array of all values that are not null, in the order of the rows; at most 64 MiB a group.",
        .examples = {{"collect_list(s)", "[b, a, b]"}, {"collect_list(n) FILTER (WHERE n > 5)", "[]"}},
        .aliases = {"array_agg"}},
       bind_collect<CollectList>},
      {{.name = "collect_set",
        .signature = "collect_set(value)",
        .summary = "An array of the different values that are not null, in the order in which they first came (Spark "
                   "promises no order); at most 64 MiB a group.",
        .examples = {{"collect_set(s)", "[b, a]"}}},
       bind_set},
  };
  return functions;
}

}  // namespace streamops::sql
