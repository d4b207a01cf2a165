#include "pipeline/scenario.h"

#include <charconv>
#include <map>

#include "base/text.h"
#include "errors/pipeline.h"

namespace streamops::pipeline {

namespace {

using Kind = ScenarioLine::Kind;

const std::map<std::string_view, Kind>& kinds() {
  static const std::map<std::string_view, Kind> all{
      {"in", Kind::in},           {"tombstone", Kind::tombstone}, {"---", Kind::settle},  {"out", Kind::out},
      {"gone", Kind::gone},       {"error", Kind::error},         {"table", Kind::table}, {"advance", Kind::advance},
      {"restart", Kind::restart}, {"crash", Kind::crash}};
  return all;
}

/// Cuts the next word off the front.
std::string_view take_word(std::string_view& text) {
  text = trim(text);
  const std::size_t end = std::min(text.find_first_of(" \t"), text.size());
  const std::string_view word = text.substr(0, end);
  text = trim(text.substr(end));
  return word;
}

/// A comment behind a line begins with two blanks and `# `, after the last brace of the record.
std::string_view without_comment(std::string_view line) {
  const std::size_t brace = line.rfind('}');
  const std::size_t from = brace == std::string_view::npos ? (line.starts_with("---") ? 3 : line.size()) : brace;
  const std::size_t comment = line.find("  # ", from);
  return comment == std::string_view::npos ? line : line.substr(0, comment);
}

class Parser {
 public:
  Parser(std::string_view text, const std::string& file) : text_(text), file_(file) {}

  Result<Scenario> parse() {
    scenario_.name = file_;
    scenario_.clock = parse_iso8601("2024-01-01T00:00:00Z").value();
    for (const std::string_view line : split(text_, '\n')) {
      ++number_;
      line_ = line;
      std::string_view rest = trim(without_comment(line));
      if (rest.empty() || rest.starts_with('#')) continue;
      STREAMOPS_RETURN_IF_ERROR(statement(rest));
    }
    if (scenario_.pipeline.empty()) return fail("a test names its pipeline: pipeline FILE");
    return std::move(scenario_);
  }

 private:
  Place place() const {
    const std::string_view shown = trim(line_);
    return {file_, number_, static_cast<std::uint32_t>(shown.data() - line_.data()) + 1, std::string(line_),
            std::max<std::uint32_t>(static_cast<std::uint32_t>(shown.size()), 1)};
  }

  Error fail(std::string message) const {
    return Error(errors::pipeline::bad_test_file, std::move(message)).with_place(place());
  }

  Result<void> statement(std::string_view rest) {
    const std::string_view word = take_word(rest);
    if (word == "pipeline") {
      scenario_.pipeline = rest;
      return Ok();
    }
    if (word == "clock") {
      STREAMOPS_ASSIGN(scenario_.clock, time(rest));
      return Ok();
    }
    const auto kind = kinds().find(word);
    if (kind == kinds().end()) return fail(fmt::format("`{}` begins no line of a test", word));
    ScenarioLine line{.kind = kind->second, .target = {}, .text = {}, .key = {}, .at = {}, .place = place()};
    if (kind->second == Kind::advance) {
      const Result<Microseconds> duration = parse_duration(rest);
      if (!duration) return fail(duration.error().message());
      line.advance = *duration;
    } else if (kind->second != Kind::settle && kind->second != Kind::restart && kind->second != Kind::crash) {
      line.target = take_word(rest);
      if (line.target.empty()) return fail(fmt::format("`{}` needs a name behind it", word));
      if (kind->second == Kind::in || kind->second == Kind::tombstone) STREAMOPS_RETURN_IF_ERROR(options(line, rest));
      line.text = rest;
    }
    scenario_.lines.push_back(std::move(line));
    return Ok();
  }

  Result<void> options(ScenarioLine& line, std::string_view& rest) {
    while (rest.starts_with("key=") || rest.starts_with("partition=") || rest.starts_with("at=")) {
      const std::string_view word = take_word(rest);
      const std::string_view value = word.substr(word.find('=') + 1);
      if (word.starts_with("key=")) {
        line.key = std::string(value);
      } else if (word.starts_with("at=")) {
        STREAMOPS_ASSIGN(line.at, time(value));
      } else if (std::from_chars(value.data(), value.data() + value.size(), line.partition).ec != std::errc()) {
        return fail(fmt::format("`{}` is no number of a partition", value));
      }
    }
    return Ok();
  }

  Result<WallTime> time(std::string_view text) const {
    const Result<WallTime> parsed = parse_iso8601(text);
    if (!parsed) return fail(parsed.error().message());
    return *parsed;
  }

  std::string_view text_;
  const std::string& file_;
  std::string_view line_;
  std::uint32_t number_ = 0;
  Scenario scenario_;
};

}  // namespace

Result<Scenario> parse_scenario(std::string_view text, const std::string& file) {
  return Parser(text, file).parse();
}

}  // namespace streamops::pipeline
