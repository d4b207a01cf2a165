// cql/client/impl/stream_table.h — who waits for the answer of each stream id of a connection.
//
//   free ─▶ write | request ─▶ (answer) free
//                   └─▶ (time-out) orphan ─▶ (late answer) free      an orphan's id is not used again before its answer
//
// Invariant: used() + free ids = all ids ever taken; no id is lost, whatever happens to its request.
#pragma once

#include <cstdint>
#include <vector>

#include "cql/client/impl/request.h"

namespace streamops::cql {

struct Stream {
  enum class Use : std::uint8_t { free, write, request, orphan };
  Use use = Use::free;
  runtime::MonotonicTime deadline;               // write; a request has its own
  std::uint64_t tag = 0;                         // write
  const PreparedStatement* statement = nullptr;  // write
  RequestPtr request;                            // request
};

class StreamTable {
 public:
  /// An id that nothing waits for.
  std::int16_t take() {
    if (!free_.empty()) {
      const std::int16_t id = free_.back();
      free_.pop_back();
      return id;
    }
    streams_.emplace_back();
    return static_cast<std::int16_t>(streams_.size() - 1);
  }

  /// The stream of an answer; nullptr for an id that nobody waits for.
  Stream* find(std::int16_t id) {
    const auto index = static_cast<std::size_t>(id);
    if (id < 0 || index >= streams_.size() || streams_[index].use == Stream::Use::free) return nullptr;
    return &streams_[index];
  }
  Stream& at(std::int16_t id) { return streams_[static_cast<std::size_t>(id)]; }

  /// Its answer came: the id may be used again.
  void release(std::int16_t id) {
    Stream& stream = at(id);
    if (stream.use == Stream::Use::orphan) --orphans_;
    stream.use = Stream::Use::free;
    stream.request.reset();
    free_.push_back(id);
  }
  /// Its request was given up; the answer may still come.
  void orphan(std::int16_t id) {
    at(id).use = Stream::Use::orphan;
    ++orphans_;
  }

  std::size_t used() const { return streams_.size() - free_.size(); }
  std::size_t orphans() const { return orphans_; }
  /// Requests and writes that somebody waits for.
  std::size_t waiting() const { return used() - orphans_; }
  std::vector<Stream>& all() { return streams_; }

 private:
  std::vector<Stream> streams_;  // by id
  std::vector<std::int16_t> free_;
  std::size_t orphans_ = 0;
};

}  // namespace streamops::cql
