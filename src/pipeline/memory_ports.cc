#include "pipeline/memory_ports.h"

#include <algorithm>

#include "base/json_writer.h"
#include "format/json_writer.h"

namespace streamops::pipeline {

namespace {

constexpr std::size_t padding = 64;  // readable bytes behind each value

/// Records together with the memory that they point into.
class RecordsBuilder {
 public:
  void add(std::int32_t partition, std::int64_t offset, const MemoryRecord& from) {
    texts_->push_back(from.key.value_or(""));
    const std::string_view key = texts_->back();
    texts_->push_back(from.value.value_or("") + std::string(padding, '\0'));
    data::Record record;
    record.partition = partition;
    record.offset = offset;
    record.timestamp_ms = from.timestamp_ms;
    if (from.key) record.key = key;
    if (from.value) record.value = std::string_view(texts_->back()).substr(0, from.value->size());
    records_.bytes += key.size() + (from.value ? from.value->size() : 0);
    records_.records.push_back(std::move(record));
  }
  std::size_t bytes() const { return records_.bytes; }
  data::Records finish() {
    records_.owner = texts_;
    return std::move(records_);
  }

 private:
  std::shared_ptr<std::deque<std::string>> texts_ = std::make_shared<std::deque<std::string>>();
  data::Records records_;
};

}  // namespace

class MemoryTopicSource final : public data::Source {
 public:
  MemoryTopicSource(MemoryWorld& world, std::string topic, runtime::Loop& loop)
      : world_(world), topic_(std::move(topic)), loop_(loop) {}
  ~MemoryTopicSource() override { MemoryTopicSource::stop(); }

  void start(std::vector<data::Position> from, std::function<void()> on_ready) override {
    for (const data::Position& position : from) next_[position.partition] = position.next;
    started_ = true;
    world_.listeners_[topic_][this] = [this, on_ready] {
      loop_.post([weak = std::weak_ptr<int>(alive_), on_ready] {
        if (!weak.expired()) on_ready();
      });
    };
    world_.listeners_[topic_][this]();
  }
  Result<data::Records> poll(std::size_t max_bytes) override {
    RecordsBuilder builder;
    if (!world_.permits("poll")) return builder.finish();
    for (const auto& [partition, records] : world_.topics[topic_].partitions) {
      std::int64_t& next = next_[partition];
      while (next < std::ssize(records) && builder.bytes() < max_bytes) {
        builder.add(partition, next, records[static_cast<std::size_t>(next)]);
        ++next;
      }
    }
    return builder.finish();
  }
  void acknowledge(const data::Ack&) override { world_.permits("acknowledge"); }
  Uuid topic_id() const override { return world_.topics[topic_].id; }
  std::optional<std::int64_t> lag() const override {
    std::int64_t waiting = 0;
    for (const auto& [partition, records] : world_.topics[topic_].partitions) {
      const auto next = next_.find(partition);
      waiting += std::ssize(records) - (next == next_.end() ? 0 : next->second);
    }
    return waiting;
  }
  void stop() override {
    if (std::exchange(started_, false)) world_.listeners_[topic_].erase(this);
  }

 private:
  MemoryWorld& world_;
  std::string topic_;
  runtime::Loop& loop_;
  bool started_ = false;
  std::map<std::int32_t, std::int64_t> next_;
  std::shared_ptr<int> alive_ = std::make_shared<int>();
};

class MemoryApiSource final : public data::Source {
 public:
  MemoryApiSource(MemoryWorld& world, std::string owner, runtime::Loop& loop)
      : world_(world), owner_(std::move(owner)), loop_(loop) {}
  ~MemoryApiSource() override { MemoryApiSource::stop(); }

