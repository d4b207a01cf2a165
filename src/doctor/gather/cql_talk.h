// doctor/gather/cql_talk.h — CQL requests and responses over a Line, one after the other, in protocol v4.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "cql/protocol/responses.h"
#include "doctor/gather/line.h"

namespace streamops::doctor {

/// The cells of a row by column, as plain text; timestamps as milliseconds, null as an absent entry.
using CqlRow = std::map<std::string, std::string>;

class CqlTalk {
 public:
  explicit CqlTalk(Line& line);

  struct Answer {
    cql::Opcode opcode = cql::Opcode::error;
    Bytes body;
    std::optional<cql::ErrorMessage> error;  // for the opcode `error`
    cql::Frame frame() const;
  };
  /// Nothing when no whole frame of the protocol comes before the deadline: then how() and said() tell what came.
  std::optional<Answer> ask(cql::Opcode opcode, BytesView body, Deadline until);
  /// The rows of one query; nothing when it failed.
  std::optional<std::vector<CqlRow>> query(std::string_view text, Deadline until);

  Line::Read how() const { return how_; }
  const Bytes& said() const { return said_; }

 private:
  static constexpr std::size_t largest_answer = 16 * 1024 * 1024;

  Line& line_;
  cql::FrameReader reader_;
  cql::FrameWriter writer_;
  Line::Read how_ = Line::Read::closed;
  Bytes said_;
};

}  // namespace streamops::doctor
