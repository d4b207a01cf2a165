#include "format/avro/avro_reader.h"

#include <unordered_map>

#include "errors/format.h"
#include "format/avro/impl/avro_program.h"
#include "format/avro/wire.h"
#include "format/impl/finish_batch.h"

namespace streamops::format {
namespace {

constexpr std::size_t batch_budget = 256 * 1024 * 1024;  // bytes that constants and symbols add to one batch

std::vector<data::ColumnBuilder> make_builders(const data::Schema& schema) {
  std::vector<data::ColumnBuilder> builders;
  builders.reserve(schema.size());
  for (const data::Field& field : schema.fields()) builders.emplace_back(field.type);
  return builders;
}

}  // namespace

struct AvroReader::State {
  State(AvroWanted what, const std::vector<bool>& needed, WriterSchemas by_id)
      : wanted(std::move(what)), writers(std::move(by_id)), builders(make_builders(*wanted.columns)) {
    outs.reserve(builders.size());
    for (std::size_t i = 0; i < builders.size(); ++i)
      outs.push_back(needed.empty() || needed[i] ? &builders[i] : nullptr);
  }

  /// The program of a schema id, compiled the first time. Errors are not kept: the next time may know more.
  Result<const AvroProgram*> program(std::int32_t id) {
    if (last != nullptr && id == last_id) return last;
    const auto found = programs.find(id);
    if (found == programs.end()) {
      STREAMOPS_ASSIGN(schema::AvroSchemaPtr writer, writers(id));
      Result<AvroProgram> compiled = compile_avro(wanted, outs, std::move(writer));
      if (!compiled) return compiled.error().in(fmt::format("schema {}", id));
      last = &programs.emplace(id, std::move(*compiled)).first->second;
    } else {
      last = &found->second;
    }
    last_id = id;
    return last;
  }

  /// Appends one row, or says why there is none; the builders may then hold one more that means nothing.
  std::optional<Error> read(const data::Record& record) {
    const Result<FramedValue> framed = split_frame(record);
    if (!framed) return framed.error();
    const Result<const AvroProgram*> with = program(framed->schema_id);
    if (!with) return with.error();
    AvroRun run(**with, framed->payload, budget);
    if (run.run()) {
      kept.push_back(static_cast<std::int32_t>(rows++));
      return std::nullopt;
    }
    ++rows;
    for (data::ColumnBuilder* out : outs) {
      if (out != nullptr) close_row(*out, rows);
    }
    return Error(errors::format::avro_damaged, "{} (schema {})", run.fault(), framed->schema_id);
  }

  void finish(Decoded& into) {
    finish_batch(into, wanted.columns, outs, kept, kept.size() == rows);
    kept.clear();
    rows = 0;
  }

  AvroWanted wanted;
  WriterSchemas writers;
  std::vector<data::ColumnBuilder> builders;
  std::vector<data::ColumnBuilder*> outs;  // null where a column is not needed
  std::unordered_map<std::int32_t, AvroProgram> programs;
  const AvroProgram* last = nullptr;
  std::int32_t last_id = 0;

  // Of the batch at hand.
  std::size_t budget = 0;
  std::vector<std::int32_t> kept;  // rows of the builders that count
  std::size_t rows = 0;            // rows of the builders
};

AvroReader::AvroReader(AvroWanted wanted, const std::vector<bool>& needed, WriterSchemas writers)
    : state_(std::make_unique<State>(std::move(wanted), needed, std::move(writers))) {}
AvroReader::~AvroReader() = default;

Decoded AvroReader::decode(std::span<const data::Record> records) {
  Decoded decoded;
  decoded.batch.origin.reserve(records.size());
  state_->budget = batch_budget;
  for (std::size_t i = 0; i < records.size(); ++i) {
    if (!records[i].value) {
      decoded.deletes.push_back(i);
    } else if (std::optional<Error> error = state_->read(records[i])) {
      decoded.poison.push_back({i, std::move(*error)});
    } else {
      decoded.batch.origin.push_back(static_cast<std::int32_t>(i));
    }
  }
  state_->finish(decoded);
  return decoded;
}

Result<void> check_readable(const AvroWanted& wanted, const schema::AvroSchema& writer) {
  std::vector<data::ColumnBuilder> builders = make_builders(*wanted.columns);
  std::vector<data::ColumnBuilder*> outs;
  outs.reserve(builders.size());
  for (data::ColumnBuilder& builder : builders) outs.push_back(&builder);
  // The program does not outlive the call, so it need not own the schema.
  const Result<AvroProgram> program =
      compile_avro(wanted, outs, schema::AvroSchemaPtr(std::shared_ptr<const void>(), &writer));
  return program ? Result<void>() : Result<void>(program.error());
}

}  // namespace streamops::format
