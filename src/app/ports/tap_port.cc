#include "app/ports/tap_port.h"

#include "base/json_writer.h"
#include "base/text.h"
#include "errors/pipeline.h"

namespace streamops::app {
namespace {

std::string to_json(const pipeline::TapAnswer& answer) {
  JsonWriter json;
  json.begin_object().field("tap", answer.tap).key("rows").begin_array();
  for (const std::string& row : answer.rows) json.raw(row);
  json.end_array().field("passed", answer.passed).field("dropped", answer.dropped).end_object();
  return std::move(json).text();
}

}  // namespace

void tap(pipeline::Pipeline& pipeline, runtime::Loop& loop, const console::TapQuery& query,
         console::Done<std::string> done) {
  const std::optional<pipeline::Edge> edge = pipeline::parse_edge(query.edge.empty() ? "select" : query.edge);
  if (!edge) {
    return done(Error(errors::pipeline::no_tap, "a stream has no edge {}", query.edge)
                    .with_label(did_you_mean(query.edge, pipeline::edge_names)));
  }
  loop.post([&pipeline, stream = query.stream, request = pipeline::TapRequest{*edge, query.where, query.tap},
             done = std::move(done)] {
    const Result<pipeline::TapAnswer> answer = pipeline.tap(stream, request);
    answer ? done(to_json(*answer)) : done(answer.error());
  });
}

}  // namespace streamops::app
