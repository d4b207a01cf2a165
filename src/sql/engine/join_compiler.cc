#include "sql/engine/join_compiler.h"

#include <fmt/format.h>

#include <algorithm>

#include "errors/sql.h"
#include "sql/engine/branches.h"
#include "sql/engine/cast.h"
#include "sql/engine/coercion.h"
#include "sql/engine/grouping_scope.h"
#include "sql/engine/join_bounds.h"
#include "sql/engine/select_list.h"

namespace streamops::sql {
namespace {

constexpr std::size_t left = JoinSpec::left, right = JoinSpec::right;

std::string_view words_of(JoinType type) {
  switch (type) {
    case JoinType::inner:
      return "JOIN";
    case JoinType::left:
      return "LEFT JOIN";
    case JoinType::right:
      return "RIGHT JOIN";
    case JoinType::full:
      return "FULL JOIN";
    case JoinType::semi:
      return "SEMI JOIN";
    case JoinType::anti:
      return "ANTI JOIN";
  }
  return "JOIN";
}

/// A condition that both must satisfy; `more` may be all there is.
void also(NodePtr& condition, NodePtr more, Span span) {
  condition = condition ? and_node(std::move(condition), std::move(more), span) : std::move(more);
}

/// One operand of AND in ON, or one of WHERE that can be asked here.
struct Conjunct {
  ExpressionPtr expression;
  NodePtr node;                    // over the slots of all tables
  std::vector<bool> reads;         // by slot
  bool of_rows = false;            // of WHERE: asked of rows, also of those that a join keeps
  std::vector<Conjunct> operands;  // of an equality

  bool reads_between(std::size_t begin, std::size_t end) const {
    for (std::size_t slot = begin; slot < std::min(end, reads.size()); ++slot) {
      if (reads[slot]) return true;
    }
    return false;
  }
};

/// What is known of one side before its step is made.
struct SidePlan {
  PlanPtr input;
  std::vector<NodePtr> keys;
  NodePtr plain_where, where, eligible;
  std::vector<bool> used;  // by column of the input: read by any of these
};

class JoinCompiler {
 public:
  JoinCompiler(Compiler& compiler, const SelectQuery& query, Binder& binder)
      : compiler_(compiler), text_(compiler.text()), query_(query), binder_(binder) {}

  Result<PlanPtr> compile(PlanPtr plan, std::vector<PlanPtr> joined, Conditions& where) {
    STREAMOPS_RETURN_IF_ERROR(add_tables(*plan, joined));
    if (query_.views.empty()) {
      drop_kept_nulls(where);
      take_where(where);
    }
    for (std::size_t i = 0; i < joined.size(); ++i) {
      STREAMOPS_ASSIGN(plan, join(query_.joins[i], i, std::move(plan), std::move(joined[i])));
    }
    return plan;
  }

 private:
  /// Names become known one join after another, so a condition sees only what stands before it.
  Result<void> add_tables(const PlanNode& first, const std::vector<PlanPtr>& joined) {
    STREAMOPS_ASSIGN(ScopeTable table, scope_of(query_, first, text_));
    STREAMOPS_RETURN_IF_ERROR(binder_.add_table(std::move(table), query_.source ? query_.source->span : query_.head));
    for (std::size_t i = 0; i < joined.size(); ++i) {
      const Join& join = query_.joins[i];
      STREAMOPS_ASSIGN(ScopeTable other, scope_of(join.relation, *joined[i], text_));
      types_.push_back(join.type);
      scopes_.push_back(other);
      begins_.push_back(binder_.slots());
      STREAMOPS_RETURN_IF_ERROR(
          binder_.add_table(std::move(other), join.relation.source ? join.relation.source->span : join.head));
      ends_.push_back(binder_.slots());
      STREAMOPS_RETURN_IF_ERROR(add_on(join));
      const bool hidden = join.type == JoinType::semi || join.type == JoinType::anti;
      if (hidden) binder_.drop_last_table();
      if (join.type == JoinType::left) binder_.make_nullable(begins_.back());
      if (join.type == JoinType::full) binder_.make_nullable(0);
      if (join.type == JoinType::right) binder_.make_nullable(0, begins_.back());
    }
    return Ok();
  }

