// connect/kafka/letter_reader.h — dead letters as they stand in their topic (sink.h says how they were written).
//
// Reads only: no group, nothing committed. Threads: one loop.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "data/ports.h"
#include "kafka/client/browser.h"

namespace streamops::connect {

/// The letter that a message of such a topic holds; nothing for a message that is none.
std::optional<data::DeadLetter> to_letter(const kafka::BrowsedMessage& message);

struct LettersFound {
  struct One {
    std::int32_t partition;
    std::int64_t offset;
    data::DeadLetter letter;
  };
  std::vector<One> letters;          // by partition and offset
  std::vector<data::Position> ends;  // of the partitions, before the reading began; empty: no such topic
};

class LetterReader {
 public:
  using Done = std::function<void(Result<LettersFound>)>;

  /// Errors: SO-K201.
  static Result<std::unique_ptr<LetterReader>> open(const kafka::ClientConfig& config, runtime::Loop& loop,
                                                    runtime::Pool& pool);
  /// At most `limit` letters of each partition, from `from` on. Errors: those of kafka::Browser.
  void read(const std::string& topic, std::vector<data::Position> from, std::size_t limit, Done done);

 private:
  struct Look;
  explicit LetterReader(std::unique_ptr<kafka::Browser> browser) : browser_(std::move(browser)) {}
  void read_next(const std::shared_ptr<Look>& look);

  std::unique_ptr<kafka::Browser> browser_;
};

}  // namespace streamops::connect
