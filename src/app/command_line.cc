// Turns the table of verbs into a parser (CLI11), and runs the verb that was called.
#include <CLI/CLI.hpp>

#include "app/verb.h"
#include "app/version.h"
#include "base/text.h"
#include "errors/app.h"

namespace streamops::app {
namespace {

std::string footer_of(const VerbSpec& verb) {
  std::string text;
  if (!verb.details.empty()) text += verb.details + "\n";
  if (!verb.examples.empty()) text += "\nExamples:\n";
  for (const Example& example : verb.examples)
    text += fmt::format("  {}\n      {}\n", example.command, example.meaning);
  return text;
}

/// Where CLI11 leaves what it parsed, one a verb.
struct Parsed {
  CLI::App* app = nullptr;
  std::map<std::string, std::vector<std::string>> values;
  std::map<std::string, bool> flags;
};

void add_verb(CLI::App& root, const VerbSpec& verb, Parsed& parsed) {
  parsed.app = root.add_subcommand(verb.name, verb.summary);
  parsed.app->footer(footer_of(verb));
  for (const PositionalSpec& positional : verb.positionals) {
    CLI::Option* option = parsed.app->add_option(positional.name, parsed.values[positional.name], positional.help);
    option->expected(1)->allow_extra_args(false)->required(positional.required);
  }
  for (const OptionSpec& option : verb.options) {
    const std::string help = option.fallback.empty() ? option.help : option.help + " [" + option.fallback + "]";
    if (option.kind == OptionSpec::Kind::flag) {
      parsed.app->add_flag(option.name, parsed.flags[option.name], help);
    } else {
      CLI::Option* added = parsed.app->add_option(option.name, parsed.values[option.name], help);
      added->type_name(option.value)->expected(1);
      added->multi_option_policy(option.kind == OptionSpec::Kind::list ? CLI::MultiOptionPolicy::TakeAll
                                                                       : CLI::MultiOptionPolicy::TakeLast);
    }
  }
}

Arguments to_arguments(const VerbSpec& verb, const Parsed& parsed) {
  Arguments arguments;
  for (const OptionSpec& option : verb.options) {
    if (!option.fallback.empty()) arguments.set_fallback(option.name, option.fallback);
  }
  for (const auto& [name, values] : parsed.values) {
    for (const std::string& value : values) arguments.add(name, value);
  }
  for (const auto& [name, given] : parsed.flags) {
    if (given) arguments.add(name, "true");
  }
  return arguments;
}

/// A wrong call, told with the nearest right word.
Error usage_error(const CLI::ParseError& failure, const std::vector<std::string>& words, const VerbSpec* verb) {
  std::vector<std::string> candidates;
  if (verb == nullptr) {
    for (const VerbSpec& known : all_verbs()) candidates.push_back(known.name);
  } else {
    for (const OptionSpec& option : verb->options) candidates.push_back(option.name);
  }
  std::string label;
  for (const std::string& word : words) {
    const bool is_known = std::find(candidates.begin(), candidates.end(), word) != candidates.end();
    if (label.empty() && !is_known && (verb == nullptr || word.starts_with("--")))
      label = did_you_mean(word, candidates);
  }
  const std::string help = verb == nullptr ? "streamops --help" : "streamops " + verb->name + " --help";
  return Error(errors::app::usage, "{}", failure.what())
      .with_label(label)
      .with_hint(help + " shows what can be written");
}

}  // namespace

std::string Arguments::text(const std::string& name) const {
  if (const auto found = values_.find(name); found != values_.end()) return found->second.back();
  const auto fallback = fallbacks_.find(name);
  return fallback == fallbacks_.end() ? std::string() : fallback->second;
}

std::vector<std::string> Arguments::list(const std::string& name) const {
  const auto found = values_.find(name);
  return found == values_.end() ? std::vector<std::string>() : found->second;
}

ExitCode exit_code_for(const Error& error) {
  switch (error.blame()) {
    case Blame::user:
      return ExitCode::user;
    case Blame::external:
      return ExitCode::external;
    case Blame::system:
      return ExitCode::system;
    case Blame::bug:
      return ExitCode::bug;
  }
  return ExitCode::bug;
}

int run_command_line(int argc, char** argv) {
  // Before anything else is set up: scripts ask for it a lot.
  if (argc == 2 && std::string_view(argv[1]) == "--version") {
    std::printf("%s\n", version_line().c_str());
    return 0;
  }
  CLI::App root{
      "StreamOps: REST API -> Kafka -> Spark SQL -> Cassandra, scheduled, in one process.\n"
      "Start with: streamops up"};
  root.name("streamops");
  root.require_subcommand(1);
  root.set_version_flag("--version", version_line());
  root.footer("Every error has a code; `streamops explain CODE` says more.");
  const std::span<const VerbSpec> verbs = all_verbs();
  std::vector<Parsed> parsed(verbs.size());
  for (std::size_t i = 0; i < verbs.size(); ++i) add_verb(root, verbs[i], parsed[i]);
  Terminal terminal;
  try {
    root.parse(argc, argv);
  } catch (const CLI::ParseError& failure) {
    if (failure.get_exit_code() == 0) return root.exit(failure);  // --help, --version
    const VerbSpec* called = nullptr;
    for (std::size_t i = 0; i < verbs.size(); ++i) {
      if (parsed[i].app->parsed()) called = &verbs[i];
    }
    const Error error = usage_error(failure, {argv + 1, argv + argc}, called);
    terminal.fail(error);
    return static_cast<int>(exit_code_for(error));
  }
  for (std::size_t i = 0; i < verbs.size(); ++i) {
    if (parsed[i].app->parsed()) return static_cast<int>(verbs[i].run(to_arguments(verbs[i], parsed[i]), terminal));
  }
  return static_cast<int>(ExitCode::user);
}

}  // namespace streamops::app