  Result<Conjunct> bind(const ExpressionPtr& expression) {
    STREAMOPS_ASSIGN(Conjunct conjunct, bind_part(expression));
    if (expression->kind == ExpressionKind::call && expression->function == "=") {
      for (const ExpressionPtr& child : expression->children) {
        STREAMOPS_ASSIGN(Conjunct operand, bind_part(child));
        conjunct.operands.push_back(std::move(operand));
      }
    }
    const data::TypeId type = conjunct.node->type()->id();
    if (type == data::TypeId::boolean || type == data::TypeId::null) return conjunct;
    return text_.at(expression->span,
                    Error(errors::sql::type_mismatch, "ON takes BOOLEAN, not {}", conjunct.node->type()->to_sql()));
  }

  Result<void> add_on(const Join& join) {
    std::vector<Conjunct>& all = conjuncts_.emplace_back();
    if (!join.on) return Ok();
    Conditions parts;
    split_conjuncts(join.on, parts);
    for (const ExpressionPtr& part : parts) {
      if (!is_deterministic(*part)) {
        return text_.at(part->span,
                        Error(errors::sql::not_served, "ON with a function of chance or time of day is not served"));
      }
      STREAMOPS_ASSIGN(Conjunct conjunct, bind(part));
      all.push_back(std::move(conjunct));
    }
    return Ok();
  }

  /// As in Spark, a join need not keep the rows that WHERE then drops because of their nulls.
  void drop_kept_nulls(const Conditions& where) {
    for (const ExpressionPtr& part : where) {
      if (!passes_null(*part)) continue;
      const Result<Conjunct> conjunct = bind(part);
      for (std::size_t i = 0; conjunct && i < types_.size(); ++i) {
        JoinType& type = types_[i];
        if (type == JoinType::semi || type == JoinType::anti) continue;
        const bool no_left_nulls = conjunct->reads_between(0, begins_[i]);
        const bool no_right_nulls = conjunct->reads_between(begins_[i], ends_[i]);
        // Nulls at the left are of kept right rows, and the other way round.
        if (no_left_nulls && type == JoinType::right) type = JoinType::inner;
        if (no_left_nulls && type == JoinType::full) type = JoinType::left;
        if (no_right_nulls && type == JoinType::left) type = JoinType::inner;
        if (no_right_nulls && type == JoinType::full) type = JoinType::right;
      }
    }
  }

  /// What of WHERE can be asked at a join or before it is asked there.
  void take_where(Conditions& where) {
    std::erase_if(where, [this](const ExpressionPtr& part) {
      if (!is_deterministic(*part) || find_window(*part) != nullptr) return false;
      Result<Conjunct> conjunct = bind(part);
      return conjunct && place(std::move(conjunct).value());
    });
  }

  bool place(Conjunct conjunct) {
    conjunct.of_rows = true;
    // From the last join down, as far as no join can make nulls of what it looks at.
    for (std::size_t i = query_.joins.size(); i-- > 0;) {
      const JoinType type = types_[i];
      const bool at_left = conjunct.reads_between(0, begins_[i]);
      const bool shown = type != JoinType::semi && type != JoinType::anti;
      const bool at_right = shown && conjunct.reads_between(begins_[i], ends_[i]);
      if (at_left && !at_right && type != JoinType::right && type != JoinType::full) {
        if (i > 0) continue;  // further down
        conjuncts_[i].push_back(std::move(conjunct));
        return true;
      }
      const bool here = type == JoinType::inner || (type == JoinType::right && at_right && !at_left);
      if (!here || (!at_left && !at_right)) return false;
      conjuncts_[i].push_back(std::move(conjunct));
      return true;
    }
    return false;
  }

