#include "import/spark_job.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/text.h"
#include "errors/doctor.h"
#include "errors/import.h"
#include "import/frame.h"
#include "import/sql_text.h"
#include "import/topic_sink.h"
#include "pipeline/infer.h"
#include "sql/engine/query.h"
#include "sql/grammar/ddl.h"

namespace streamops::importer {

namespace {

constexpr std::string_view cassandra_format = "org.apache.spark.sql.cassandra";

std::string option(const std::map<std::string, ValuePtr>& options, std::string_view name) {
  for (const auto& [key, value] : options) {
    if (equals_ignore_case(key, name)) return setting_text(value.get()).value_or("");
  }
  return {};
}

/// A column of the stream to be, and where its value comes from.
using Output = Frame::Column;

/// One way from a topic into a table, or into another topic.
struct Route {
  Where where;
  FramePtr frame;  // null for a plain consumer
  std::string topic;
  std::string start;
  std::string keyspace;
  std::string table;
  std::string sink_topic;
  std::string sink_key;
  std::vector<Output> columns;
};

class StreamDrafts {
 public:
  StreamDrafts(const Facts& facts, const CqlSchema& tables, const pipeline::ColumnFits& fits, PipelineDraft& draft)
      : facts_(facts), tables_(tables), fits_(fits), draft_(draft) {}

  void run() {
    for (const CqlSchema::Statement& statement : tables_.unread)
      draft_.leave("a CREATE statement", statement.text, statement.where);
    // A script may be walked through more than once; a function of its own may write several streams in one line.
    std::set<std::pair<Where, std::string>> taken;
    for (std::size_t i = 0; i < facts_.writes.size(); ++i) {
      const WriteFact& write = facts_.writes[i];
      const std::string target = option(write.options, "topic") + "/" + option(write.options, "keyspace") + "/" +
                                 option(write.options, "table");
      if (!taken.emplace(write.where, target).second) continue;
      spark_write(write, i);
    }
    inserts();
  }

 private:
  // --- Spark -------------------------------------------------------------------------------------------------------

  void spark_write(const WriteFact& write, std::size_t index) {
    if (!write.frame || (!write.frame->streaming && !write.by_batch)) return;
    if (write.format == "foreachBatch") {
      const bool inside = index > 0 && facts_.writes[index - 1].by_batch;
      const bool executes =
          std::any_of(facts_.cql.begin(), facts_.cql.end(), [&](const CqlFact& fact) { return reads_rows(fact); });
      if (!inside && !executes)
        draft_.leave("the stream's foreachBatch",
                     "what its function does with a batch is no table that we know: write the sink yourself",
                     write.where);
      return;
    }
    if (write.format == "console" || write.format == "memory") {
      draft_.leave(fmt::format("the sink {}", write.format), "not needed: the console and `streamops tables` show rows",
                   write.where);
      return;
    }
    if (write.format == "kafka") {
      topic_write(write);
      return;
    }
    if (write.format != cassandra_format) {
      draft_.leave(fmt::format("the sink {}", write.format), "streams here write Cassandra tables and topics",
                   write.where);
      return;
    }
    Route route;
    route.where = write.where;
    route.frame = write.frame;
    route.keyspace = option(write.options, "keyspace");
    route.table = option(write.options, "table");
    route.columns = write.frame->columns;
    if (read_topic(route)) stream(std::move(route));
  }

  void topic_write(const WriteFact& write) {
    TopicSink sink = read_topic_sink(write);
    Route route;
    route.where = write.where;
    route.frame = write.frame;
    route.sink_topic = sink.topic;
    route.sink_key = sink.key;
    route.columns = std::move(sink.columns);
    if (sink.topic.empty()) route.table = "a topic";
    if (!read_topic(route)) return;
    if (!sink.why_not.empty()) {
      draft_.leave(fmt::format("the stream into {}", target_of(route)), sink.why_not, write.where);
      return;
    }
    if (!sink.no_key.empty()) draft_.leave(fmt::format("the key of {}", target_of(route)), sink.no_key, write.where);
    stream(std::move(route));
  }