  void start(std::vector<data::Position>, std::function<void()> on_ready) override {
    next_ = world_.acknowledged[owner_];
    started_ = true;
    world_.listeners_[owner_][this] = [this, on_ready] {
      loop_.post([weak = std::weak_ptr<int>(alive_), on_ready] {
        if (!weak.expired()) on_ready();
      });
    };
    world_.listeners_[owner_][this]();
  }
  Result<data::Records> poll(std::size_t max_bytes) override {
    RecordsBuilder builder;
    const std::deque<std::string>& bodies = world_.bodies[owner_];
    while (world_.permits("poll") && next_ < std::ssize(bodies) && builder.bytes() < max_bytes) {
      // The time of a poll is kept with its body, so a resend has it again; here every poll took place at the second of
      // its number.
      builder.add(0, next_, {next_ * 1000, std::nullopt, bodies[static_cast<std::size_t>(next_)]});
      ++next_;
    }
    return builder.finish();
  }
  bool ended() const override { return world_.ended_[owner_] && next_ == std::ssize(world_.bodies[owner_]); }
  void acknowledge(const data::Ack& ack) override {
    if (world_.permits("acknowledge")) world_.acknowledged[owner_] = ack.positions.at(0).next;
  }
  void stop() override {
    if (std::exchange(started_, false)) world_.listeners_[owner_].erase(this);
  }

 private:
  MemoryWorld& world_;
  std::string owner_;
  runtime::Loop& loop_;
  bool started_ = false;
  std::int64_t next_ = 0;
  std::shared_ptr<int> alive_ = std::make_shared<int>();
};

namespace {

/// What both sinks have in common: a schema, rows as JSON, answers by way of the loop.
class MemorySink : public data::Sink {
 public:
  MemorySink(MemoryWorld& world, runtime::Loop& loop) : world_(world), loop_(loop) {}

  void open(const data::SchemaPtr& schema, std::function<void(Result<void>)> done) override {
    schema_ = schema;
    loop_.post(
        [done = std::move(done), error = world_.cannot_open] { done(error ? Result<void>(*error) : Result<void>()); });
  }
  void write(data::SinkBatch rows, std::function<void(Result<std::vector<data::RowFailure>>)> done) override {
    if (!world_.permits("write")) return;
    if (world_.cannot_write) {
      loop_.post([done = std::move(done), error = *world_.cannot_write] { done(error); });
      return;
    }
    const format::JsonRowWriter writer(*schema_);
    std::vector<data::RowFailure> failures;
    for (std::size_t row = 0; row < rows.batch.rows; ++row) {
      if (!world_.permits("row")) return;
      std::string json;
      writer.append(rows.batch, row, json);
      const std::optional<Error> refused = world_.refuse ? world_.refuse(json) : std::nullopt;
      if (refused) {
        failures.push_back({row, *refused});
      } else {
        put(rows, row, json);
      }
    }
    loop_.post([done = std::move(done), failures = std::move(failures)]() mutable { done(std::move(failures)); });
  }
  void close(std::function<void()> done) override { loop_.post(std::move(done)); }

 protected:
  virtual void put(const data::SinkBatch& rows, std::size_t row, const std::string& json) = 0;

  MemoryWorld& world_;
  runtime::Loop& loop_;
  data::SchemaPtr schema_;
};

class MemoryTopicSink final : public MemorySink {
 public:
  MemoryTopicSink(MemoryWorld& world, runtime::Loop& loop, KafkaSinkSpec spec, MemoryStage stage)
      : MemorySink(world, loop), spec_(std::move(spec)), stage_(std::move(stage)) {}

 private:
  void put(const data::SinkBatch& rows, std::size_t row, const std::string& json) override {
    MemoryRecord record{rows.record_timestamps_ms[row], std::nullopt, json};
    const int key = spec_.key.empty() ? -1 : schema_->index_of(spec_.key);
    if (key >= 0 && !rows.batch.columns[static_cast<std::size_t>(key)]->is_null(row)) {
      const data::Column& column = *rows.batch.columns[static_cast<std::size_t>(key)];
      std::string text;
      format::append_json(column, row, text);
      record.key = column.type()->id() == data::TypeId::string ? std::string(column.text(row)) : text;
    }
    stage_([&world = world_, topic = spec_.topic, record, json, at = rows.write_timestamps[row]] {
      world.events.push_back({MemoryEvent::Kind::out, topic, json, at});
      world.append(topic, 0, record);
    });
  }

  KafkaSinkSpec spec_;
  MemoryStage stage_;
};

class MemoryTableSink final : public MemorySink {
 public:
  MemoryTableSink(MemoryWorld& world, runtime::Loop& loop, const CassandraSinkSpec& spec, std::vector<std::string> key)
      : MemorySink(world, loop), name_(spec.table), nulls_(spec.nulls), key_(std::move(key)) {}

