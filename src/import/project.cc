#include "import/project.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>

#include "base/text.h"
#include "errors/import.h"

namespace streamops::importer {

namespace {

namespace fs = std::filesystem;

constexpr std::array<std::string_view, 12> not_ours{".git",  "node_modules", "venv", ".venv", "env",   "__pycache__",
                                                    ".idea", ".vscode",      ".tox", "logs",  "build", "site-packages"};

class Reader {
 public:
  Reader(fs::path root, const ProjectLimits& limits) : root_(std::move(root)), limits_(limits) {}

  Result<Project> read() {
    std::error_code failed;
    if (!fs::is_directory(root_, failed)) return Error(errors::import::no_folder, "{} is not a folder", root_.string());
    project_.name = fs::weakly_canonical(root_, failed).filename().string();
    STREAMOPS_RETURN_IF_ERROR(folder(root_, 0));
    std::sort(project_.files.begin(), project_.files.end(),
              [](const auto& a, const auto& b) { return a.path < b.path; });
    return std::move(project_);
  }

 private:
  Result<void> folder(const fs::path& path, int depth) {
    std::error_code failed;
    std::vector<fs::directory_entry> entries;
    for (fs::directory_iterator each(path, failed), end; !failed && each != end; each.increment(failed)) {
      if (++looked_at_ > limits_.max_entries) break;
      entries.push_back(*each);
    }
    if (failed && depth == 0)
      return Error(errors::import::no_folder, "cannot read {}: {}", path.string(), failed.message());
    std::sort(entries.begin(), entries.end());
    for (const fs::directory_entry& entry : entries) {
      const std::string name = entry.path().filename().string();
      const fs::file_status status = entry.symlink_status(failed);
      if (fs::is_symlink(status)) {
        FileKind kind{};
        if (kind_of(name, kind)) project_.skipped.push_back({relative(entry.path()), "a link"});
      } else if (fs::is_directory(status)) {
        const bool skips = std::find(not_ours.begin(), not_ours.end(), name) != not_ours.end();
        if (!skips && depth < limits_.max_depth) STREAMOPS_RETURN_IF_ERROR(folder(entry.path(), depth + 1));
      } else if (fs::is_regular_file(status)) {
        file(entry.path(), name, status);
      }
    }
    return Ok();
  }

  std::string relative(const fs::path& path) const { return path.lexically_relative(root_).generic_string(); }

  void file(const fs::path& path, const std::string& name, const fs::file_status& status) {
    ProjectFile file;
    if (!kind_of(name, file.kind)) return;
    file.path = relative(path);
    std::error_code failed;
    const std::uintmax_t size = fs::file_size(path, failed);
    const bool too_many = project_.files.size() >= limits_.max_files || total_ + size > limits_.max_total_bytes;
    if (failed || size > limits_.max_bytes || too_many) {
      const std::string why = failed     ? failed.message()
                              : too_many ? "the project has more than we read"
                                         : fmt::format("{} bytes are too many", size);
      project_.skipped.push_back({file.path, why});
      return;
    }
    std::ifstream in(path, std::ios::binary);
    std::string text(static_cast<std::size_t>(size), '\0');
    in.read(text.data(), static_cast<std::streamsize>(size));
    if (!in && size > 0) {
      project_.skipped.push_back({file.path, "it cannot be read"});
      return;
    }
    total_ += text.size();
    file.was_utf8 = is_utf8(text);
    file.text = file.was_utf8 ? std::move(text) : from_latin1(text);
    file.executable = (status.permissions() & fs::perms::owner_exec) != fs::perms::none;
    project_.files.push_back(std::move(file));
  }

  fs::path root_;
  const ProjectLimits& limits_;
  Project project_;
  std::size_t looked_at_ = 0;
  std::size_t total_ = 0;
};

}  // namespace

std::vector<const ProjectFile*> Project::of(FileKind kind) const {
  std::vector<const ProjectFile*> found;
  for (const ProjectFile& file : files) {
    if (file.kind == kind) found.push_back(&file);
  }
  return found;
}

bool kind_of(const std::string& name, FileKind& kind) {
  const std::string lower = to_lower(name);
  const bool is_yaml = lower.ends_with(".yml") || lower.ends_with(".yaml");
  if (lower.ends_with(".py")) return kind = FileKind::python, true;
  if (is_yaml && (lower.starts_with("docker-compose") || lower.starts_with("compose")))
    return kind = FileKind::compose, true;
  if (lower.starts_with("requirements") && lower.ends_with(".txt")) return kind = FileKind::requirements, true;
  if (lower.ends_with(".sh")) return kind = FileKind::script, true;
  if (lower.ends_with(".cql")) return kind = FileKind::cql, true;
  if (lower == ".env" || lower.ends_with(".env")) return kind = FileKind::environment, true;
  if (lower.starts_with("dockerfile")) return kind = FileKind::dockerfile, true;
  return false;
}

Result<Project> read_project(const std::string& folder, const ProjectLimits& limits) {
  return Reader(fs::path(folder), limits).read();
}

std::string from_latin1(std::string_view text) {
  std::string out;
  for (const char c : text) append_utf8(out, static_cast<unsigned char>(c));
  return out;
}

std::string line_of(const std::string& text, std::uint32_t number) {
  std::size_t at = 0;
  for (std::uint32_t line = 1; line < number; ++line) {
    const std::size_t end = text.find('\n', at);
    if (end == std::string::npos) return {};
    at = end + 1;
  }
  std::string line = text.substr(at, text.find('\n', at) - at);
  if (line.ends_with('\r')) line.pop_back();
  return line;
}

}  // namespace streamops::importer
