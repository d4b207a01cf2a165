#include "data/column.h"

#include <limits>

#include "base/check.h"

namespace streamops::data {
namespace {

constexpr std::size_t offset_width = sizeof(std::int32_t);

std::size_t bitmap_bytes(std::size_t bits) {
  return (bits + 7) / 8;
}

void set_bit(Bytes& bits, std::size_t at) {
  bits[at >> 3] = static_cast<std::uint8_t>(bits[at >> 3] | 1U << (at & 7));
}

bool has_offsets(TypeId id) {
  return id == TypeId::string || id == TypeId::binary || id == TypeId::array || id == TypeId::map;
}

void push_offset(Bytes& offsets, std::size_t end) {
  STREAMOPS_CHECK(end <= static_cast<std::size_t>(std::numeric_limits<std::int32_t>::max()),
                  "a column holds less than 2 GiB");
  const auto value = static_cast<std::int32_t>(end);
  const std::size_t at = offsets.size();
  offsets.resize(at + offset_width);
  std::memcpy(offsets.data() + at, &value, offset_width);
}

/// The row map of take(): where each output row comes from, and whether any is missing or null.
struct Gather {
  const Column& from;
  std::span<const std::int32_t> rows;

  bool present(std::size_t i) const { return rows[i] >= 0 && !from.is_null(static_cast<std::size_t>(rows[i])); }
  std::size_t row(std::size_t i) const { return static_cast<std::size_t>(rows[i]); }