  std::vector<std::string> key_columns() const override { return key_; }

 private:
  void put(const data::SinkBatch& rows, std::size_t row, const std::string& json) override {
    JsonWriter key;
    key.begin_object();
    for (const std::string& name : key_) key.key(name).raw(value(rows.batch, name, row).value_or("null"));
    key.end_object();
    MemoryTable::Row& stored = world_.tables[name_].rows[key.text()];
    const std::int64_t timestamp = rows.write_timestamps[row];
    if (rows.deletes[row] != 0) {
      world_.events.push_back({MemoryEvent::Kind::gone, name_, key.text(), timestamp});
      stored.deleted_at = std::max(stored.deleted_at, timestamp);
      return;
    }
    world_.events.push_back({MemoryEvent::Kind::out, name_, json, timestamp});
    for (const data::Field& field : schema_->fields()) {
      std::optional<std::string> cell = value(rows.batch, field.name, row);
      if (!cell && nulls_ == NullPolicy::unset) continue;
      MemoryCell& old = stored.cells[field.name];
      if (timestamp >= old.timestamp) old = {timestamp, std::move(cell)};
    }
  }

  std::optional<std::string> value(const data::Batch& batch, const std::string& name, std::size_t row) const {
    const data::Column& column = *batch.columns[static_cast<std::size_t>(schema_->index_of(name))];
    if (column.is_null(row)) return std::nullopt;
    std::string text;
    format::append_json(column, row, text);
    return text;
  }

  std::string name_;
  NullPolicy nulls_;
  std::vector<std::string> key_;
};

class MemoryDeadLetters final : public data::DeadLetterSink {
 public:
  MemoryDeadLetters(MemoryWorld& world, runtime::Loop& loop, std::string topic, MemoryStage stage)
      : world_(world), loop_(loop), topic_(std::move(topic)), stage_(std::move(stage)) {}

  void write(std::vector<data::DeadLetter> letters, std::function<void(Result<void>)> done) override {
    if (!world_.permits("letters")) return;
    for (data::DeadLetter& letter : letters) {
      stage_([&world = world_, topic = topic_, letter = std::move(letter)] {
        world.events.push_back({MemoryEvent::Kind::error, letter.code, letter.identity(), letter.write_timestamp});
        world.dead_letters[topic].push_back(letter);
      });
    }
    loop_.post([done = std::move(done)] { done(Ok()); });
  }
  void close(std::function<void()> done) override { loop_.post(std::move(done)); }

 private:
  MemoryWorld& world_;
  runtime::Loop& loop_;
  std::string topic_;
  MemoryStage stage_;
};

void at_once(const std::function<void()>& change) {
  change();
}

class MemoryCheckpoints final : public CheckpointStore {
 public:
  MemoryCheckpoints(MemoryWorld& world, std::string owner, runtime::Loop& loop)
      : world_(world), owner_(std::move(owner)), loop_(loop) {}

  void load(std::function<void(Result<std::optional<Checkpoint>>)> done) override {
    loop_.post([done = std::move(done), found = world_.checkpoints[owner_]] { done(found); });
  }
  void save(Checkpoint checkpoint, std::function<void(Result<void>)> done) override {
    if (!world_.permits("save")) return;
    if (!world_.cannot_save) world_.checkpoints[owner_] = std::move(checkpoint);
    loop_.post(
        [done = std::move(done), error = world_.cannot_save] { done(error ? Result<void>(*error) : Result<void>()); });
  }

 private:
  MemoryWorld& world_;
  std::string owner_;
  runtime::Loop& loop_;
};

class MemoryConnectors final : public ConnectorFactory {
 public:
  explicit MemoryConnectors(MemoryWorld& world) : world_(world) {}