  /// Topic and start of the frame that a route reads.
  bool read_topic(Route& route) {
    const Frame& frame = *route.frame;
    if (!frame.lost.empty()) {
      const Frame::Lost& lost = frame.lost.front();
      draft_.leave(fmt::format("the stream into {}", target_of(route)), lost.what, lost.where);
      return false;
    }
    route.topic = option(frame.options, "subscribe");
    if (route.topic.empty() || route.topic.find(',') != std::string::npos) {
      draft_.leave(fmt::format("the stream into {}", target_of(route)),
                   route.topic.empty()
                       ? "its topic is known only when the script runs, or is a pattern: a stream here reads one topic"
                       : fmt::format("it reads {}: a stream here reads one topic", route.topic),
                   frame.where);
      return false;
    }
    if (!frame.parsed) {
      draft_.leave(fmt::format("the stream into {}", target_of(route)),
                   "its values are not read with from_json and a schema that is known", frame.where);
      return false;
    }
    const std::string start = option(frame.options, "startingOffsets");
    route.start = start == "earliest" ? "earliest" : "latest";
    if (!start.empty() && start != "earliest" && start != "latest")
      draft_.leave(fmt::format("startingOffsets {}", start),
                   "offsets of single partitions: `start` takes earliest and latest", frame.where);
    return true;
  }

  static std::string target_of(const Route& route) {
    if (!route.sink_topic.empty()) return "the topic " + route.sink_topic;
    const std::string keyspace = route.keyspace.empty() ? "" : route.keyspace + ".";
    return route.table.empty() ? "a table" : keyspace + route.table;
  }

  // --- INSERTs -------------------------------------------------------------------------------------------------------

  /// Whether a statement's parameters come from the rows of a frame.
  static bool reads_rows(const CqlFact& fact) { return frame_of(fact) != nullptr; }
  static FramePtr frame_of(const CqlFact& fact) {
    if (!fact.parameters) return nullptr;
    for (const ValuePtr& each : fact.parameters->items) {
      if (each->frame) return each->frame;
      for (const ValuePtr& item : each->items) {
        if (item->frame) return item->frame;
      }
    }
    return nullptr;
  }

  void inserts() {
    std::set<Where> taken;
    for (const CqlFact& fact : facts_.cql) {
      if (!fact.parameters || !taken.insert(fact.where).second) continue;
      const std::optional<InsertShape> shape = read_insert(fact.text->text);
      if (!shape) continue;
      Route route;
      route.where = fact.where;
      const ValuePtr keyspace = fact.session ? fact.session->find("keyspace") : nullptr;
      route.keyspace =
          shape->keyspace.empty() && keyspace ? setting_text(keyspace.get()).value_or("") : shape->keyspace;
      route.table = shape->table;
      if (const FramePtr frame = frame_of(fact)) {
        auto copy = std::make_shared<Frame>(*frame);
        columns_of(*shape, fact, copy.get(), route);
        route.frame = copy;
        if (read_topic(route)) stream(std::move(route));
      } else if (depends_on_data(*fact.parameters)) {
        columns_of(*shape, fact, nullptr, route);
        if (read_consumer(route)) stream(std::move(route));
      }
    }
  }

  static void columns_of(const InsertShape& shape, const CqlFact& fact, Frame* frame, Route& route) {
    for (std::size_t i = 0; i < shape.columns.size() && i < shape.parameters.size(); ++i) {
      const auto index = static_cast<std::size_t>(shape.parameters[i]);
      ValuePtr value;
      if (shape.parameters[i] >= 0 && index < fact.parameters->items.size()) value = fact.parameters->items[index];
      if (!value && index < fact.parameters->entries.size()) value = fact.parameters->find(shape.columns[i]);
      if (!value) value = unknown("a constant of the statement");
      route.columns.push_back({shape.columns[i], frame == nullptr ? value : resolve(*frame, value)});
    }
  }

  bool read_consumer(Route& route) {
    if (facts_.consumers.size() != 1) {
      draft_.leave(fmt::format("the INSERT into {}", target_of(route)),
                   "which consumer feeds it is not told by the code", route.where);
      return false;
    }
    const Value& consumer = *facts_.consumers[0];
    const ValuePtr topics = consumer.find("topics");
    route.topic = setting_text(topics.get()).value_or("");
    const std::string start = setting_text(consumer.find("auto_offset_reset").get()).value_or("");
    route.start = start == "earliest" || start == "smallest" || start == "beginning" ? "earliest" : "latest";
    if (!route.topic.empty() && route.topic.find(',') == std::string::npos) return true;
    draft_.leave(fmt::format("the INSERT into {}", target_of(route)),
                 "its consumer reads several topics, or one that is known only when the script runs", route.where);
    return false;
  }

  // --- a stream ------------------------------------------------------------------------------------------------------

