#include "connect/kafka/letter_reader.h"

#include <charconv>

namespace streamops::connect {
namespace {

const std::string* header_of(const kafka::BrowsedMessage& message, std::string_view name) {
  for (const auto& [header, value] : message.headers) {
    if (header == name) return &value;
  }
  return nullptr;
}

/// A header's whole number; nothing when it is missing or is none.
template <typename Number>
std::optional<Number> number_of(const kafka::BrowsedMessage& message, std::string_view name) {
  const std::string* text = header_of(message, name);
  if (text == nullptr) return std::nullopt;
  Number number = 0;
  const auto [end, problem] = std::from_chars(text->data(), text->data() + text->size(), number);
  if (problem != std::errc() || end != text->data() + text->size()) return std::nullopt;
  return number;
}

std::string text_of(const kafka::BrowsedMessage& message, std::string_view name) {
  const std::string* text = header_of(message, name);
  return text == nullptr ? std::string() : *text;
}

}  // namespace

std::optional<data::DeadLetter> to_letter(const kafka::BrowsedMessage& message) {
  const auto partition = number_of<std::int32_t>(message, "so.partition");
  const auto offset = number_of<std::int64_t>(message, "so.offset");
  data::DeadLetter letter;
  letter.origin = text_of(message, "so.origin");
  letter.stage = text_of(message, "so.stage");
  letter.code = text_of(message, "so.code");
  if (!partition || !offset || letter.origin.empty() || letter.code.empty()) return std::nullopt;
  letter.partition = *partition;
  letter.offset = *offset;
  letter.message = text_of(message, "so.message");
  if (const std::string key = text_of(message, "so.key"); !key.empty()) letter.key = key;
  letter.value = message.value;
  letter.record_timestamp_ms = message.timestamp_ms;
  letter.write_timestamp = number_of<std::int64_t>(message, "so.write_timestamp").value_or(message.timestamp_ms * 1000);
  letter.step = text_of(message, "so.step");
  letter.redrives = number_of<int>(message, "so.redrives").value_or(0);
  return letter;
}

/// One call of read() on its way through the partitions.
struct LetterReader::Look {
  std::string topic;
  std::vector<data::Position> from;
  std::size_t limit;
  Done done;
  LettersFound found;
  std::size_t next = 0;  // of found.ends
};

Result<std::unique_ptr<LetterReader>> LetterReader::open(const kafka::ClientConfig& config, runtime::Loop& loop,
                                                         runtime::Pool& pool) {
  STREAMOPS_ASSIGN(auto browser, kafka::Browser::open(config, loop, pool));
  return std::unique_ptr<LetterReader>(new LetterReader(std::move(browser)));
}

void LetterReader::read(const std::string& topic, std::vector<data::Position> from, std::size_t limit, Done done) {
  const auto look = std::make_shared<Look>(Look{topic, std::move(from), limit, std::move(done), {}, 0});
  browser_->topics([this, look](const Result<std::vector<kafka::TopicExtent>>& topics) {
    if (!topics) return look->done(topics.error());
    for (const kafka::TopicExtent& one : *topics) {
      if (one.name != look->topic) continue;
      for (const kafka::PartitionExtent& extent : one.partitions) {
        look->found.ends.push_back({{}, extent.partition, extent.next});
      }
    }
    read_next(look);
  });
}

void LetterReader::read_next(const std::shared_ptr<Look>& look) {
  if (look->next == look->found.ends.size()) return look->done(std::move(look->found));
  kafka::BrowseQuery query;
  query.topic = look->topic;
  query.partition = look->found.ends[look->next++].partition;
  query.from = kafka::BrowseQuery::From::offset;
  for (const data::Position& position : look->from) {
    if (position.partition == *query.partition) query.position = position.next;
  }
  query.limit = look->limit;
  browser_->messages(query, [this, look](const Result<std::vector<kafka::BrowsedMessage>>& messages) {
    if (!messages) return look->done(messages.error());
    for (const kafka::BrowsedMessage& message : *messages) {
      if (auto letter = to_letter(message)) {
        look->found.letters.push_back({message.partition, message.offset, std::move(*letter)});
      }
    }
    read_next(look);
  });
}

}  // namespace streamops::connect
