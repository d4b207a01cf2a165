#include <array>

#include "connect/kafka/impl/sinks_over.h"

namespace streamops::connect {
namespace {

/// A letter's record with the texts that its views point into.
struct LetterRecord {
  std::string identity;
  std::array<std::string, 8> texts;
  std::string redrives;
  std::vector<data::Header> headers;

  void fill(const data::DeadLetter& letter, kafka::OutgoingRecord& record) {
    identity = letter.identity();
    texts = {letter.code,
             letter.message,
             letter.stage,
             letter.origin,
             std::to_string(letter.partition),
             std::to_string(letter.offset),
             letter.key.value_or(""),
             std::to_string(letter.write_timestamp)};
    static constexpr std::array<std::string_view, 8> names = {
        "so.code", "so.message", "so.stage", "so.origin", "so.partition", "so.offset", "so.key", "so.write_timestamp"};
    headers.clear();
    for (std::size_t i = 0; i < names.size(); ++i) headers.push_back({names[i], texts[i]});
    if (!letter.key) headers[6].value = std::nullopt;
    if (!letter.step.empty()) headers.push_back({"so.step", letter.step});
    redrives = std::to_string(letter.redrives);
    if (letter.redrives > 0) headers.push_back({"so.redrives", redrives});
    record.key = identity;
    if (letter.value) record.value = *letter.value;
    record.timestamp_ms = letter.record_timestamp_ms;
    record.headers = headers;
  }
};

class KafkaDeadLetters final : public data::DeadLetterSink {
 public:
  KafkaDeadLetters(std::string topic, OpenProducer open_producer, runtime::Loop& loop)
      : loop_(loop),
        writer_(std::make_unique<TopicWriter>(TopicWriter::Target{std::move(topic)}, std::move(open_producer), loop)) {}

  void write(std::vector<data::DeadLetter> letters, std::function<void(Result<void>)> done) override {
    auto shared = std::make_shared<const std::vector<data::DeadLetter>>(std::move(letters));
    if (open_) return send(shared, std::move(done));
    writer_->open([this, shared, done = std::move(done)](const Result<void>& opened) mutable {
      if (!opened) return done(opened.error());
      open_ = true;
      send(shared, std::move(done));
    });
  }

  std::optional<Error> trouble() const override { return writer_ == nullptr ? std::nullopt : writer_->trouble(); }

  void close(std::function<void()> done) override {
    writer_.reset();
    loop_.post(std::move(done));
  }

 private:
  void send(const std::shared_ptr<const std::vector<data::DeadLetter>>& letters,
            std::function<void(Result<void>)> done) {
    writer_->write(
        letters->size(),
        [this, letters](std::size_t row, kafka::OutgoingRecord& record) {
          record_.fill((*letters)[row], record);
          return std::optional<Error>();
        },
        [done = std::move(done)](const Result<std::vector<data::RowFailure>>& written) {
          if (!written) return done(written.error());
          // A letter that is too large for the topic must not vanish silently.
          done(written->empty() ? Result<void>(Ok()) : Result<void>((*written)[0].error));
        });
  }

  runtime::Loop& loop_;
  bool open_ = false;
  LetterRecord record_;
  std::unique_ptr<TopicWriter> writer_;
};

}  // namespace

std::unique_ptr<data::DeadLetterSink> make_kafka_dead_letters(std::string topic, kafka::ClientConfig config,
                                                              runtime::Loop& loop, runtime::Pool& pool) {
  return make_dead_letters_over(open_own_producer(std::move(config), {}, loop, pool), std::move(topic), loop);
}

std::unique_ptr<data::DeadLetterSink> make_dead_letters_over(OpenProducer open_producer, std::string topic,
                                                             runtime::Loop& loop) {
  return std::make_unique<KafkaDeadLetters>(std::move(topic), std::move(open_producer), loop);
}

}  // namespace streamops::connect
