// f(DISTINCT …): the values of each group that were seen, and an accumulator that is given each of them once.
#include <algorithm>

#include "errors/sql.h"
#include "sql/engine/accumulator.h"
#include "sql/engine/key_table.h"

namespace streamops::sql {
namespace {

class Distinct : public Accumulator {
 public:
  Distinct(std::unique_ptr<Accumulator> inner, std::vector<data::TypePtr> types)
      : inner_(std::move(inner)), types_(std::move(types)) {}

  void grow(std::size_t groups) override {
    if (groups > seen_.size()) seen_.resize(groups);
    inner_->grow(groups);
  }

  void add(Arguments arguments, std::span<const std::uint32_t> groups) override {
    const RowInput in(arguments);
    KeyBatch values;
    encode_keys({arguments.begin(), arguments.end()}, groups.size(), values);
    std::vector<std::uint32_t> fresh(groups.size(), no_group);
    for (std::size_t row = 0; row < groups.size(); ++row) {
      if (groups[row] == no_group || !in.present(row) || !remember(groups[row], values.key(row))) continue;
      fresh[row] = groups[row];
    }
    inner_->add(arguments, fresh);
  }

  [[nodiscard]] bool add_row(Arguments arguments, std::size_t row, std::uint32_t group) override {
    if (!RowInput(arguments).present(row)) return true;
    std::string value;
    for (const data::ColumnPtr& argument : arguments) append_value(*argument, row, Floats::normalised, value);
    if (!remember(group, value)) return true;
    if (inner_->add_row(arguments, row, group)) return true;
    forget_last(group);
    return false;
  }

  Error refusal() const override { return inner_->refusal(); }
  bool may_fail(Arguments arguments) const override { return inner_->may_fail(arguments); }

  void clear(std::uint32_t group) override {
    for (const std::uint32_t id : seen_[group]) table_.remove(id);
    held_ -= seen_[group].capacity() * sizeof(std::uint32_t);
    seen_[group] = {};
    inner_->clear(group);
  }

  [[nodiscard]] bool merge(std::uint32_t into, std::uint32_t from) override {
    std::string before;
    save(into, before);
    for (const std::uint32_t id : seen_[from]) {
      const std::string value(table_.key(id).substr(sizeof from));
      if (add_value(into, value)) continue;
      clear(into);
      StateReader in(before);
      load(into, in);
      return false;
    }
    return true;
  }

  std::optional<Error> result(std::uint32_t group, data::ColumnBuilder& out) const override {
    return inner_->result(group, out);
  }

  void save(std::uint32_t group, std::string& out) const override {
    put_fixed(out, static_cast<std::uint32_t>(seen_[group].size()));
    for (const std::uint32_t id : seen_[group]) put_text(out, table_.key(id).substr(sizeof group));
  }
  void load(std::uint32_t group, StateReader& in) override {
    const auto count = in.fixed<std::uint32_t>();
    for (std::uint32_t i = 0; i < count && !in.failed(); ++i) {
      const std::string_view value = in.text();
      if (!in.failed() && !add_value(group, value)) in.fail();
    }
  }

  std::size_t bytes() const override {
    return inner_->bytes() + table_.bytes() + held_ + seen_.capacity() * sizeof(std::vector<std::uint32_t>);
  }

 private:
  /// True when the value is new to the group.
  bool remember(std::uint32_t group, std::string_view value) {
    key_.clear();
    put_fixed(key_, group);
    key_ += value;
    bool added = false;
    const std::uint32_t id = table_.add(key_, KeyTable::hash(key_), added);
    if (!added) return false;
    std::vector<std::uint32_t>& seen = seen_[group];
    held_ -= seen.capacity() * sizeof(std::uint32_t);
    seen.push_back(id);
    held_ += seen.capacity() * sizeof(std::uint32_t);
    return true;
  }
  void forget_last(std::uint32_t group) {
    table_.remove(seen_[group].back());
    seen_[group].pop_back();
  }

  /// Adds one encoded combination; false when it does not fit, or is none of the types.
  bool add_value(std::uint32_t group, std::string_view value) {
    StateReader in(value);
    std::vector<data::ColumnPtr> columns;
    for (const data::TypePtr& type : types_) {
      data::ColumnBuilder builder(type);
      if (!read_value(in, builder)) return false;
      columns.push_back(builder.finish());
      if (columns.back()->is_null(0)) return false;
    }
    return in.done() && add_row(columns, 0, group);
  }

  std::unique_ptr<Accumulator> inner_;
  std::vector<data::TypePtr> types_;
  KeyTable table_;                                // group, value
  std::vector<std::vector<std::uint32_t>> seen_;  // by group: ids, in the order of their coming
  std::size_t held_ = 0;
  std::string key_;
};

}  // namespace

Error Accumulator::refusal() const {
  return Error(errors::sql::arithmetic_overflow,
               "[ARITHMETIC_OVERFLOW] the aggregate would leave the range of its type");
}

std::unique_ptr<Accumulator> distinct_accumulator(std::unique_ptr<Accumulator> inner,
                                                  std::vector<data::TypePtr> arguments) {
  return std::make_unique<Distinct>(std::move(inner), std::move(arguments));
}

}  // namespace streamops::sql
