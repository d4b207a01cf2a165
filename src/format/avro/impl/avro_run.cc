#include <cstring>
#include <limits>

#include "base/text.h"
#include "data/text_form.h"
#include "format/avro/impl/avro_program.h"

namespace streamops::format {
namespace {

using schema::AvroKind;
using schema::AvroType;

constexpr int max_skip_depth = 200;
constexpr std::int64_t max_weightless_items = 100'000;  // of one value: nulls and empty records cost no bytes
constexpr int max_varint_bytes = 10;

/// Pure ASCII by eight bytes at a time; anything else by the book.
bool is_text(std::string_view bytes) {
  std::size_t at = 0;
  for (; at + 8 <= bytes.size(); at += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, bytes.data() + at, sizeof(word));
    if ((word & 0x8080808080808080ULL) != 0) return is_utf8(bytes);
  }
  for (; at < bytes.size(); ++at) {
    if ((static_cast<unsigned char>(bytes[at]) & 0x80U) != 0) return is_utf8(bytes);
  }
  return true;
}

template <typename T>
T load_little_endian(const char* from) {
  T value;
  std::memcpy(&value, from, sizeof(T));
  return value;
}

}  // namespace

std::optional<data::Int128> big_endian_number(std::string_view bytes) {
  data::UInt128 value = 0;
  const bool negative = !bytes.empty() && (static_cast<unsigned char>(bytes[0]) & 0x80U) != 0;
  const unsigned char filler = negative ? 0xFF : 0;
  while (bytes.size() > sizeof(value)) {
    if (static_cast<unsigned char>(bytes[0]) != filler) return std::nullopt;
    bytes.remove_prefix(1);
  }
  if (negative) value = ~value;
  for (const char byte : bytes) value = value << 8 | static_cast<unsigned char>(byte);
  const auto number = static_cast<data::Int128>(value);
  if ((number < 0) != negative) return std::nullopt;
  return number;
}

void close_row(data::ColumnBuilder& builder, std::size_t rows) {
  if (builder.length() == rows) return;
  switch (builder.type()->id()) {
    case data::TypeId::structure:
      for (std::size_t i = 0; i < builder.type()->fields().size(); ++i) close_row(builder.child(i), rows);
      return builder.append_present();
    case data::TypeId::array:
      // One element more: it ends the one that may be open.
      close_row(builder.child(0), builder.child(0).length() + 1);
      return builder.append_present();
    case data::TypeId::map:
      if (builder.child(0).length() != builder.child(1).length())
        close_row(builder.child(1), builder.child(0).length());
      return builder.append_present();
    default:
      return builder.append_null();
  }
}

AvroRun::AvroRun(const AvroProgram& program, std::string_view value, std::size_t& budget)
    : program_(program), begin_(value.data()), at_(value.data()), end_(value.data() + value.size()), budget_(budget) {}

std::string AvroRun::fault() const {
  if (refusal_ >= 0) return program_.refusals[static_cast<std::size_t>(refusal_)];
  return fmt::format("{} at byte {} of {}", what_, at_ - begin_, end_ - begin_);
}

bool AvroRun::fail(const char* what) {
  what_ = what;
  return false;
}

bool AvroRun::run() {
  if (!run(0, program_.steps.size())) return false;
  return at_ == end_ || fail("bytes are left over behind the last field");
}

/// Zigzag, seven bits a byte. Reads past the end into the padding, and is told so afterwards.
inline bool AvroRun::varint(std::int64_t& value) {
  std::uint64_t raw = static_cast<unsigned char>(*at_);
  if (raw < 0x80) {
    ++at_;
  } else {
    raw &= 0x7F;
    int read = 1;
    for (;; ++read) {
      if (read == max_varint_bytes) return fail("a number is too long");
      const std::uint64_t byte = static_cast<unsigned char>(at_[read]);
      raw |= (byte & 0x7F) << (7 * read);
      if (byte < 0x80) break;
    }
    at_ += read + 1;
  }
  if (at_ > end_) {
    at_ = end_;
    return fail("the value ends in a number");
  }
  value = static_cast<std::int64_t>(raw >> 1) ^ -static_cast<std::int64_t>(raw & 1);
  return true;
}

inline bool AvroRun::take(std::size_t length, std::string_view& bytes) {
  if (length > static_cast<std::size_t>(end_ - at_)) return fail("the value ends early");
  bytes = {at_, length};
  at_ += length;
  return true;
}

