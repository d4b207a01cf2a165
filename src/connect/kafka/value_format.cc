#include "connect/kafka/value_format.h"

#include "format/avro/avro_writer.h"
#include "format/avro/sql_types.h"
#include "format/json_writer.h"

namespace streamops::connect {
namespace {

using Done = std::function<void(Result<format::RecordWriterPtr>)>;

class JsonValues final : public ValueFormat {
 public:
  explicit JsonValues(runtime::Loop& loop) : loop_(loop) {}

  void open(const data::SchemaPtr& columns, Done done) override {
    loop_.post([columns, done = std::move(done), alive = std::weak_ptr<int>(alive_)] {
      if (alive.expired()) return;
      done(format::RecordWriterPtr(std::make_unique<format::JsonWriterOfRows>(*columns)));
    });
  }

 private:
  runtime::Loop& loop_;
  std::shared_ptr<int> alive_ = std::make_shared<int>(0);
};

class RegisteredAvro final : public ValueFormat {
 public:
  RegisteredAvro(AvroValues values, registry::Client& registry, runtime::Loop& loop)
      : values_(std::move(values)), registry_(registry), loop_(loop) {}

  void open(const data::SchemaPtr& columns, Done done) override {
    const std::string subject =
        subject_name(values_.naming, values_.topic, values_.record, registry::RecordPart::value);
    const Result<schema::AvroSchemaPtr> schema = format::avro_schema_of(*columns, values_.record);
    const std::weak_ptr<int> alive = alive_;
    if (!schema) {
      return loop_.post([alive, done = std::move(done), error = schema.error()] {
        if (!alive.expired()) done(error);
      });
    }
    if (values_.auto_register) {
      return registry_.add(subject, **schema, [=, schema = *schema](const Result<std::int32_t>& id) {
        if (!alive.expired()) done(id ? writer(schema, *id, *columns) : Result<format::RecordWriterPtr>(id.error()));
      });
    }
    registry_.latest(subject, [=](const Result<registry::SubjectVersion>& latest) {
      if (alive.expired()) return;
      done(latest ? writer(latest->schema, latest->id, *columns) : Result<format::RecordWriterPtr>(latest.error()));
    });
  }

  std::optional<Error> trouble() const override { return registry_.trouble(); }

 private:
  static Result<format::RecordWriterPtr> writer(const schema::AvroSchemaPtr& schema, std::int32_t id,
                                                const data::Schema& columns) {
    STREAMOPS_ASSIGN(std::unique_ptr<format::AvroWriter> made, format::AvroWriter::make(schema, id, columns));
    return format::RecordWriterPtr(std::move(made));
  }

  AvroValues values_;
  registry::Client& registry_;
  runtime::Loop& loop_;
  std::shared_ptr<int> alive_ = std::make_shared<int>(0);
};

}  // namespace

std::unique_ptr<ValueFormat> make_json_values(runtime::Loop& loop) {
  return std::make_unique<JsonValues>(loop);
}

std::unique_ptr<ValueFormat> make_avro_values(AvroValues values, registry::Client& registry, runtime::Loop& loop) {
  return std::make_unique<RegisteredAvro>(std::move(values), registry, loop);
}

}  // namespace streamops::connect