  Result<PlanPtr> join(const Join& join, std::size_t number, PlanPtr before, PlanPtr other) {
    std::array<SidePlan, 2> sides;
    sides[left].input = std::move(before);
    sides[right].input = std::move(other);
    auto node = std::make_unique<PlanNode>();
    JoinSpec& spec = node->join;
    spec.type = types_[number];
    STREAMOPS_RETURN_IF_ERROR(check_kind(join, sides, *node));
    const bool streams = node->kind == PlanNode::Kind::join;

    Binder right_binder(text_);
    STREAMOPS_RETURN_IF_ERROR(right_binder.add_table(scopes_[number], join.head));
    right_binder.record_reads(&sides[right].used);
    begin_ = begins_[number];
    end_ = ends_[number];
    std::array<std::optional<std::int64_t>, 2> bounds;
    for (const Conjunct& conjunct : conjuncts_[number]) {
      if (streams) note_bound(*conjunct.expression, sides, bounds);
      STREAMOPS_RETURN_IF_ERROR(sort_in(conjunct, spec, streams, sides, right_binder));
    }
    if (streams && sides[left].keys.empty()) {
      return text_.at(join.head,
                      Error(errors::sql::not_served, "a join of two streams without an equality is not served")
                          .with_hint("add ON a.key = b.key"));
    }
    STREAMOPS_RETURN_IF_ERROR(finish(*node, sides));
    if (streams) STREAMOPS_RETURN_IF_ERROR(set_ends(join, *node, bounds));
    return node;
  }

  /// Which of the two kinds of join it is, if any.
  Result<void> check_kind(const Join& join, const std::array<SidePlan, 2>& sides, PlanNode& node) const {
    const auto refuse = [&](const std::string& what, std::string_view hint) {
      return text_.at(join.head, Error(errors::sql::not_served, "{} is not served", what).with_hint(std::string(hint)));
    };
    const bool left_table = is_table(*sides[left].input), right_table = is_table(*sides[right].input);
    for (const SidePlan& side : sides) {
      if (side.input->kind == PlanNode::Kind::one_row || has_one_row(*side.input))
        return refuse("a join with a query that has no FROM", "put its values into the select list");
    }
    const std::string words(words_of(join.type));
    if (left_table && right_table) return refuse("a join of two tables", "join the stream with each of them in turn");
    const JoinType type = join.type;
    if (left_table || right_table) {
      node.kind = PlanNode::Kind::lookup;
      node.join.stream_side = left_table ? right : left;
      const bool fits = left_table ? type == JoinType::inner || type == JoinType::right
                                   : type != JoinType::right && type != JoinType::full;
      if (fits) return Ok();
      return refuse(fmt::format("{} that keeps the rows of a table", words),
                    "a table's row may still meet a row of the stream: keep the stream's rows (LEFT JOIN table)");
    }
    node.kind = PlanNode::Kind::join;
    if (type == JoinType::semi || type == JoinType::anti)
      return refuse(fmt::format("{} of two streams", words), "use JOIN, or LEFT JOIN");
    for (const SidePlan& side : sides) {
      if (side.input->stateful)
        return refuse("a join of streams over groups or another join of streams", "write the first one into a topic");
    }
    return Ok();
  }