inline bool AvroRun::counted(std::string_view& bytes) {
  std::int64_t length = 0;
  if (!varint(length)) return false;
  if (length < 0) return fail("a length is negative");
  return take(static_cast<std::size_t>(length), bytes);
}

bool AvroRun::spend(std::size_t bytes) {
  if (bytes > budget_) return fail("defaults and symbols make the rows too large");
  budget_ -= bytes;
  return true;
}

/// The head of a block: `items` follow; 0 ends the list.
bool AvroRun::block(std::int64_t& items, bool weightless) {
  if (!varint(items)) return false;
  if (items < 0) {
    std::int64_t size = 0;
    if (items == std::numeric_limits<std::int64_t>::min() || !varint(size)) return fail("a block's length is wrong");
    items = -items;
  }
  if (!weightless) return items <= end_ - at_ || fail("a list is longer than the value");
  if (items > max_weightless_items - weightless_items_) return fail("a list has too many empty items");
  weightless_items_ += items;
  return true;
}

bool AvroRun::list(const AvroStep& step, std::size_t body) {
  const bool keys = step.number == 1;
  while (true) {
    std::int64_t items = 0;
    if (!block(items, step.weightless)) return false;
    if (items == 0) break;
    for (; items > 0; --items) {
      std::string_view key;
      if (keys) {
        if (!counted(key)) return false;
        if (!is_text(key)) return fail("a key is not UTF-8");
        step.out->child(0).append_text(key);
      }
      if (!run(body, step.jump)) return false;
    }
  }
  step.out->append_present();
  return true;
}

bool AvroRun::decimal(const AvroStep& step, std::string_view bytes) {
  const std::optional<data::Int128> number = big_endian_number(bytes);
  const data::Type& type = *step.out->type();
  if (!number) return fail("a decimal has too many digits");
  const auto scaled = data::rescale(*number, type.scale() - step.number, type.precision(), type.scale());
  if (!scaled) return fail("a decimal has too many digits");
  step.out->append_decimal(*scaled);
  return true;
}

// Hot path: once a field. No allocation but the columns' growth, no virtual call.
bool AvroRun::run(std::size_t step_index, std::size_t end) {
  const AvroStep* steps = program_.steps.data();
  std::int64_t number = 0;
  std::string_view bytes;
  while (step_index < end) {
    const AvroStep& step = steps[step_index++];
    switch (step.op) {
      case AvroOp::text:
        if (!counted(bytes)) return false;
        if (!is_text(bytes)) return fail("a text is not UTF-8");
        step.out->append_text(bytes);
        break;
      case AvroOp::long_integer:
        if (!varint(number)) return false;
        step.out->append_integer(number);
        break;
      case AvroOp::integer:
      case AvroOp::integer8:
      case AvroOp::integer16: {
        if (!varint(number)) return false;
        const int bits = step.op == AvroOp::integer ? 32 : (step.op == AvroOp::integer8 ? 8 : 16);
        if (number < -(std::int64_t{1} << (bits - 1)) || number >= std::int64_t{1} << (bits - 1))
          return fail("a whole number is out of its type's range");
        step.out->append_integer(number);
        break;
      }
      case AvroOp::choice: {
        const auto& branches = program_.choices[static_cast<std::size_t>(step.number)];
        if (!varint(number)) return false;
        if (number < 0 || number >= std::ssize(branches)) return fail("a union has no such branch");
        step_index = branches[static_cast<std::size_t>(number)];
        break;
      }
      case AvroOp::jump:
        step_index = step.jump;
        break;
      case AvroOp::null:
        step.out->append_null();
        break;
      case AvroOp::boolean:
        if (at_ == end_) return fail("the value ends early");
        if (static_cast<unsigned char>(*at_) > 1) return fail("a boolean is neither 0 nor 1");
        step.out->append_boolean(*at_++ != 0);
        break;
      case AvroOp::scaled:
        if (!varint(number)) return false;
        if (__builtin_mul_overflow(number, std::int64_t{step.number}, &number))
          return fail("a point in time is out of range");
        step.out->append_integer(number);
        break;
      case AvroOp::long_to_real:
        if (!varint(number)) return false;
        if (step.out->type()->id() == data::TypeId::float32) {
          step.out->append_float(static_cast<double>(static_cast<float>(number)));
        } else {
          step.out->append_float(static_cast<double>(number));
        }
        break;
      case AvroOp::single:
        if (!take(sizeof(float), bytes)) return false;
        step.out->append_float(static_cast<double>(load_little_endian<float>(bytes.data())));
        break;
      case AvroOp::real:
        if (!take(sizeof(double), bytes)) return false;
        step.out->append_float(load_little_endian<double>(bytes.data()));
        break;
      case AvroOp::bytes:
        if (!counted(bytes)) return false;
        step.out->append_text(bytes);
        break;
      case AvroOp::fixed:
        if (!take(static_cast<std::size_t>(step.number), bytes)) return false;
        step.out->append_text(bytes);
        break;
      case AvroOp::decimal:
        if (!counted(bytes) || !decimal(step, bytes)) return false;
        break;
      case AvroOp::fixed_decimal:
        if (!take(step.size, bytes) || !decimal(step, bytes)) return false;
        break;
      case AvroOp::symbol: {
        const auto& symbols = program_.symbols[static_cast<std::size_t>(step.number)];
        if (!varint(number)) return false;
        if (number < 0 || number >= std::ssize(symbols)) return fail("an enum has no such symbol");
        const std::optional<std::string>& symbol = symbols[static_cast<std::size_t>(number)];
        if (!symbol) return fail("the reader's enum has no such symbol, and no default");
        if (!spend(symbol->size())) return false;
        step.out->append_text(*symbol);
        break;
      }
      case AvroOp::constant:
        if (!spend(step.size)) return false;
        step.out->append_from(*program_.constants[static_cast<std::size_t>(step.number)], 0);
        break;
      case AvroOp::close:
        step.out->append_present();
        break;
      case AvroOp::list:
        if (!list(step, step_index)) return false;
        step_index = step.jump;
        break;
      case AvroOp::skip_boolean:
        if (!take(1, bytes)) return false;
        break;
      case AvroOp::skip_varint:
        if (!varint(number)) return false;
        break;
      case AvroOp::skip_bytes:
        if (!counted(bytes)) return false;
        break;
      case AvroOp::skip_fixed:
        if (!take(static_cast<std::size_t>(step.number), bytes)) return false;
        break;
      case AvroOp::skip_type:
        if (!skip(*step.type, 0)) return false;
        break;
      case AvroOp::refuse:
        refusal_ = step.number;
        return false;
    }
  }
  return true;
}

