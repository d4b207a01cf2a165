#include "kafka/client/impl/frame_receiver.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "errors/kafka_protocol.h"

namespace streamops::kafka {
namespace {

constexpr std::size_t size_bytes = 4;
constexpr std::size_t most_free = 8;

}  // namespace

FramePool::MemoryPtr FramePool::take(std::size_t size) {
  std::unique_ptr<Memory> memory;
  if (size <= size_) {
    const std::lock_guard lock(mutex_);
    if (!free_.empty()) {
      memory = std::move(free_.back());
      free_.pop_back();
    }
  }
  if (memory == nullptr) memory = std::make_unique<Memory>(std::max(size, size_));
  return {memory.release(), [weak = weak_from_this()](Memory* raw) {
            std::unique_ptr<Memory> used(raw);
            if (const std::shared_ptr<FramePool> pool = weak.lock()) pool->give_back(std::move(used));
          }};
}

void FramePool::give_back(std::unique_ptr<Memory> memory) {
  if (memory->size != size_) return;
  const std::lock_guard lock(mutex_);
  if (free_.size() < most_free) free_.push_back(std::move(memory));
}

FrameReceiver::FrameReceiver(std::size_t usual, std::size_t largest)
    : pool_(std::make_shared<FramePool>(usual + size_bytes + padding)), largest_(largest) {}

std::optional<std::size_t> FrameReceiver::announced() const {
  if (filled_ < size_bytes) return std::nullopt;
  return size_bytes + load_big_endian<std::uint32_t>(memory_->data.get());
}

std::span<std::uint8_t> FrameReceiver::room() {
  if (memory_ == nullptr) memory_ = pool_->take(pool_->usual());
  std::size_t usable = memory_->size - padding;
  if (filled_ == usable) {
    const std::size_t wanted = std::max(announced().value_or(0), filled_ + 1);
    FramePool::MemoryPtr larger = pool_->take(std::min(wanted, filled_ * 2) + padding);
    std::memcpy(larger->data.get(), memory_->data.get(), filled_);
    memory_ = std::move(larger);
    usable = memory_->size - padding;
  }
  // Once the size is known, nothing behind the answer is read into its memory.
  const std::size_t end = std::min(usable, announced().value_or(usable));
  return {memory_->data.get() + filled_, end - filled_};
}

Result<void> FrameReceiver::feed(BytesView bytes) {
  while (!bytes.empty()) {
    const std::span<std::uint8_t> into = room();
    const std::size_t count = std::min(into.size(), bytes.size());
    if (into.data() != bytes.data()) std::memcpy(into.data(), bytes.data(), count);
    filled_ += count;
    bytes = bytes.subspan(count);
    STREAMOPS_RETURN_IF_ERROR(cut());
  }
  return Ok();
}

Result<void> FrameReceiver::cut() {
  while (const std::optional<std::size_t> total = announced()) {
    if (*total - size_bytes > largest_) {
      return Error(errors::kafka_protocol::frame_too_large, "a frame of {} bytes was announced; the limit is {}",
                   static_cast<std::int32_t>(*total - size_bytes), largest_);
    }
    if (filled_ < *total) return Ok();
    take_out(*total);
  }
  return Ok();
}

void FrameReceiver::take_out(std::size_t total) {
  const std::size_t behind = filled_ - total;
  const std::uint8_t* data = memory_->data.get();
  if (total + padding <= memory_->size / 4) {
    const auto copy = std::make_shared<FramePool::Memory>(total - size_bytes + padding);
    std::memcpy(copy->data.get(), data + size_bytes, total - size_bytes);
    std::memset(copy->data.get() + (total - size_bytes), 0, padding);
    ready_.push_back({copy, {copy->data.get(), total - size_bytes}});
    std::memmove(memory_->data.get(), data + total, behind);
    filled_ = behind;
    return;
  }
  const FramePool::MemoryPtr whole = std::exchange(memory_, nullptr);
  filled_ = behind;
  if (behind > 0) {
    memory_ = pool_->take(behind + padding);
    std::memcpy(memory_->data.get(), data + total, behind);
  }
  ready_.push_back({whole, {whole->data.get() + size_bytes, total - size_bytes}});
}

std::optional<Frame> FrameReceiver::next() {
  if (ready_.empty()) return std::nullopt;
  Frame frame = std::move(ready_.front());
  ready_.pop_front();
  return frame;
}

}  // namespace streamops::kafka
