#include "import/write.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/json_writer.h"
#include "base/text.h"

namespace streamops::importer {

namespace {

/// A value on one line: as it is where YAML cannot take it for something else, else in quotes.
std::string scalar(const std::string& text) {
  const auto plain = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; };
  const auto fits = [&](char c) { return plain(c) || (c >= '0' && c <= '9') || c == '.' || c == '-'; };
  const std::string lower = to_lower(text);
  const bool is_word = lower == "true" || lower == "false" || lower == "null" || lower == "yes" || lower == "no" ||
                       lower == "on" || lower == "off";
  if (!text.empty() && plain(text[0]) && !is_word && std::all_of(text.begin(), text.end(), fits)) return text;
  std::string out;
  append_json_string(out, text);
  return out;
}

/// Comments are one line each, whatever they quote.
std::string one_line(const std::string& text) {
  std::string out;
  for (const char c : text) out += static_cast<unsigned char>(c) < 0x20 || c == 0x7F ? ' ' : c;
  return out;
}

/// Without the characters that YAML does not take: C1 controls, byte order marks and their kin.
std::string printable(const std::string& text) {
  std::string out;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const std::string_view rest = std::string_view(text).substr(at);
    const bool control = rest.size() > 1 && rest[0] == '\xC2' && static_cast<unsigned char>(rest[1]) < 0xA0;
    const bool mark =
        rest.starts_with("\xEF\xBB\xBF") || rest.starts_with("\xEF\xBF\xBE") || rest.starts_with("\xEF\xBF\xBF");
    const bool separator = rest.starts_with("\xE2\x80\xA8") || rest.starts_with("\xE2\x80\xA9");
    if (control || mark || separator || text[at] == '\x7F' || text[at] == '\r' || text[at] == '\0') {
      out += "\xEF\xBF\xBD";
      at += control ? 1 : mark || separator ? 2 : 0;
    } else {
      out += text[at];
    }
  }
  return out;
}

class Writer {
 public:
  void line(int depth, const std::string& text) {
    out_ += text.empty() ? "\n" : std::string(static_cast<std::size_t>(depth) * 2, ' ') + text + "\n";
    ++lines_;
  }

  /// A comment, broken at blanks.
  void comment(int depth, const std::string& text, const std::string& hang = "") {
    std::string rest = one_line(text);
    const std::size_t room = 116 - static_cast<std::size_t>(depth) * 2;
    std::string prefix = "# ";
    while (!rest.empty()) {
      std::size_t cut = rest.size();
      if (prefix.size() + cut > room) {
        cut = rest.rfind(' ', room - prefix.size());
        if (cut == std::string::npos || cut == 0) cut = std::min(rest.find(' '), rest.size());
      }
      line(depth, prefix + rest.substr(0, cut));
      rest.erase(0, std::min(rest.size(), cut + 1));
      prefix = "# " + hang;
    }
  }

  void block(int depth, const std::string& key, const std::string& text) {
    line(depth, key + ": |");
    for (const std::string_view each : split(text, '\n')) line(depth + 1, std::string(each));
  }

  std::uint32_t lines() const { return lines_; }
  std::string take() { return std::move(out_); }

 private:
  std::string out_;
  std::uint32_t lines_ = 0;
};

void map(Writer& out, int depth, const std::string& key, const std::map<std::string, std::string>& values) {
  if (values.empty()) return;
  out.line(depth, key + ":");
  for (const auto& [name, value] : values) out.line(depth + 1, scalar(name) + ": " + scalar(value));
}

void head_of_step(Writer& out, const StepDraft& step) {
  out.line(1, step.name + ":");
  out.comment(2, "From " + step.where.to_text() + ".");
  for (const std::string& comment : step.comments) out.comment(2, comment);
}

void schema_and_select(Writer& out, const StepDraft& step) {
  if (!step.schema_comment.empty()) out.comment(3, step.schema_comment);
  out.block(3, "schema", step.schema);
  out.block(2, "select", step.select);
}

void kafka_sink(Writer& out, const std::string& topic, const std::string& key) {
  out.line(3, fmt::format("kafka: {{ topic: {}{}, format: json }}", scalar(topic),
                          key.empty() ? "" : ", key: " + scalar(key)));
}

void write_task(Writer& out, const TaskDraft& task) {
  head_of_step(out, task);
  out.line(2, "source:");
  out.line(3, "http:");
  out.line(4, "url: " + scalar(task.url));
  if (task.every) out.line(4, "every: " + to_duration(*task.every));
  if (task.duration) out.line(4, "for: " + to_duration(*task.duration));
  map(out, 4, "query", task.query);
  map(out, 4, "headers", task.headers);
  if (task.timeout && *task.timeout > 0) out.line(4, "timeout: " + to_duration(*task.timeout));
  if (task.unverified) out.line(4, "tls: { verify: false }");
  schema_and_select(out, task);
  out.line(2, "sink:");
  kafka_sink(out, task.topic, task.key);
  if (!task.after.empty()) out.line(2, "after: [" + join(task.after, ", ") + "]");
  if (task.retries) out.line(2, fmt::format("retries: {}", *task.retries));
  if (task.retries && task.retry_delay && *task.retry_delay > 0)
    out.line(2, "retry_delay: " + to_duration(*task.retry_delay));
}

