#include "app/progress.h"

namespace streamops::app {
namespace {

std::string line_of(const pipeline::PipelineStatus& status) {
  std::string line;
  for (const pipeline::TaskStatus& run : status.runs) {
    if (run.state != pipeline::TaskRunState::running) continue;
    line += fmt::format("{}: {} polls, {} records to {}   ", run.name, run.polls, run.rows_out, run.topic);
  }
  for (const pipeline::StreamStatus& stream : status.streams) {
    line += fmt::format("{}: {} rows in {}", stream.name, stream.rows_out, stream.table);
    if (stream.poison > 0) line += fmt::format(", {} dead letters", stream.poison);
    if (stream.trouble) line += fmt::format(" [{}]", stream.trouble->to_line());
    line += "   ";
  }
  return line;
}

}  // namespace

std::optional<Microseconds> Progress::interval() const {
  if (pipeline_ == nullptr) return std::nullopt;
  return terminal_.is_interactive() ? Milliseconds{500} : Milliseconds{1000};
}

void Progress::show() {
  if (pipeline_ == nullptr) return;
  const pipeline::PipelineStatus status = pipeline_->status();
  tell_changes(status);
  std::string line = line_of(status);
  if (line == last_line_) return;
  last_line_ = std::move(line);
  terminal_.progress(last_line_, false);
}

void Progress::finish() {
  if (pipeline_ != nullptr) terminal_.progress(line_of(pipeline_->status()), true);
}

void Progress::tell_changes(const pipeline::PipelineStatus& status) {
  std::string& opening = told_["opening"];
  const std::string opens = status.opening ? status.opening->to_line() : std::string();
  if (opens != opening) terminal_.note(opens.empty() ? "topics: goes on" : "topics: waiting: " + opens);
  opening = opens;
  for (const pipeline::TaskStatus& run : status.runs) {
    std::string& told = told_["run " + run.name + run.run];
    std::string now = fmt::format("{} {}", run.name, to_string(run.state));
    if (told == now) continue;
    told = now;
    terminal_.note(fmt::format("{} ({}): {} polls, {} records{}", now, run.run, run.polls, run.rows_out,
                               run.trouble ? ", " + run.trouble->to_line() : std::string()));
  }
  for (const pipeline::StreamStatus& stream : status.streams) {
    std::string& told = told_["stream " + stream.name];
    const std::string now = stream.trouble ? stream.trouble->to_line() : std::string();
    if (told != now && !now.empty()) terminal_.note(fmt::format("{}: {}", stream.name, now));
    if (told != now && now.empty()) terminal_.note(fmt::format("{}: goes on", stream.name));
    told = now;
  }
}

}  // namespace streamops::app