  Bytes validity() const {
    Bytes bits(bitmap_bytes(rows.size()), 0);
    std::size_t present_rows = 0;
    for (std::size_t i = 0; i < rows.size(); ++i) {
      if (!present(i)) continue;
      set_bit(bits, i);
      ++present_rows;
    }
    if (present_rows == rows.size()) bits.clear();
    return bits;
  }
};

template <typename T>
Bytes gather_fixed(const Gather& gather) {
  Bytes out(gather.rows.size() * sizeof(T), 0);
  const std::span<const T> values = gather.from.values<T>();
  T* to = reinterpret_cast<T*>(out.data());
  for (std::size_t i = 0; i < gather.rows.size(); ++i) {
    if (gather.rows[i] >= 0) to[i] = values[gather.row(i)];
  }
  return out;
}

Bytes gather_bits(const Gather& gather) {
  Bytes out(bitmap_bytes(gather.rows.size()), 0);
  for (std::size_t i = 0; i < gather.rows.size(); ++i) {
    if (gather.rows[i] >= 0 && gather.from.boolean(gather.row(i))) set_bit(out, i);
  }
  return out;
}

/// Hot path: what a filter keeps.
ColumnPtr gather_text(const ColumnPtr& column, const Gather& gather) {
  const std::size_t count = gather.rows.size();
  Bytes offsets((count + 1) * offset_width);
  auto* const ends = reinterpret_cast<std::int32_t*>(offsets.data());
  std::size_t total = 0;
  for (std::size_t i = 0; i < count; ++i) {
    if (gather.present(i)) total += column->text(gather.row(i)).size();
    ends[i + 1] = static_cast<std::int32_t>(total);
  }
  STREAMOPS_CHECK(total <= static_cast<std::size_t>(std::numeric_limits<std::int32_t>::max()),
                  "a column holds less than 2 GiB");
  Bytes values(total);
  for (std::size_t i = 0; i < count; ++i) {
    const auto size = static_cast<std::size_t>(ends[i + 1] - ends[i]);
    if (size > 0) std::memcpy(values.data() + ends[i], column->text(gather.row(i)).data(), size);
  }
  return std::make_shared<const Column>(column->type(), count, gather.validity(), std::move(offsets), std::move(values),
                                        std::vector<ColumnPtr>());
}

ColumnPtr gather_list(const ColumnPtr& column, const Gather& gather) {
  Bytes offsets;
  push_offset(offsets, 0);
  std::vector<std::int32_t> members;
  const auto from = column->offsets();
  for (std::size_t i = 0; i < gather.rows.size(); ++i) {
    if (gather.present(i)) {
      for (std::int32_t k = from[gather.row(i)]; k < from[gather.row(i) + 1]; ++k) members.push_back(k);
    }
    push_offset(offsets, members.size());
  }
  std::vector<ColumnPtr> children;
  for (const ColumnPtr& child : column->children()) children.push_back(take(child, members));
  return std::make_shared<const Column>(column->type(), gather.rows.size(), gather.validity(), std::move(offsets),
                                        Bytes(), std::move(children));
}

Bytes gather_values(const Gather& gather) {
  switch (gather.from.type()->width()) {
    case 1:
      return gather_fixed<std::int8_t>(gather);
    case 2:
      return gather_fixed<std::int16_t>(gather);
    case 4:
      return gather_fixed<std::int32_t>(gather);
    case 8:
      return gather_fixed<std::int64_t>(gather);
    case 16:
      return gather_fixed<Int128>(gather);
    default:
      return gather.from.type()->id() == TypeId::boolean ? gather_bits(gather) : Bytes();
  }
}

}  // namespace

Column::Column(TypePtr type, std::size_t length, Bytes validity, Bytes offsets, Bytes values,
               std::vector<ColumnPtr> children)
    : type_(std::move(type)),
      length_(length),
      validity_(std::move(validity)),
      offsets_(std::move(offsets)),
      values_(std::move(values)),
      children_(std::move(children)) {
  STREAMOPS_CHECK(validity_.empty() || validity_.size() >= bitmap_bytes(length_), "one validity bit a row");
  STREAMOPS_CHECK(!has_offsets(type_->id()) || offsets_.size() == (length_ + 1) * offset_width,
                  "one offset a row and one more");
  STREAMOPS_CHECK(values_.size() >= length_ * static_cast<std::size_t>(type_->width()), "one value a row");
}

std::size_t Column::memory() const {
  std::size_t total = validity_.capacity() + offsets_.capacity() + values_.capacity();
  for (const ColumnPtr& child : children_) total += child->memory();
  return total;
}

ColumnBuilder::ColumnBuilder(TypePtr type)
    : type_(std::move(type)), id_(type_->id()), width_(static_cast<std::uint8_t>(type_->width())) {
  if (type_->is_nested()) {
    for (const Field& field : type_->fields()) children_.emplace_back(field.type);
  }
  start();
}

void ColumnBuilder::start() {
  length_ = 0;
  any_null_ = false;
  validity_.clear();
  offsets_.clear();
  values_.clear();
  if (has_offsets(id_)) push_offset(offsets_, 0);
}

void ColumnBuilder::reserve(std::size_t rows) {
  if (has_offsets(id_)) offsets_.reserve((rows + 1) * offset_width);
  values_.reserve(id_ == TypeId::boolean ? bitmap_bytes(rows) : rows * width_);
}

void ColumnBuilder::mark_with_bits(bool valid) {
  if (!any_null_) {
    any_null_ = true;
    validity_.assign(bitmap_bytes(length_), 0xFF);
    if ((length_ & 7) != 0) validity_.back() = static_cast<std::uint8_t>((1U << (length_ & 7)) - 1);
  }
  if ((length_ & 7) == 0) validity_.push_back(0);
  if (valid) set_bit(validity_, length_);
}

void ColumnBuilder::check_text_size() const {
  STREAMOPS_CHECK(values_.size() <= static_cast<std::size_t>(std::numeric_limits<std::int32_t>::max()),
                  "a column holds less than 2 GiB");
}

void ColumnBuilder::append_null() {
  if (id_ == TypeId::structure) {
    for (ColumnBuilder& member : children_) member.append_null();
  } else if (id_ == TypeId::boolean) {
    if ((length_ & 7) == 0) values_.push_back(0);
  } else if (has_offsets(id_)) {
    push_offset(offsets_, id_ == TypeId::string || id_ == TypeId::binary ? values_.size() : children_[0].length());
  } else {
    values_.resize(values_.size() + width_);
  }
  mark(false);
}

void ColumnBuilder::append_boolean(bool value) {
  if ((length_ & 7) == 0) values_.push_back(0);
  if (value) set_bit(values_, length_);
  mark(true);
}

void ColumnBuilder::append_float(double value) {
  if (id_ == TypeId::float32) {
    append_raw(static_cast<float>(value));
  } else {
    append_raw(value);
  }
  mark(true);
}

void ColumnBuilder::append_decimal(Int128 unscaled) {
  append_raw(unscaled);
  mark(true);
}

void ColumnBuilder::append_integer(std::int64_t value) {
  switch (width_) {
    case 1:
      append_raw(static_cast<std::int8_t>(value));
      break;
    case 2:
      append_raw(static_cast<std::int16_t>(value));
      break;
    case 4:
      append_raw(static_cast<std::int32_t>(value));
      break;
    default:
      append_raw(value);
      break;
  }
  mark(true);
}

void ColumnBuilder::append_present() {
  if (id_ == TypeId::array || id_ == TypeId::map) {
    push_offset(offsets_, children_[0].length());
    STREAMOPS_CHECK(id_ == TypeId::array || children_[1].length() == children_[0].length(),
                    "a map has a value for each key");
  } else {
    for (const ColumnBuilder& member : children_)
      STREAMOPS_CHECK(member.length() == length_ + 1, "one value for each member");
  }
  mark(true);
}

void ColumnBuilder::append_from(const Column& from, std::size_t row) {
  if (from.is_null(row) || id_ == TypeId::null) return append_null();
  switch (id_) {
    case TypeId::boolean:
      return append_boolean(from.boolean(row));
    case TypeId::float32:
      return append_float(static_cast<double>(from.values<float>()[row]));
    case TypeId::float64:
      return append_float(from.values<double>()[row]);
    case TypeId::decimal:
      return append_decimal(from.values<Int128>()[row]);
    case TypeId::string:
    case TypeId::binary:
      return append_text(from.text(row));
    case TypeId::structure:
      for (std::size_t i = 0; i < children_.size(); ++i) children_[i].append_from(*from.children()[i], row);
      return append_present();
    case TypeId::array:
    case TypeId::map: {
      const auto at = from.offsets();
      for (std::int32_t k = at[row]; k < at[row + 1]; ++k) {
        for (std::size_t i = 0; i < children_.size(); ++i) {
          children_[i].append_from(*from.children()[i], static_cast<std::size_t>(k));
        }
      }
      return append_present();
    }
    default:
      break;
  }
  switch (width_) {
    case 1:
      return append_integer(from.values<std::int8_t>()[row]);
    case 2:
      return append_integer(from.values<std::int16_t>()[row]);
    case 4:
      return append_integer(from.values<std::int32_t>()[row]);
    default:
      return append_integer(from.values<std::int64_t>()[row]);
  }
}

ColumnPtr ColumnBuilder::finish() {
  std::vector<ColumnPtr> children;
  children.reserve(children_.size());
  for (ColumnBuilder& child : children_) children.push_back(child.finish());
  auto column = std::make_shared<const Column>(type_, length_, std::move(validity_), std::move(offsets_),
                                               std::move(values_), std::move(children));
  start();
  return column;
}

ColumnPtr take(const ColumnPtr& column, std::span<const std::int32_t> rows) {
  const Gather gather{*column, rows};
  switch (column->type()->id()) {
    case TypeId::string:
    case TypeId::binary:
      return gather_text(column, gather);
    case TypeId::array:
    case TypeId::map:
      return gather_list(column, gather);
    default:
      break;
  }
  std::vector<ColumnPtr> children;
  for (const ColumnPtr& child : column->children()) children.push_back(take(child, rows));
  return std::make_shared<const Column>(column->type(), rows.size(), gather.validity(), Bytes(), gather_values(gather),
                                        std::move(children));
}

ColumnPtr nulls(const TypePtr& type, std::size_t length) {
  ColumnBuilder builder(type);
  for (std::size_t i = 0; i < length; ++i) builder.append_null();
  return builder.finish();
}

}  // namespace streamops::data
