#include <algorithm>

#include "errors/format.h"
#include "format/avro/impl/avro_program.h"
#include "format/avro/sql_types.h"

namespace streamops::format {
namespace {

using data::TypeId;
using schema::AvroKind;
using schema::AvroLogical;
using schema::AvroType;

constexpr int max_levels = 64;

/// Where a value goes: a builder of a SQL type, and the reader's Avro type where one was given.
struct Target {
  const AvroType* reader;
  data::ColumnBuilder* out;

  TypeId id() const { return out->type()->id(); }
};

std::string describe(const AvroType& type) {
  return type.is_named() ? fmt::format("{} `{}`", to_string(type.kind), type.name) : std::string(to_string(type.kind));
}

/// True when a value of the type may take no bytes at all.
bool is_weightless(const AvroType& type, int depth) {
  if (depth > max_levels) return true;
  if (type.kind == AvroKind::null) return true;
  if (type.kind == AvroKind::fixed) return type.size == 0;
  if (type.kind != AvroKind::record) return false;
  return std::all_of(type.fields.begin(), type.fields.end(),
                     [&](const schema::AvroField& field) { return is_weightless(*field.type, depth + 1); });
}

/// Microseconds that a long counts, 0 when it is no point in time of this kind.
std::int32_t unit_of(AvroLogical logical, TypeId wanted) {
  const bool instant = wanted == TypeId::timestamp;
  if (logical == (instant ? AvroLogical::timestamp_millis : AvroLogical::local_timestamp_millis)) return 1000;
  return logical == (instant ? AvroLogical::timestamp_micros : AvroLogical::local_timestamp_micros) ? 1 : 0;
}

class Compiler {
 public:
  explicit Compiler(AvroProgram& program) : program_(program) {}

  /// The columns of a source; those without a builder are stepped over.
  Result<void> columns(const AvroType& writer, const AvroWanted& wanted,
                       const std::vector<data::ColumnBuilder*>& outs) {
    const AvroType* reader = wanted.schema == nullptr ? nullptr : &wanted.schema->root();
    if (writer.kind != AvroKind::record)
      return fail(fmt::format("the writer's schema is no record but {}", describe(writer)));
    if (reader != nullptr && !same_name(writer, *reader)) {
      return fail(fmt::format("the writer's record is `{}`, the reader's `{}` without such an alias", writer.name,
                              reader->name));
    }
    return members(writer, reader, wanted.columns->fields(), outs, 0);
  }

 private:
  Error fail(std::string_view why) const {
    std::string where;
    for (const std::string& step : path_) where += where.empty() ? step : "." + step;
    return Error(errors::format::avro_unreadable, "{}{}", where.empty() ? "" : "field `" + where + "`: ", why);
  }

  AvroStep& add(AvroOp op, data::ColumnBuilder* out = nullptr, std::int32_t number = 0) {
    AvroStep& step = program_.steps.emplace_back();
    step.op = op;
    step.out = out;
    step.number = number;
    return step;
  }
  std::uint32_t here() const { return static_cast<std::uint32_t>(program_.steps.size()); }

  /// Fields in the writer's order, then what the writer does not have.
  Result<void> members(const AvroType& writer, const AvroType* reader, const std::vector<data::Field>& fields,
                       const std::vector<data::ColumnBuilder*>& outs, int level) {
    if (level > max_levels) return fail("the schema is nested too deeply");
    std::vector<int> wanted_by(writer.fields.size(), -1);
    std::vector<std::size_t> missing;
    for (std::size_t i = 0; i < fields.size(); ++i) {
      const int from = reader == nullptr ? writer.field_index(fields[i].name) : writer_field(writer, reader->fields[i]);
      if (from < 0) {
        missing.push_back(i);
      } else {
        wanted_by[static_cast<std::size_t>(from)] = static_cast<int>(i);
      }
    }
    for (std::size_t f = 0; f < writer.fields.size(); ++f) {
      const AvroType& type = *writer.fields[f].type;
      const auto column = static_cast<std::size_t>(wanted_by[f]);
      if (wanted_by[f] < 0 || outs[column] == nullptr) {
        skip(type);
        continue;
      }
      path_.push_back(fields[column].name);
      STREAMOPS_RETURN_IF_ERROR(
          value(type, {reader == nullptr ? nullptr : reader->fields[column].type, outs[column]}, level + 1));
      path_.pop_back();
    }
    for (const std::size_t i : missing) {
      if (outs[i] == nullptr) continue;
      path_.push_back(fields[i].name);
      STREAMOPS_RETURN_IF_ERROR(absent(reader == nullptr ? nullptr : &reader->fields[i], *outs[i]));
      path_.pop_back();
    }
    return Ok();
  }

