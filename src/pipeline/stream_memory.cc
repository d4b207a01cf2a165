#include "pipeline/stream_memory.h"

#include "errors/pipeline.h"

namespace streamops::pipeline {

StreamMemory::StreamMemory(const CheckedStep& step, std::unique_ptr<StateStore> store)
    : step_(step), store_(std::move(store)), state_(step.query->open_state()) {}

void StreamMemory::load(std::uint64_t newest, std::function<void(Result<void>)> done) {
  store_->load(newest, [this, alive = std::weak_ptr<int>(alive_), newest,
                        done = std::move(done)](const Result<StoredState>& stored) {
    if (alive.expired()) return;
    done(stored ? restore(*stored, newest) : Result<void>(stored.error()));
  });
}

Result<void> StreamMemory::restore(const StoredState& stored, std::uint64_t newest) {
  if (stored.epoch + 1 < newest) {
    return Error(errors::pipeline::unusable_state, "{} stands at epoch {}, but its stored state is that of epoch {}",
                 step_.name(), newest, stored.epoch);
  }
  state_ = step_.query->open_state();
  unsaved_.reset();
  epoch_ = stored.epoch;
  for (const auto& [key, value] : stored.entries) STREAMOPS_RETURN_IF_ERROR(state_->restore(key, value));
  return Ok();
}

void StreamMemory::save(std::uint64_t epoch, std::function<void(Result<void>)> done) {
  if (!unsaved_) {
    unsaved_.emplace();
    state_->take_changes([this](std::string_view key, std::optional<std::string_view> value) {
      unsaved_->changes.emplace_back(key, value ? std::optional<std::string>(*value) : std::nullopt);
    });
  }
  unsaved_->epoch = epoch;
  store_->commit(*unsaved_,
                 [this, alive = std::weak_ptr<int>(alive_), epoch, done = std::move(done)](const Result<void>& stored) {
                   if (alive.expired()) return;
                   if (stored) {
                     epoch_ = epoch;
                     unsaved_.reset();
                   }
                   done(stored);
                 });
}

Result<void> StreamMemory::check_limit() const {
  const std::int64_t limit = step_.memory_limit;
  if (static_cast<std::int64_t>(state_->bytes()) <= limit) return Ok();
  return Error(errors::pipeline::state_too_large, "{} remembers {} groups in {} MiB, and `memory` allows {} MiB",
               step_.name(), state_->keys(), state_->bytes() >> 20, limit >> 20);
}

StateStatus StreamMemory::status() const {
  StateStatus status{state_->keys(), state_->bytes(), std::nullopt};
  if (state_->watermark_us() > 0) status.watermark = from_micros(state_->watermark_us());
  return status;
}

}  // namespace streamops::pipeline
