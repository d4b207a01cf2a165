// app/verb.h — what one verb of the command line is: a table entry with options, examples and a function. `--help`, the
// reference page and the parser come from the same entry; verbs/<name>.cc holds one each, verbs.cc lists them.
#pragma once

#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "app/terminal.h"
#include "base/result.h"

namespace streamops::app {

/// How the process ends. docs/reference/cli.md explains them; scripts rely on them.
enum class ExitCode : int {
  success = 0,
  failed = 1,    // the work was done and its answer is no: a test failed, a run failed
  user = 2,      // a mistake in the call, the file or the SQL
  external = 3,  // another system is unreachable or refuses
  system = 4,    // this machine: port, disk, memory, rights
  bug = 70,      // ours
  interrupted = 130
};
ExitCode exit_code_for(const Error& error);

struct OptionSpec {
  enum class Kind : std::uint8_t { flag, text, list };
  std::string name;  // "--data-dir"
  Kind kind = Kind::text;
  std::string value;  // what the help calls the value: "DIR"
  std::string help;
  std::string fallback;  // shown in the help; what Arguments::text gives when the option is absent
};

struct PositionalSpec {
  std::string name;  // "FILE"
  std::string help;
  bool required = false;
};

struct Example {
  std::string command;
  std::string meaning;
};

/// What a person wrote after the verb.
class Arguments {
 public:
  void add(const std::string& name, std::string value) { values_[name].push_back(std::move(value)); }
  void set_fallback(const std::string& name, std::string value) { fallbacks_[name] = std::move(value); }

  bool has(const std::string& name) const { return values_.contains(name); }
  /// The last value given, the option's fallback, or an empty text.
  std::string text(const std::string& name) const;
  std::vector<std::string> list(const std::string& name) const;

 private:
  std::map<std::string, std::vector<std::string>> values_;
  std::map<std::string, std::string> fallbacks_;
};

struct VerbSpec {
  std::string name;
  std::string summary;  // one line
  std::string details;  // a paragraph or two under the usage; may be empty
  std::vector<PositionalSpec> positionals;
  std::vector<OptionSpec> options;
  std::vector<Example> examples;
  std::function<ExitCode(const Arguments&, Terminal&)> run;
};

/// All verbs, in the order of the help.
std::span<const VerbSpec> all_verbs();

/// Parses and runs a command line. Returns the exit status.
int run_command_line(int argc, char** argv);

}  // namespace streamops::app
