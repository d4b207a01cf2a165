// sql/engine/function.h — what a function of SQL is: one entry with its signatures, its documentation and its code.
//
// The families (functions/<family>.cc) hold one entry a function; a test evaluates every example, and
// docs/reference/functions.md is written from them. Adding a function touches only its entry.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "sql/engine/cast.h"
#include "sql/engine/coercion.h"
#include "sql/engine/kernel.h"
#include "sql/grammar/tree.h"

namespace streamops::sql {

struct Function;

/// A call being compiled: its arguments, already nodes.
class Binding {
 public:
  Binding(const Function& function, const Expression& call, std::vector<NodePtr> arguments)
      : function_(function), call_(call), arguments_(std::move(arguments)) {}

  std::size_t size() const { return arguments_.size(); }
  const NodePtr& operator[](std::size_t index) const { return arguments_[index]; }
  std::vector<NodePtr>& arguments() { return arguments_; }
  const data::Type& type(std::size_t index) const { return *arguments_[index]->type(); }
  data::TypeId id(std::size_t index) const { return type(index).id(); }
  const Expression& tree() const { return call_; }
  Span span() const { return call_.span; }

  /// Argument `index` converted as Spark converts arguments by itself. Errors: SO-S010.
  Result<NodePtr> argument_as(std::size_t index, const data::TypePtr& to) const;
  /// Converts argument `index` in place, explicitly as CAST does.
  Result<void> cast_argument(std::size_t index, const data::TypePtr& to);
  /// Converts arguments from `first` on, every `step`-th, to their common type in place. Errors: SO-S010 (there is
  /// none).
  Result<data::TypePtr> unify(Strings strings, std::size_t first = 0, std::size_t step = 1);

  /// The text of a constant argument; nothing when it is null or no constant of type STRING.
  std::optional<std::string> constant_text(std::size_t index) const;
  std::optional<std::int64_t> constant_integer(std::size_t index) const;
  bool is_constant(std::size_t index) const { return arguments_[index]->constant() != nullptr; }

  /// SO-S009 unless there are `least` to `most` arguments.
  Result<void> expect_arguments(std::size_t least, std::size_t most) const;
  /// SO-S010 at an argument: "`name` takes ARRAY here, not INT".
  Error mismatch(std::size_t index, std::string_view wanted) const;

  /// A node over the arguments as they are now.
  NodePtr node(data::TypePtr type, bool nullable, Kernel kernel) const;
  /// As node(), for code that gives NULL for any NULL: an argument is evaluated only where those before it are present,
  /// so that NULL + CAST('x' AS INT) is NULL, as in Spark, and no error. Divisions look at the last argument first.
  NodePtr strict_node(data::TypePtr type, bool nullable, Kernel kernel, bool last_first = false) const;
  bool any_nullable() const;

 private:
  const Function& function_;
  const Expression& call_;
  std::vector<NodePtr> arguments_;
};

struct Example {
  std::string_view expression;
  std::string_view result;  // as CAST(… AS STRING) writes it; "NULL" for null
};

/// One signature with fixed types.
struct Overload {
  std::vector<data::TypePtr> parameters;
  data::TypePtr result;
  bool may_give_null = false;  // even when no argument is null
  Kernel kernel;
};

using Bind = Result<NodePtr> (*)(Binding&);

struct Function {
  std::string_view name;
  std::string_view signature;
  std::string_view summary;
  std::vector<Example> examples;
  /// Either signatures, tried in order ...
  std::vector<Overload> overloads;
  /// ... or code that decides by itself.
  Bind bind = nullptr;
  std::vector<std::string_view> aliases;
  /// False for what depends on the epoch or on the row: it is never folded into a constant.
  bool deterministic = true;
};

/// A node for a call of `function`. Errors: SO-S009 (number of arguments), SO-S010 (their types), and the function's
/// own.
Result<NodePtr> bind_call(Binding& binding, const Function& function);

/// A function by its name or alias in lower case; null when there is none.
const Function* find_function(std::string_view name);
/// Why a function of Spark's is not served; empty when Spark has none of this name, or it is served.
std::string_view refusal_of(std::string_view name);
/// A family of entries, for the documentation and the tests.
struct Family {
  std::string_view title;
  const std::vector<Function>* functions;
};
const std::vector<Family>& function_families();

template <typename Signature>
struct Typed;
template <typename R, typename... A>
struct Typed<R(A...)> {
  template <typename F>
  static Overload with(F, bool may_give_null = false) {
    static_assert(std::is_empty_v<F>, "the code of an overload captures nothing");
    return {{data::Type::scalar(Kind<A>::id)...}, data::Type::scalar(Kind<R>::id), may_give_null, [](const Call& call) {
              return rows<R(A...)>(call, F{});
            }};
  }
  /// `State` is made once a batch and handed to every row first: caches of compiled patterns, buffers.
  template <typename State, typename F>
  static Overload with_state(F, bool may_give_null = false) {
    return {{data::Type::scalar(Kind<A>::id)...}, data::Type::scalar(Kind<R>::id), may_give_null, [](const Call& call) {
              State state;
              return rows<R(A...)>(call, [&](auto& out, A... arguments) { F{}(state, out, arguments...); });
            }};
  }
};

/// overload<Text(Text)>([](auto& out, Text text) { ... })
template <typename Signature, typename F>
Overload overload(F code) {
  return Typed<Signature>::with(code);
}
/// As overload(), for code that may call out.null().
template <typename Signature, typename F>
Overload nullable_overload(F code) {
  return Typed<Signature>::with(code, true);
}
template <typename State, typename Signature, typename F>
Overload stateful_overload(F code) {
  return Typed<Signature>::template with_state<State>(code, true);
}

}  // namespace streamops::sql
