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

struct Epoch {
  Lines in;
  Lines out;
};

struct Script {
  std::string schema, query;
  CompileOptions options;
  std::vector<Epoch> epochs;
  bool served = true;  // one source and nothing else
};

OutputMode mode_of(const std::string& name) {
  return name == "append" ? OutputMode::append : name == "update" ? OutputMode::update : OutputMode::complete;
}

Script read_script(const std::filesystem::path& path) {
  Script script;
  script.options.mode = OutputMode::append;
  script.epochs.emplace_back();
  std::ifstream file(path);
  bool in_query = false;
  for (std::string line; std::getline(file, line);) {
    const std::size_t space = line.find(' ');
    const std::string word = line.substr(0, space);
    const std::string rest = space == std::string::npos ? "" : line.substr(space + 1);
    if (in_query && line.starts_with("  ")) script.query += "\n" + line;
    in_query = word == "query" || (in_query && line.starts_with("  "));
    if (word == "source") {
      script.served = script.served && script.schema.empty();
      script.schema = rest.substr(rest.find(' ') + 1);
    } else if (word == "table") {
      script.served = false;
    } else if (word == "watermark") {
      const std::size_t column = rest.find(' ') + 1, delay = rest.find(' ', column);
      std::string text = rest.substr(delay + 1);
      std::erase_if(text, [](char c) { return c == '\'' || c == '"'; });
      script.options.watermark = {rest.substr(column, delay - column), parse_duration(text).value()};
    } else if (word == "mode") {
      script.options.mode = mode_of(rest);
    } else if (word == "query") {
      script.query = rest;
    } else if (word == "in") {
      script.epochs.back().in.push_back(rest.substr(rest.find(' ') + 1));
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

struct Way {
  bool restored = false;    // a new state from what was stored, before each epoch
  bool row_by_row = false;  // one batch a row
};

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

/// What each epoch gives.
std::vector<Lines> run(const Script& script, Way way) {
  const data::SchemaPtr schema = test::schema(script.schema);
  const auto query = Query::compile(script.query, schema, script.options);
  if (!query) return {{"refused " + query.error().to_line()}};
  std::vector<Lines> out;
  if (!(*query)->keeps_state()) {
    for (const Epoch& epoch : script.epochs)
      out.push_back(to_lines((*query)->run(to_batch(schema, epoch.in), {}).batch));
    return out;
  }
  std::unique_ptr<QueryState> state = (*query)->open_state();
  Stored stored;
  Lines last;
  for (const Epoch& epoch : script.epochs) {
    if (way.restored) {
      store(*state, stored);
      const std::size_t keys = state->keys();
      state = (*query)->open_state();
      for (const auto& [key, value] : stored) CHECK(state->restore(key, value).ok());
      CHECK(state->keys() == keys);
    }
    const std::size_t step = way.row_by_row ? 1 : std::max<std::size_t>(epoch.in.size(), 1);
    for (std::size_t at = 0; at < epoch.in.size(); at += step) {
      const Taken taken = state->take(to_batch(schema, std::span(epoch.in).subspan(at, step)), {});
      CHECK(taken.failures.empty());
    }
    const Emitted emitted = state->end_epoch({});
    CHECK(emitted.failures.empty());
    // In complete mode an epoch without rows leaves the result as it was.
    if (script.options.mode != OutputMode::complete || !epoch.in.empty()) last = to_lines(emitted.batch);
    out.push_back(last);
  }
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
    if (!script.served || script.epochs.empty()) continue;
    CAPTURE(entry.path().filename().string());
    std::vector<Lines> wanted;
    for (const Epoch& epoch : script.epochs) wanted.push_back(epoch.out);
    const bool refuses = !wanted[0].empty() && wanted[0][0].starts_with("error ");
    for (const Way way : {Way{false, false}, Way{true, false}, Way{false, true}}) {
      const std::vector<Lines> given = run(script, way);
      const bool is_refused = given[0].size() == 1 && given[0][0].starts_with("refused ");
      if (is_refused || refuses) {
        CHECK_MESSAGE(is_refused, "Spark refuses this: " << wanted[0][0]);
        if (!refuses && !way.restored && !way.row_by_row) ++refused;
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
