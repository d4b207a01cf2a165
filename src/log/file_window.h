// log/file_window.h — a window on a file that moves forward: many small looks, few reads. The views live until the next
// call.
#pragma once

#include <algorithm>
#include <cstdint>

#include "base/bytes.h"
#include "base/result.h"
#include "runtime/disk.h"

namespace streamops::log {

class FileWindow {
 public:
  /// Reads `chunk` bytes at a time, or more where a view asks for more.
  FileWindow(const runtime::File& file, std::size_t chunk) : file_(file), size_(file.size()), chunk_(chunk) {}

  /// Up to `bytes` bytes at `position`; fewer only at the file's end.
  Result<BytesView> view(std::uint64_t position, std::size_t bytes) {
    const std::uint64_t end = std::min<std::uint64_t>(position + bytes, size_);
    if (position < start_ || end > start_ + buffer_.size()) STREAMOPS_RETURN_IF_ERROR(load(position, bytes));
    const std::size_t from = std::min(static_cast<std::size_t>(position - start_), buffer_.size());
    return BytesView(buffer_).subspan(from).first(std::min(bytes, buffer_.size() - from));
  }
  /// The file's size when the window was made.
  std::uint64_t size() const { return size_; }

 private:
  Result<void> load(std::uint64_t position, std::size_t bytes) {
    const std::uint64_t left = size_ > position ? size_ - position : 0;
    buffer_.resize(static_cast<std::size_t>(std::min<std::uint64_t>(std::max(bytes, chunk_), left)));
    start_ = position;
    STREAMOPS_ASSIGN(const std::size_t got, file_.read_at(position, buffer_));
    buffer_.resize(got);
    return Ok();
  }

  const runtime::File& file_;
  std::uint64_t size_;
  std::size_t chunk_;
  std::uint64_t start_ = 0;
  Bytes buffer_;
};

}  // namespace streamops::log
