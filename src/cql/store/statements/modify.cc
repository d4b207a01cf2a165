#include "cql/store/statements/modify.h"

#include <fmt/format.h>

#include <algorithm>

#include "cql/store/engine.h"
#include "cql/store/statements/conditional.h"
#include "errors/cql.h"

namespace streamops::cql::store {
namespace {

constexpr std::size_t kMaxPendingWrites = 64 * 1024 * 1024;

class ModifyPlan final : public Plan {
 public:
  void execute(Engine& engine, const ExecuteRequest& request, AnswerDone done) const override {
    const std::vector<BoundModifications> parts{
        {&modifications, request.values, batch_timestamp ? &*batch_timestamp : nullptr}};
    execute_modifications(engine, parts, request, std::move(done));
  }

  std::vector<Modification> modifications;
  std::optional<ValueSource> batch_timestamp;
};

Result<void> finish(ModifyPlan& plan, MarkerSpecs& markers) {
  STREAMOPS_ASSIGN(plan.variables, markers.take());
  plan.partition_key = plan.modifications[0].where.partition_markers();
  plan.table = plan.modifications[0].table;
  return Ok();
}

Result<std::optional<std::int64_t>> batch_time(const ValueSource* source, Evaluation& evaluation) {
  if (source == nullptr) return std::optional<std::int64_t>();
  STREAMOPS_ASSIGN(const Value value, source->get(evaluation));
  if (!value.has_bytes()) return std::optional<std::int64_t>();
  return std::optional<std::int64_t>(load_big_endian<std::int64_t>(value.bytes.data()));
}

}  // namespace

void execute_modifications(Engine& engine, const std::vector<BoundModifications>& parts, const ExecuteRequest& request,
                           AnswerDone done) {
  const bool conditional = std::any_of(parts.begin(), parts.end(), [](const BoundModifications& part) {
    return std::any_of(part.modifications->begin(), part.modifications->end(),
                       [](const Modification& each) { return each.is_conditional(); });
  });
  if (conditional) return execute_conditional(engine, parts, request, std::move(done));
  if (engine.commits().pending_bytes() > kMaxPendingWrites) {
    return done(Error(errors::cql::overloaded, "{}", "the disk does not keep up: too many writes wait to be written"));
  }
  storage::WriteBatch batch;
  const std::int64_t now = engine.next_timestamp();
  const std::uint32_t seconds =
      request.now_in_seconds ? static_cast<std::uint32_t>(*request.now_in_seconds) : engine.now_seconds();
  WriteTimes times{request.timestamp.value_or(now), std::nullopt};
  for (const BoundModifications& part : parts) {
    Evaluation evaluation(part.values, now, seconds, engine.loop().random());
    Result<std::optional<std::int64_t>> batch_timestamp = batch_time(part.batch_timestamp, evaluation);
    if (!batch_timestamp) return done(batch_timestamp.error());
    times.override_ = *batch_timestamp;
    for (const Modification& modification : *part.modifications) {
      const Result<void> applied = apply(modification, evaluation, times, batch);
      if (!applied) return done(applied.error());
    }
  }
  if (batch.empty()) return done(Answer{});
  engine.commits().commit(std::move(batch), [done = std::move(done)](const Result<void>& result) {
    if (!result) return done(result.error());
    done(Answer{});
  });
}

Result<PlanPtr> compile_modify(const cql::Modification& statement, const CompileContext& context) {
  STREAMOPS_ASSIGN(const TablePtr table, modified_table(statement, context));
  MarkerSpecs markers(context.markers, table->keyspace, table->name);
  auto plan = std::make_shared<ModifyPlan>();
  STREAMOPS_ASSIGN(Modification modification, compile_modification(statement, context, markers));
  plan->modifications.push_back(std::move(modification));
  STREAMOPS_RETURN_IF_ERROR(finish(*plan, markers));
  return PlanPtr(std::move(plan));
}

Result<PlanPtr> compile_batch(const BatchStatement& statement, const CompileContext& context) {
  if (statement.kind == BatchStatement::Kind::counter) {
    return Error(errors::cql::not_served, "{}", "counter batches are not served: the embedded store has no counters");
  }
  auto plan = std::make_shared<ModifyPlan>();
  if (statement.statements.empty()) {
    class Nothing final : public Plan {
      void execute(Engine&, const ExecuteRequest&, AnswerDone done) const override { done(Answer{}); }
    };
    return PlanPtr(std::make_shared<Nothing>());
  }
  STREAMOPS_ASSIGN(const TablePtr table, modified_table(statement.statements[0], context));
  MarkerSpecs markers(context.markers, table->keyspace, table->name);
  if (statement.parameters.ttl)
    return Error(errors::cql::invalid_request, "{}", "Global TTL on the BATCH statement is not supported.");
  if (statement.parameters.timestamp) {
    STREAMOPS_ASSIGN(
        plan->batch_timestamp,
        ValueSource::compile(*statement.parameters.timestamp, CqlType::scalar(TypeId::bigint), "[timestamp]", markers));
  }
  for (const cql::Modification& each : statement.statements) {
    STREAMOPS_ASSIGN(Modification modification, compile_modification(each, context, markers));
    plan->modifications.push_back(std::move(modification));
  }
  STREAMOPS_RETURN_IF_ERROR(finish(*plan, markers));
  return PlanPtr(std::move(plan));
}

const std::vector<Modification>* modifications_of(const Plan& plan) {
  const auto* modify = dynamic_cast<const ModifyPlan*>(&plan);
  return modify == nullptr ? nullptr : &modify->modifications;
}

void execute_batch(Engine& engine, const std::vector<BatchPart>& parts, const ExecuteRequest& request,
                   AnswerDone done) {
  std::vector<BoundModifications> bound;
  for (const BatchPart& part : parts) {
    const std::vector<Modification>* modifications = modifications_of(*part.plan);
    if (modifications == nullptr) {
      return done(Error(errors::cql::invalid_request, "{}",
                        "Invalid statement in batch: only UPDATE, INSERT and DELETE statements are allowed."));
    }
    bound.push_back({modifications, part.values, nullptr});
  }
  if (bound.empty()) return done(Answer{});
  execute_modifications(engine, bound, request, std::move(done));
}

}  // namespace streamops::cql::store
