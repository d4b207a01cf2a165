// Traps of Python: errors that are swallowed, values that are no JSON, clients that lose records.
#include <algorithm>
#include <set>

#include "errors/import.h"
#include "import/traps.h"

namespace streamops::importer {

namespace {

using namespace errors::import;
using python::Expression;
using python::ExpressionKind;
using python::Statement;
using python::StatementKind;

bool has(const std::vector<Statement>& body, StatementKind kind) {
  return std::any_of(body.begin(), body.end(), [&](const Statement& each) { return each.kind == kind; });
}

/// Whether a block ends what it is in: raise, return, exit().
bool ends(const std::vector<Statement>& body) {
  const auto exits = [](const Statement& each) {
    if (each.kind == StatementKind::raise_ || each.kind == StatementKind::return_ || each.kind == StatementKind::break_)
      return true;
    if (each.kind != StatementKind::expression || each.value->kind != ExpressionKind::call) return false;
    const Expression& callee = *each.value->items[0];
    return callee.text == "exit" || callee.text == "_exit" || callee.text == "abort";
  };
  return std::any_of(body.begin(), body.end(), exits);
}

bool calls_sleep(const std::vector<Statement>& body, int depth);
bool calls_sleep(const python::ExpressionPtr& expression, int depth) {
  if (!expression || depth > 30) return false;
  if (expression->kind == ExpressionKind::call && expression->items[0]->text == "sleep") return true;
  return std::any_of(expression->items.begin(), expression->items.end(),
                     [&](const auto& item) { return calls_sleep(item, depth + 1); });
}
bool calls_sleep(const std::vector<Statement>& body, int depth) {
  return depth < 30 && std::any_of(
                           body.begin(), body.end(),
                           [&](const Statement& each) {
                             return calls_sleep(each.value, depth) || calls_sleep(each.body, depth + 1) ||
                                    calls_sleep(each.other, depth + 1);
                           });
}

class Walk {
 public:
  Walk(const Script& script, PipelineDraft& draft) : script_(script), draft_(draft) {}

  void body(const std::vector<Statement>& statements, bool in_loop, int depth) {
    if (depth > 60) return;
    for (const Statement& each : statements) {
      const bool loops = each.kind == StatementKind::while_ || each.kind == StatementKind::for_;
      if (each.kind == StatementKind::function) function(each);
      if (each.kind == StatementKind::try_ && in_loop) swallows(each);
      const bool inner = loops || (in_loop && each.kind != StatementKind::function);
      body(each.body, inner, depth + 1);
      body(each.other, inner, depth + 1);
      for (const Statement& handler : each.handlers) body(handler.body, inner, depth + 1);
    }
  }

 private:
  Where at(std::uint32_t line) const { return {script_.file, line}; }

  static bool catches_all(const Statement& handler) {
    return !handler.value || (handler.value->kind == ExpressionKind::name &&
                              (handler.value->text == "Exception" || handler.value->text == "BaseException"));
  }

  void swallows(const Statement& statement) {
    for (const Statement& handler : statement.handlers) {
      if (!catches_all(handler) || ends(handler.body) || calls_sleep(handler.body, 0)) continue;
      draft_.trap(
          Error(errors_swallowed, "the loop goes on after every error, and an error in each round is only logged"),
          at(handler.line));
    }
  }

  /// x = None … try: x = … except: log … return x
  void function(const Statement& made) {
    std::set<std::string> nothing;
    for (const Statement& each : made.body) {
      const bool sets_none = each.kind == StatementKind::assign && each.value->kind == ExpressionKind::none &&
                             each.targets[0]->kind == ExpressionKind::name;
      if (sets_none) nothing.insert(each.targets[0]->text);
    }
    const auto logs = [](const Statement& handler) { return !ends(handler.body); };
    for (const Statement& each : made.body) {
      if (each.kind != StatementKind::try_ || !std::any_of(each.handlers.begin(), each.handlers.end(), logs)) continue;
      const bool returns_inside =
          has(each.body, StatementKind::return_) && made.body.back().kind == StatementKind::try_;
      const Statement& last = made.body.back();
      const bool returns_none = last.kind == StatementKind::return_ && last.value &&
                                last.value->kind == ExpressionKind::name && nothing.contains(last.value->text);
      if (!returns_none && !returns_inside) continue;
      draft_.trap(
          Error(none_returned,
                "{} catches every error and returns None: its caller fails with 'NoneType' object has no attribute …",
                made.text),
          at(each.handlers[0].line));
      return;
    }
    // try: return …  except: log, return None
    for (const Statement& each : made.body) {
      for (const Statement& handler : each.handlers) {
        const bool gives_none = std::any_of(handler.body.begin(), handler.body.end(), [](const Statement& inner) {
          return inner.kind == StatementKind::return_ && (!inner.value || inner.value->kind == ExpressionKind::none);
        });
        if (gives_none && has(each.body, StatementKind::return_))
          draft_.trap(
              Error(none_returned,
                    "{} catches an error and returns None: its caller fails with 'NoneType' object has no attribute …",
                    made.text),
              at(handler.line));
      }
    }
  }

  const Script& script_;
  PipelineDraft& draft_;
};

void polling(const Facts& facts, PipelineDraft& draft) {
  std::set<Where> told;
  for (const PollFact& poll : facts.polls) {
    const bool loops = std::any_of(poll.loops.begin(), poll.loops.end(), [&](std::size_t i) {
      const LoopFact& loop = facts.loops[i];
      return loop.seconds || loop.count || loop.forever;
    });
    const bool pauses =
        std::any_of(poll.loops.begin(), poll.loops.end(), [&](std::size_t i) { return facts.loops[i].has_pause; });
    if (loops && !pauses && told.insert(poll.where).second)
      draft.trap(Error(polls_without_pause, "the loop polls the API without a pause"),
                 facts.loops[poll.loops.back()].where);
    if (poll.unverified) draft.trap(Error(unverified_tls, "the API's certificate is not checked"), poll.where);
  }
}

void producers(const Facts& facts, PipelineDraft& draft) {
  std::set<Where> told;
  for (const NamedPlace& place : facts.not_json) {
    if (told.insert(place.where).second)
      draft.trap(Error(value_not_json, "{}: json.dumps raises TypeError", place.name), place.where);
  }
  for (const ValuePtr& producer : facts.producers) {
    if (!told.insert(producer->where).second) continue;
    if (producer->find("in loop"))
      draft.trap(Error(client_in_loop, "the producer is made in the loop"), producer->where);
    const auto same_file = [&](const NamedPlace& flush) { return flush.where.file == producer->where.file; };
    if (std::none_of(facts.flushes.begin(), facts.flushes.end(), same_file))
      draft.trap(Error(no_flush, "nothing waits until the producer has sent everything"), producer->where);
  }
}

}  // namespace

void find_script_traps(const Sources& sources, PipelineDraft& draft) {
  for (const Script& script : sources.scripts) Walk(script, draft).body(script.module.body, false, 0);
  polling(sources.facts, draft);
  producers(sources.facts, draft);
}

}  // namespace streamops::importer