  Result<void> absent(const schema::AvroField* field, data::ColumnBuilder& out) {
    if (field == nullptr) {
      add(AvroOp::null, &out);
      return Ok();
    }
    if (!field->fallback) return fail("the writer does not have it, and the reader has no default");
    data::ColumnBuilder builder(out.type());
    if (!append_default(*field->type, *field->fallback, builder)) return fail("its default has no SQL value");
    const data::ColumnPtr constant = builder.finish();
    add(AvroOp::constant, &out, static_cast<std::int32_t>(program_.constants.size())).size =
        static_cast<std::uint32_t>(constant->memory());
    program_.constants.push_back(constant);
    return Ok();
  }

  void skip(const AvroType& type) {
    switch (type.kind) {
      case AvroKind::null:
        return;
      case AvroKind::boolean:
        add(AvroOp::skip_boolean);
        return;
      case AvroKind::integer:
      case AvroKind::long_integer:
      case AvroKind::enumeration:
        add(AvroOp::skip_varint);
        return;
      case AvroKind::single:
        add(AvroOp::skip_fixed, nullptr, sizeof(float));
        return;
      case AvroKind::real:
        add(AvroOp::skip_fixed, nullptr, sizeof(double));
        return;
      case AvroKind::bytes:
      case AvroKind::string:
        add(AvroOp::skip_bytes);
        return;
      case AvroKind::fixed:
        add(AvroOp::skip_fixed, nullptr, static_cast<std::int32_t>(type.size));
        return;
      default:
        add(AvroOp::skip_type).type = &type;
        return;
    }
  }

  Result<void> value(const AvroType& writer, const Target& target, int level) {
    if (level > max_levels) return fail("the schema is nested too deeply");
    if (writer.kind == AvroKind::choice) return choice(writer, target, level);
    if (target.reader != nullptr && target.reader->kind == AvroKind::choice) return into_choice(writer, target, level);
    if (writer.kind == AvroKind::null) {
      if (target.reader != nullptr && target.reader->kind != AvroKind::null) return fail("null has no place in it");
      add(AvroOp::null, target.out);
      return Ok();
    }
    switch (target.id()) {
      case TypeId::structure:
        return structure(writer, target, level);
      case TypeId::array:
      case TypeId::map:
        return list(writer, target, level);
      default:
        return leaf(writer, target);
    }
  }

  Result<void> structure(const AvroType& writer, const Target& target, int level) {
    if (writer.kind != AvroKind::record) return mismatch(writer, target);
    if (target.reader != nullptr && (target.reader->kind != AvroKind::record || !same_name(writer, *target.reader)))
      return mismatch(writer, target);
    std::vector<data::ColumnBuilder*> outs;
    const std::vector<data::Field>& fields = target.out->type()->fields();
    outs.reserve(fields.size());
    for (std::size_t i = 0; i < fields.size(); ++i) outs.push_back(&target.out->child(i));
    STREAMOPS_RETURN_IF_ERROR(members(writer, target.reader, fields, outs, level));
    add(AvroOp::close, target.out);
    return Ok();
  }

  Result<void> list(const AvroType& writer, const Target& target, int level) {
    const bool keys = target.id() == TypeId::map;
    const AvroKind kind = keys ? AvroKind::map : AvroKind::array;
    if (writer.kind != kind || (target.reader != nullptr && target.reader->kind != kind))
      return mismatch(writer, target);
    if (keys && target.out->type()->fields()[0].type->id() != TypeId::string)
      return fail("the keys of an Avro map are STRING");
    const std::uint32_t at = here();
    add(AvroOp::list, target.out, keys ? 1 : 0).weightless = !keys && is_weightless(*writer.branches[0], 0);
    const Target item{target.reader == nullptr ? nullptr : target.reader->branches[0],
                      &target.out->child(keys ? 1 : 0)};
    STREAMOPS_RETURN_IF_ERROR(value(*writer.branches[0], item, level + 1));
    program_.steps[at].jump = here();
    return Ok();
  }