  /// Gives one condition its place: a filter of a side, a pair of keys, or a question to each pair.
  Result<void> sort_in(const Conjunct& conjunct, JoinSpec& spec, bool streams, std::array<SidePlan, 2>& sides,
                       Binder& right_binder) {
    const bool at_left = conjunct.reads_between(0, begin_), at_right = conjunct.reads_between(begin_, end_);
    if (at_left && at_right) {
      STREAMOPS_ASSIGN(const bool keyed, add_key(conjunct, spec, sides, right_binder));
      if (keyed) return Ok();
      note_reads(spec.condition_reads, conjunct.reads);
      also(spec.condition, conjunct.node, conjunct.expression->span);
      return Ok();
    }
    if (!at_left && !at_right) {
      also(spec.condition, conjunct.node, conjunct.expression->span);
      return Ok();
    }
    const std::size_t side = at_left ? left : right;
    NodePtr node = conjunct.node;
    if (side == right) {
      STREAMOPS_ASSIGN(node, right_binder.bind(*conjunct.expression));
    }
    // Rows that the join keeps do not fall out by ON: they come out with nulls.
    const bool stays = spec.keeps(side) || (spec.type == JoinType::anti && side == left);
    if (stays && !conjunct.of_rows && !streams) {
      note_reads(spec.condition_reads, conjunct.reads);
      also(spec.condition, conjunct.node, conjunct.expression->span);
      return Ok();
    }
    if (side == left) note_reads(sides[left].used, conjunct.reads);
    if (stays && !conjunct.of_rows) {
      // Spark takes such a comparison for a bound of event time, and then never ends the rows.
      const std::string& op = conjunct.expression->function;
      if (op == "<" || op == "<=" || op == ">" || op == ">=") {
        return text_.at(
            conjunct.expression->span,
            Error(errors::sql::not_served, "`{}` of one side's columns in ON of an outer join of streams is not served",
                  op)
                .with_hint(
                    "compare in a subquery: FROM (SELECT *, n > 1 AS counts FROM source) a LEFT JOIN b ON a.counts"));
      }
      also(sides[side].eligible, std::move(node), conjunct.expression->span);
      return Ok();
    }
    const bool plain = sees_event_time(*sides[side].input) && !reads_event_time(conjunct, *sides[side].input, side);
    also(plain ? sides[side].plain_where : sides[side].where, std::move(node), conjunct.expression->span);
    return Ok();
  }

  bool sees_event_time(const PlanNode& input) const {
    return input.kind == PlanNode::Kind::source && compiler_.watermark(input.input) != nullptr;
  }
  bool reads_event_time(const Conjunct& conjunct, const PlanNode& input, std::size_t side) const {
    const std::size_t first = side == right ? begin_ : 0;
    for (std::size_t i = 0; i < input.event_time.size(); ++i) {
      if (input.event_time[i] && conjunct.reads_between(first + i, first + i + 1)) return true;
    }
    return false;
  }

  /// left.x = right.y, either way round. False: it is no such equality.
  Result<bool> add_key(const Conjunct& equality, JoinSpec& spec, std::array<SidePlan, 2>& sides, Binder& right_binder) {
    if (equality.operands.size() != 2) return false;
    const Expression& condition = *equality.expression;
    const Conjunct& first = equality.operands[0];
    const Conjunct& second = equality.operands[1];
    const auto only = [&](const Conjunct& part, std::size_t side) {
      const bool in_left = part.reads_between(0, begin_), in_right = part.reads_between(begin_, end_);
      return side == left ? in_left && !in_right : in_right && !in_left;
    };
    const bool straight = only(first, left) && only(second, right);
    if (!straight && !(only(first, right) && only(second, left))) return false;
    const Expression& of_right = *condition.children[straight ? 1 : 0];
    NodePtr mine = straight ? first.node : second.node;
    STREAMOPS_ASSIGN(NodePtr theirs, right_binder.bind(of_right));
    const data::TypePtr type = common_type(mine->type(), theirs->type(), Strings::promoted);
    if (!type || type->id() == data::TypeId::null || contains_map(*type)) return false;
    if (same_type(mine->type(), type) && same_type(theirs->type(), type)) {
      drop_null_keys(condition, straight, spec, sides, right_binder);
    }
    auto left_key = cast_node(std::move(mine), type, CastMode::strict, condition.span);
    auto right_key = cast_node(std::move(theirs), type, CastMode::strict, condition.span);
    if (!left_key || !right_key) return false;
    note_reads(sides[left].used, (straight ? first : second).reads);
    spec.keys.push_back(type);
    sides[left].keys.push_back(std::move(left_key).value());
    sides[right].keys.push_back(std::move(right_key).value());
    return true;
  }

