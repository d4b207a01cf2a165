#include "pipeline/variables.h"

#include <cstdlib>

#include "base/text.h"
#include "errors/pipeline.h"
#include "runtime/disk.h"

namespace streamops::pipeline {

namespace {

constexpr int max_depth = 8;
constexpr std::size_t max_secret_bytes = 64 * 1024;
constexpr std::size_t max_table_bytes = 256 * 1024 * 1024;

Result<std::string> read_secret(const std::string& folder, const std::string& path) {
  const std::string full = path.starts_with('/') ? path : folder + path;
  Result<runtime::FilePtr> file = runtime::system_disk().open(full, runtime::OpenMode::read);
  if (!file) return file.error();
  if ((*file)->size() > max_secret_bytes) {
    return Error(errors::pipeline::unreadable_secret, "{} is larger than {} bytes", full, max_secret_bytes);
  }
  std::string text((*file)->size(), '\0');
  STREAMOPS_ASSIGN(const std::size_t size,
                   (*file)->read_at(0, {reinterpret_cast<std::uint8_t*>(text.data()), text.size()}));
  text.resize(size);
  if (text.ends_with('\n')) text.pop_back();
  if (text.ends_with('\r')) text.pop_back();
  return text;
}

Result<std::string> read_table_text(const std::string& folder, const std::string& path) {
  const std::string full = path.starts_with('/') ? path : folder + path;
  Result<runtime::FilePtr> file = runtime::system_disk().open(full, runtime::OpenMode::read);
  if (!file) return Error(errors::pipeline::unreadable_table, "{}", file.error().message());
  if ((*file)->size() > max_table_bytes) {
    return Error(errors::pipeline::unreadable_table, "{} has {} bytes, more than {}", full, (*file)->size(),
                 max_table_bytes);
  }
  std::string text((*file)->size(), '\0');
  STREAMOPS_ASSIGN(const std::size_t size,
                   (*file)->read_at(0, {reinterpret_cast<std::uint8_t*>(text.data()), text.size()}));
  text.resize(size);
  return text;
}

}  // namespace

Surroundings Surroundings::of_process(const std::string& pipeline_file) {
  const std::size_t slash = pipeline_file.rfind('/');
  const std::string folder = slash == std::string::npos ? "" : pipeline_file.substr(0, slash + 1);
  return {.environment =
              [](const std::string& name) {
                const char* value = std::getenv(name.c_str());
                return value == nullptr ? std::nullopt : std::optional<std::string>(value);
              },
          .read_file = [folder](const std::string& path) { return read_secret(folder, path); },
          .read_table = [folder](const std::string& path) { return read_table_text(folder, path); }};
}

bool has_reference(std::string_view text) {
  return text.find("${") != std::string_view::npos;
}

Result<std::string> Variables::expand(const yaml::Node& scalar) const {
  std::size_t offset = 0;
  Result<std::string> expanded = expand_text(scalar.text, 0, offset);
  if (expanded) return expanded;
  const std::size_t close = scalar.text.find('}', offset);
  const std::size_t width = (close == std::string::npos ? scalar.text.size() : close + 1) - offset;
  return expanded.error().with_place(document_.place_in(scalar, offset, static_cast<std::uint32_t>(width)));
}

Result<std::string> Variables::expand_text(std::string_view text, int depth, std::size_t& error_offset) const {
  std::string out;
  std::size_t at = 0;
  for (;;) {
    const std::size_t open = text.find("${", at);
    if (open == std::string_view::npos) return out + std::string(text.substr(at));
    if (open > at && text[open - 1] == '$') {  // $${ stands for ${
      out += std::string(text.substr(at, open - 1 - at)) + "${";
      at = open + 2;
      continue;
    }
    error_offset = open;
    out += text.substr(at, open - at);
    const std::size_t close = text.find('}', open);
    if (close == std::string_view::npos)
      return Error(errors::pipeline::bad_reference, "this ${{ has no closing brace{}", "");
    STREAMOPS_ASSIGN(const std::string value, value_of(text.substr(open + 2, close - open - 2), depth));
    out += value;
    at = close + 1;
  }
}

Result<std::string> Variables::value_of(std::string_view reference, int depth) const {
  const std::size_t colon = reference.find(':');
  if (colon == std::string_view::npos) return variable(trim(reference), depth);
  const std::string_view kind = reference.substr(0, colon);
  const std::string argument(reference.substr(colon + 1));
  if (argument.empty() || (kind != "env" && kind != "file")) {
    return Error(errors::pipeline::bad_reference, "${{{}}} is neither ${{name}} nor ${{env:NAME}} nor ${{file:path}}",
                 reference);
  }
  if (kind == "file") {
    Result<std::string> content = surroundings_.read_file(argument);
    if (content) return content;
    return Error(errors::pipeline::unreadable_secret, "${{file:{}}}: {}", argument, content.error().message());
  }
  if (std::optional<std::string> value = surroundings_.environment(argument)) return *value;
  if (!profile_.contains(argument)) {
    return Error(errors::pipeline::unset_variable, "the environment has no variable {}, nor has the profile", argument)
        .with_hint(fmt::format("set it: export {}=…, or name it under `variables` of a profile", argument));
  }
  return variable(argument, depth);
}

Result<std::string> Variables::variable(std::string_view name, int depth) const {
  const std::string wanted(name);
  const auto of_profile = profile_.find(wanted);
  const auto of_file = file_.find(wanted);
  if (of_profile == profile_.end() && of_file == file_.end()) {
    std::vector<std::string> known;
    for (const auto& [key, value] : file_) known.push_back(key);
    for (const auto& [key, value] : profile_) known.push_back(key);
    return Error(errors::pipeline::unset_variable, "there is no variable `{}`", wanted)
        .with_label(did_you_mean(wanted, std::span<const std::string>(known)));
  }
  if (depth == max_depth) {
    return Error(errors::pipeline::bad_reference, "the variable `{}` refers to itself", wanted);
  }
  std::size_t ignored = 0;
  return expand_text(of_profile != profile_.end() ? of_profile->second : of_file->second, depth + 1, ignored);
}

}  // namespace streamops::pipeline