  /// A branch that cannot be read is no obstacle until a value has it.
  Result<void> choice(const AvroType& writer, const Target& target, int level) {
    const std::size_t table = program_.choices.size();
    program_.choices.emplace_back();
    add(AvroOp::choice, nullptr, static_cast<std::int32_t>(table));
    std::vector<std::uint32_t> starts;
    std::vector<std::uint32_t> ends;
    std::optional<Error> first;
    bool any = false;
    int member = 0;
    for (const AvroType* branch : writer.branches) {
      starts.push_back(here());
      const Result<void> read = writer_branch(writer, *branch, member, target, level);
      member += branch->kind == AvroKind::null ? 0 : 1;
      any = any || (read.ok() && branch->kind != AvroKind::null);
      if (!read) {
        program_.steps.resize(starts.back());
        add(AvroOp::refuse, nullptr, static_cast<std::int32_t>(program_.refusals.size()));
        program_.refusals.push_back(read.error().message());
        if (!first) first = read.error();
      }
      ends.push_back(here());
      add(AvroOp::jump);
    }
    for (const std::uint32_t end : ends) program_.steps[end].jump = here();
    program_.choices[table] = std::move(starts);
    return any || !first ? Result<void>() : Result<void>(*first);
  }

  Result<void> writer_branch(const AvroType& writer, const AvroType& branch, int member, const Target& target,
                             int level) {
    const std::size_t depth = path_.size();
    const bool into_member = target.reader == nullptr && branch.kind != AvroKind::null && is_member_union(writer) &&
                             has_members(*target.out->type(), value_branches(writer).size());
    Result<void> read =
        into_member ? one_member(branch, nullptr, member, target, level) : value(branch, target, level + 1);
    path_.resize(depth);
    return read;
  }

  /// True for STRUCT<member0: ..., member1: ...>, which stands for a union.
  static bool has_members(const data::Type& type, std::size_t count) {
    if (type.id() != TypeId::structure || type.fields().size() != count) return false;
    for (std::size_t i = 0; i < count; ++i) {
      if (type.fields()[i].name != "member" + std::to_string(i)) return false;
    }
    return true;
  }

  Result<void> one_member(const AvroType& writer, const AvroType* reader, int member, const Target& target, int level) {
    const auto chosen = static_cast<std::size_t>(member);
    STREAMOPS_RETURN_IF_ERROR(value(writer, {reader, &target.out->child(chosen)}, level + 1));
    for (std::size_t i = 0; i < target.out->type()->fields().size(); ++i) {
      if (i != chosen) add(AvroOp::null, &target.out->child(i));
    }
    add(AvroOp::close, target.out);
    return Ok();
  }

  /// The reader's branch for a value that is no union: of the very type first, then any that it promotes to.
  Result<void> into_choice(const AvroType& writer, const Target& target, int level) {
    const AvroType& reader = *target.reader;
    if (writer.kind == AvroKind::null) {
      if (value_branches(reader).size() == reader.branches.size()) return fail("null has no place in it");
      add(AvroOp::null, target.out);
      return Ok();
    }
    const std::vector<const AvroType*> branches = value_branches(reader);
    for (const bool same : {true, false}) {
      for (std::size_t i = 0; i < branches.size(); ++i) {
        if ((branches[i]->kind == writer.kind) != same) continue;
        const std::uint32_t mark = here();
        const std::size_t depth = path_.size();
        const Result<void> read = is_member_union(reader)
                                      ? one_member(writer, branches[i], static_cast<int>(i), target, level)
                                      : value(writer, {branches[i], target.out}, level + 1);
        if (read) return Ok();
        program_.steps.resize(mark);
        path_.resize(depth);
      }
    }
    return mismatch(writer, target);
  }

  Result<void> mismatch(const AvroType& writer, const Target& target) const {
    const std::string wanted = target.reader == nullptr ? target.out->type()->to_sql() : describe(*target.reader);
    return fail(fmt::format("{} cannot be read as {}", describe(writer), wanted));
  }

  Result<void> leaf(const AvroType& writer, const Target& target) {
    if (target.reader != nullptr && !resolves(writer, *target.reader)) return mismatch(writer, target);
    switch (writer.kind) {
      case AvroKind::boolean:
        return target.id() == TypeId::boolean ? emit(AvroOp::boolean, target) : mismatch(writer, target);
      case AvroKind::integer:
        return integer(writer, target);
      case AvroKind::long_integer:
        return long_integer(writer, target);
      case AvroKind::single:
        return target.id() == TypeId::float32 || target.id() == TypeId::float64 ? emit(AvroOp::single, target)
                                                                                : mismatch(writer, target);
      case AvroKind::real:
        return target.id() == TypeId::float64 ? emit(AvroOp::real, target) : mismatch(writer, target);
      case AvroKind::bytes:
      case AvroKind::string:
      case AvroKind::fixed:
        return bytes(writer, target);
      case AvroKind::enumeration:
        return symbols(writer, target);
      default:
        return mismatch(writer, target);
    }
  }

  static bool resolves(const AvroType& writer, const AvroType& reader) {
    if (writer.kind != reader.kind) return promotes(writer.kind, reader.kind);
    if (reader.is_named() && !same_name(writer, reader)) return false;
    return reader.kind != AvroKind::fixed || reader.size == writer.size;
  }

