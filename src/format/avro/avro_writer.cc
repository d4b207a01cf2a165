#include "format/avro/avro_writer.h"

#include <cstring>
#include <unordered_map>

#include "data/text_form.h"
#include "data/whole_number.h"
#include "errors/format.h"
#include "format/avro/impl/avro_program.h"
#include "format/avro/sql_types.h"
#include "format/avro/wire.h"

namespace streamops::format {
namespace {

using data::Column;
using data::integer_at;
using data::TypeId;
using schema::AvroKind;
using schema::AvroLogical;
using schema::AvroType;
using schema::Json;

constexpr int max_levels = 64;

void append_varint(std::string& out, std::int64_t value) {
  std::uint64_t raw = static_cast<std::uint64_t>(value) << 1 ^ static_cast<std::uint64_t>(value >> 63);
  char buffer[10];
  std::size_t length = 0;
  for (; raw >= 0x80; raw >>= 7) buffer[length++] = static_cast<char>(raw | 0x80);
  buffer[length++] = static_cast<char>(raw);
  out.append(buffer, length);
}

void append_counted(std::string& out, std::string_view bytes) {
  append_varint(out, std::ssize(bytes));
  out.append(bytes);
}

template <typename T>
void append_raw(std::string& out, T value) {
  char raw[sizeof(T)];
  std::memcpy(raw, &value, sizeof(T));
  out.append(raw, sizeof(T));
}

double real_at(const Column& column, std::size_t row) {
  if (column.type()->id() == TypeId::float32) return static_cast<double>(column.values<float>()[row]);
  if (column.type()->id() == TypeId::float64) return column.values<double>()[row];
  return static_cast<double>(integer_at(column, row));
}

/// The shortest two's complement form, big-endian, or `size` bytes of it.
void append_big_endian_number(std::string& out, data::Int128 value, std::size_t size) {
  char bytes[16];
  for (std::size_t i = 0; i < sizeof(bytes); ++i)
    bytes[sizeof(bytes) - 1 - i] = static_cast<char>(static_cast<unsigned char>(value >> (8 * i) & 0xFF));
  std::size_t begin = 0;
  const char filler = value < 0 ? '\xFF' : '\0';
  const auto sign_of = [](char byte) { return (static_cast<unsigned char>(byte) & 0x80U) != 0; };
  while (begin + 1 < sizeof(bytes) && bytes[begin] == filler && sign_of(bytes[begin + 1]) == (value < 0)) ++begin;
  const std::size_t length = sizeof(bytes) - begin;
  if (size == 0) return append_counted(out, {bytes + begin, length});
  out.append(size > length ? size - length : 0, filler);
  out.append(bytes + begin, length);
}

/// The Avro binary of a schema's JSON value (a default), which fits its type (the parser has seen to it).
bool append_json_value(const AvroType& type, const Json& value, std::string& out) {
  switch (type.kind) {
    case AvroKind::null:
      return value.is(Json::Kind::null);
    case AvroKind::boolean:
      out += value.boolean ? '\1' : '\0';
      return value.is(Json::Kind::boolean);
    case AvroKind::integer:
    case AvroKind::long_integer:
      append_varint(out, value.integer);
      return value.is(Json::Kind::integer);
    case AvroKind::single:
      append_raw(out, static_cast<float>(value.real));
      return value.is_number();
    case AvroKind::real:
      append_raw(out, value.real);
      return value.is_number();
    case AvroKind::string:
      append_counted(out, value.text);
      return value.is(Json::Kind::text);
    case AvroKind::enumeration:
      append_varint(out, type.symbol_index(value.text));
      return type.symbol_index(value.text) >= 0;
    case AvroKind::bytes:
    case AvroKind::fixed: {
      std::string bytes;
      if (!value.is(Json::Kind::text) || !bytes_of_default(value.text, bytes)) return false;
      if (type.kind == AvroKind::bytes) append_varint(out, std::ssize(bytes));
      out += bytes;
      return type.kind == AvroKind::bytes || bytes.size() == type.size;
    }
    case AvroKind::array:
    case AvroKind::map: {
      const bool keys = type.kind == AvroKind::map;
      const std::size_t count = keys ? value.members.size() : value.items.size();
      if (count != 0) append_varint(out, static_cast<std::int64_t>(count));
      for (std::size_t i = 0; i < count; ++i) {
        if (keys) append_counted(out, value.members[i].first);
        if (!append_json_value(*type.branches[0], keys ? value.members[i].second : value.items[i], out)) return false;
      }
      append_varint(out, 0);
      return value.is(keys ? Json::Kind::object : Json::Kind::array);
    }
    case AvroKind::record:
      for (const schema::AvroField& field : type.fields) {
        const Json* member = value.find(field.name);
        if (member == nullptr && !field.fallback) return false;
        if (!append_json_value(*field.type, member == nullptr ? *field.fallback : *member, out)) return false;
      }
      return true;
    case AvroKind::choice:
      for (std::size_t i = 0; i < type.branches.size(); ++i) {
        std::string branch;
        append_varint(branch, static_cast<std::int64_t>(i));
        if (!append_json_value(*type.branches[i], value, branch)) continue;
        out += branch;
        return true;
      }
      return false;
  }
  return false;
}

enum class Form : std::uint8_t {
  null,
  boolean,
  integer,  // a varint; `number` divides (milliseconds)
  single,
  real,
  text,
  fixed,
  decimal,  // `number`: further digits behind the point
  symbol,
  list,
  record,
  constant  // a field without a column
};

/// What to write for one Avro type; the children of a record stand in the schema's order.
struct Node {
  Form form = Form::null;
  int null_branch = -1;   // of the union around it; -1: none
  int value_branch = -1;  // -1: there is no union around it
  std::int64_t number = 0;
  std::uint32_t size = 0;  // fixed bytes; 0: counted
  int precision = 0;
  std::size_t column = 0;  // the child column that a record's child reads
  bool keys = false;       // a list with keys
  std::string constant;    // bytes as they are
  std::string name;        // of the field, for messages
  std::unordered_map<std::string_view, int> symbols;
  std::vector<Node> children;
};

/// Finds what to write, or says why there is nothing.
class Planner {
 public:
  Result<Node> record(const AvroType& avro, const std::vector<data::Field>& fields, int level) {
    Node out;
    out.form = Form::record;
    std::vector<bool> used(fields.size(), false);
    for (const schema::AvroField& field : avro.fields) {
      path_.push_back(field.name);
      std::size_t column = 0;
      while (column < fields.size() && fields[column].name != field.name) ++column;
      STREAMOPS_ASSIGN(Node child,
                       column == fields.size() ? absent(field) : value(*field.type, *fields[column].type, level + 1));
      if (column < fields.size()) used[column] = true;
      child.column = column;
      child.name = where();
      out.children.push_back(std::move(child));
      path_.pop_back();
    }
    for (std::size_t i = 0; i < fields.size(); ++i) {
      if (!used[i]) return fail(fmt::format("the schema has no field for the column `{}`", fields[i].name));
    }
    return out;
  }

