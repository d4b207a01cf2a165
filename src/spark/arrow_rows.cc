#include "spark/arrow_rows.h"

#include <cstdint>
#include <cstring>
#include <optional>

#include "errors/spark.h"

namespace streamops::spark {

namespace {

constexpr std::int64_t max_rows = 1 << 20;  // of one batch; Spark sends at most 4 MiB
constexpr std::uint8_t record_batch = 3;

Error broken(std::string_view why) {
  return Error(errors::spark::broken_message, "rows of a result cannot be read: {}", why);
}

/// Little-endian numbers at checked places; the first that lies outside makes all later ones zero.
class Window {
 public:
  explicit Window(std::string_view bytes) : bytes_(bytes) {}

  template <typename T>
  T at(std::size_t place) {
    T value{};
    if (place > bytes_.size() || bytes_.size() - place < sizeof(T)) {
      inside_ = false;
      return value;
    }
    std::memcpy(&value, bytes_.data() + place, sizeof(T));
    return value;
  }
  std::string_view part(std::size_t place, std::size_t size) {
    if (place > bytes_.size() || bytes_.size() - place < size) {
      inside_ = false;
      return {};
    }
    return bytes_.substr(place, size);
  }
  bool inside() const { return inside_; }

  /// Where a field of a flatbuffer's table lies; nothing when the table leaves it out.
  std::optional<std::size_t> field(std::size_t table, std::size_t slot) {
    const auto back = at<std::int32_t>(table);
    const std::int64_t layout = static_cast<std::int64_t>(table) - back;
    if (layout < 0) inside_ = false;
    if (!inside_) return std::nullopt;
    const auto place = static_cast<std::size_t>(layout);
    const auto size = at<std::uint16_t>(place);
    const std::size_t entry = 4 + 2 * slot;
    const auto offset = entry + 2 > size ? std::uint16_t{0} : at<std::uint16_t>(place + entry);
    if (offset == 0) return std::nullopt;
    return table + offset;
  }
  /// Follows the reference that lies at `place`.
  std::size_t follow(std::size_t place) { return place + at<std::uint32_t>(place); }

 private:
  std::string_view bytes_;
  bool inside_ = true;
};

struct Span {
  std::int64_t offset = 0;
  std::int64_t length = 0;
};

/// One record batch of a single text column: its rows and where validity, offsets and bytes lie in the body.
struct Batch {
  std::int64_t rows = 0;
  Span buffers[3];
};

Result<Batch> read_batch(Window& message, std::size_t header) {
  Batch batch;
  if (const auto rows = message.field(header, 0)) batch.rows = message.at<std::int64_t>(*rows);
  const auto buffers = message.field(header, 2);
  if (!buffers || !message.inside()) return broken("a batch has no buffers");
  const std::size_t list = message.follow(*buffers);
  if (message.at<std::uint32_t>(list) != 3) return broken("one column of texts was expected");
  for (std::size_t i = 0; i < 3; ++i) {
    batch.buffers[i] = {message.at<std::int64_t>(list + 4 + 16 * i), message.at<std::int64_t>(list + 12 + 16 * i)};
    if (batch.buffers[i].offset < 0 || batch.buffers[i].length < 0) return broken("a buffer lies before the body");
  }
  if (!message.inside()) return broken("a batch ends too early");
  if (batch.rows < 0 || batch.rows > max_rows) return broken("a batch has an impossible number of rows");
  return batch;
}

Result<void> read_rows(std::string_view bytes, const Batch& batch, std::vector<std::string>& rows) {
  Window body(bytes);
  const auto place = [&](std::size_t buffer) { return static_cast<std::size_t>(batch.buffers[buffer].offset); };
  for (std::int64_t row = 0; row < batch.rows; ++row) {
    const auto index = static_cast<std::size_t>(row);
    if (batch.buffers[0].length > 0 && (body.at<std::uint8_t>(place(0) + index / 8) >> (index % 8) & 1) == 0) {
      rows.emplace_back("null");
      continue;
    }
    const auto begin = body.at<std::int32_t>(place(1) + 4 * index);
    const auto end = body.at<std::int32_t>(place(1) + 4 * index + 4);
    if (begin < 0 || end < begin) return broken("a text ends before it begins");
    const std::string_view text =
        body.part(place(2) + static_cast<std::size_t>(begin), static_cast<std::size_t>(end - begin));
    if (!body.inside()) return broken("a text lies behind the end");
    rows.emplace_back(text);
  }
  return Ok();
}

}  // namespace

Result<void> read_text_column(std::string_view stream, std::vector<std::string>& rows) {
  while (stream.size() >= 8) {
    Window head(stream);
    if (head.at<std::uint32_t>(0) != UINT32_MAX) return broken("a message does not begin where one should");
    const auto length = head.at<std::int32_t>(4);
    if (length == 0) return Ok();
    if (length < 4 || static_cast<std::size_t>(length) > stream.size() - 8) return broken("a message ends too early");
    const auto size = static_cast<std::size_t>(length);
    Window message(stream.substr(8, size));
    const std::size_t root = message.follow(0);
    const auto type = message.field(root, 1);
    const auto header = message.field(root, 2);
    const auto body_length = message.field(root, 3);
    const std::int64_t body = body_length ? message.at<std::int64_t>(*body_length) : 0;
    const std::size_t left = stream.size() - 8 - size;
    if (!message.inside() || body < 0 || static_cast<std::uint64_t>(body) > left) return broken("a body is cut off");
    const std::string_view content = stream.substr(8 + size, static_cast<std::size_t>(body));
    if (type && header && message.at<std::uint8_t>(*type) == record_batch) {
      STREAMOPS_ASSIGN(const Batch batch, read_batch(message, message.follow(*header)));
      STREAMOPS_RETURN_IF_ERROR(read_rows(content, batch, rows));
    }
    stream.remove_prefix(8 + size + content.size());
  }
  return stream.empty() ? Result<void>(Ok()) : Result<void>(broken("bytes are left"));
}

}  // namespace streamops::spark
