#include "pipeline/redrives.h"

#include "base/text.h"
#include "errors/pipeline.h"
#include "format/json_reader.h"

namespace streamops::pipeline {

namespace {

std::uint64_t passed_letters(const RedriveOutcome& outcome) {
  std::uint64_t passed = 0;
  for (const RedrivenLetter& letter : outcome.letters) passed += letter.fate == RedrivenLetter::Fate::passed ? 1 : 0;
  return passed;
}

}  // namespace

void Redrives::start(const std::string& name, RedriveRequest request,
                     std::function<void(Result<RedriveOutcome>)> done) {
  const auto refuse = [&](const Error& error) { env_.loop.post([done, error] { done(error); }); };
  const Result<const CheckedStep*> found = step_of_letters(name);
  if (!found) return refuse(found.error());
  const CheckedStep& step = **found;
  if (step.query->keeps_state()) {
    return refuse(
        Error(errors::pipeline::no_redrive, "{} groups: its letters cannot enter behind its back", step.name()));
  }
  if (step.reads_several()) {
    return refuse(
        Error(errors::pipeline::no_redrive, "{} reads several topics: its letters cannot enter alone", step.name()));
  }
  if (running_.contains(step.name())) {
    return refuse(Error(errors::pipeline::no_redrive, "a redrive of {} is under way", step.name()));
  }
  Result<RedrivePorts> ports = make_ports(step);
  if (!ports) return refuse(ports.error());
  observe::Counter* passed = nullptr;
  if (env_.metrics != nullptr && !request.dry_run) {
    passed = &env_.metrics->counter("streamops_redriven_letters_total", "Dead letters that entered again and passed.",
                                    {{"step", pipeline_->owner(step)}});
  }
  auto redrive = std::make_unique<Redrive>(pipeline_, step, std::move(*ports), std::move(request));
  Redrive& started = *redrive;
  running_[step.name()] = std::move(redrive);
  started.start([this, alive = std::weak_ptr<int>(alive_), key = step.name(), passed,
                 done = std::move(done)](const Result<RedriveOutcome>& outcome) {
    if (!alive.expired()) end(key);
    if (outcome && passed != nullptr) passed->add(passed_letters(*outcome));
    done(outcome);
  });
}

void Redrives::end(const std::string& step) {
  const auto found = running_.find(step);
  if (found == running_.end()) return;
  env_.loop.post([gone = std::shared_ptr<Redrive>(std::move(found->second))] {});  // not in a call of its own
  running_.erase(found);
}

Result<const CheckedStep*> Redrives::step_of_letters(const std::string& name) const {
  if (const CheckedStep* step = pipeline_->step(name)) return step;
  std::vector<const CheckedStep*> found;
  std::vector<std::string> names;
  for (const auto* steps : {&pipeline_->streams, &pipeline_->tasks}) {
    for (const CheckedStep& step : *steps) {
      const std::string topic = letters_topic(*pipeline_, step);
      names.push_back(step.name());
      if (topic == name || topic == name + ".dlq") found.push_back(&step);
    }
  }
  if (found.size() == 1) return found[0];
  if (found.empty()) {
    return Error(errors::pipeline::no_redrive, "{} is no stream or task of {}, and no topic that one of them reads",
                 name, pipeline_->file.name)
        .with_label(did_you_mean(name, names));
  }
  names.clear();
  for (const CheckedStep* step : found) names.push_back(step->name());
  return Error(errors::pipeline::no_redrive, "several steps have letters in {}: say which, {}", name,
               join(names, " or "));
}

Result<RedrivePorts> Redrives::make_ports(const CheckedStep& step) const {
  const StepSpec& spec = *step.spec;
  const std::string owner = pipeline_->owner(step);
  const ConnectorUse use{env_.loop, redrive_owner(owner), {}, step.key_columns, {}};
  RedrivePorts ports{env_.loop, env_.connectors, env_.checkpoints(use.owner), nullptr, {}, nullptr};
  const std::string letters = letters_topic(*pipeline_, step);
  if (spec.kafka_source) {
    ports.stream = env_.checkpoints(owner);
    ports.reader = env_.connectors.kafka_reader(*spec.kafka_source,
                                                {step.source_schema, step.reader_schema, step.query->needed()});
  } else {
    ports.reader = std::make_unique<format::JsonReader>(step.source_schema, step.query->needed());
  }
  if (spec.kafka_sink) {
    STREAMOPS_ASSIGN(ports.output.topic, env_.connectors.kafka_transaction(
                                             {*spec.kafka_sink, {}, step.source_schema, letters, letters}, use));
    return ports;
  }
  STREAMOPS_ASSIGN(ports.output.table, env_.connectors.cassandra_sink(*step.cassandra_sink, use));
  STREAMOPS_ASSIGN(ports.output.dead_letters, env_.connectors.dead_letters(letters, use));
  return ports;
}

}  // namespace streamops::pipeline
