#include "import/sources.h"

#include <algorithm>

#include "errors/import.h"

namespace streamops::importer {

namespace {

int rank_of(const ProjectFile& file) {
  const auto has = [&](std::string_view word) { return file.text.find(word) != std::string::npos; };
  if (has("import airflow") || has("from airflow")) return 0;
  return has("pyspark") ? 1 : 2;
}

}  // namespace

std::pair<const ComposeFile*, const Service*> Sources::service(Role role) const {
  for (const ComposeFile& file : compose) {
    for (const Service& each : file.services) {
      if (role_of(each) == role) return {&file, &each};
    }
  }
  return {nullptr, nullptr};
}

const ProjectFile* Sources::file(const std::string& path) const {
  for (const ProjectFile& each : project.files) {
    if (each.path == path) return &each;
  }
  return nullptr;
}

void read_sources(Project project, Sources& into) {
  into.project = std::move(project);
  for (const ProjectFile* file : into.project.of(FileKind::environment))
    into.variables.merge(read_variables(file->text));
  for (const ProjectFile* file : into.project.of(FileKind::compose)) {
    Result<ComposeFile> compose = read_compose(file->text, file->path, into.variables);
    if (compose) {
      into.compose.push_back(std::move(*compose));
      continue;
    }
    const Place* place = compose.error().place();
    into.mistakes.emplace_back(Error(errors::import::bad_compose, "{}: {}", file->path, compose.error().message()),
                               Where{file->path, place == nullptr ? 1 : place->line});
  }
  std::vector<const ProjectFile*> files = into.project.of(FileKind::python);
  std::stable_sort(files.begin(), files.end(), [](const auto* a, const auto* b) { return rank_of(*a) < rank_of(*b); });
  for (const ProjectFile* file : files) {
    if (!file->was_utf8 && line_of(file->text, 1).find("coding") == std::string::npos &&
        line_of(file->text, 2).find("coding") == std::string::npos)
      into.mistakes.emplace_back(Error(errors::import::not_utf8, "{} is not UTF-8", file->path), Where{file->path, 1});
    into.scripts.push_back({file->path, python::parse(file->text)});
    if (into.scripts.back().module.mistakes.empty()) continue;
    const python::Mistake& first = into.scripts.back().module.mistakes[0];
    into.mistakes.emplace_back(Error(errors::import::not_python, "{}: {}", file->path, first.text),
                               Where{file->path, first.line});
  }
  Interpreter interpreter(into.scripts, into.facts);
  for (const Script& script : into.scripts) interpreter.run(script);
}

}  // namespace streamops::importer