  Result<std::unique_ptr<data::Source>> http_source(const HttpSourceSpec&, const ConnectorUse& use) override {
    return std::make_unique<MemoryApiSource>(world_, use.owner, use.loop);
  }
  Result<std::unique_ptr<data::Source>> kafka_source(const KafkaSourceSpec& spec, const ConnectorUse& use) override {
    return std::make_unique<MemoryTopicSource>(world_, spec.topic, use.loop);
  }
  Result<std::unique_ptr<data::Sink>> kafka_sink(const KafkaSinkSpec& spec, const ConnectorUse& use) override {
    return make_memory_topic_sink(world_, use.loop, spec, at_once);
  }
  Result<std::unique_ptr<data::Sink>> cassandra_sink(const CassandraSinkSpec& spec, const ConnectorUse& use) override {
    return std::make_unique<MemoryTableSink>(world_, use.loop, spec, use.key_columns);
  }
  Result<std::unique_ptr<data::DeadLetterSink>> dead_letters(const std::string& topic,
                                                             const ConnectorUse& use) override {
    return make_memory_dead_letters(world_, use.loop, topic, at_once);
  }
  Result<std::unique_ptr<data::TransactionalSink>> kafka_transaction(const KafkaTransactionSpec& spec,
                                                                     const ConnectorUse& use) override {
    return make_memory_transaction(world_, spec, use.owner, use.loop);
  }
  void read_letters(const std::string& topic, const std::vector<data::Position>& from, std::size_t limit,
                    const ConnectorUse& use, std::function<void(Result<KeptLetters>)> done) override {
    const std::vector<data::DeadLetter>& all = world_.dead_letters[topic];
    KeptLetters found;
    found.ends.push_back({{}, 0, std::ssize(all)});
    std::int64_t next = from.empty() ? 0 : from[0].next;
    for (; next < std::ssize(all) && found.letters.size() < limit; ++next) {
      found.letters.push_back({0, next, all[static_cast<std::size_t>(next)]});
    }
    use.loop.post([done = std::move(done), found = std::move(found)] { done(found); });
  }
  void create_topic(const std::string&, int, const ConnectorUse& use, std::function<void(Result<void>)> done) override {
    use.loop.post([done = std::move(done)] { done(Ok()); });
  }

 private:
  MemoryWorld& world_;
};

}  // namespace

std::vector<std::string> MemoryTable::visible(const std::vector<std::string>& columns) const {
  std::vector<std::string> out;
  for (const auto& [key, row] : rows) {
    JsonWriter json;
    json.begin_object();
    bool any = false;
    for (const std::string& column : columns) {
      const auto cell = row.cells.find(column);
      if (cell == row.cells.end() || !cell->second.value || cell->second.timestamp <= row.deleted_at) continue;
      any = true;
      json.key(column).raw(*cell->second.value);
    }
    json.end_object();
    if (any) out.push_back(json.text());
  }
  return out;
}

data::Records to_records(const std::vector<MemoryRecord>& records) {
  RecordsBuilder builder;
  for (std::size_t i = 0; i < records.size(); ++i) builder.add(0, static_cast<std::int64_t>(i), records[i]);
  return builder.finish();
}

void MemoryWorld::wake(const std::string& name) {
  for (const auto& [reader, listener] : listeners_[name]) listener();
}

void MemoryWorld::append(const std::string& topic, std::int32_t partition, MemoryRecord record) {
  topics[topic].partitions[partition].push_back(std::move(record));
  wake(topic);
}

void MemoryWorld::answer(const std::string& owner, std::string body) {
  bodies[owner].push_back(std::move(body));
  wake(owner);
}

void MemoryWorld::end_answers(const std::string& owner) {
  ended_[owner] = true;
  wake(owner);
}

std::unique_ptr<ConnectorFactory> make_memory_connectors(MemoryWorld& world) {
  return std::make_unique<MemoryConnectors>(world);
}

std::unique_ptr<data::Sink> make_memory_topic_sink(MemoryWorld& world, runtime::Loop& loop, KafkaSinkSpec spec,
                                                   MemoryStage stage) {
  return std::make_unique<MemoryTopicSink>(world, loop, std::move(spec), std::move(stage));
}

std::unique_ptr<data::DeadLetterSink> make_memory_dead_letters(MemoryWorld& world, runtime::Loop& loop,
                                                               std::string topic, MemoryStage stage) {
  return std::make_unique<MemoryDeadLetters>(world, loop, std::move(topic), std::move(stage));
}

std::unique_ptr<CheckpointStore> make_memory_checkpoints(MemoryWorld& world, std::string owner, runtime::Loop& loop) {
  return std::make_unique<MemoryCheckpoints>(world, std::move(owner), loop);
}

}  // namespace streamops::pipeline