  Result<Conjunct> bind_part(const ExpressionPtr& expression) {
    Conjunct part;
    part.expression = expression;
    binder_.record_reads(&part.reads);
    auto node = binder_.bind(*expression);
    binder_.record_reads(nullptr);
    if (!node) return node.error();
    part.node = std::move(node).value();
    return part;
  }

  /// As in Spark, a row without the key is not seen by the watermark where it can fall out.
  void drop_null_keys(const Expression& condition, bool straight, const JoinSpec& spec, std::array<SidePlan, 2>& sides,
                      Binder& right_binder) {
    for (const std::size_t side : {left, right}) {
      if (spec.keeps(side) || spec.type == JoinType::anti || !sees_event_time(*sides[side].input)) continue;
      const ExpressionPtr& key = condition.children[(side == left) == straight ? 0 : 1];
      Expression present;
      present.kind = ExpressionKind::call;
      present.function = "isnotnull";
      present.span = present.head = key->span;
      present.children = {key};
      present.depth = key->depth + 1;
      Conjunct conjunct;
      binder_.record_reads(&conjunct.reads);
      const auto whole = binder_.bind(present);
      binder_.record_reads(nullptr);
      auto node = side == left ? whole : right_binder.bind(present);
      if (!whole || !node || reads_event_time(conjunct, *sides[side].input, side)) continue;
      also(sides[side].plain_where, std::move(node).value(), key->span);
    }
  }

  /// The column of the side's event time.
  static std::optional<std::size_t> time_of(const PlanNode& input) {
    const auto found = std::find(input.event_time.begin(), input.event_time.end(), true);
    if (found == input.event_time.end()) return std::nullopt;
    return static_cast<std::size_t>(found - input.event_time.begin());
  }

  void note_bound(const Expression& condition, const std::array<SidePlan, 2>& sides,
                  std::array<std::optional<std::int64_t>, 2>& bounds) {
    const std::optional<TimeBound> bound = time_bound(condition, binder_);
    if (!bound || bound->slot >= end_ || bound->other >= end_) return;
    const std::size_t side = bound->slot < begin_ ? left : right;
    if ((bound->other < begin_ ? left : right) == side) return;
    const auto time = time_of(*sides[side].input);
    if (!time || bound->slot != *time + (side == right ? begin_ : 0)) return;
    bounds[side] = std::min(bounds[side].value_or(bound->after_us), bound->after_us);
  }

  /// Makes the steps of both sides, and what comes out.
  Result<void> finish(PlanNode& node, std::array<SidePlan, 2>& sides) {
    JoinSpec& spec = node.join;
    const bool shows_right = spec.type != JoinType::semi && spec.type != JoinType::anti;
    std::vector<data::Field> fields;
    for (const std::size_t side : {left, right}) {
      const PlanNode& input = *sides[side].input;
      const bool gets_nulls = spec.keeps(1 - side);
      for (std::size_t i = 0; i < input.output->size(); ++i) {
        data::Field field = (*input.output)[i];
        spec.sides[side].types.push_back(field.type);
        if (side == right && !shows_right) continue;
        field.nullable = field.nullable || gets_nulls;
        fields.push_back(std::move(field));
        node.event_time.push_back(input.event_time[i]);
      }
      spec.sides[side].event_time = time_of(input);
      if (sides[side].eligible) spec.sides[side].eligible = spec.sides[side].types.size() + spec.keys.size();
      node.inputs.push_back(side_step(std::move(sides[side])));
    }
    spec.output = std::make_shared<const data::Schema>(std::move(fields));
    node.output = spec.output;
    node.stateful = node.kind == PlanNode::Kind::join || node.inputs[spec.stream_side]->stateful;
    if (node.kind == PlanNode::Kind::lookup && node.inputs[1 - spec.stream_side]->stateful) {
      return text_.at(query_.head, Error(errors::sql::not_served, "grouping a table in a join is not served")
                                       .with_hint("write the groups into a topic of their own"));
    }
    return Ok();
  }

