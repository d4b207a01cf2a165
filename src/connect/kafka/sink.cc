#include "connect/kafka/sink.h"

#include <utility>

#include "connect/kafka/impl/sinks_over.h"
#include "errors/kafka_client.h"
#include "format/json_writer.h"

namespace streamops::connect {
namespace {

/// The key's text: a text as it is, other types as JSON writes them, without quotes.
std::optional<std::string_view> key_text(const data::Column& column, std::size_t row, std::string& buffer) {
  if (column.is_null(row)) return std::nullopt;
  if (column.type()->id() == data::TypeId::string) return column.text(row);
  buffer.clear();
  format::append_json(column, row, buffer);
  std::string_view text = buffer;
  if (text.size() >= 2 && text.front() == '"') text = text.substr(1, text.size() - 2);
  return text;
}

class KafkaSink final : public data::Sink {
 public:
  KafkaSink(KafkaSinkOptions options, OpenProducer open_producer, runtime::Loop& loop,
            std::unique_ptr<ValueFormat> values)
      : options_(std::move(options)),
        loop_(loop),
        values_(values ? std::move(values) : make_json_values(loop)),
        writer_(std::make_unique<TopicWriter>(TopicWriter::Target{options_.topic, options_.partitions},
                                              std::move(open_producer), loop)) {}

  void open(const data::SchemaPtr& schema, std::function<void(Result<void>)> done) override {
    key_ = options_.key.empty() ? -1 : schema->index_of(options_.key);
    if (key_ < 0 && !options_.key.empty()) {
      const Error error(errors::kafka_client::no_key_column, "the select gives no column `{}` for the key of topic {}",
                        options_.key, options_.topic);
      return loop_.post([done = std::move(done), error] { done(error); });
    }
    values_->open(schema, [this, done = std::move(done)](Result<format::RecordWriterPtr> rows) {
      if (!rows) return done(rows.error());
      if (writer_ == nullptr) return;  // closed meanwhile
      rows_ = std::move(*rows);
      writer_->open(done);
    });
  }

  void write(data::SinkBatch rows, std::function<void(Result<std::vector<data::RowFailure>>)> done) override {
    auto shared = std::make_shared<const data::SinkBatch>(std::move(rows));
    writer_->write(
        shared->batch.rows,
        [this, shared](std::size_t row, kafka::OutgoingRecord& record) { return make(*shared, row, record); },
        std::move(done));
  }

  std::optional<Error> trouble() const override {
    if (rows_ == nullptr) return values_->trouble();
    return writer_ == nullptr ? std::nullopt : writer_->trouble();
  }

  void close(std::function<void()> done) override {
    writer_.reset();
    loop_.post(std::move(done));
  }

 private:
  std::optional<Error> make(const data::SinkBatch& rows, std::size_t row, kafka::OutgoingRecord& record) {
    if (key_ >= 0) record.key = key_text(*rows.batch.columns[static_cast<std::size_t>(key_)], row, key_buffer_);
    if (!rows.record_timestamps_ms.empty()) record.timestamp_ms = rows.record_timestamps_ms[row];
    const bool is_delete = !rows.deletes.empty() && rows.deletes[row] != 0;
    if (is_delete && !record.key) {
      return Error(errors::kafka_client::key_is_null, "a delete for topic {} has no key", options_.topic);
    }
    if (is_delete) return std::nullopt;
    value_buffer_.clear();
    std::optional<Error> refused = rows_->append(rows.batch, row, value_buffer_);
    record.value = value_buffer_;
    return refused;
  }

  KafkaSinkOptions options_;
  runtime::Loop& loop_;
  std::unique_ptr<ValueFormat> values_;
  format::RecordWriterPtr rows_;  // once open
  int key_ = -1;
  std::string key_buffer_;
  std::string value_buffer_;
  std::unique_ptr<TopicWriter> writer_;
};

}  // namespace

std::unique_ptr<data::Sink> make_kafka_sink(KafkaSinkOptions options, kafka::ClientConfig config, runtime::Loop& loop,
                                            runtime::Pool& pool, std::unique_ptr<ValueFormat> values) {
  OpenProducer own = open_own_producer(std::move(config), options.producer, loop, pool);
  return make_sink_over(std::move(own), std::move(options), loop, std::move(values));
}

std::unique_ptr<data::Sink> make_sink_over(OpenProducer open_producer, KafkaSinkOptions options, runtime::Loop& loop,
                                           std::unique_ptr<ValueFormat> values) {
  return std::make_unique<KafkaSink>(std::move(options), std::move(open_producer), loop, std::move(values));
}

}  // namespace streamops::connect
