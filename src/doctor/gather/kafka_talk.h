// doctor/gather/kafka_talk.h — Kafka requests and responses over a Line, one after the other.
#pragma once

#include <algorithm>
#include <optional>

#include "doctor/gather/line.h"
#include "kafka/protocol/frame.h"

namespace streamops::doctor {

class KafkaTalk {
 public:
  explicit KafkaTalk(Line& line) : line_(line), frames_(largest_answer) {}

  /// The answer to `request` at `version`; nothing when there is none before the deadline or it is no Kafka response:
  /// then how() and said() tell what came.
  template <typename Response, typename Request>
  std::optional<Response> ask(Request&& request, std::int16_t version, Deadline until) {
    const kafka::RequestHeader header{Request::api_key, version, ++correlation_, "streamops-doctor"};
    for (const Bytes& piece : kafka::encode_request(header, std::forward<Request>(request))) {
      if (!line_.write(piece, until)) {
        Bytes rest;  // why it failed shows in what can still be read
        how_ = line_.read(rest, until);
        return std::nullopt;
      }
    }
    const std::optional<Bytes> frame = next_frame(until);
    if (!frame) return std::nullopt;
    kafka::Reader in(*frame);
    const Result<std::int32_t> correlation = kafka::decode_response_header(in, Request::api_key, version);
    if (!correlation || *correlation != correlation_) return std::nullopt;
    Result<Response> response = Response::decode(in, version);
    if (!response) return std::nullopt;
    return std::move(*response);
  }

  Line::Read how() const { return how_; }
  const Bytes& said() const { return said_; }

 private:
  static constexpr std::size_t largest_answer = 16 * 1024 * 1024;

  std::optional<Bytes> next_frame(Deadline until) {
    said_.clear();
    while (true) {
      Bytes arrived;
      how_ = line_.read(arrived, until);
      if (how_ != Line::Read::data) return std::nullopt;
      if (said_.size() < 4096) append_bytes(said_, arrived);
      if (!frames_.feed(arrived)) return std::nullopt;
      if (std::optional<Bytes> frame = frames_.next()) return frame;
    }
  }

  Line& line_;
  kafka::FrameSplitter frames_;
  std::int32_t correlation_ = 0;
  Line::Read how_ = Line::Read::closed;
  Bytes said_;  // of the last answer
};

}  // namespace streamops::doctor
