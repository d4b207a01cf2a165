#include "pipeline/file.h"

#include <algorithm>
#include <numeric>
#include <tuple>

#include "base/text.h"
#include "errors/pipeline.h"
#include "pipeline/profile.h"
#include "pipeline/section_reader.h"
#include "pipeline/step_reader.h"
#include "runtime/disk.h"

namespace streamops::pipeline {

namespace {

TextMap raw_map(const yaml::Node& root, std::string_view key) {
  TextMap out;
  const yaml::Node* map = root.find(key);
  if (map == nullptr) return out;
  for (const yaml::Member& member : map->members) {
    if (member.value.kind == yaml::Kind::scalar) out[member.key.text] = member.value.text;
  }
  return out;
}

TestSpec read_test(Reading& reading, const yaml::Member& member) {
  const SectionReader section(reading, file_section("test"), member.value, "tests." + member.key.text);
  TestSpec test;
  test.name = member.key.text;
  test.node = &member.value;
  test.step = {section.text("of"), member.value.find("of")};
  test.clock = section.time("clock").value_or(WallTime{});
  test.given = section.located("given");
  if (member.value.find("expect") != nullptr) test.expect = section.located("expect");
  test.dead_letters = section.list("dead_letters");
  return test;
}

/// Names in `after` and in tests must be steps of the file.
void check_step_names(const PipelineFile& file, Reading& reading) {
  std::vector<std::string> tasks;
  tasks.reserve(file.tasks.size());
  for (const TaskFileSpec& task : file.tasks) tasks.push_back(task.name);
  std::vector<std::string> steps = tasks;
  for (const StreamFileSpec& stream : file.streams) steps.push_back(stream.name);
  const auto check = [&](const Located& name, const std::vector<std::string>& known, std::string_view what) {
    if (name.text.empty() || std::find(known.begin(), known.end(), name.text) != known.end()) return;
    reading.fail(*name.node, errors::pipeline::unknown_step,
                 fmt::format("there is no {} `{}` in this file", what, name.text),
                 did_you_mean(name.text, std::span<const std::string>(known)));
  };
  for (const TaskFileSpec& task : file.tasks) {
    for (const Located& name : task.after) check(name, tasks, "task");
  }
  for (const TestSpec& test : file.tests) check(test.step, steps, "task or stream");
}

/// Two steps may fill one topic or table only in one way.
void check_shared_sinks(const PipelineFile& file, Reading& reading) {
  std::vector<std::pair<std::string, const StepSpec*>> steps;
  steps.reserve(file.tasks.size() + file.streams.size());
  for (const TaskFileSpec& task : file.tasks) steps.emplace_back("tasks." + task.name, &task);
  for (const StreamFileSpec& stream : file.streams) steps.emplace_back("streams." + stream.name, &stream);
  for (std::size_t n = 0; n < steps.size(); ++n) {
    const std::optional<KafkaSinkSpec>& sink = steps[n].second->kafka_sink;
    for (std::size_t before = 0; sink && before < n; ++before) {
      const std::optional<KafkaSinkSpec>& other = steps[before].second->kafka_sink;
      if (!other || other->topic != sink->topic) continue;
      if (other->key == sink->key && other->format == sink->format && other->partitions == sink->partitions) continue;
      reading.fail(
          *steps[n].second->node, errors::pipeline::double_topic_owner,
          fmt::format("{} and {} write the topic {} in two ways", steps[before].first, steps[n].first, sink->topic));
    }
  }
  for (std::size_t n = 0; n < file.streams.size(); ++n) {
    const StreamFileSpec& stream = file.streams[n];
    for (std::size_t before = 0; before < n; ++before) {
      const StreamFileSpec& other = file.streams[before];
      if (stream.table.text.empty() || other.table.text != stream.table.text || other.create.text == stream.create.text)
        continue;
      reading.fail(*stream.node, errors::pipeline::double_topic_owner,
                   fmt::format("streams.{} and streams.{} create the table {} in two ways", other.name, stream.name,
                               stream.table.text));
    }
  }
}

PipelineFile read_root(const SectionReader& root, const std::string& profile) {
  PipelineFile file;
  file.profile = read_profiles(root, profile, file.profile_names);
  file.name = root.text("name");
  file.description = root.text("description");
  file.schedule = {root.text("schedule"), root.node().find("schedule")};
  file.time_zone = root.text("time_zone");
  root.map("variables");
  for (const yaml::Member* task : root.sections("tasks")) file.tasks.push_back(read_task(root.reading(), *task));
  for (const yaml::Member* stream : root.sections("streams"))
    file.streams.push_back(read_stream(root.reading(), *stream));
  for (const yaml::Member* test : root.sections("tests")) file.tests.push_back(read_test(root.reading(), *test));
  if (root.node().find("tasks") == nullptr && root.node().find("streams") == nullptr) {
    root.reading().fail(root.node(), errors::pipeline::nothing_to_do, "the file has neither `tasks` nor `streams`");
  }
  check_step_names(file, root.reading());
  check_shared_sinks(file, root.reading());
  return file;
}

}  // namespace

void sort_by_place(std::vector<Error>& errors) {
  const auto key = [&](std::size_t index) {
    const Place* place = errors[index].place();
    return std::tuple(place == nullptr, place == nullptr ? 0 : place->line, place == nullptr ? 0 : place->column,
                      index);
  };
  std::vector<std::size_t> order(errors.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return key(a) < key(b); });
  std::vector<Error> sorted;
  sorted.reserve(order.size());
  for (const std::size_t index : order) sorted.push_back(errors[index]);
  errors = std::move(sorted);
}

FileReading read_pipeline_file(std::string text, const std::string& file, const std::string& profile,
                               const Surroundings& surroundings) {
  FileReading out;
  Result<std::shared_ptr<const yaml::Document>> document = yaml::Document::parse(std::move(text), file);
  if (!document) {
    out.errors.push_back(document.error());
    return out;
  }
  const yaml::Node& root = (*document)->root();
  if (root.kind != yaml::Kind::mapping) {
    const Error error(errors::pipeline::wrong_kind, "a pipeline file is a mapping of keys to values, not {}",
                      to_string(root.kind));
    out.errors.push_back(error.with_place((*document)->place(root)));
    return out;
  }
  const Variables variables(**document, surroundings, raw_map(root, "variables"), profile_variables(root, profile));
  Reading reading{**document, &variables, out.errors};
  out.file = read_root(SectionReader(reading, file_section("file"), root, ""), profile);
  out.file.document = *document;
  sort_by_place(out.errors);
  return out;
}

Result<std::string> load_pipeline_text(const std::string& path) {
  Result<runtime::FilePtr> file = runtime::system_disk().open(path, runtime::OpenMode::read);
  if (!file) return Error(errors::pipeline::unreadable_file, "{}", file.error().message());
  if ((*file)->size() > yaml::Limits().max_bytes) {
    return Error(errors::pipeline::yaml_limit, "{} has {} bytes, more than {}", path, (*file)->size(),
                 yaml::Limits().max_bytes);
  }
  std::string text((*file)->size(), '\0');
  Result<std::size_t> size = (*file)->read_at(0, {reinterpret_cast<std::uint8_t*>(text.data()), text.size()});
  if (!size) return Error(errors::pipeline::unreadable_file, "{}", size.error().message());
  text.resize(*size);
  return text;
}

}  // namespace streamops::pipeline
