// What Spark's Structured Streaming gave, epoch by epoch (tests/golden/streams), is what a QueryState gives: also when
// it is stored and restored between the epochs, and when rows come one at a time.
#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>

#include "format/json_reader.h"
#include "sql/engine/query_state.h"
#include "sql/engine/test_rows.h"
#include "sql/grammar/parser.h"

using namespace streamops;
using namespace streamops::sql;

namespace {

using Lines = std::vector<std::string>;

struct Record {
  std::string source;
  std::string text;
};

struct Epoch {
  std::vector<Record> in;
  Lines out;
};

/// A stream or a table that the script declares.
struct Declared {
  std::string name;
  data::SchemaPtr schema;
  std::optional<Watermark> watermark = {};
  Lines rows = {};  // of a table
};

struct Script {
  std::string query;
  OutputMode mode = OutputMode::append;
  std::vector<Declared> sources, tables;  // the first source is the query's, the others further inputs
  std::vector<Epoch> epochs;

  std::size_t source(const std::string& name) const {
    for (std::size_t i = 0; i < sources.size(); ++i) {
      if (sources[i].name == name) return i;
    }
    FAIL("no source " << name);
    return 0;
  }
};

OutputMode mode_of(const std::string& name) {
  return name == "append" ? OutputMode::append : name == "update" ? OutputMode::update : OutputMode::complete;
}

Script read_script(const std::filesystem::path& path) {
  Script script;
  script.epochs.emplace_back();
  std::ifstream file(path);
  bool in_query = false;
  for (std::string line; std::getline(file, line);) {
    const std::size_t space = line.find(' ');
    const std::string word = line.substr(0, space);
    const std::string rest = space == std::string::npos ? "" : line.substr(space + 1);
    const std::size_t second = std::min(rest.find(' '), rest.size());
    const std::string name = rest.substr(0, second), tail = rest.substr(std::min(second + 1, rest.size()));
    if (in_query && line.starts_with("  ")) script.query += "\n" + line;
    in_query = word == "query" || (in_query && line.starts_with("  "));
    if (word == "source") {
      script.sources.push_back({name, test::schema(tail)});
    } else if (word == "table") {
      script.tables.push_back({name, test::schema(tail)});
    } else if (word == "row") {
      for (Declared& table : script.tables) {
        if (table.name == name) table.rows.push_back(tail);
      }
    } else if (word == "watermark") {
      const std::size_t delay = tail.find(' ');
      std::string text = tail.substr(delay + 1);
      std::erase_if(text, [](char c) { return c == '\'' || c == '"'; });
      script.sources[script.source(name)].watermark = {tail.substr(0, delay), parse_duration(text).value()};
    } else if (word == "mode") {
      script.mode = mode_of(rest);
    } else if (word == "query") {
      script.query = rest;
    } else if (word == "in") {
      script.epochs.back().in.push_back({name, tail});
    } else if (word == "out") {
      script.epochs[script.epochs.size() - 2].out.push_back(rest);
    } else if (line == "---") {
      script.epochs.emplace_back();
    }
  }
  script.epochs.pop_back();
  return script;
}

data::Batch to_batch(const data::SchemaPtr& schema, std::span<const std::string> records) {
  data::ColumnBuilder texts(data::Type::scalar(data::TypeId::string));
  for (const std::string& record : records) texts.append_text(record);
  const data::ColumnPtr rows = format::from_json(*texts.finish(), data::Type::structure(schema->fields()));
  data::Batch batch;
  batch.schema = schema;
  batch.rows = records.size();
  batch.columns = rows->children();
  return batch;
}

Lines to_lines(const data::Batch& batch) {
  const auto query = Query::compile("SELECT to_json(struct(*)) AS v FROM source", batch.schema, {}).value();
  const QueryResult result = query->run(batch, {});
  Lines lines;
  for (std::size_t row = 0; row < result.batch.rows; ++row) lines.emplace_back(result.batch.columns[0]->text(row));
  std::sort(lines.begin(), lines.end());
  return lines;
}

/// How the rows of tables get to the query, and those of streams.
struct Way {
  bool restored = false;    // a new state from what was stored, before each epoch
  bool row_by_row = false;  // one batch a row
  bool changing = false;    // tables are filled as ones that change
  bool left_out = false;    // rows that fail the first conditions never come
};

/// Takes such rows out; answers how many they were.
std::size_t leave_out(data::Batch& batch, const Query& query) {
  std::vector<std::int32_t> kept;
  const std::vector<format::TextCondition> conditions = query.first_conditions();
  for (std::size_t row = 0; row < batch.rows; ++row) {
    const bool wanted = std::all_of(conditions.begin(), conditions.end(), [&](const format::TextCondition& condition) {
      return batch.columns[condition.column]->text(row) == condition.text;
    });
    if (wanted) kept.push_back(static_cast<std::int32_t>(row));
  }
  for (data::ColumnPtr& column : batch.columns) column = data::take(column, kept);
  const std::size_t gone = batch.rows - kept.size();
  batch.rows = kept.size();
  return gone;
}

using Stored = std::map<std::string, std::string>;

void store(QueryState& state, Stored& stored) {
  state.take_changes([&](std::string_view key, std::optional<std::string_view> value) {
    if (value) {
      stored.insert_or_assign(std::string(key), std::string(*value));
    } else {
      CHECK(stored.erase(std::string(key)) == 1);
    }
  });
}

CompileOptions options_of(const Script& script, Way way) {
  CompileOptions options;
  options.mode = script.mode;
  options.watermark = script.sources[0].watermark;
  for (std::size_t i = 1; i < script.sources.size(); ++i) {
    const Declared& source = script.sources[i];
    options.inputs.push_back({source.name, source.schema, false, source.watermark});
  }
  for (const Declared& table : script.tables) {
    options.inputs.push_back({table.name, table.schema, true});
    if (!way.changing) options.inputs.back().rows = to_batch(table.schema, table.rows);
  }
  return options;
}

void fill_tables(const Script& script, QueryState& state) {
  for (std::size_t i = 0; i < script.tables.size(); ++i) {
    const Declared& table = script.tables[i];
    Lines keys;
    for (std::size_t row = 0; row < table.rows.size(); ++row) keys.push_back("key " + std::to_string(row));
    std::vector<TableChange> changes;
    for (std::size_t row = 0; row < table.rows.size(); ++row)
      changes.push_back({keys[row], static_cast<std::int32_t>(row)});
    const std::size_t input = script.sources.size() + i;
    // Twice: the second row of a key takes the place of the first.
    for (int n = 0; n < 2; ++n) CHECK(state.change(input, changes, to_batch(table.schema, table.rows), {}).empty());
    const std::vector<TableChange> gone{{"never there"}};
    CHECK(state.change(input, gone, to_batch(table.schema, {}), {}).empty());
  }
}

/// What one epoch gives, of which `batches` are the rows of the source that each names.
class Running {
 public:
  Running(std::shared_ptr<const Query> query, const Script& script, Way way)
      : query_(std::move(query)), script_(script), way_(way) {
    if (!query_->keeps_state()) return;
    state_ = query_->open_state();
    if (way.changing) fill_tables(script, *state_);
  }