 private:
  std::string where() const {
    std::string out;
    for (const std::string& step : path_) out += out.empty() ? step : "." + step;
    return out;
  }

  Error fail(std::string_view why) const {
    return Error(errors::format::sql_without_avro, "{}{}", path_.empty() ? "" : "field `" + where() + "`: ", why);
  }

  Result<Node> absent(const schema::AvroField& field) {
    if (!field.fallback) return fail("the select gives no such column, and the schema has no default");
    Node out;
    out.form = Form::constant;
    if (!append_json_value(*field.type, *field.fallback, out.constant)) return fail("its default cannot be written");
    return out;
  }

  Result<Node> value(const AvroType& avro, const data::Type& type, int level) {
    if (level > max_levels) return fail("the schema is nested too deeply");
    if (avro.kind != AvroKind::choice) return plain(avro, type, level);
    int null_branch = -1;
    for (std::size_t i = 0; i < avro.branches.size(); ++i) {
      if (avro.branches[i]->kind == AvroKind::null) null_branch = static_cast<int>(i);
    }
    const std::size_t depth = path_.size();
    for (std::size_t i = 0; i < avro.branches.size(); ++i) {
      if (avro.branches[i]->kind == AvroKind::null && type.id() != TypeId::null) continue;
      Result<Node> branch = plain(*avro.branches[i], type, level);
      path_.resize(depth);
      if (!branch) continue;
      branch->null_branch = null_branch;
      branch->value_branch = static_cast<int>(i);
      return branch;
    }
    return fail(fmt::format("no branch of the union takes {}", type.to_sql()));
  }

  static Node node(Form form, std::int64_t number = 0) {
    Node out;
    out.form = form;
    out.number = number;
    return out;
  }

