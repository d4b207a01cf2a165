#include "doctor/gather/cql_talk.h"

#include "cql/protocol/requests.h"
#include "cql/protocol/value.h"

namespace streamops::doctor {
namespace {

std::string cell_text(const cql::CqlType& type, BytesView bytes) {
  if (type.id() == cql::TypeId::timestamp && bytes.size() == sizeof(std::int64_t))
    return std::to_string(load_big_endian<std::int64_t>(bytes.data()));
  return cql::to_plain_text(type, bytes);
}

std::vector<CqlRow> rows_of(const cql::Rows& rows) {
  std::vector<CqlRow> out;
  cql::RowReader reader(rows);
  std::vector<std::optional<BytesView>> cells;
  while (reader.next(cells)) {
    CqlRow& row = out.emplace_back();
    for (std::size_t i = 0; i < cells.size() && i < rows.metadata.columns.size(); ++i) {
      const cql::ColumnSpec& column = rows.metadata.columns[i];
      if (cells[i] && cql::validate(*column.type, *cells[i])) row[column.name] = cell_text(*column.type, *cells[i]);
    }
  }
  return out;
}

}  // namespace

CqlTalk::CqlTalk(Line& line)
    : line_(line), reader_(cql::FrameReader::Side::client, {largest_answer}), writer_(cql::Version::v4, false) {}

cql::Frame CqlTalk::Answer::frame() const {
  return {cql::Version::v4, true, 0, 0, opcode, body};
}

std::optional<CqlTalk::Answer> CqlTalk::ask(cql::Opcode opcode, BytesView body, Deadline until) {
  Bytes out;
  writer_.append(out, opcode, 0, body);
  said_.clear();
  if (!line_.write(out, until)) {
    Bytes rest;  // why it failed shows in what can still be read
    how_ = line_.read(rest, until);
    return std::nullopt;
  }
  while (true) {
    Result<std::optional<cql::Frame>> frame = reader_.next();
    if (!frame) return std::nullopt;
    if (*frame) {
      Answer answer{(*frame)->opcode, {(*frame)->body.begin(), (*frame)->body.end()}, std::nullopt};
      if (answer.opcode == cql::Opcode::error) {
        if (Result<cql::ErrorMessage> error = cql::decode_error(**frame)) answer.error = std::move(*error);
      }
      return answer;
    }
    Bytes arrived;
    how_ = line_.read(arrived, until);
    if (how_ != Line::Read::data) return std::nullopt;
    if (said_.size() < 4096) append_bytes(said_, arrived);
    reader_.feed(arrived);
  }
}

std::optional<std::vector<CqlRow>> CqlTalk::query(std::string_view text, Deadline until) {
  Bytes body;
  cql::Query query;
  query.text = text;
  cql::append_query(body, query, cql::Version::v4);
  const std::optional<Answer> answer = ask(cql::Opcode::query, body, until);
  if (!answer || answer->opcode != cql::Opcode::result) return std::nullopt;
  const cql::Frame frame = answer->frame();
  const Result<cql::ResultMessage> message = cql::decode_result(frame);
  if (!message) return std::nullopt;
  const auto* rows = std::get_if<cql::Rows>(&*message);
  return rows == nullptr ? std::vector<CqlRow>() : rows_of(*rows);
}

}  // namespace streamops::doctor
