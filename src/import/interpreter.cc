// Statements: what a script does, in its order.
#include "import/interpreter.h"

#include <algorithm>

#include "import/library.h"

namespace streamops::importer {

namespace {

using python::Expression;
using python::ExpressionKind;
using python::Statement;
using python::StatementKind;

bool has_break(const std::vector<Statement>& body) {
  return std::any_of(body.begin(), body.end(), [](const Statement& each) {
    return each.kind == StatementKind::break_ || each.kind == StatementKind::return_;
  });
}

/// `if __name__ == "__main__"`
bool is_main_guard(const Statement& statement) {
  const python::ExpressionPtr& test = statement.value;
  return test && test->kind == ExpressionKind::binary && test->items[0]->kind == ExpressionKind::name &&
         test->items[0]->text == "__name__";
}

bool says_nothing(const Value& value) {
  return value.is(ValueKind::none) || value.is(ValueKind::unknown);
}

/// Seconds of a number, or of a timedelta.
std::optional<double> as_seconds(const Value& value) {
  if (value.is_object("timedelta")) return value.find("seconds")->as_number();
  return value.as_number();
}

}  // namespace

Arena::~Arena() {
  for (const auto& scope : scopes_) scope->names.clear();
  for (const ValuePtr& container : containers_) {
    container->items.clear();
    container->entries.clear();
  }
}

ScopePtr Interpreter::make_scope(const ScopePtr& parent, const std::string& file) {
  auto scope = std::make_shared<Scope>();
  scope->parent = parent;
  scope->file = file;
  facts_.arena.keep(scope);
  return scope;
}

bool Interpreter::spend() {
  return --steps_ > 0;
}

void Interpreter::run(const Script& script) {
  const ScopePtr scope = make_scope(nullptr, script.file);
  star_modules_.clear();
  loops_.clear();
  task.clear();
  dag.clear();
  execute(script.module.body, scope);
}

void Interpreter::execute(const Body& body, const ScopePtr& scope) {
  if (depth_ > 60) return;
  ++depth_;
  for (const Statement& statement : body) {
    if (!spend()) break;
    execute(statement, scope);
    if (statement.kind == StatementKind::return_ && branches_ == 0) break;
  }
  --depth_;
}

void Interpreter::execute(const Statement& statement, const ScopePtr& scope) {
  switch (statement.kind) {
    case StatementKind::expression:
      evaluate(statement.value, scope);
      break;
    case StatementKind::assign: {
      const ValuePtr value = evaluate(statement.value, scope);
      for (const python::ExpressionPtr& target : statement.targets) assign(*target, value, scope);
      break;
    }
    case StatementKind::augmented: {
      const ValuePtr more = evaluate(statement.value, scope);
      const ValuePtr before = evaluate(statement.targets[0], scope);
      // A counter keeps what it begins with: loops are walked through once.
      if (before->is(ValueKind::number) && !loops_.empty()) break;
      if (statement.text == "+") assign(*statement.targets[0], concatenate({before, more}), scope);
      break;
    }
    case StatementKind::import_:
      import_names(statement, scope);
      break;
    case StatementKind::function:
      define(statement, scope);
      break;
    case StatementKind::class_:
      define_class(statement, scope);
      break;
    case StatementKind::with_:
      with(statement, scope);
      break;
    case StatementKind::for_:
      loop_over(statement, scope);
      break;
    case StatementKind::while_:
      loop_while(statement, scope);
      break;
    case StatementKind::if_:
      if (is_main_guard(statement)) {
        if (!as_module_) execute(statement.body, scope);
        break;
      }
      ends_loop(statement, scope);
      evaluate(statement.value, scope);
      ++branches_;
      execute(statement.body, scope);
      execute(statement.other, scope);
      --branches_;
      break;
    case StatementKind::try_:
      execute(statement.body, scope);
      ++branches_;
      execute(statement.other, scope);
      --branches_;
      break;
    case StatementKind::return_:
      return_value(statement.value ? evaluate(statement.value, scope) : none_value());
      break;
    default:
      break;
  }
}

void Interpreter::return_value(const ValuePtr& value) {
  if (returns_.empty()) return;
  ValuePtr& kept = returns_.back();
  if (!kept || says_nothing(*kept)) kept = value;
}

void Interpreter::assign(const Expression& target, const ValuePtr& value, const ScopePtr& scope) {
  if (!spend()) return;
  if (target.kind == ExpressionKind::name) {
    ValuePtr& slot = scope->names[target.text];
    if (branches_ > 0 && slot && says_nothing(*value) && !slot->is(ValueKind::none)) return;
    slot = value;
    return;
  }
  if (target.kind == ExpressionKind::tuple || target.kind == ExpressionKind::list) {
    for (std::size_t i = 0; i < target.items.size(); ++i) {
      const bool known = value->is(ValueKind::list) && i < value->items.size();
      assign(*target.items[i], known ? value->items[i] : unknown("a part of a tuple"), scope);
    }
    return;
  }
  if (target.kind == ExpressionKind::attribute) {
    const ValuePtr base = evaluate(target.items[0], scope);
    if (!base->is(ValueKind::object)) return;
    facts_.arena.keep(base);
    base->set(target.text, value);
    return;
  }
  if (target.kind != ExpressionKind::subscript) return;
  const ValuePtr base = evaluate(target.items[0], scope);
  const ValuePtr key = evaluate(target.items[1], scope);
  if (!base->is(ValueKind::dict) || !key->is(ValueKind::text)) return;
  facts_.arena.keep(base);
  base->set(key->text, value);
}

void Interpreter::import_names(const Statement& statement, const ScopePtr& scope) {
  for (const python::Imported& each : statement.imports) {
    const std::string package = each.module.substr(0, each.module.find('.'));
    const ScopePtr own = own_module(each.module);
    if (!own && !package.empty()) facts_.modules.push_back({package, {scope->file, statement.line}});
    if (each.name == "*") {
      if (!own) star_modules_.push_back(each.module);
      if (own) scope->names.insert(own->names.begin(), own->names.end());
      continue;
    }
    if (own && each.name.empty()) {
      ValuePtr module = object("module", {scope->file, statement.line});
      for (const auto& [name, value] : own->names) module->set(name, value);
      scope->names[each.alias] = module;
      continue;
    }
    if (own) {
      const auto found = own->names.find(each.name);
      scope->names[each.alias] = found == own->names.end() ? unknown(each.name) : found->second;
      continue;
    }
    scope->names[each.alias] = symbol(each.name.empty() ? each.module : each.module + "." + each.name);
  }
}

/// A module that lies in the project, walked through once.
ScopePtr Interpreter::own_module(const std::string& module) {
  std::string path = module;
  while (path.starts_with('.')) path.erase(0, 1);
  std::replace(path.begin(), path.end(), '.', '/');
  for (const Script& script : scripts_) {
    const bool fits = script.file == path + ".py" || script.file.ends_with("/" + path + ".py");
    if (path.empty() || !fits) continue;
    if (const auto known = modules_.find(script.file); known != modules_.end()) return known->second;
    if (running_[script.file] || depth_ > 30) return nullptr;
    running_[script.file] = true;
    const ScopePtr scope = make_scope(nullptr, script.file);
    const bool before = std::exchange(as_module_, true);
    const int branches = std::exchange(branches_, 0);
    execute(script.module.body, scope);
    as_module_ = before;
    branches_ = branches;
    running_[script.file] = false;
    modules_[script.file] = scope;
    return scope;
  }
  return nullptr;
}

void Interpreter::define(const Statement& statement, const ScopePtr& scope) {
  auto made = std::make_shared<Value>();
  made->kind = ValueKind::function;
  made->text = statement.text;
  made->definition = &statement;
  made->scope = scope;
  made->where = {scope->file, statement.line};
  ValuePtr value = made;
  // Innermost first, as Python does.
  for (auto decorator = statement.decorators.rbegin(); decorator != statement.decorators.rend(); ++decorator) {
    const ValuePtr wrapper = evaluate(*decorator, scope);
    if (wrapper->is_object("decorator") || wrapper->is(ValueKind::symbol)) {
      ValuePtr wrapped = call(wrapper, {value}, {}, made->where);
      if (!says_nothing(*wrapped)) value = wrapped;
    }
  }
  scope->names[statement.text] = value;
}

void Interpreter::define_class(const Statement& statement, const ScopePtr& scope) {
  const ScopePtr inner = make_scope(scope, scope->file);
  execute(statement.body, inner);
  ValuePtr made = object("class", {scope->file, statement.line});
  for (const auto& [name, value] : inner->names) {
    if (value->definition != nullptr) value->scope = scope;
    made->set(name, value);
  }
  made->set("__name__", text_value(statement.text));
  scope->names[statement.text] = made;
}

void Interpreter::with(const Statement& statement, const ScopePtr& scope) {
  const std::string before = dag;
  for (std::size_t i = 0; i + 1 < statement.targets.size(); i += 2) {
    const ValuePtr context = evaluate(statement.targets[i], scope);
    if (context->is_object("DAG")) dag = context->find("id")->text;
    if (statement.targets[i + 1]) assign(*statement.targets[i + 1], context, scope);
  }
  execute(statement.body, scope);
  dag = before;
}

void Interpreter::loop_over(const Statement& statement, const ScopePtr& scope) {
  const ValuePtr over = evaluate(statement.value, scope);
  const Expression& target = *statement.targets[0];
  const auto is_constant = [](const ValuePtr& item) { return !depends_on_data(*item); };
  const bool unrolls = over->is(ValueKind::list) && !over->items.empty() && over->items.size() <= 16 &&
                       std::all_of(over->items.begin(), over->items.end(), is_constant);
  if (unrolls) {
    for (const ValuePtr& item : over->items) {
      assign(target, item, scope);
      execute(statement.body, scope);
    }
    return;
  }
  LoopFact fact{{scope->file, statement.line}, false, {}, {}, {}, false, false};
  if (over->is_object("range")) fact.count = over->find("count")->as_number();
  fact.over_records = over->is_object("KafkaConsumer");
  facts_.loops.push_back(fact);
  loops_.push_back(facts_.loops.size() - 1);
  assign(target, element_of(over, target.kind == ExpressionKind::name ? target.text : "item"), scope);
  execute(statement.body, scope);
  loops_.pop_back();
}

void Interpreter::loop_while(const Statement& statement, const ScopePtr& scope) {
  LoopFact fact{{scope->file, statement.line}, false, {}, {}, {}, false, false};
  fact.seconds = seconds_of(statement.value, scope);
  if (!fact.seconds && statement.value->kind == ExpressionKind::binary) {
    const ValuePtr left = evaluate(statement.value->items[0], scope);
    const ValuePtr right = evaluate(statement.value->items[1], scope);
    const std::optional<double> from = left->as_number();
    const std::optional<double> to = right->as_number();
    if (from && to && *to > *from) fact.count = *to - *from;
  }
  fact.forever = !fact.seconds && !fact.count;
  facts_.loops.push_back(fact);
  loops_.push_back(facts_.loops.size() - 1);
  execute(statement.body, scope);
  loops_.pop_back();
}

/// `if time.time() > end: break` gives the loop around its time.
void Interpreter::ends_loop(const Statement& statement, const ScopePtr& scope) {
  if (loops_.empty() || !has_break(statement.body)) return;
  const std::optional<double> seconds = seconds_of(statement.value, scope);
  LoopFact& loop = facts_.loops[loops_.back()];
  if (!seconds || loop.seconds) return;
  loop.seconds = seconds;
  loop.forever = false;
}

std::optional<double> Interpreter::seconds_of(const python::ExpressionPtr& condition, const ScopePtr& scope) {
  if (!condition || condition->kind != ExpressionKind::binary) return std::nullopt;
  if (condition->text == "and" || condition->text == "or") {
    const std::optional<double> left = seconds_of(condition->items[0], scope);
    return left ? left : seconds_of(condition->items[1], scope);
  }
  ValuePtr left = evaluate(condition->items[0], scope);
  ValuePtr right = evaluate(condition->items[1], scope);
  if (condition->text.starts_with('<')) std::swap(left, right);  // now: left is what grows beyond right, or the reverse
  for (int turn = 0; turn < 2; ++turn, std::swap(left, right)) {
    if (left->is_operation("elapsed")) return as_seconds(*right);
    if (!left->is_object("Now") || !right->is_object("Now")) continue;
    const double offset = right->find("offset")->as_number().value_or(0);
    if (offset > 0) return offset;
  }
  return std::nullopt;
}

}  // namespace streamops::importer
