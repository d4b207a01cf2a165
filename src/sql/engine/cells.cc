#include "sql/engine/cells.h"

namespace streamops::sql {

Cells::Cells(const std::vector<AggregateSpec>& specs) : specs_(specs) {
  for (const AggregateSpec& spec : specs) {
    std::unique_ptr<Accumulator> made = spec.make();
    if (spec.distinct) made = distinct_accumulator(std::move(made), spec.argument_types);
    accumulators_.push_back(std::move(made));
  }
}

void Cells::grow(std::size_t groups) {
  for (const auto& accumulator : accumulators_) accumulator->grow(groups);
}

Columns Cells::arguments(const Columns& columns, std::size_t aggregate) const {
  Columns out;
  for (const std::size_t index : specs_[aggregate].arguments) out.push_back(columns[index]);
  return out;
}

bool Cells::counts(const Columns& columns, std::size_t aggregate, std::size_t row) const {
  if (!specs_[aggregate].filter) return true;
  const data::Column& condition = *columns[*specs_[aggregate].filter];
  return !condition.is_null(row) && condition.boolean(row);
}

bool Cells::may_fail(const Columns& columns) const {
  bool may = false;
  for (std::size_t i = 0; i < specs_.size(); ++i) may = accumulators_[i]->may_fail(arguments(columns, i)) || may;
  return may;
}

void Cells::add(const Columns& columns, std::span<const std::uint32_t> groups) {
  std::vector<std::uint32_t> filtered;
  for (std::size_t i = 0; i < specs_.size(); ++i) {
    if (!specs_[i].filter) {
      accumulators_[i]->add(arguments(columns, i), groups);
      continue;
    }
    filtered.assign(groups.begin(), groups.end());
    for (std::size_t row = 0; row < groups.size(); ++row) {
      if (!counts(columns, i, row)) filtered[row] = no_group;
    }
    accumulators_[i]->add(arguments(columns, i), filtered);
  }
}

std::optional<Error> Cells::add_row(const Columns& columns, std::size_t row, std::uint32_t group) {
  for (std::size_t i = 0; i < specs_.size(); ++i) {
    if (!counts(columns, i, row)) continue;
    if (!accumulators_[i]->add_row(arguments(columns, i), row, group)) return accumulators_[i]->refusal();
  }
  return std::nullopt;
}

std::optional<Error> Cells::merge(std::uint32_t into, std::uint32_t from) {
  for (const auto& accumulator : accumulators_) {
    if (!accumulator->merge(into, from)) return accumulator->refusal();
  }
  return std::nullopt;
}

void Cells::clear(std::uint32_t group) {
  for (const auto& accumulator : accumulators_) accumulator->clear(group);
}

std::string Cells::snapshot(std::uint32_t group) const {
  std::string out;
  save(group, out);
  return out;
}

void Cells::put_back(std::uint32_t group, std::string_view snapshot) {
  clear(group);
  StateReader in(snapshot);
  load(group, in);
}

Columns Cells::results(std::span<const std::uint32_t> groups, std::vector<Failed>& failed) const {
  Columns out;
  for (std::size_t i = 0; i < specs_.size(); ++i) {
    data::ColumnBuilder builder(specs_[i].type);
    builder.reserve(groups.size());
    for (std::size_t row = 0; row < groups.size(); ++row) {
      if (auto error = accumulators_[i]->result(groups[row], builder)) failed.push_back({row, std::move(*error)});
    }
    out.push_back(builder.finish());
  }
  return out;
}

void Cells::save(std::uint32_t group, std::string& out) const {
  for (const auto& accumulator : accumulators_) accumulator->save(group, out);
}

void Cells::load(std::uint32_t group, StateReader& in) {
  for (const auto& accumulator : accumulators_) {
    if (!in.failed()) accumulator->load(group, in);
  }
}

std::size_t Cells::bytes() const {
  std::size_t total = 0;
  for (const auto& accumulator : accumulators_) total += accumulator->bytes();
  return total;
}

}  // namespace streamops::sql