  Result<void> emit(AvroOp op, const Target& target, std::int32_t number = 0) {
    add(op, target.out, number);
    return Ok();
  }

  Result<void> integer(const AvroType& writer, const Target& target) {
    const bool is_time = writer.logical == AvroLogical::time_millis;
    switch (target.id()) {
      case TypeId::int8:
        return emit(AvroOp::integer8, target);
      case TypeId::int16:
        return emit(AvroOp::integer16, target);
      case TypeId::int32:
      case TypeId::int64:
        return emit(AvroOp::integer, target);
      case TypeId::float32:
      case TypeId::float64:
        return emit(AvroOp::long_to_real, target);
      case TypeId::date:
        return is_time ? mismatch(writer, target) : emit(AvroOp::integer, target);
      default:
        return target.reader != nullptr && writer.logical == AvroLogical::none ? instant(writer, target)
                                                                               : mismatch(writer, target);
    }
  }

  Result<void> long_integer(const AvroType& writer, const Target& target) {
    switch (target.id()) {
      case TypeId::int64:
        return emit(AvroOp::long_integer, target);
      case TypeId::float32:
      case TypeId::float64:
        return emit(AvroOp::long_to_real, target);
      default:
        return instant(writer, target);
    }
  }

  /// A point in time by the writer's unit; where it says none by the reader's, and else in milliseconds.
  Result<void> instant(const AvroType& writer, const Target& target) {
    if (target.id() != TypeId::timestamp && target.id() != TypeId::timestamp_ntz) return mismatch(writer, target);
    std::int32_t unit = unit_of(writer.logical, target.id());
    if (unit == 0 && writer.logical == AvroLogical::none)
      unit = target.reader == nullptr ? 1000 : unit_of(target.reader->logical, target.id());
    if (unit == 0) return mismatch(writer, target);
    return unit == 1 ? emit(AvroOp::long_integer, target) : emit(AvroOp::scaled, target, unit);
  }

  Result<void> bytes(const AvroType& writer, const Target& target) {
    const bool fixed = writer.kind == AvroKind::fixed;
    if (writer.logical == AvroLogical::duration) return fail("a duration has no SQL type");
    if (target.id() == TypeId::decimal) return decimal(writer, target);
    if (target.id() == TypeId::binary)
      return fixed ? emit(AvroOp::fixed, target, static_cast<std::int32_t>(writer.size)) : emit(AvroOp::bytes, target);
    const bool is_text = target.id() == TypeId::string && !fixed && writer.logical != AvroLogical::decimal;
    return is_text ? emit(AvroOp::text, target) : mismatch(writer, target);
  }

  Result<void> decimal(const AvroType& writer, const Target& target) {
    const data::Type& type = *target.out->type();
    const AvroType& told = writer.logical == AvroLogical::decimal || target.reader == nullptr ? writer : *target.reader;
    if (told.logical != AvroLogical::decimal || writer.kind == AvroKind::string) return mismatch(writer, target);
    const int scale = type.scale() - told.scale;
    if (scale < 0 || type.precision() - type.scale() < told.precision - told.scale) {
      return fail(fmt::format("DECIMAL({},{}) does not fit into {}", told.precision, told.scale, type.to_sql()));
    }
    const bool fixed = writer.kind == AvroKind::fixed;
    add(fixed ? AvroOp::fixed_decimal : AvroOp::decimal, target.out, scale).size = writer.size;
    return Ok();
  }

  Result<void> symbols(const AvroType& writer, const Target& target) {
    if (target.id() != TypeId::string) return mismatch(writer, target);
    std::vector<std::optional<std::string>> table;
    for (const std::string& symbol : writer.symbols) {
      const bool known = target.reader == nullptr || target.reader->symbol_index(symbol) >= 0;
      table.push_back(known ? std::optional(symbol) : target.reader->fallback_symbol);
    }
    add(AvroOp::symbol, target.out, static_cast<std::int32_t>(program_.symbols.size()));
    program_.symbols.push_back(std::move(table));
    return Ok();
  }

  AvroProgram& program_;
  std::vector<std::string> path_;
};

}  // namespace

Result<AvroProgram> compile_avro(const AvroWanted& wanted, const std::vector<data::ColumnBuilder*>& outs,
                                 schema::AvroSchemaPtr writer) {
  AvroProgram program;
  program.writer = std::move(writer);
  STREAMOPS_RETURN_IF_ERROR(Compiler(program).columns(program.writer->root(), wanted, outs));
  return program;
}

}  // namespace streamops::format
