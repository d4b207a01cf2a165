// import/project.h — the files of a tutorial project: which there are, and their texts.
//
// Bounded in number, size and depth. Links are not followed, nor folders that hold no sources of the project (.git,
// node_modules, virtual environments). Texts that are not UTF-8 are read as Latin-1 and marked.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"

namespace streamops::importer {

enum class FileKind : std::uint8_t { python, compose, requirements, script, cql, environment, dockerfile };

struct ProjectFile {
  std::string path;  // relative to the folder, with slashes
  FileKind kind = FileKind::python;
  std::string text;  // UTF-8
  bool was_utf8 = true;
  bool executable = false;
};

/// A file that was there and not read.
struct SkippedFile {
  std::string path;
  std::string why;
};

struct ProjectLimits {
  std::size_t max_entries = 5000;          // looked at
  std::size_t max_files = 200;             // read
  std::size_t max_bytes = 1 << 20;         // of one file
  std::size_t max_total_bytes = 16 << 20;  // of all
  int max_depth = 6;
};

struct Project {
  std::string name;  // of the folder
  std::vector<ProjectFile> files;
  std::vector<SkippedFile> skipped;

  std::vector<const ProjectFile*> of(FileKind kind) const;
};

/// Errors: SO-I001 (no such folder, or none that can be read).
Result<Project> read_project(const std::string& folder, const ProjectLimits& limits = {});

/// The kind of a file by its name, or nothing for one that we do not read.
bool kind_of(const std::string& name, FileKind& kind);

/// Latin-1 as UTF-8.
std::string from_latin1(std::string_view text);

/// Line `number` (from 1) of a text, without its end.
std::string line_of(const std::string& text, std::uint32_t number);

}  // namespace streamops::importer
