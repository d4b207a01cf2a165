#include "pipeline/plan_text.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "pipeline/redrive.h"
#include "sql/grammar/parser.h"

namespace streamops::pipeline {

namespace {

using sql::Expression;
using sql::ExpressionKind;
using sql::ExpressionPtr;

/// On one line, as it was written otherwise.
std::string on_one_line(std::string_view text) {
  std::string out;
  for (const std::string_view word : split(text, '\n')) {
    const std::string_view trimmed = trim(word);
    if (trimmed.empty()) continue;
    if (!out.empty()) out += ' ';
    out += trimmed;
  }
  return out;
}

bool is_column(const Expression& expression, std::string_view name) {
  return expression.kind == ExpressionKind::column && !expression.parts.empty() &&
         equals_ignore_case(expression.parts.back().text, name);
}

bool is_window(const Expression& expression) {
  return expression.kind == ExpressionKind::call &&
         (expression.function == "window" || expression.function == "session_window");
}

/// What a watermark on `column` lets go of: groups by it, or by windows of it.
bool is_event_time(const Expression& key, std::string_view column) {
  if (column.empty()) return false;
  if (is_window(key)) return !key.children.empty() && is_column(*key.children[0], column);
  return is_column(key, column);
}

/// The parts of a condition that must all hold.
void split_condition(const ExpressionPtr& condition, std::vector<ExpressionPtr>& parts) {
  if (condition->kind == ExpressionKind::call && condition->function == "and") {
    for (const ExpressionPtr& child : condition->children) split_condition(child, parts);
    return;
  }
  parts.push_back(condition);
}

/// Walks the SELECTs of one query and says what each does.
class QueryPlan {
 public:
  QueryPlan(const CheckedStep& step, StepPlan& plan)
      : step_(step), plan_(plan), text_(step.spec->select.text, Place{"", 1, 1, {}, 1}) {}

  void describe() {
    const Result<sql::QueryTree> tree = sql::parse_query(text_);
    if (tree) describe(*tree);
  }

 private:
  std::string text_of(const ExpressionPtr& expression) const { return on_one_line(text_.text(expression->span)); }

  void say(std::string part, std::string text) { plan_.lines.push_back({std::move(part), std::move(text)}); }

  void describe(const sql::QueryTree& tree) {
    for (const sql::CommonTable& table : tree.with) describe(*table.query);
    for (const sql::SelectQuery& select : tree.selects) describe(select);
    if (tree.selects.size() > 1) say("union all", fmt::format("the rows of {} SELECTs", tree.selects.size()));
  }

  void describe(const sql::SelectQuery& select) {
    if (select.subquery) describe(*select.subquery);
    for (const sql::LateralView& view : select.views) {
      say("lateral view",
          fmt::format("{}: a row becomes {} or more", text_of(view.generator), view.outer ? "one" : "none, one"));
    }
    if (select.where) {
      std::vector<ExpressionPtr> parts;
      split_condition(select.where, parts);
      for (const ExpressionPtr& part : parts) say("where", text_of(part));
    }
    describe_groups(select);
    if (select.having) say("having", text_of(select.having));
    if (select.distinct) {
      say("distinct", "one row of each value");
      plan_.state_ends = false;
    }
  }

  void describe_groups(const sql::SelectQuery& select) {
    if (select.group_by.empty() && !select.group_by_all) return;
    std::string keys;
    bool ends = false;
    for (const ExpressionPtr& key : select.group_by) {
      keys += (keys.empty() ? "" : ", ") + text_of(key);
      ends = ends || is_event_time(*key, step_.spec->watermark.text);
      // A key may be the alias or the number of a window in the select list.
      for (const sql::SelectItem& item : select.items) {
        const bool named = item.alias && is_column(*key, item.alias->text);
        ends = ends || (named && is_event_time(*item.expression, step_.spec->watermark.text));
      }
    }
    say("group by", select.group_by_all ? "ALL: every selected value that is no aggregate" : keys);
    plan_.state_ends = ends && step_.spec->mode != sql::OutputMode::complete;
  }

  const CheckedStep& step_;
  StepPlan& plan_;
  sql::SourceText text_;
};

std::string_view to_string(sql::OutputMode mode) {
  if (mode == sql::OutputMode::append) return "append: each group once, when the watermark has passed it";
  return mode == sql::OutputMode::update ? "update: the groups that an epoch changed, as they are then"
                                         : "complete: all groups, after each epoch with records";
}

std::string mebibytes(std::int64_t bytes) {
  return fmt::format("{} MiB", bytes >> 20);
}

class Writer {
 public:
  Writer(const CheckedPipeline& pipeline, const CheckedStep& step)
      : pipeline_(pipeline), step_(step), spec_(*step.spec) {}

