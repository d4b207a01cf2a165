#include "connect/kafka/schema_gate.h"

#include <algorithm>

#include "errors/registry.h"
#include "format/avro/wire.h"

namespace streamops::connect {
namespace {

/// Errors that say something about one schema; all others would come for every one.
bool concerns_one_schema(const Error& error) {
  return error.is(errors::registry::unknown_schema) || error.is(errors::registry::not_readable) ||
         error.is(errors::registry::request_refused);
}

class SchemaGate final : public data::Source {
 public:
  SchemaGate(std::unique_ptr<data::Source> inner, registry::Client& registry)
      : inner_(std::move(inner)), registry_(registry) {}

  void start(std::vector<data::Position> from, std::function<void()> on_ready) override {
    on_ready_ = std::move(on_ready);
    inner_->start(std::move(from), on_ready_);
  }

  Result<data::Records> poll(std::size_t max_bytes) override {
    if (failure_) return *failure_;
    if (waiting_ > 0) return data::Records();
    if (parked_.records.empty()) {
      STREAMOPS_ASSIGN(parked_, inner_->poll(max_bytes));
      ask_for_schemas();
    }
    if (waiting_ > 0) return data::Records();
    return std::exchange(parked_, {});
  }

  bool ended() const override { return parked_.records.empty() && inner_->ended(); }
  void acknowledge(const data::Ack& ack) override { inner_->acknowledge(ack); }
  std::optional<Error> trouble() const override {
    if (failure_) return failure_;
    return waiting_ > 0 && registry_.trouble() ? registry_.trouble() : inner_->trouble();
  }
  Uuid topic_id() const override { return inner_->topic_id(); }
  std::optional<std::int64_t> lag() const override { return inner_->lag(); }

  void stop() override {
    alive_.reset();
    on_ready_ = nullptr;
    inner_->stop();
  }

 private:
  /// Asks for each id of the parked records that is not known, once.
  void ask_for_schemas() {
    std::int32_t last = 0;
    bool any = false;
    std::vector<std::int32_t> asked;
    for (const data::Record& record : parked_.records) {
      if (!record.value) continue;
      const Result<format::FramedValue> framed = format::split_frame(record);
      if (!framed || (any && framed->schema_id == last)) continue;
      last = framed->schema_id;
      any = true;
      if (registry_.knows(last) || std::find(asked.begin(), asked.end(), last) != asked.end()) continue;
      asked.push_back(last);
    }
    waiting_ = asked.size();
    for (const std::int32_t id : asked) {
      registry_.schema(id, [this, alive = std::weak_ptr<int>(alive_)](const Result<schema::AvroSchemaPtr>& schema) {
        if (!alive.expired()) told(schema);
      });
    }
  }

  void told(const Result<schema::AvroSchemaPtr>& schema) {
    if (!schema && !concerns_one_schema(schema.error())) failure_ = schema.error();
    if (--waiting_ > 0 || !on_ready_) return;
    const std::function<void()> call = on_ready_;  // it may stop this source
    call();
  }

  std::unique_ptr<data::Source> inner_;
  registry::Client& registry_;
  std::function<void()> on_ready_;
  data::Records parked_;
  std::size_t waiting_ = 0;  // schemas that were asked for and did not come yet
  std::optional<Error> failure_;
  std::shared_ptr<int> alive_ = std::make_shared<int>(0);
};

}  // namespace

std::unique_ptr<data::Source> make_schema_gate(std::unique_ptr<data::Source> inner, registry::Client& registry) {
  return std::make_unique<SchemaGate>(std::move(inner), registry);
}

}  // namespace streamops::connect