  Result<Node> plain(const AvroType& avro, const data::Type& type, int level) {
    std::optional<Node> found;
    switch (avro.kind) {
      case AvroKind::null:
        if (type.id() == TypeId::null) found = node(Form::null);
        break;
      case AvroKind::boolean:
        if (type.id() == TypeId::boolean) found = node(Form::boolean);
        break;
      case AvroKind::integer:
      case AvroKind::long_integer:
        found = integer(avro, type);
        break;
      case AvroKind::single:
        if (type.id() == TypeId::float32) found = node(Form::single);
        break;
      case AvroKind::real:
        if (type.is_integer() || type.id() == TypeId::float32 || type.id() == TypeId::float64) found = node(Form::real);
        break;
      case AvroKind::string:
        if (type.id() == TypeId::string) found = node(Form::text);
        break;
      case AvroKind::enumeration:
        if (type.id() == TypeId::string) found = symbols(avro);
        break;
      case AvroKind::bytes:
      case AvroKind::fixed:
        found = bytes(avro, type);
        break;
      case AvroKind::array:
      case AvroKind::map:
        return list(avro, type, level);
      case AvroKind::record:
        if (type.id() == TypeId::structure) return record(avro, type.fields(), level);
        break;
      case AvroKind::choice:
        break;
    }
    if (found) return std::move(*found);
    return fail(fmt::format(
        "{} cannot be written as {}", type.to_sql(),
        avro.is_named() ? fmt::format("{} `{}`", to_string(avro.kind), avro.name) : std::string(to_string(avro.kind))));
  }

  static std::optional<Node> integer(const AvroType& avro, const data::Type& type) {
    const bool wide = avro.kind == AvroKind::long_integer;
    const bool plain = avro.logical == AvroLogical::none || avro.logical == AvroLogical::time_millis ||
                       avro.logical == AvroLogical::time_micros;
    switch (type.id()) {
      case TypeId::int8:
      case TypeId::int16:
      case TypeId::int32:
        return plain ? std::optional(node(Form::integer, 1)) : std::nullopt;
      case TypeId::int64:
        return plain && wide ? std::optional(node(Form::integer, 1)) : std::nullopt;
      case TypeId::date:
        return avro.logical == AvroLogical::date ? std::optional(node(Form::integer, 1)) : std::nullopt;
      case TypeId::timestamp:
        if (avro.logical == AvroLogical::timestamp_micros) return node(Form::integer, 1);
        return avro.logical == AvroLogical::timestamp_millis ? std::optional(node(Form::integer, 1000)) : std::nullopt;
      case TypeId::timestamp_ntz:
        if (avro.logical == AvroLogical::local_timestamp_micros) return node(Form::integer, 1);
        return avro.logical == AvroLogical::local_timestamp_millis ? std::optional(node(Form::integer, 1000))
                                                                   : std::nullopt;
      default:
        return std::nullopt;
    }
  }

  static std::optional<Node> symbols(const AvroType& avro) {
    Node out = node(Form::symbol);
    for (std::size_t i = 0; i < avro.symbols.size(); ++i) out.symbols.emplace(avro.symbols[i], static_cast<int>(i));
    return out;
  }

  static std::optional<Node> bytes(const AvroType& avro, const data::Type& type) {
    Node out = node(avro.kind == AvroKind::fixed ? Form::fixed : Form::text);
    out.size = avro.size;
    if (avro.logical == AvroLogical::duration) return std::nullopt;
    if (avro.logical != AvroLogical::decimal) return type.id() == TypeId::binary ? std::optional(out) : std::nullopt;
    if (type.id() != TypeId::decimal || avro.scale < type.scale()) return std::nullopt;
    out.form = Form::decimal;
    out.number = avro.scale - type.scale();
    out.precision = std::min(avro.precision, 38);
    return out;
  }

  Result<Node> list(const AvroType& avro, const data::Type& type, int level) {
    const bool keys = avro.kind == AvroKind::map;
    if (type.id() != (keys ? TypeId::map : TypeId::array) || (keys && type.fields()[0].type->id() != TypeId::string))
      return fail(fmt::format("{} cannot be written as {}", type.to_sql(), to_string(avro.kind)));
    Node out = node(Form::list);
    out.keys = keys;
    STREAMOPS_ASSIGN(Node element, value(*avro.branches[0], *type.fields()[keys ? 1 : 0].type, level + 1));
    element.name = where();
    out.children.push_back(std::move(element));
    return out;
  }

  std::vector<std::string> path_;
};

}  // namespace

struct AvroWriter::State {
  schema::AvroSchemaPtr schema;  // owns the texts of symbols
  std::int32_t schema_id = 0;
  Node root;

  std::optional<Error> refuse(const Node& node, std::string_view why) const {
    return Error(errors::format::avro_row_refused, "field `{}`: {}", node.name, why);
  }