  void stream(Route route) {
    StreamDraft stream;
    stream.where = route.where;
    stream.topic = route.topic;
    stream.start = route.start;
    stream.sink_topic = route.sink_topic;
    stream.sink_key = route.sink_key;
    const CqlTable* table = nullptr;
    if (route.sink_topic.empty()) {
      table = table_of(route);
      if (table == nullptr) return;
      stream.table = table->keyspace + "." + table->name;
    }
    stream.name = unique_name(to_name(table == nullptr ? route.sink_topic : table->name));
    if (!select(route, table, stream)) return;
    if (table != nullptr) create(*table, stream);
    draft_.took(fmt::format("stream {}: the topic {} into {}", stream.name, stream.topic, stream.target()),
                route.where);
    if (route.frame) {
      const Where& declared = route.frame->schema_where;
      draft_.took(fmt::format("{} columns of the schema", count(stream.schema)),
                  declared.line > 0 ? declared : route.frame->read_at);
    }
    if (table != nullptr) draft_.took(fmt::format("{} with its key", stream.table), table->where);
    draft_.streams.push_back(std::move(stream));
  }

  /// The table that a route writes; null after saying what is not known of it.
  const CqlTable* table_of(const Route& route) {
    const CqlTable* table = tables_.find(route.keyspace, route.table);
    const std::string name = target_of(route);
    if (table == nullptr) {
      draft_.leave(fmt::format("the stream from {} into {}", route.topic, name),
                   fmt::format("nothing in the project makes the table, and its key is not known: add CREATE TABLE IF "
                               "NOT EXISTS {} (…, PRIMARY KEY (…)) to a .cql file and import again",
                               name),
                   route.where);
      return nullptr;
    }
    if (!table->keyspace.empty()) return table;
    draft_.leave(fmt::format("the stream from {} into {}", route.topic, name), "the keyspace of the table is not said",
                 table->where);
    return nullptr;
  }

  static std::size_t count(const std::string& schema) {
    return static_cast<std::size_t>(std::count(schema.begin(), schema.end(), '\n')) + 1;
  }

  std::string unique_name(std::string name) const {
    const std::string base = name;
    const auto taken = [&] {
      const auto same = [&](const StepDraft& each) { return each.name == name; };
      return std::any_of(draft_.streams.begin(), draft_.streams.end(), same) ||
             std::any_of(draft_.tasks.begin(), draft_.tasks.end(), same);
    };
    for (int n = 2; taken(); ++n) name = fmt::format("{}_{}", base, n);
    return name;
  }

  void create(const CqlTable& table, StreamDraft& stream) {
    const auto keyspace = tables_.keyspaces.find(table.keyspace);
    if (keyspace != tables_.keyspaces.end()) {
      stream.create.push_back(keyspace->second.text);
    } else {
      stream.create_comments.push_back(
          fmt::format("Nothing in the project makes the keyspace {}: unless it exists already, put before the table",
                      table.keyspace));
      stream.create_comments.push_back(
          fmt::format("CREATE KEYSPACE IF NOT EXISTS {} WITH replication = {{…}};", table.keyspace));
      draft_.leave(fmt::format("the keyspace {}", table.keyspace),
                   "nothing in the project makes it: add CREATE KEYSPACE IF NOT EXISTS to `create`, with the "
                   "replication you want",
                   table.where);
    }
    stream.create.push_back(table.statement);
  }

  bool select(const Route& route, const CqlTable* table, StreamDraft& stream) {
    std::vector<std::pair<std::string, ValuePtr>> views;
    bool outer = false;
    if (route.frame) {
      for (const Frame::View& view : route.frame->views) {
        views.emplace_back(view.alias, view.array);
        outer = outer || view.outer;
      }
    }
    SqlWriter writer(std::move(views), outer);
    // A consumer's fields have no declared types: numbers in the table want numbers.
    for (const Output& column : route.columns) writer.expression(*column.value).ok();
    data::SchemaPtr schema = schema_of(route, writer);
    if (!schema) {
      draft_.leave(fmt::format("the stream into {}", stream.target()), "its schema is none that we can read",
                   route.frame ? route.frame->schema_where : route.where);
      return false;
    }
    const Result<std::vector<std::string>> lateral = writer.views();
    const std::string condition = where(route, writer, stream);
    if (!lateral) return false;
    std::string from = "FROM source";
    for (const std::string& view : *lateral) from += (lateral->size() > 1 ? "\n  " : " ") + view;
    from += condition;
    if (!condition.empty() && !compiles("SELECT 1 AS one " + from, schema)) {
      draft_.leave(fmt::format("the stream into {}", stream.target()), "its filter is no SQL that we run", route.where);
      return false;
    }
    std::vector<std::string> lines;
    std::set<std::string> given;
    for (const Output& column : route.columns) {
      const std::string line = column_line(column, table, writer, schema, from, route, stream);
      if (line.empty() || !given.insert(column.name).second) continue;
      lines.push_back(line);
    }
    for (const std::string& key : table == nullptr ? std::vector<std::string>() : table->key) {
      if (given.contains(key)) continue;
      draft_.leave(fmt::format("the stream into {}", stream.target()),
                   fmt::format("the table's key column {} gets no value", key), route.where);
      return false;
    }
    if (lines.empty()) return false;
    if (!given.contains(stream.sink_key)) stream.sink_key.clear();
    stream.schema = pipeline::to_schema_text(*schema);
    if (!route.frame)
      stream.schema_comment = "What the consumer reads of a record. It says no types: STRING takes all.";
    for (std::size_t i = 0; i < lines.size(); ++i)
      stream.select += (i == 0 ? "SELECT " : "       ") + lines[i] + (i + 1 < lines.size() ? ",\n" : "\n");
    stream.select += from;
    return true;
  }

