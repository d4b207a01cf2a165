#include "import/import.h"

#include "app/column_fits.h"
#include "app/verbs/verbs.h"
#include "base/text.h"
#include "errors/import.h"
#include "runtime/disk.h"

namespace streamops::app {
namespace {

/// An import writes over nothing unasked.
Result<void> may_write(const std::string& path, bool over) {
  if (!over && runtime::system_disk().exists(path))
    return Error(errors::import::file_exists, "{} is there already", path);
  return Ok();
}

void tell(const importer::Imported& imported, Terminal& terminal) {
  const std::string report = importer::report_text(imported);
  for (const std::string_view line : split(std::string_view(report).substr(0, report.size() - 1), '\n')) {
    const bool is_title = !line.starts_with(' ');
    terminal.print(is_title ? terminal.bold(line) : std::string(line));
  }
}

ExitCode fail(const Error& error, Terminal& terminal) {
  terminal.fail(error);
  return exit_code_for(error);
}

std::string count(std::size_t n, std::string_view what) {
  return fmt::format("{} {}{}", n, what, n == 1 ? "" : "s");
}

ExitCode import(const Arguments& arguments, Terminal& terminal) {
  const std::string path = arguments.text("-o");
  const bool to_output = path == "-";
  if (!to_output) {
    if (const Result<void> may = may_write(path, arguments.has("--force")); !may) return fail(may.error(), terminal);
  }
  const importer::ImportOptions options{to_output ? "pipeline.yaml" : path, cassandra_column_fits()};
  const Result<importer::Imported> imported = importer::import_project(arguments.text("DIR"), options);
  if (!imported) return fail(imported.error(), terminal);
  const bool json = arguments.has("--json");
  if (json) {
    terminal.print(importer::report_json(*imported));
  } else if (to_output && !imported->failure) {
    terminal.print(std::string_view(imported->text).substr(0, imported->text.size() - 1));
  } else {
    tell(*imported, terminal);
  }
  if (imported->failure) return fail(*imported->failure, terminal);
  if (to_output) return ExitCode::success;
  const Result<void> written = runtime::system_disk().replace_file(path, as_bytes(imported->text));
  if (!written) return fail(written.error(), terminal);
  const importer::PipelineDraft& draft = imported->draft;
  if (!json)
    terminal.print(fmt::format("{}: {}, {}, checked", path, count(draft.tasks.size(), "task"),
                               count(draft.streams.size(), "stream")));
  return ExitCode::success;
}

}  // namespace

VerbSpec import_verb() {
  return {
      .name = "import",
      .summary = "Make a pipeline file of a project for Airflow, Kafka, Spark and Cassandra",
      .details =
          "Reads the compose file, the DAG and the scripts in DIR, runs nothing of them, and writes a pipeline file "
          "that has passed `check`. Says what it took over, what it could not, and the traps that it met. What the "
          "project does not say is left out, never made up; passwords and keys become ${env:...}.",
      .positionals = {{"DIR", "the project's folder", true}},
      .options = {{"-o", OptionSpec::Kind::text, "FILE", "where the pipeline file goes; - for standard output",
                   "pipeline.yaml"},
                  {"--force", OptionSpec::Kind::flag, {}, "write over a file that is there", {}},
                  json_option()},
      .examples = {{"streamops import ~/e2e-data-engineering", "writes pipeline.yaml here"},
                   {"streamops import . -o users.yaml", "under another name"},
                   {"streamops import . -o - --json", "for a script: everything in one document, and no file written"}},
      .run = import};
}

}  // namespace streamops::app
