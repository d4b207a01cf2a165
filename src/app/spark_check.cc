#include "app/spark_check.h"

#include <algorithm>
#include <array>

#include "base/text.h"
#include "errors/spark.h"
#include "sql/grammar/lexer.h"

namespace streamops::app {
namespace {

/// Functions whose values are our own: equal on replay here, new each time there.
struct Difference {
  std::string_view function;
  bool needs_parentheses;
  std::string_view what;
};
constexpr std::string_view of_the_batch =
    "is the instant of the epoch here, the same on replay; on Spark that of its batch";
constexpr std::string_view of_chance =
    "comes from the record's position here, the same on replay; on Spark it is new each time";
constexpr std::array<Difference, 11> differences = {{
    {"uuid", true, of_chance},
    {"rand", true, of_chance},
    {"random", true, of_chance},
    {"randn", true, of_chance},
    {"shuffle", true, of_chance},
    {"current_timestamp", false, of_the_batch},
    {"current_date", false, of_the_batch},
    {"localtimestamp", false, of_the_batch},
    {"now", true, of_the_batch},
    {"curdate", true, of_the_batch},
    {"unix_timestamp", true, of_the_batch},
}};

class SparkChecker {
 public:
  SparkChecker(const pipeline::CheckedPipeline& pipeline, SparkReport& report)
      : document_(*pipeline.file.document), report_(report) {}

  void check(const pipeline::CheckedStep& stream) {
    const pipeline::StepSpec& spec = *stream.spec;
    if (!spec.kafka_source || !spec.cassandra_sink) {
      refuse(*spec.node, fmt::format("the stream {} is not one from Kafka into Cassandra", stream.name()));
      return;
    }
    if (spec.kafka_source->format != "json") {
      refuse(*spec.schema.node, fmt::format("the stream {} reads `format: {}`; on Spark it reads json", stream.name(),
                                            spec.kafka_source->format));
    }
    if (!spec.inputs.empty()) {
      refuse(*spec.inputs[0].node,
             fmt::format("the stream {} joins; on Spark only streams of one topic run so far", stream.name()));
    }
    if (stream.query->keeps_state()) {
      refuse(*spec.select.node,
             fmt::format("the stream {} groups; on Spark only streams that keep no state run so far", stream.name()));
    }
    if (spec.cassandra_sink->ttl) {
      note(*spec.table.node,
           fmt::format("the TTL of {} counts from the record's time here, on Spark from the write", spec.table.text));
    }
    check_functions(spec.select);
  }

  /// Tasks stay with us (or with Airflow): Spark polls no API.
  void mention(const pipeline::CheckedStep& task) {
    note(*task.spec->node,
         fmt::format("the task {} polls an API: StreamOps or Airflow runs it, not Spark", task.name()));
  }

 private:
  void check_functions(const pipeline::Located& select) {
    const sql::SourceText text(select.text, {"", 1, 1, {}, 1});
    const Result<std::vector<sql::Token>> tokens = sql::tokenize(text);
    if (!tokens) return;
    for (std::size_t i = 0; i + 1 < tokens->size(); ++i) {
      const sql::Token& token = (*tokens)[i];
      const bool member = i > 0 && (*tokens)[i - 1].value == ".";
      if (token.kind != sql::TokenKind::name || member) continue;
      const bool called = (*tokens)[i + 1].value == "(";
      for (const Difference& difference : differences) {
        if (!equals_ignore_case(token.value, difference.function)) continue;
        if (difference.needs_parentheses && !called) continue;
        add(report_.notes, errors::spark::differs_on_spark,
            document_.place_in(*select.node, token.span.offset, width(token)),
            fmt::format("{} {}", to_lower(token.value), difference.what));
      }
    }
  }

  static std::uint32_t width(const sql::Token& token) { return static_cast<std::uint32_t>(token.value.size()); }

  void refuse(const pipeline::yaml::Node& node, const std::string& message) {
    add(report_.errors, errors::spark::not_on_spark, document_.place(node), message);
  }
  void note(const pipeline::yaml::Node& node, const std::string& message) {
    add(report_.notes, errors::spark::differs_on_spark, document_.place(node), message);
  }
  static void add(std::vector<Error>& list, const ErrorInfo& info, const Place& place, const std::string& message) {
    list.push_back(Error(info, message).with_place(place));
  }

  const pipeline::yaml::Document& document_;
  SparkReport& report_;
};

}  // namespace

bool needs_spark(const pipeline::CheckedPipeline& pipeline, std::optional<pipeline::Engine> asked) {
  return std::any_of(pipeline.streams.begin(), pipeline.streams.end(), [&](const pipeline::CheckedStep& stream) {
    return engine_of(stream, pipeline.file.profile, asked) == pipeline::Engine::spark;
  });
}

SparkReport check_for_spark(const pipeline::CheckedPipeline& pipeline, std::optional<pipeline::Engine> asked) {
  SparkReport report;
  if (!needs_spark(pipeline, asked)) return report;
  const Result<spark::Connection> connection = make_spark_connection(pipeline.file.profile);
  if (!connection) report.errors.push_back(connection.error());
  SparkChecker checker(pipeline, report);
  for (const pipeline::CheckedStep& task : pipeline.tasks) checker.mention(task);
  for (const pipeline::CheckedStep& stream : pipeline.streams) {
    if (engine_of(stream, pipeline.file.profile, asked) == pipeline::Engine::spark) checker.check(stream);
  }
  pipeline::sort_by_place(report.errors);
  pipeline::sort_by_place(report.notes);
  return report;
}

bool admit_engine(const Arguments& arguments, const pipeline::CheckedPipeline& pipeline, Terminal& terminal,
                  std::optional<pipeline::Engine>& asked, ExitCode& code) {
  const Result<std::optional<pipeline::Engine>> engine = parse_engine(arguments.text("--engine"));
  std::vector<Error> errors;
  if (engine) {
    asked = *engine;
    errors = check_for_spark(pipeline, asked).errors;
  } else {
    errors.push_back(engine.error());
  }
  for (const Error& error : errors) terminal.fail(error);
  if (!errors.empty()) code = exit_code_for(errors[0]);
  return errors.empty();
}

}  // namespace streamops::app
