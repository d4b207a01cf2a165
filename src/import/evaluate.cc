// Expressions: what a part of a script stands for.
#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "import/interpreter.h"
#include "import/library.h"

namespace streamops::importer {

namespace {

using python::Expression;
using python::ExpressionKind;
using Named = std::vector<std::pair<std::string, ValuePtr>>;

/// "requests.sessions.get" -> "requests:get".
std::string entry_name(const std::string& dotted) {
  const std::size_t first = dotted.find('.');
  if (first == std::string::npos) return dotted;
  return dotted.substr(0, first) + ":" + dotted.substr(dotted.rfind('.') + 1);
}

ValuePtr arithmetic(const std::string& sign, const Value& left, const Value& right) {
  const std::optional<double> a = left.as_number();
  const std::optional<double> b = right.as_number();
  if (!a || !b) return nullptr;
  if (sign == "-") return number_value(*a - *b);
  if (sign == "*") return number_value(*a * *b);
  if (sign == "+") return number_value(*a + *b);
  if (sign == "/" && *b != 0) return number_value(*a / *b);
  return nullptr;
}

/// Points in time and lengths of it.
ValuePtr time_arithmetic(const std::string& sign, const ValuePtr& left, const ValuePtr& right, const Where& where) {
  if (left->is_object("Now") && right->is_object("Now") && sign == "-") return operation("elapsed", {left, right});
  if (left->is_object("Now") && (sign == "+" || sign == "-")) {
    const std::optional<double> seconds =
        right->is_object("timedelta") ? right->find("seconds")->as_number() : right->as_number();
    if (!seconds) return nullptr;
    ValuePtr moved = object("Now", where);
    moved->set("offset", number_value(sign == "+" ? *seconds : -*seconds));
    return moved;
  }
  return nullptr;
}

/// Objects of tasks, alone or in a list.
std::vector<std::string> tasks_in(const Value& value) {
  std::vector<std::string> ids;
  if (value.is_object("Task")) ids.push_back(value.find("id")->text);
  for (const ValuePtr& item : value.items) {
    if (item->is_object("Task")) ids.push_back(item->find("id")->text);
  }
  return ids;
}

/// 'a %s b' % x
ValuePtr percent_format(const Value& format, const ValuePtr& value) {
  const std::vector<ValuePtr> values = value->is(ValueKind::list) ? value->items : std::vector<ValuePtr>{value};
  std::vector<ValuePtr> pieces;
  std::size_t next = 0;
  std::string plain;
  for (std::size_t at = 0; at < format.text.size(); ++at) {
    const char c = format.text[at];
    if (c != '%' || at + 1 == format.text.size()) {
      plain += c;
      continue;
    }
    ++at;
    if (format.text[at] == '%') {
      plain += '%';
      continue;
    }
    while (at + 1 < format.text.size() && std::string_view("sdfr").find(format.text[at]) == std::string_view::npos)
      ++at;
    pieces.push_back(text_value(std::exchange(plain, {})));
    pieces.push_back(next < values.size() ? values[next++] : unknown("a missing value"));
  }
  pieces.push_back(text_value(plain));
  return concatenate(std::move(pieces));
}

bool is_text_like(const Value& value) {
  if (value.is(ValueKind::text) || value.is_operation("concat") || value.is_operation("env")) return true;
  return value.is(ValueKind::operation) &&
         (value.text == "cast STRING" || value.text.starts_with("call upper") || value.text.starts_with("call lower"));
}

}  // namespace

ValuePtr Interpreter::evaluate(const python::ExpressionPtr& expression, const ScopePtr& scope) {
  if (!expression || depth_ > 60 || !spend()) return unknown("too much of it");
  ++depth_;
  ValuePtr value;
  switch (expression->kind) {
    case ExpressionKind::name:
      value = name(*expression, scope);
      break;
    case ExpressionKind::text:
      value = text_value(expression->text);
      break;
    case ExpressionKind::formatted: {
      std::vector<ValuePtr> pieces;
      for (const python::ExpressionPtr& item : expression->items) pieces.push_back(evaluate(item, scope));
      value = concatenate(std::move(pieces));
      break;
    }
    case ExpressionKind::number:
      value = std::make_shared<Value>();
      value->kind = ValueKind::number;
      value->text = expression->text;
      break;
    case ExpressionKind::boolean:
      value = boolean_value(expression->text == "True");
      break;
    case ExpressionKind::list:
    case ExpressionKind::tuple: {
      std::vector<ValuePtr> items;
      for (const python::ExpressionPtr& item : expression->items) {
        const bool starred = item->kind == ExpressionKind::starred;
        const ValuePtr each = evaluate(starred ? item->items[0] : item, scope);
        if (starred && each->is(ValueKind::list)) {
          items.insert(items.end(), each->items.begin(), each->items.end());
        } else {
          items.push_back(each);
        }
      }
      value = list_value(std::move(items));
      break;
    }
    case ExpressionKind::dict:
      value = std::make_shared<Value>();
      value->kind = ValueKind::dict;
      for (std::size_t i = 0; i + 1 < expression->items.size(); i += 2) {
        const ValuePtr key = evaluate(expression->items[i], scope);
        const ValuePtr item = evaluate(expression->items[i + 1], scope);
        if (key->is(ValueKind::none) && item->is(ValueKind::dict)) {
          for (const auto& [name, each] : item->entries) value->set(name, each);
        } else if (key->is(ValueKind::text) || key->is(ValueKind::number)) {
          value->set(key->text, item);
        }
      }
      break;
    case ExpressionKind::call:
      value = call(*expression, scope);
      break;
    case ExpressionKind::attribute:
      value = attribute(*expression, scope);
      break;
    case ExpressionKind::subscript:
      value = subscript(*expression, scope);
      break;
    case ExpressionKind::binary:
      value = binary(*expression, scope);
      break;
    case ExpressionKind::unary: {
      const ValuePtr inner = evaluate(expression->items[0], scope);
      if (const std::optional<double> number = inner->as_number(); number && expression->text == "-") {
        value = number_value(-*number);
      } else {
        value = operation(expression->text == "~" ? "not" : expression->text, {inner});
      }
      break;
    }
    case ExpressionKind::conditional: {
      const ValuePtr then = evaluate(expression->items[0], scope);
      const ValuePtr condition = evaluate(expression->items[1], scope);
      const ValuePtr other = evaluate(expression->items[2], scope);
      const bool is_data = depends_on_data(*then) || depends_on_data(*other);
      const bool is_empty = then->is(ValueKind::none) || then->is(ValueKind::unknown);
      value = is_data && depends_on_data(*condition) ? operation("if", {condition, then, other})
              : is_empty                             ? other
                                                     : then;
      break;
    }
    case ExpressionKind::lambda:
      value = std::make_shared<Value>();
      value->kind = ValueKind::function;
      value->text = "lambda";
      value->lambda = expression;
      value->scope = scope;
      break;
    case ExpressionKind::comprehension:
      value = comprehension(*expression, scope);
      break;
    case ExpressionKind::starred:
      value = evaluate(expression->items[0], scope);
      break;
    default:
      value = none_value();
  }
  --depth_;
  return value;
}

ValuePtr Interpreter::name(const Expression& expression, const ScopePtr& scope) {
  for (const Scope* each = scope.get(); each != nullptr; each = each->parent.get()) {
    if (const auto found = each->names.find(expression.text); found != each->names.end()) return found->second;
  }
  const bool is_type = expression.text.ends_with("Type") || expression.text == "StructField";
  for (const std::string& module : star_modules_) {
    if (module.starts_with("pyspark") && module.ends_with(is_type ? ".types" : ".functions"))
      return symbol(module + "." + expression.text);
  }
  if (find_entry("builtins:" + expression.text) != nullptr) return symbol("builtins." + expression.text);
  if (!star_modules_.empty()) return symbol(star_modules_.back() + "." + expression.text);
  return unknown(fmt::format("`{}`", expression.text));
}

ValuePtr Interpreter::attribute(const Expression& expression, const ScopePtr& scope) {
  const ValuePtr base = evaluate(expression.items[0], scope);
  if (base->is(ValueKind::symbol)) return symbol(base->text + "." + expression.text);
  if (base->is(ValueKind::object)) {
    if (ValuePtr found = base->find(expression.text)) return found;
  }
  return property_of(base, expression.text, at(expression, scope));
}

ValuePtr Interpreter::subscript(const Expression& expression, const ScopePtr& scope) {
  ValuePtr base = evaluate(expression.items[0], scope);
  if (expression.items[1]->kind == ExpressionKind::slice) {
    std::vector<ValuePtr> bounds{base};
    for (const python::ExpressionPtr& item : expression.items[1]->items) bounds.push_back(evaluate(item, scope));
    if (base->is(ValueKind::list)) return base;
    return depends_on_data(*base) ? operation("slice", std::move(bounds)) : unknown("a slice");
  }
  const ValuePtr key = evaluate(expression.items[1], scope);
  if (base->is(ValueKind::symbol) && base->text == "os.environ") return operation("env", {key});
  if (base->is(ValueKind::dict) || base->is_object("module")) {
    ValuePtr found = base->find(key->text);
    return found ? found : unknown(fmt::format("the key {}", key->text));
  }
  const std::optional<double> index = key->as_number();
  if (base->is(ValueKind::list) && index) {
    const auto size = static_cast<double>(base->items.size());
    const double at = *index < 0 ? size + *index : *index;
    return at >= 0 && at < size ? base->items[static_cast<std::size_t>(at)] : unknown("an index");
  }
  if (base->is_operation("each_of") && index) return base->items[0];
  if (base->is(ValueKind::path)) {
    if (key->is(ValueKind::text)) return step_into(*base, {Step::Kind::member, key->text, 0});
    if (index && *index >= -1000 && *index <= 1'000'000)
      return step_into(*base, {Step::Kind::index, {}, static_cast<int>(*index)});
    return unknown("a part of the answer that the script chooses as it runs");
  }
  if (base->is(ValueKind::object) && key->is(ValueKind::text))
    return property_of(base, key->text, at(expression, scope));
  if (base->is(ValueKind::operation) && index) return operation("index", {base, key});
  if (base->is_operation("column") && key->is(ValueKind::text))
    return operation("column", {text_value(base->items[0]->text + "." + key->text)});
  return unknown("a subscript");
}

ValuePtr Interpreter::binary(const Expression& expression, const ScopePtr& scope) {
  const ValuePtr left = evaluate(expression.items[0], scope);
  ValuePtr right = evaluate(expression.items[1], scope);
  const std::string& sign = expression.text;
  if (sign == ">>" || sign == "<<") {
    for (const std::string& a : tasks_in(*left)) {
      for (const std::string& b : tasks_in(*right))
        facts_.order.emplace_back(sign == ">>" ? a : b, sign == ">>" ? b : a);
    }
    return right;
  }
  if (ValuePtr known = arithmetic(sign, *left, *right)) return known;
  if (ValuePtr known = time_arithmetic(sign, left, right, at(expression, scope))) return known;
  if (sign == "+" &&
      (is_text_like(*left) || is_text_like(*right) || (left->is(ValueKind::list) && right->is(ValueKind::list))))
    return concatenate({left, right});
  if (sign == "%" && left->is(ValueKind::text)) return percent_format(*left, right);
  if (sign == "or" && !depends_on_data(*left))
    return left->is(ValueKind::none) || left->is(ValueKind::unknown) ? right : left;
  if (sign == "or" && !left->is_operation("column")) return operation("call coalesce", {left, right});
  return operation("binary " + sign, {left, right});
}

ValuePtr Interpreter::comprehension(const Expression& expression, const ScopePtr& scope) {
  const ScopePtr inner = make_scope(scope, scope->file);
  const ValuePtr over = evaluate(expression.items[2], scope);
  const Expression& target = *expression.items[1];
  if (!over->is(ValueKind::list)) {
    assign(target, element_of(over, target.kind == ExpressionKind::name ? target.text : "item"), inner);
    return expression.items.size() > 3 ? unknown("a dict made by a loop")
                                       : operation("each_of", {evaluate(expression.items[0], inner)});
  }
  auto made = std::make_shared<Value>();
  made->kind = expression.items.size() > 3 ? ValueKind::dict : ValueKind::list;
  for (std::size_t i = 0; i < std::min<std::size_t>(over->items.size(), 100); ++i) {
    assign(target, over->items[i], inner);
    const ValuePtr item = evaluate(expression.items[0], inner);
    if (made->is(ValueKind::list)) {
      made->items.push_back(item);
    } else if (item->is(ValueKind::text)) {
      made->set(item->text, evaluate(expression.items[3], inner));
    }
  }
  return made;
}

ValuePtr Interpreter::call(const Expression& expression, const ScopePtr& scope) {
  std::vector<ValuePtr> arguments;
  Named named;
  for (const python::Argument& argument : expression.arguments) {
    const ValuePtr value = evaluate(argument.value, scope);
    if (argument.name.empty()) {
      arguments.push_back(value);
    } else if (argument.name == "**") {
      for (const auto& entry : value->entries) named.push_back(entry);
    } else if (argument.name == "*") {
      arguments.insert(arguments.end(), value->items.begin(), value->items.end());
    } else {
      named.emplace_back(argument.name, value);
    }
  }
  const python::ExpressionPtr& callee = expression.items[0];
  const Where where = at(expression, scope);
  if (callee->kind != ExpressionKind::attribute) return call(evaluate(callee, scope), arguments, named, where);
  const ValuePtr base = evaluate(callee->items[0], scope);
  // A chain over several lines: the place is that of the method.
  const Where place{scope->file, callee->line};
  if (base->is(ValueKind::symbol)) return call(symbol(base->text + "." + callee->text), arguments, named, where);
  return method(base, callee->text, std::move(arguments), std::move(named), place);
}

ValuePtr Interpreter::call(const ValuePtr& callee, std::vector<ValuePtr> arguments, Named named, const Where& where) {
  if (!spend()) return unknown("too much of it");
  if (callee->is_object("class")) return make_instance(callee, std::move(arguments), named, where);
  if (callee->is_object("decorator") || callee->is_object("TaskFunction")) {
    const Entry* entry = find_entry(callee->text + ".()");
    Call made{*this, where, callee->text, callee, std::move(arguments), std::move(named)};
    return entry->function(made);
  }
  if (callee->is(ValueKind::function)) return call_function(callee, arguments, named);
  if (!callee->is(ValueKind::symbol)) return unknown(fmt::format("a call of {}", callee->text));
  Call made{*this, where, callee->text, nullptr, std::move(arguments), std::move(named)};
  if (const Entry* entry = find_entry(entry_name(callee->text))) return entry->function(made);
  if (callee->text.starts_with("pyspark.") && callee->text.find(".types.") != std::string::npos)
    return spark_type(made);
  if (callee->text.starts_with("pyspark.") && callee->text.find(".functions.") != std::string::npos)
    return spark_function(made);
  // `from airflow.operators.x import YOperator`: a task of a kind that has no entry.
  if (callee->text.starts_with("airflow.") && callee->text.ends_with("Operator"))
    return find_entry("airflow:Operator")->function(made);
  return unknown(fmt::format("{}()", callee->text));
}

ValuePtr Interpreter::make_instance(const ValuePtr& class_value, std::vector<ValuePtr> arguments, const Named& named,
                                    const Where& where) {
  ValuePtr made = object("instance of " + class_value->find("__name__")->text, where);
  made->set("__class", class_value);
  if (const ValuePtr constructor = class_value->find("__init__"); constructor && constructor->definition != nullptr) {
    arguments.insert(arguments.begin(), made);
    call_function(constructor, arguments, named);
  }
  return made;
}

ValuePtr Interpreter::method(const ValuePtr& self, const std::string& name, std::vector<ValuePtr> arguments,
                             Named named, const Where& where) {
  if (self->is(ValueKind::object)) {
    ValuePtr own = self->find(name);
    if (own && (own->is(ValueKind::function) || own->is_object("class") || own->is(ValueKind::symbol) ||
                own->is_object("TaskFunction")))
      return call(own, std::move(arguments), std::move(named), where);
    const ValuePtr of = self->find("__class");
    if (of) own = of->find(name);
    if (of && own && own->definition != nullptr) {
      arguments.insert(arguments.begin(), self);
      return call_function(own, arguments, named);
    }
  }
  const bool is_object = self->is(ValueKind::object);
  const Entry* entry = find_entry((is_object ? self->text : std::string("value")) + "." + name);
  if (entry == nullptr && !is_object) entry = find_entry("value." + name);
  if (entry == nullptr && name == "xcom_pull") entry = find_entry("value.xcom_pull");
  if (entry == nullptr && name == "xcom_push") entry = find_entry("value.xcom_push");
  Call made{*this, where, name, self, std::move(arguments), std::move(named)};
  if (entry != nullptr) return entry->function(made);
  if (self->is(ValueKind::function) && name == "override") return self;
  return unknown(fmt::format(".{}()", name));
}

ValuePtr Interpreter::call_function(const ValuePtr& callee, const std::vector<ValuePtr>& arguments,
                                    const Named& named) {
  const python::Statement* definition = callee->definition;
  const std::vector<python::Parameter>* parameters = nullptr;
  if (definition != nullptr) parameters = &definition->parameters;
  if (callee->lambda) parameters = &callee->lambda->parameters;
  const bool again = definition != nullptr && std::find(calls_.begin(), calls_.end(), definition) != calls_.end();
  if (parameters == nullptr || again || calls_.size() > 12) return unknown(fmt::format("{}()", callee->text));
  const ScopePtr scope = make_scope(callee->scope, callee->scope->file);
  std::size_t position = 0;
  for (const python::Parameter& parameter : *parameters) {
    ValuePtr value;
    if (parameter.stars == 0 && position < arguments.size()) value = arguments[position++];
    for (const auto& [name, given] : named) {
      if (name == parameter.name) value = given;
    }
    if (!value && parameter.fallback) value = evaluate(parameter.fallback, callee->scope);
    scope->names[parameter.name] = value ? value : unknown(fmt::format("`{}`", parameter.name));
  }
  if (callee->lambda) return evaluate(callee->lambda->items[0], scope);
  calls_.push_back(definition);
  returns_.push_back(nullptr);
  const int branches = std::exchange(branches_, 0);
  execute(definition->body, scope);
  branches_ = branches;
  ValuePtr result = returns_.back();
  returns_.pop_back();
  calls_.pop_back();
  return result ? result : none_value();
}

}  // namespace streamops::importer