/// Steps over a value of any type; types may be recursive.
bool AvroRun::skip(const AvroType& type, int depth) {
  if (depth > max_skip_depth) return fail("a value is nested too deeply");
  std::int64_t number = 0;
  std::string_view bytes;
  switch (type.kind) {
    case AvroKind::null:
      return true;
    case AvroKind::boolean:
      return take(1, bytes);
    case AvroKind::integer:
    case AvroKind::long_integer:
    case AvroKind::enumeration:
      return varint(number);
    case AvroKind::single:
      return take(sizeof(float), bytes);
    case AvroKind::real:
      return take(sizeof(double), bytes);
    case AvroKind::bytes:
    case AvroKind::string:
      return counted(bytes);
    case AvroKind::fixed:
      return take(type.size, bytes);
    case AvroKind::record:
      for (const schema::AvroField& field : type.fields) {
        if (!skip(*field.type, depth + 1)) return false;
      }
      return true;
    case AvroKind::array:
      return skip_items(*type.branches[0], false, depth);
    case AvroKind::map:
      return skip_items(*type.branches[0], true, depth);
    case AvroKind::choice:
      if (!varint(number)) return false;
      if (number < 0 || number >= std::ssize(type.branches)) return fail("a union has no such branch");
      return skip(*type.branches[static_cast<std::size_t>(number)], depth + 1);
  }
  return true;
}

bool AvroRun::skip_items(const AvroType& element, bool keys, int depth) {
  while (true) {
    std::int64_t items = 0;
    // Items without bytes are counted too: nobody needs to know which these are.
    const char* before = at_;
    if (!varint(items)) return false;
    if (items == 0) return true;
    at_ = before;
    if (items < 0) {
      // The block says how long it is.
      std::int64_t size = 0;
      std::string_view bytes;
      if (!varint(items) || !varint(size)) return false;
      if (size < 0) return fail("a block's length is wrong");
      if (!take(static_cast<std::size_t>(size), bytes)) return false;
      continue;
    }
    if (!varint(items)) return false;
    for (; items > 0; --items) {
      std::string_view key;
      if (keys && !counted(key)) return false;
      const char* item = at_;
      if (!skip(element, depth + 1)) return false;
      if (!keys && at_ == item && ++weightless_items_ > max_weightless_items)
        return fail("a list has too many empty items");
    }
  }
}

}  // namespace streamops::format