  PlanPtr side_step(SidePlan side) const {
    auto node = std::make_unique<PlanNode>();
    node->kind = PlanNode::Kind::project;
    Projection& step = node->projection;
    std::vector<data::Field> fields = side.input->output->fields();
    for (std::size_t i = 0; i < fields.size(); ++i) {
      step.items.push_back(column_node(i, fields[i].type, fields[i].nullable, query_.head, side.input->event_time[i]));
      node->event_time.push_back(side.input->event_time[i]);
    }
    if (side.eligible) side.keys.push_back(side.eligible);
    for (NodePtr& key : side.keys) {
      fields.push_back({"", key->type(), key->nullable()});
      node->event_time.push_back(key->event_time());
      step.items.push_back(std::move(key));
    }
    step.plain_where = std::move(side.plain_where);
    step.where = std::move(side.where);
    step.marks_watermark = sees_event_time(*side.input);
    step.used = std::move(side.used);
    step.used.resize(side.input->output->size());  // its columns: prune_joins()
    step.output = std::make_shared<const data::Schema>(std::move(fields));
    node->output = step.output;
    node->stateful = side.input->stateful;
    node->inputs.push_back(std::move(side.input));
    return node;
  }

  /// When rows can be forgotten; without that a join that keeps rows never knows when they meet nobody.
  Result<void> set_ends(const Join& join, PlanNode& node, const std::array<std::optional<std::int64_t>, 2>& bounds) {
    JoinSpec& spec = node.join;
    std::optional<std::size_t> time_key;
    for (const std::size_t side : {left, right}) {
      for (std::size_t key = 0; key < spec.keys.size() && !time_key; ++key) {
        if (node.inputs[side]->event_time[spec.key_column(side, key)]) time_key = key;
      }
    }
    for (const std::size_t side : {left, right}) {
      JoinSide& own = spec.sides[side];
      if (time_key) {
        own.ends_by = spec.key_column(side, *time_key);
      } else if (bounds[side] && own.event_time && spec.sides[1 - side].event_time) {
        own.ends_by = own.event_time;
        own.ends_after_us = *bounds[side];
      }
    }
    JoinSpec written;
    written.type = join.type;
    const bool kept_end =
        (!written.keeps(left) || spec.sides[left].ends_by) && (!written.keeps(right) || spec.sides[right].ends_by);
    if (kept_end) return Ok();
    return text_.at(join.head,
                    Error(errors::sql::bad_watermark,
                          "{} of two streams needs watermarks on both, and a condition that bounds their times",
                          words_of(join.type))
                        .with_hint("add AND b.at BETWEEN a.at AND a.at + INTERVAL 1 HOUR, or an equality of the times: "
                                   "without it no row ever knows that nobody will come"));
  }

  Compiler& compiler_;
  const SourceText& text_;
  const SelectQuery& query_;
  Binder& binder_;
  std::vector<JoinType> types_;                   // by join
  std::vector<ScopeTable> scopes_;                // by join
  std::vector<std::size_t> begins_, ends_;        // by join: the slots of its table
  std::vector<std::vector<Conjunct>> conjuncts_;  // by join
  std::size_t begin_ = 0, end_ = 0;               // of the join at hand
};

}  // namespace

Result<PlanPtr> compile_joins(Compiler& compiler, const SelectQuery& query, PlanPtr first, std::vector<PlanPtr> joined,
                              Binder& binder, Conditions& where) {
  return JoinCompiler(compiler, query, binder).compile(std::move(first), std::move(joined), where);
}

}  // namespace streamops::sql
