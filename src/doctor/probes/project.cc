// Probes of the pipeline file, and of what else of a project lies beside it.
#include "doctor/probes/connection.h"
#include "errors/doctor.h"

namespace streamops::doctor {
namespace {

using namespace errors::doctor;

Verdict mistakes(const Subject& subject) {
  Verdict verdict = Verdict::fine("checked");
  for (const Error& error : subject.targets.mistakes) verdict.problem(error);
  return verdict;
}

Verdict executable(const Subject& subject) {
  const auto& scripts = subject.facts.project.scripts;
  if (scripts.empty()) return Verdict::skip("nothing of it lies beside the file");
  Verdict verdict = Verdict::fine("executable");
  for (const ScriptFacts& script : scripts) {
    if (!script.executable)
      verdict.warning(Error(script_not_executable, "{} is not executable", script.path), script.path);
  }
  return verdict;
}

Verdict line_ends(const Subject& subject) {
  const auto& scripts = subject.facts.project.scripts;
  if (scripts.empty()) return Verdict::skip("nothing of it lies beside the file");
  Verdict verdict = Verdict::fine("LF");
  for (const ScriptFacts& script : scripts) {
    if (script.carriage_returns)
      verdict.warning(Error(script_line_ends, "{} has lines that end in CR LF", script.path), script.path);
  }
  return verdict;
}

/// Points at the line of the compose file.
Error at_image(const Error& error, const ImageFacts& image) {
  const std::size_t at = image.source_line.find(image.image);
  return error.with_place({image.path, static_cast<std::uint32_t>(image.line),
                           static_cast<std::uint32_t>(at == std::string::npos ? 1 : at + 1), image.source_line,
                           static_cast<std::uint32_t>(image.image.size())});
}

bool is_pinned(const std::string& image) {
  if (image.find("${") != std::string::npos || image.find('@') != std::string::npos) return true;
  const std::size_t colon = image.find(':', image.rfind('/') == std::string::npos ? 0 : image.rfind('/'));
  return colon != std::string::npos && image.substr(colon + 1) != "latest";
}

Verdict withdrawn(const Subject& subject) {
  const auto& images = subject.facts.project.images;
  if (images.empty()) return Verdict::skip("nothing of it lies beside the file");
  Verdict verdict = Verdict::fine("none is known to be gone");
  for (const ImageFacts& image : images) {
    const bool is_gone = image.image.starts_with("bitnami/") || image.image.starts_with("docker.io/bitnami/");
    if (is_gone)
      verdict.warning(at_image(Error(image_withdrawn, "{} was withdrawn in 2025", image.image), image), image.image);
  }
  return verdict;
}

Verdict pinned(const Subject& subject) {
  const auto& images = subject.facts.project.images;
  if (images.empty()) return Verdict::skip("nothing of it lies beside the file");
  Verdict verdict = Verdict::fine("every image has a version");
  for (const ImageFacts& image : images) {
    if (!is_pinned(image.image))
      verdict.warning(at_image(Error(image_unpinned, "{} names no version", image.image), image), image.image);
  }
  return verdict;
}

constexpr Probe of_the_file[] = {
    {"file.check", "Pipeline file", "the file has no mistakes, its variables and secrets have values",
     "SO-P017 and the other codes of `check`", Proof::reproduced, mistakes},
};
constexpr Probe of_the_project[] = {
    {"project.executable", "Project", "start scripts are executable", "SO-D541", Proof::reproduced, executable},
    {"project.line_ends", "Project", "start scripts have Unix line ends", "SO-D542", Proof::reproduced, line_ends},
    {"project.withdrawn", "Project", "images of the compose file still exist", "SO-D543", Proof::reproduced, withdrawn},
    {"project.pinned", "Project", "images of the compose file have versions", "SO-D544", Proof::reproduced, pinned},
};

}  // namespace

std::span<const Probe> file_probes() {
  return of_the_file;
}

std::span<const Probe> project_probes() {
  return of_the_project;
}

}  // namespace streamops::doctor
