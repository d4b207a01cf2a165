// sql/engine/accumulator.h — what an aggregate remembers, one cell a group, in columns.
//
// A new aggregate derives from CellAccumulator and says how one row changes a cell; the loop over a batch, growth and
// memory accounting are here. Hot path: add() runs once a batch and aggregate; absorb() is inlined into its loop.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/error.h"
#include "data/column.h"
#include "sql/engine/state_bytes.h"

namespace streamops::sql {

/// Stands for a group where a row counts for none.
constexpr std::uint32_t no_group = UINT32_MAX;

using Arguments = std::span<const data::ColumnPtr>;

class Accumulator {
 public:
  Accumulator() = default;
  virtual ~Accumulator() = default;
  Accumulator(const Accumulator&) = delete;
  Accumulator& operator=(const Accumulator&) = delete;

  /// Makes room for groups 0 to `groups` - 1; the new ones are empty.
  virtual void grow(std::size_t groups) = 0;
  /// Row i counts for groups[i].
  virtual void add(Arguments arguments, std::span<const std::uint32_t> groups) = 0;
  /// False: the value would leave its range, and the cell is as before (ANSI overflow).
  [[nodiscard]] virtual bool add_row(Arguments arguments, std::size_t row, std::uint32_t group) = 0;
  /// What strikes the row that add_row() or merge() refused.
  virtual Error refusal() const;
  /// True when some row of the batch might not be addable; then rows are added one by one.
  virtual bool may_fail(Arguments) const { return false; }
  virtual void clear(std::uint32_t group) = 0;
  /// Adds what `from` has behind what `into` has. False: out of range, `into` is as before.
  [[nodiscard]] virtual bool merge(std::uint32_t into, std::uint32_t from) = 0;
  /// Appends the group's result; an error where there is none.
  virtual std::optional<Error> result(std::uint32_t group, data::ColumnBuilder& out) const = 0;
  virtual void save(std::uint32_t group, std::string& out) const = 0;
  /// Fills an empty cell from what save() wrote; marks `in` as failed when that is damaged.
  virtual void load(std::uint32_t group, StateReader& in) = 0;
  virtual std::size_t bytes() const = 0;
};

/// `inner` given each combination of arguments once a group.
std::unique_ptr<Accumulator> distinct_accumulator(std::unique_ptr<Accumulator> inner,
                                                  std::vector<data::TypePtr> arguments);

using MakeAccumulator = std::function<std::unique_ptr<Accumulator>()>;

/// `Self` has: Input (made from Arguments, with present(row)), bool absorb(Cell&, const Input&, row),
/// bool combine(Cell&, const Cell&), emit(const Cell&, ColumnBuilder&), put(const Cell&, std::string&),
/// get(Cell&, StateReader&), and where cells own memory: static std::size_t held(const Cell&).
template <typename Self, typename Cell>
class CellAccumulator : public Accumulator {
  friend Self;
  CellAccumulator() = default;

 public:
  void grow(std::size_t groups) override {
    if (groups > cells_.size()) cells_.resize(groups);
  }
  void add(Arguments arguments, std::span<const std::uint32_t> groups) override {
    const typename Self::Input in(arguments);
    for (std::size_t row = 0; row < groups.size(); ++row) {
      if (groups[row] != no_group && in.present(row)) (void)touch(cells_[groups[row]], in, row);
    }
  }
  [[nodiscard]] bool add_row(Arguments arguments, std::size_t row, std::uint32_t group) override {
    const typename Self::Input in(arguments);
    return !in.present(row) || touch(cells_[group], in, row);
  }
  void clear(std::uint32_t group) override {
    held_ -= Self::held(cells_[group]);
    Cell empty{};
    std::swap(cells_[group], empty);  // assignment would keep the memory of a text
  }
  [[nodiscard]] bool merge(std::uint32_t into, std::uint32_t from) override {
    const std::size_t before = Self::held(cells_[into]);
    const bool fits = self().combine(cells_[into], cells_[from]);
    held_ += Self::held(cells_[into]) - before;
    return fits;
  }
  std::optional<Error> result(std::uint32_t group, data::ColumnBuilder& out) const override {
    return self().emit(cells_[group], out);
  }
  void save(std::uint32_t group, std::string& out) const override { self().put(cells_[group], out); }
  void load(std::uint32_t group, StateReader& in) override {
    self().get(cells_[group], in);
    held_ += Self::held(cells_[group]);
  }
  std::size_t bytes() const override { return cells_.capacity() * sizeof(Cell) + held_; }

  /// Cells of plain numbers own nothing and are saved as they lie.
  static std::size_t held(const Cell&) { return 0; }
  void put(const Cell& cell, std::string& out) const { put_fixed(out, cell); }
  void get(Cell& cell, StateReader& in) { cell = in.fixed<Cell>(); }

 protected:
  std::vector<Cell> cells_;

 private:
  Self& self() { return static_cast<Self&>(*this); }
  const Self& self() const { return static_cast<const Self&>(*this); }
  template <typename Input>
  bool touch(Cell& cell, const Input& in, std::size_t row) {
    const std::size_t before = Self::held(cell);
    const bool fits = self().absorb(cell, in, row);
    held_ += Self::held(cell) - before;
    return fits;
  }

  std::size_t held_ = 0;
};

/// One argument of type T that is not null.
template <typename T>
struct ValueInput {
  explicit ValueInput(Arguments arguments) : column(*arguments[0]), values(column.values<T>().data()) {}
  bool present(std::size_t row) const { return !column.is_null(row); }
  T operator[](std::size_t row) const { return values[row]; }

  const data::Column& column;
  const T* values;
};
/// One BOOLEAN argument that is not null.
struct BooleanInput {
  explicit BooleanInput(Arguments arguments) : column(*arguments[0]) {}
  bool present(std::size_t row) const { return !column.is_null(row); }
  bool operator[](std::size_t row) const { return column.boolean(row); }

  const data::Column& column;
};
/// Any arguments, all of which are to be there.
struct RowInput {
  explicit RowInput(Arguments given) : arguments(given) {}
  bool present(std::size_t row) const {
    for (const data::ColumnPtr& argument : arguments) {
      if (argument->is_null(row)) return false;
    }
    return true;
  }

  Arguments arguments;
};

}  // namespace streamops::sql
