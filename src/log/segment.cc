#include "log/segment.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "errors/log.h"
#include "log/file_window.h"

namespace streamops::log {

using runtime::Disk;
using runtime::OpenMode;

namespace {

constexpr std::size_t header_window = 4 * 1024;
constexpr std::size_t scan_window = 1024 * 1024;
constexpr std::size_t offset_digits = 20;

}  // namespace

std::string segment_name(Offset base_offset, std::string_view extension) {
  return fmt::format("{:020}{}", base_offset, extension);
}

std::optional<Offset> parse_segment_name(std::string_view name, std::string_view extension) {
  if (name.size() != offset_digits + extension.size() || !name.ends_with(extension)) return std::nullopt;
  Offset offset = 0;
  const char* end = name.data() + offset_digits;
  const auto [stop, error] = std::from_chars(name.data(), end, offset);
  if (error != std::errc() || stop != end || offset < 0) return std::nullopt;
  return offset;
}

Segment::Segment(Disk& disk, std::string directory, Offset base_offset, std::shared_ptr<runtime::File> file)
    : disk_(disk), directory_(std::move(directory)), base_offset_(base_offset), file_(std::move(file)) {
  index_.next_offset = base_offset;
}

std::string Segment::log_path() const {
  return directory_ + "/" + segment_name(base_offset_, ".log");
}
std::string Segment::index_path() const {
  return directory_ + "/" + segment_name(base_offset_, ".index");
}

Result<std::unique_ptr<Segment>> Segment::create(Disk& disk, const std::string& directory, Offset base_offset) {
  STREAMOPS_ASSIGN(std::shared_ptr<runtime::File> file,
                   disk.open(directory + "/" + segment_name(base_offset, ".log"), OpenMode::write_create));
  if (file->size() > 0) STREAMOPS_RETURN_IF_ERROR(file->truncate(0));
  return std::unique_ptr<Segment>(new Segment(disk, directory, base_offset, std::move(file)));
}

Result<std::unique_ptr<Segment>> Segment::open(Disk& disk, const std::string& directory, Offset base_offset,
                                               bool must_be_whole, Recovery& recovery) {
  STREAMOPS_ASSIGN(std::shared_ptr<runtime::File> file,
                   disk.open(directory + "/" + segment_name(base_offset, ".log"), OpenMode::write_existing));
  std::unique_ptr<Segment> segment(new Segment(disk, directory, base_offset, std::move(file)));
  STREAMOPS_RETURN_IF_ERROR(segment->recover(must_be_whole, recovery));
  return segment;
}

Result<void> Segment::recover(bool must_be_whole, Recovery& recovery) {
  std::uint64_t vouched = 0;
  if (disk_.exists(index_path())) {
    STREAMOPS_ASSIGN(const Bytes bytes, disk_.read_file(index_path()));
    if (std::optional<SegmentIndex> index = SegmentIndex::decode(bytes)) {
      vouched = index->verified_bytes;
      if (vouched <= file_->size()) index_ = std::move(*index);
    }
  }
  const std::uint64_t file_size = file_->size();
  if (size() == file_size) return Ok();
  STREAMOPS_RETURN_IF_ERROR(scan());
  if (size() < vouched || (must_be_whole && size() < file_size)) {
    recovery.damage = damaged(size());
    STREAMOPS_RETURN_IF_ERROR(keep_aside());
    STREAMOPS_RETURN_IF_ERROR(disk_.replace_file(index_path(), index_.encode()));
  } else {
    recovery.cut_bytes += file_size - size();
  }
  if (size() < file_size) STREAMOPS_RETURN_IF_ERROR(file_->truncate(size()));
  return file_->sync();
}

// Notes every whole batch behind what the index knows already.
Result<void> Segment::scan() {
  FileWindow window(*file_, scan_window);
  while (size() < window.size()) {
    const std::uint64_t position = size();
    STREAMOPS_ASSIGN(const BytesView head, window.view(position, batch_header_bytes));
    const std::optional<BatchHeader> header = read_batch_header(head);
    if (!header || header->base_offset < next_offset() || header->size > window.size() - position) return Ok();
    STREAMOPS_ASSIGN(const BytesView batch, window.view(position, header->size));
    if (batch.size() < header->size || !batch_checksum_matches(batch)) return Ok();
    index_.note(*header, position, base_offset_);
  }
  return Ok();
}

// Copies the whole file to a name that nobody opens, for a person to look at.
Result<void> Segment::keep_aside() const {
  STREAMOPS_ASSIGN(const Bytes content, disk_.read_file(log_path()));
  return disk_.replace_file(log_path() + ".damaged", content);
}

Error Segment::damaged(std::uint64_t position) const {
  return Error(errors::log::segment_damaged, "{}: the batch at byte {} is damaged", log_path(), position);
}

Result<void> Segment::append(BytesView batch, const BatchHeader& header) {
  const std::uint64_t position = size();
  const Result<void> written = file_->append(batch);
  if (!written) {
    torn_ = file_->size() != position && !file_->truncate(position);
    return written.error();
  }
  index_.note(header, position, base_offset_);
  return Ok();
}

// The first batch at or behind `position` that is wanted.
Result<std::optional<Segment::Found>> Segment::first_from(std::uint64_t position,
                                                          const std::function<bool(const BatchHeader&)>& wanted) {
  FileWindow window(*file_, header_window);
  while (position < size()) {
    STREAMOPS_ASSIGN(const BytesView head, window.view(position, batch_header_bytes));
    const std::optional<BatchHeader> header = read_batch_header(head);
    if (!header) return damaged(position);
    if (wanted(*header)) return std::optional<Found>(Found{position, *header});
    position += header->size;
  }
  return std::optional<Found>();
}

Result<std::optional<Segment::Found>> Segment::locate(Offset offset) {
  std::uint64_t position = index_.position_before(offset, base_offset_);
  for (const Hint& hint : hints_) {
    if (hint.offset == offset) position = hint.position;
  }
  return first_from(position, [offset](const BatchHeader& header) { return header.next_offset() > offset; });
}

// Hot path: once per fetch and partition; one read for the header, one for the data, straight into the answer.
Result<void> Segment::read(Offset offset, Offset limit, std::size_t max_bytes, bool at_least_one, Bytes& out) {
  STREAMOPS_ASSIGN(const std::optional<Found> first, locate(offset));
  if (!first || first->header.base_offset >= limit || (!at_least_one && first->header.size > max_bytes)) return Ok();
  const std::size_t start = out.size();
  const std::uint64_t room =
      std::max<std::uint64_t>(std::min<std::uint64_t>(max_bytes, size() - first->position), first->header.size);
  out.resize(start + static_cast<std::size_t>(room));
  const Result<std::size_t> got = file_->read_at(first->position, std::span(out).subspan(start));
  if (!got || *got < first->header.size) {
    out.resize(start);
    return got ? damaged(first->position) : got.error();
  }
  std::size_t whole = 0;
  Offset next = offset;
  while (true) {
    const std::optional<BatchHeader> header = read_batch_header(BytesView(out).subspan(start + whole, *got - whole));
    if (!header || header->size > *got - whole || header->base_offset >= limit) break;
    whole += header->size;
    next = header->next_offset();
  }
  out.resize(start + whole);
  hints_[next_hint_++ % hints_.size()] = {next, first->position + whole};
  return Ok();
}

Result<std::optional<Offset>> Segment::find_time(std::int64_t timestamp, Offset limit) {
  if (max_timestamp() < timestamp) return std::optional<Offset>();
  STREAMOPS_ASSIGN(const std::optional<Found> found,
                   first_from(index_.position_before_time(timestamp), [=](const BatchHeader& header) {
                     return header.max_timestamp >= timestamp || header.base_offset >= limit;
                   }));
  if (!found || found->header.base_offset >= limit) return std::optional<Offset>();
  return std::optional<Offset>(found->header.base_offset);
}

Result<void> Segment::for_each_batch(Offset from, const std::function<void(const BatchHeader&)>& visit) {
  const auto walked = first_from(index_.position_before(from, base_offset_), [&](const BatchHeader& header) {
    if (header.next_offset() > from) visit(header);
    return false;
  });
  if (!walked) return walked.error();
  return Ok();
}

Result<void> Segment::truncate(Offset offset) {
  STREAMOPS_ASSIGN(const std::optional<Found> first, locate(offset));
  const std::uint64_t end = first ? first->position : size();
  STREAMOPS_RETURN_IF_ERROR(file_->truncate(end));
  torn_ = false;
  hints_ = {};
  if (!first) return Ok();
  index_.rewind(end, base_offset_);
  return scan();
}

}  // namespace streamops::log
