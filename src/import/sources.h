// import/sources.h — a project, read: its files, scripts as trees, compose files, and what the scripts do.
#pragma once

#include <string>
#include <vector>

#include "import/compose.h"
#include "import/facts.h"
#include "import/interpreter.h"
#include "import/project.h"

namespace streamops::importer {

struct Sources {
  Project project;
  std::vector<Script> scripts;
  std::vector<ComposeFile> compose;
  Variables variables;  // of .env files
  Facts facts;
  std::vector<std::pair<Error, Where>> mistakes;  // files that cannot be read as what they are

  /// The service of that role, with its compose file; nulls when there is none.
  std::pair<const ComposeFile*, const Service*> service(Role role) const;
  const ProjectFile* file(const std::string& path) const;
};

/// Parses and walks through everything. DAGs come first, then Spark's scripts, then the others.
void read_sources(Project project, Sources& into);

}  // namespace streamops::importer