  data::SchemaPtr schema_of(const Route& route, const SqlWriter& writer) const {
    if (!route.frame) {
      if (writer.schema().members.empty()) return nullptr;
      return std::make_shared<data::Schema>(writer.schema().to_type()->fields());
    }
    const Result<data::SchemaPtr> schema = sql::parse_schema(route.frame->schema, Place{});
    return schema ? *schema : nullptr;
  }

  std::string where(const Route& route, SqlWriter& writer, StreamDraft& stream) {
    std::string out;
    if (!route.frame) return out;
    for (const ValuePtr& filter : route.frame->filters) {
      const Result<std::string> sql = writer.expression(*filter);
      if (!sql) {
        draft_.leave(fmt::format("a filter of the stream into {}", stream.target()), sql.error().message(),
                     route.frame->where);
        stream.comments.push_back(fmt::format("Left out: a filter, as {} is no SQL.", sql.error().message()));
        continue;
      }
      const bool several = route.frame->filters.size() > 1;
      out += (out.empty() ? "\nWHERE " : "\n  AND ") + (several ? "(" + *sql + ")" : *sql);
    }
    return out;
  }

  static bool compiles(const std::string& sql, const data::SchemaPtr& schema) {
    return sql::Query::compile(sql, schema, {}).ok();
  }

  /// The column's line in the SELECT, or an empty text after saying why it is left out.
  std::string column_line(const Output& column, const CqlTable* table, SqlWriter& writer, const data::SchemaPtr& schema,
                          const std::string& from, const Route& route, StreamDraft& stream) {
    const auto leave_out = [&](const std::string& why) {
      draft_.leave(fmt::format("the column {} of {}", column.name, stream.target()), why, route.where);
      stream.comments.push_back(fmt::format("Left out: {}: {}.", column.name, why));
      return std::string();
    };
    const TableColumn* in_table = table == nullptr ? nullptr : table->column(to_lower(column.name));
    if (table != nullptr && in_table == nullptr) {
      draft_.trap(Error(errors::doctor::column_missing, "the stream writes the column {}, which {} does not have",
                        column.name, stream.table),
                  table->where);
      return leave_out("the table does not have it");
    }
    const Result<std::string> sql = writer.expression(*column.value);
    if (!sql) return leave_out(sql.error().message());
    const std::string name = sql_name(in_table == nullptr ? column.name : in_table->name);
    std::string line = *sql == name ? *sql : *sql + " AS " + name;
    const auto query = sql::Query::compile("SELECT " + line + " " + from, schema, {});
    if (!query) return leave_out(query.error().message());
    if (!fits_ || in_table == nullptr) return line;
    const Result<void> fits = fits_(in_table->name, *(*query)->output()->fields()[0].type, in_table->type);
    return fits ? line : leave_out(fits.error().message());
  }

  const Facts& facts_;
  const CqlSchema& tables_;
  const pipeline::ColumnFits& fits_;
  PipelineDraft& draft_;
};

}  // namespace

void draft_streams(const Facts& facts, const CqlSchema& tables, const pipeline::ColumnFits& fits,
                   PipelineDraft& draft) {
  StreamDrafts(facts, tables, fits, draft).run();
}

TopicTypes types_of_topics(const Facts& facts) {
  TopicTypes types;
  for (const WriteFact& write : facts.writes) {
    if (!write.frame || !write.frame->parsed) continue;
    const std::string topic = option(write.frame->options, "subscribe");
    const Result<data::SchemaPtr> schema = sql::parse_schema(write.frame->schema, Place{});
    if (topic.empty() || !schema || types.contains(topic)) continue;
    for (const data::Field& field : (*schema)->fields()) {
      // Times travel as texts in JSON: the reader of the topic makes times of them.
      const bool is_time = field.type->id() == data::TypeId::timestamp ||
                           field.type->id() == data::TypeId::timestamp_ntz || field.type->id() == data::TypeId::date ||
                           field.type->id() == data::TypeId::string;
      types[topic].emplace_back(field.name, is_time ? "" : field.type->to_sql());
    }
  }
  return types;
}

}  // namespace streamops::importer
