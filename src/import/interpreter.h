// import/interpreter.h — walks through a script as Python would, with values that are not known standing for
// themselves.
//
// A loop's body is walked once, both branches of an `if` are, calls of the project's own functions are followed;
// calls into libraries go to tables (library.h) that note what they mean. Nothing is executed, nothing outside of the
// project's texts is looked at. Steps and depth are bounded: any text ends.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "import/facts.h"
#include "import/python.h"

namespace streamops::importer {

struct Scope {
  std::map<std::string, ValuePtr, std::less<>> names;
  std::shared_ptr<Scope> parent;
  std::string file;
};
using ScopePtr = std::shared_ptr<Scope>;

/// A script of the project.
struct Script {
  std::string file;  // relative path
  python::Module module;
};

class Interpreter {
 public:
  /// Both outlive it.
  Interpreter(const std::vector<Script>& scripts, Facts& facts) : scripts_(scripts), facts_(facts) {}

  /// Walks through one script as `python FILE` would.
  void run(const Script& script);

  ValuePtr evaluate(const python::ExpressionPtr& expression, const ScopePtr& scope);
  /// Calls a function of the project, a lambda, or something of a library.
  ValuePtr call(const ValuePtr& callee, std::vector<ValuePtr> arguments,
                std::vector<std::pair<std::string, ValuePtr>> named, const Where& where);

  Facts& facts() { return facts_; }
  const std::vector<std::size_t>& loops() const { return loops_; }

  // What the tables of Airflow note between calls.
  std::string task;                         // whose callable is walked through now
  std::string dag;                          // the `with DAG` around
  std::map<std::string, ValuePtr> results;  // of tasks by id; "id/key" for what was pushed

 private:
  using Body = std::vector<python::Statement>;

  void execute(const Body& body, const ScopePtr& scope);
  void execute(const python::Statement& statement, const ScopePtr& scope);
  void assign(const python::Expression& target, const ValuePtr& value, const ScopePtr& scope);
  void import_names(const python::Statement& statement, const ScopePtr& scope);
  void define(const python::Statement& statement, const ScopePtr& scope);
  void define_class(const python::Statement& statement, const ScopePtr& scope);
  void loop_over(const python::Statement& statement, const ScopePtr& scope);
  void loop_while(const python::Statement& statement, const ScopePtr& scope);
  void ends_loop(const python::Statement& statement, const ScopePtr& scope);
  void with(const python::Statement& statement, const ScopePtr& scope);
  void return_value(const ValuePtr& value);

  ValuePtr name(const python::Expression& expression, const ScopePtr& scope);
  ValuePtr attribute(const python::Expression& expression, const ScopePtr& scope);
  ValuePtr subscript(const python::Expression& expression, const ScopePtr& scope);
  ValuePtr call(const python::Expression& expression, const ScopePtr& scope);
  ValuePtr binary(const python::Expression& expression, const ScopePtr& scope);
  ValuePtr comprehension(const python::Expression& expression, const ScopePtr& scope);
  ValuePtr call_function(const ValuePtr& callee, const std::vector<ValuePtr>& arguments,
                         const std::vector<std::pair<std::string, ValuePtr>>& named);
  ValuePtr make_instance(const ValuePtr& class_value, std::vector<ValuePtr> arguments,
                         const std::vector<std::pair<std::string, ValuePtr>>& named, const Where& where);
  ValuePtr method(const ValuePtr& self, const std::string& name, std::vector<ValuePtr> arguments,
                  std::vector<std::pair<std::string, ValuePtr>> named, const Where& where);
  ScopePtr own_module(const std::string& module);

  /// The seconds that a comparison with the clock waits for.
  std::optional<double> seconds_of(const python::ExpressionPtr& condition, const ScopePtr& scope);

  Where at(const python::Expression& expression, const ScopePtr& scope) const { return {scope->file, expression.line}; }
  bool spend();
  ScopePtr make_scope(const ScopePtr& parent, const std::string& file);

  const std::vector<Script>& scripts_;
  Facts& facts_;
  std::map<std::string, ScopePtr> modules_;  // of the project, by file
  std::map<std::string, bool> running_;      // modules under way
  std::vector<std::size_t> loops_;
  std::vector<const python::Statement*> calls_;  // functions under way
  std::vector<ValuePtr> returns_;                // one a function under way
  std::vector<std::string> star_modules_;
  int steps_ = 200'000;
  int depth_ = 0;     // of expressions and statements within each other
  int branches_ = 0;  // of `if` around
  bool as_module_ = false;
};

}  // namespace streamops::importer