void write_stream(Writer& out, const StreamDraft& stream) {
  head_of_step(out, stream);
  out.line(2, "source:");
  out.line(3, fmt::format("kafka: {{ topic: {}, format: json{} }}", scalar(stream.topic),
                          stream.start == "latest" ? ", start: latest" : ""));
  schema_and_select(out, stream);
  out.line(2, "sink:");
  if (!stream.sink_topic.empty()) {
    kafka_sink(out, stream.sink_topic, stream.sink_key);
    return;
  }
  out.line(3, "cassandra:");
  out.line(4, "table: " + scalar(stream.table));
  for (const std::string& comment : stream.create_comments) out.comment(4, comment);
  std::string create;
  for (const std::string& statement : stream.create) create += (create.empty() ? "" : "\n") + statement + ";";
  out.block(4, "create", create);
}

void write_profile(Writer& out, const ProfileDraft& real) {
  out.line(0, "");
  out.line(0, "profiles:");
  out.comment(1, real.from_compose ? "The systems of the compose file, seen from the machine that runs its containers."
                                   : "The systems that the scripts connect to.");
  out.line(1, "real:");
  if (!real.bootstrap.empty()) {
    std::string line = "kafka: { bootstrap: " + scalar(real.bootstrap);
    if (!real.sasl.empty())
      line += fmt::format(", sasl: {}, username: {}, password: {}", real.sasl, scalar(real.kafka_username),
                          scalar(real.kafka_password));
    out.line(2, line + (real.kafka_tls ? ", tls: {} }" : " }"));
  }
  if (!real.contact_points.empty()) {
    std::vector<std::string> points;
    points.reserve(real.contact_points.size());
    for (const std::string& point : real.contact_points) points.push_back(scalar(point));
    std::string line = "cassandra: { contact_points: [" + join(points, ", ") + "]";
    if (!real.cassandra_username.empty())
      line +=
          fmt::format(", username: {}, password: {}", scalar(real.cassandra_username), scalar(real.cassandra_password));
    out.line(2, line + " }");
  }
  out.line(2, "scheduler: true  # false where Airflow goes on running the DAG");
}

void write_head(Writer& out, const PipelineDraft& draft, const std::string& project, const std::string& file) {
  out.comment(0, fmt::format("Imported from the project {}.", project));
  out.line(0, "#");
  out.line(0, fmt::format("#   streamops up {}                   everything in one process", file));
  if (!draft.real.bootstrap.empty() || !draft.real.contact_points.empty())
    out.line(0, fmt::format("#   streamops up {} --profile real    with the project's Kafka and Cassandra", file));
  if (draft.left.empty()) return;
  out.line(0, "#");
  out.line(0, "# Not taken over:");
  for (const Left& each : draft.left) {
    const std::string place = each.where.file.empty() ? "" : " (" + each.where.to_text() + ")";
    out.comment(0, fmt::format("- {}{}: {}.", each.what, place, each.advice), "  ");
  }
}

}  // namespace

WrittenFile write_file(const PipelineDraft& draft, const std::string& project, const std::string& file) {
  Writer out;
  WrittenFile written;
  write_head(out, draft, project, file);
  out.line(0, "name: " + scalar(draft.name));
  if (!draft.description.empty()) out.line(0, "description: " + scalar(draft.description));
  if (!draft.schedule.empty()) out.line(0, "schedule: " + scalar(draft.schedule));
  if (!draft.time_zone.empty()) out.line(0, "time_zone: " + scalar(draft.time_zone));
  for (std::size_t i = 0; i < draft.tasks.size(); ++i) {
    out.line(0, "");
    if (i == 0) out.line(0, "tasks:");
    const std::uint32_t first = out.lines() + 1;
    write_task(out, draft.tasks[i]);
    written.steps.push_back({draft.tasks[i].name, true, first, out.lines()});
  }
  for (std::size_t i = 0; i < draft.streams.size(); ++i) {
    out.line(0, "");
    if (i == 0) out.line(0, "streams:");
    const std::uint32_t first = out.lines() + 1;
    write_stream(out, draft.streams[i]);
    written.steps.push_back({draft.streams[i].name, false, first, out.lines()});
  }
  if (!draft.real.bootstrap.empty() || !draft.real.contact_points.empty()) write_profile(out, draft.real);
  written.text = printable(out.take());
  return written;
}

std::vector<std::string> variables_to_set(const std::string& text) {
  std::set<std::string> names;
  for (std::size_t at = text.find("${env:"); at != std::string::npos; at = text.find("${env:", at + 1)) {
    const std::size_t end = text.find('}', at);
    if (end == std::string::npos) break;
    const std::string name = text.substr(at + 6, end - at - 6);
    if (name != "USERS_API") names.insert(name);
  }
  return {names.begin(), names.end()};
}

}  // namespace streamops::importer
