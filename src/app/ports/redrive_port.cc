#include "app/ports/redrive_port.h"

#include <charconv>

#include "base/json_writer.h"
#include "base/text.h"

namespace streamops::app {
namespace {

using Fate = pipeline::RedrivenLetter::Fate;

std::string_view to_string(Fate fate) {
  switch (fate) {
    case Fate::passed:
      return "passed";
    case Fate::failed_again:
      return "failed again";
    case Fate::redriven_too_often:
      return "redriven too often";
    case Fate::not_mended:
      return "not mended";
  }
  return "failed again";
}

/// "0:17,1:4".
std::string to_text(const std::vector<data::Position>& positions) {
  std::string text;
  for (const data::Position& one : positions) {
    text += fmt::format("{}{}:{}", text.empty() ? "" : ",", one.partition, one.next);
  }
  return text;
}

/// What to_text() wrote; anything else is left out.
std::vector<data::Position> to_positions(const std::string& text) {
  std::vector<data::Position> positions;
  for (const std::string_view piece : split(text, ',')) {
    data::Position one;
    const char* end = piece.data() + piece.size();
    const auto [colon, bad] = std::from_chars(piece.data(), end, one.partition);
    if (bad != std::errc() || colon == end) continue;
    if (std::from_chars(colon + 1, end, one.next).ec == std::errc()) positions.push_back(one);
  }
  return positions;
}

std::string to_json(const pipeline::RedriveOutcome& outcome) {
  JsonWriter json;
  json.begin_object().key("letters").begin_array();
  for (const pipeline::RedrivenLetter& letter : outcome.letters) {
    json.begin_object().field("letter", letter.identity).field("fate", to_string(letter.fate));
    json.field("code", letter.code).field("message", letter.message).field("rows", letter.rows).key("value");
    letter.value ? json.string(*letter.value) : json.null();
    json.end_object();
  }
  json.end_array().field("rows", outcome.rows).field("others", outcome.others).field("more", outcome.more);
  json.field("until", to_text(outcome.until)).field("from", to_text(outcome.next)).end_object();
  return std::move(json).text();
}

}  // namespace

void redrive(pipeline::Pipeline& pipeline, runtime::Loop& loop, const console::RedriveQuery& query,
             console::Done<std::string> done) {
  pipeline::RedriveRequest request;
  if (!query.fix.empty()) {
    Result<pipeline::LetterFix> fix = pipeline::LetterFix::compile(query.fix);
    if (!fix) return done(fix.error());
    request.fix = std::move(*fix);
  }
  request.dry_run = query.dry_run;
  request.most_redrives = query.most_redrives;
  request.until = to_positions(query.until);
  request.from = to_positions(query.from);
  loop.post([&pipeline, step = query.step, request = std::move(request), done = std::move(done)]() mutable {
    pipeline.redrive(step, std::move(request), [done](const Result<pipeline::RedriveOutcome>& outcome) {
      outcome ? done(to_json(*outcome)) : done(outcome.error());
    });
  });
}

}  // namespace streamops::app