  Lines epoch(const Epoch& epoch) {
    if (way_.restored && state_) restore();
    Lines lines;
    for (std::size_t source = 0; source < script_.sources.size(); ++source) {
      Lines records;
      for (const Record& record : epoch.in) {
        if (record.source == script_.sources[source].name) records.push_back(record.text);
      }
      const std::size_t step = way_.row_by_row ? 1 : std::max<std::size_t>(records.size(), 1);
      for (std::size_t at = 0; at < records.size(); at += step) {
        for (std::string& line :
             take(source, to_batch(script_.sources[source].schema, std::span(records).subspan(at, step))))
          lines.push_back(std::move(line));
      }
    }
    if (!query_->collects()) {
      std::sort(lines.begin(), lines.end());
      return lines;
    }
    const Emitted emitted = state_->end_epoch({});
    CHECK(emitted.failures.empty());
    // In complete mode an epoch without rows leaves the result as it was.
    if (script_.mode != OutputMode::complete || !epoch.in.empty()) last_ = to_lines(emitted.batch);
    return last_;
  }

 private:
  Lines take(std::size_t source, data::Batch batch) {
    EvaluationContext context;
    if (way_.left_out && source == 0) context.left_out = leave_out(batch, *query_);
    if (query_->collects()) {
      CHECK(state_->take(batch, context, source).failures.empty());
      return {};
    }
    const QueryResult result = state_ ? state_->run(batch, context, source) : query_->run(batch, context, source);
    CHECK(result.failures.empty());
    return to_lines(result.batch);
  }

  void restore() {
    store(*state_, stored_);
    const std::size_t keys = state_->keys();
    state_ = query_->open_state();
    for (const auto& [key, value] : stored_) CHECK(state_->restore(key, value).ok());
    if (query_->collects()) (void)state_->take(to_batch(script_.sources[0].schema, {}), {});
    CHECK(state_->keys() == keys);
  }

  std::shared_ptr<const Query> query_;
  const Script& script_;
  Way way_;
  std::unique_ptr<QueryState> state_;
  Stored stored_;
  Lines last_;
};

/// What each epoch gives.
std::vector<Lines> run(const Script& script, Way way) {
  const auto query = Query::compile(script.query, script.sources[0].schema, options_of(script, way));
  if (!query) return {{"refused " + query.error().to_line()}};
  Running running(*query, script, way);
  std::vector<Lines> out;
  for (const Epoch& epoch : script.epochs) out.push_back(running.epoch(epoch));
  return out;
}

std::string shown(const std::vector<Lines>& epochs) {
  std::string out;
  for (const Lines& lines : epochs) {
    for (const std::string& line : lines) out += line + "\n";
    out += "---\n";
  }
  return out;
}

}  // namespace

TEST_CASE("golden streams of Spark 4.0") {
  int same = 0, refused = 0;
  for (const auto& entry :
       std::filesystem::directory_iterator(std::filesystem::path(STREAMOPS_SOURCE_DIR) / "tests/golden/streams")) {
    if (entry.path().extension() != ".test") continue;
    const Script script = read_script(entry.path());
    if (script.sources.empty() || script.epochs.empty()) continue;
    CAPTURE(entry.path().filename().string());
    std::vector<Lines> wanted;
    for (const Epoch& epoch : script.epochs) wanted.push_back(epoch.out);
    const bool refuses = !wanted[0].empty() && wanted[0][0].starts_with("error ");
    for (const Way way : {Way{}, Way{.restored = true}, Way{.row_by_row = true}, Way{.changing = true},
                          Way{.restored = true, .changing = true}, Way{.left_out = true}}) {
      if (way.changing && script.tables.empty()) continue;
      const std::vector<Lines> given = run(script, way);
      const bool is_refused = given[0].size() == 1 && given[0][0].starts_with("refused ");
      if (is_refused || refuses) {
        CHECK_MESSAGE(is_refused, "Spark refuses this: " << wanted[0][0]);
        if (!refuses && !way.restored && !way.row_by_row && !way.changing && !way.left_out) ++refused;
        if (!refuses) MESSAGE(given[0][0]);
        break;
      }
      CHECK(shown(given) == shown(wanted));
      ++same;
    }
  }
  MESSAGE(same << " runs as Spark's, " << refused << " refused");
  CHECK(same >= 60);
  CHECK(refused * 8 < same);
}
