// kafka/client/impl/frame_receiver.h — a broker's answers, received into the memory in which their records stay.
//
//   room() -> the socket fills it -> feed() -> next(): one answer, its memory back in the pool when nobody reads it
//
//   memory:  | i32 size | answer ... | 64 bytes |        the last: readable, for parsers that look ahead
//
// Large answers leave in the memory that they came into; small ones are copied out, so that a few bytes do not hold a
// megabyte. Memory grows with what has arrived, not with what a size announces.
// Threads: one loop; only the last reader of a frame may be elsewhere.
#pragma once

#include <cstddef>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace streamops::kafka {

/// Pieces of memory of one size, used again and again: what is in a processor's cache stays there.
class FramePool : public std::enable_shared_from_this<FramePool> {
 public:
  struct Memory {
    explicit Memory(std::size_t bytes) : data(new std::uint8_t[bytes]), size(bytes) {}
    std::unique_ptr<std::uint8_t[]> data;
    std::size_t size;
  };
  using MemoryPtr = std::shared_ptr<Memory>;

  explicit FramePool(std::size_t size) : size_(size) {}
  /// At least `size` bytes; those of the usual size come back here.
  MemoryPtr take(std::size_t size);
  std::size_t usual() const { return size_; }

 private:
  void give_back(std::unique_ptr<Memory> memory);

  std::size_t size_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<Memory>> free_;
};

/// One answer, without its size. 64 bytes behind it are readable.
struct Frame {
  std::shared_ptr<const void> owner;
  BytesView bytes;
};

class FrameReceiver {
 public:
  static constexpr std::size_t padding = 64;

  /// `usual`: memory that most answers fit into; `largest`: what no answer may exceed.
  FrameReceiver(std::size_t usual, std::size_t largest);

  /// Where the next bytes go; valid until feed().
  std::span<std::uint8_t> room();
  /// Takes bytes that arrived, in room() or elsewhere. After an error the stream cannot be read any further.
  /// Errors: SO-K106 (a size that is negative or above the limit).
  Result<void> feed(BytesView bytes);
  /// The next whole answer.
  std::optional<Frame> next();

 private:
  Result<void> cut();
  /// The answer's size with its own four bytes, once they are there.
  std::optional<std::size_t> announced() const;
  void take_out(std::size_t total);

  std::shared_ptr<FramePool> pool_;
  std::size_t largest_;
  FramePool::MemoryPtr memory_;
  std::size_t filled_ = 0;
  std::deque<Frame> ready_;
};

}  // namespace streamops::kafka