  std::optional<Error> value(const Node& node, const Column& column, std::size_t row, std::string& out) const {
    if (column.is_null(row) || node.form == Form::null) {
      if (node.null_branch < 0 && node.form != Form::null)
        return refuse(node, "null, and the schema has no null there");
      if (node.null_branch >= 0) append_varint(out, node.null_branch);
      return std::nullopt;
    }
    if (node.value_branch >= 0) append_varint(out, node.value_branch);
    switch (node.form) {
      case Form::boolean:
        out += column.boolean(row) ? '\1' : '\0';
        return std::nullopt;
      case Form::integer:
        append_varint(out, divided(integer_at(column, row), node.number));
        return std::nullopt;
      case Form::single:
        append_raw(out, column.values<float>()[row]);
        return std::nullopt;
      case Form::real:
        append_raw(out, real_at(column, row));
        return std::nullopt;
      case Form::text:
        append_counted(out, column.text(row));
        return std::nullopt;
      case Form::fixed:
        if (column.text(row).size() != node.size)
          return refuse(node, fmt::format("{} bytes are not {}", column.text(row).size(), node.size));
        out.append(column.text(row));
        return std::nullopt;
      case Form::decimal:
        return decimal(node, column, row, out);
      case Form::symbol: {
        const auto found = node.symbols.find(column.text(row));
        if (found == node.symbols.end())
          return refuse(node, fmt::format("`{}` is no symbol of the enum", column.text(row)));
        append_varint(out, found->second);
        return std::nullopt;
      }
      case Form::list:
        return list(node, column, row, out);
      case Form::record:
        for (const Node& child : node.children) {
          if (auto error = member(child, column.children(), row, out)) return error;
        }
        return std::nullopt;
      default:
        return std::nullopt;
    }
  }

  std::optional<Error> member(const Node& child, const std::vector<data::ColumnPtr>& columns, std::size_t row,
                              std::string& out) const {
    if (child.form == Form::constant) {
      out += child.constant;
      return std::nullopt;
    }
    return value(child, *columns[child.column], row, out);
  }

  /// Rounded down, so that instants before 1970 keep their order.
  static std::int64_t divided(std::int64_t value, std::int64_t by) {
    const std::int64_t quotient = value / by;
    return value % by < 0 ? quotient - 1 : quotient;
  }

  std::optional<Error> decimal(const Node& node, const Column& column, std::size_t row, std::string& out) const {
    const int scale = column.type()->scale();
    const auto scaled =
        data::rescale(column.values<data::Int128>()[row], scale, node.precision, scale + static_cast<int>(node.number));
    if (!scaled) return refuse(node, "the decimal has too many digits");
    append_big_endian_number(out, *scaled, node.size);
    return std::nullopt;
  }

  std::optional<Error> list(const Node& node, const Column& column, std::size_t row, std::string& out) const {
    const std::int32_t begin = column.offsets()[row];
    const std::int32_t end = column.offsets()[row + 1];
    if (begin != end) append_varint(out, end - begin);
    const Column& elements = *column.children()[node.keys ? 1 : 0];
    for (std::int32_t i = begin; i < end; ++i) {
      const auto at = static_cast<std::size_t>(i);
      if (node.keys) append_counted(out, column.children()[0]->text(at));
      if (auto error = value(node.children[0], elements, at, out)) return error;
    }
    append_varint(out, 0);
    return std::nullopt;
  }
};

AvroWriter::AvroWriter(std::unique_ptr<State> state) : state_(std::move(state)) {}
AvroWriter::~AvroWriter() = default;

Result<std::unique_ptr<AvroWriter>> AvroWriter::make(schema::AvroSchemaPtr schema, std::int32_t schema_id,
                                                     const data::Schema& columns) {
  if (schema->root().kind != AvroKind::record) {
    return Error(errors::format::sql_without_avro, "rows are written as a record, the schema is {}",
                 to_string(schema->root().kind));
  }
  auto state = std::make_unique<State>();
  STREAMOPS_ASSIGN(state->root, Planner().record(schema->root(), columns.fields(), 0));
  state->schema = std::move(schema);
  state->schema_id = schema_id;
  return std::unique_ptr<AvroWriter>(new AvroWriter(std::move(state)));
}

// Hot path: once a row; no allocation but the buffer's growth.
std::optional<Error> AvroWriter::append(const data::Batch& batch, std::size_t row, std::string& out) {
  append_frame(out, state_->schema_id);
  for (const Node& child : state_->root.children) {
    if (auto error = state_->member(child, batch.columns, row, out)) return error;
  }
  return std::nullopt;
}

}  // namespace streamops::format
