// kafka/protocol/records.h — the record batches inside a Produce request or a Fetch response, as one piece of bytes.
//
// A decoded message borrows them from its frame (no copy): the frame must outlive the message. A response that is about
// to be sent owns them, so that the Writer can pass them on without a copy.
#pragma once

#include <algorithm>
#include <utility>

#include "base/bytes.h"

namespace streamops::kafka {

class Records {
 public:
  /// No bytes, which is not null.
  Records() = default;
  static Records null() {
    Records out;
    out.is_null_ = true;
    return out;
  }
  /// A view into memory that lives elsewhere and longer.
  static Records borrowed(BytesView bytes) {
    Records out;
    out.borrowed_ = bytes;
    return out;
  }
  static Records owned(Bytes bytes) {
    Records out;
    out.owned_ = std::move(bytes);
    return out;
  }

  bool is_null() const { return is_null_; }
  bool is_owned() const { return !owned_.empty(); }
  BytesView view() const { return is_owned() ? BytesView(owned_) : borrowed_; }
  std::size_t size() const { return view().size(); }
  /// The bytes as the caller's own; copies only what was borrowed.
  Bytes take() && { return is_owned() ? std::move(owned_) : Bytes(borrowed_.begin(), borrowed_.end()); }

  friend bool operator==(const Records& a, const Records& b) {
    return a.is_null_ == b.is_null_ && std::ranges::equal(a.view(), b.view());
  }

 private:
  Bytes owned_;
  BytesView borrowed_;
  bool is_null_ = false;
};

}  // namespace streamops::kafka