  StepPlan write() && {
    plan_.step = step_.name();
    plan_.is_stream = spec_.kafka_source.has_value();
    if (plan_.is_stream) {
      const auto& stream = static_cast<const StreamFileSpec&>(spec_);
      plan_.on_spark = stream.engine.value_or(pipeline_.file.profile.engine) == Engine::spark;
    }
    plan_.keeps_state = step_.query->keeps_state();
    source();
    columns();
    QueryPlan(step_, plan_).describe();
    if (plan_.keeps_state) state();
    sink();
    letters();
    return std::move(plan_);
  }

 private:
  void say(std::string part, std::string text) { plan_.lines.push_back({std::move(part), std::move(text)}); }

  void source() {
    if (spec_.http_source) {
      const HttpSourceSpec& http = *spec_.http_source;
      std::string when =
          http.duration ? fmt::format("every {} for {}", format_duration(http.every), format_duration(*http.duration))
                        : std::string("once");
      say("source", fmt::format("{}, {} a run; each answer is on disk before it is read", http.url, when));
      return;
    }
    const KafkaSourceSpec& kafka = *spec_.kafka_source;
    say("source", fmt::format("topic {}, {}, from its {} record", kafka.topic, kafka.format == "avro" ? "Avro" : "JSON",
                              kafka.start == StartAt::earliest ? "first" : "next"));
    say("positions", fmt::format("in the checkpoint; group {} shows them, and is never asked", pipeline_.owner(step_)));
  }

  void columns() {
    const std::vector<bool> needed =
        spec_.late ? std::vector<bool>(step_.source_schema->size(), true) : step_.query->needed();
    for (std::size_t i = 0; i < needed.size(); ++i) {
      (needed[i] ? plan_.read : plan_.skipped).push_back((*step_.source_schema)[i].name);
    }
    std::string text = plan_.read.empty() ? "none is read" : join(plan_.read, ", ");
    if (!plan_.skipped.empty()) text += fmt::format("; pushed down: {} checked, not built", join(plan_.skipped, ", "));
    say("columns", text);
  }

  void state() {
    const std::string limit = mebibytes(step_.memory_limit);
    if (plan_.state_ends) {
      say("state", fmt::format("its groups, until the watermark passes them; at most {}", limit));
    } else {
      say("state", fmt::format("its groups, for ever: nothing lets one go; at {} the stream stops (SO-P068)", limit));
    }
    say("stored", "what an epoch changed, on disk in step with the positions; restored at a start");
    say("mode", std::string(to_string(spec_.mode)));
    if (spec_.watermark.node == nullptr) return say("watermark", "none: no row is ever late");
    say("watermark", fmt::format("{}: the greatest seen less {}; judged at the begin of an epoch", spec_.watermark.text,
                                 format_duration(spec_.watermark_delay)));
    say("late rows",
        spec_.late ? fmt::format("to topic {}, as they came", spec_.late->topic) : std::string("counted, not kept"));
  }

  void sink() {
    const std::string columns = step_.query->output()->to_sql();
    if (spec_.kafka_sink) {
      const KafkaSinkSpec& kafka = *spec_.kafka_sink;
      say("sink", fmt::format("topic {}, {}{}: {}", kafka.topic, kafka.format == "avro" ? "Avro" : "JSON",
                              kafka.key.empty() ? ", no key" : ", key " + kafka.key, columns));
      if (plan_.on_spark) return say("promise", "at least once");
      say("promise",
          plan_.is_stream
              ? "exactly once: rows, dead letters and positions in one transaction; readers need read_committed"
              : "at least once: a resend carries the same ids and timestamps");
      return;
    }
    say("sink",
        fmt::format("table {}, primary key ({}): {}", spec_.table.text, join(step_.key_columns, ", "), columns));
    if (spec_.cassandra_sink) {
      const CassandraSinkSpec& table = *spec_.cassandra_sink;
      say("nulls", table.nulls == NullPolicy::unset ? "leave cells as they are" : "delete cells");
      if (table.ttl) say("ttl", format_duration(*table.ttl) + " from the record's time");
    }
    say("promise", plan_.on_spark ? "at least once into upserts"
                                  : "exactly once in effect: a replay writes the same cells with the same timestamps");
  }

  void letters() {
    say("dead letters",
        fmt::format("topic {}; `streamops dlq redrive {}`{}", letters_topic(pipeline_, step_), step_.name(),
                    plan_.keeps_state ? " cannot take in what groups" : " lets them enter again"));
  }

  const CheckedPipeline& pipeline_;
  const CheckedStep& step_;
  const StepSpec& spec_;
  StepPlan plan_;
};

}  // namespace

StepPlan plan_of(const CheckedPipeline& pipeline, const CheckedStep& step) {
  return Writer(pipeline, step).write();
}

}  // namespace streamops::pipeline
