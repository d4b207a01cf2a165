#include "pipeline/merged_source.h"

#include <algorithm>

namespace streamops::pipeline {

namespace {

constexpr Microseconds look_interval = Milliseconds{20};
/// A topic may end in marks of transactions, which are no records: then its lag never gets to nothing.
constexpr int quiet_looks = 25;

using Owners = std::vector<std::shared_ptr<const void>>;

std::vector<std::vector<data::Position>> by_input(const std::vector<data::Position>& positions, std::size_t inputs) {
  std::vector<std::vector<data::Position>> out(inputs);
  for (data::Position position : positions) {
    const std::size_t input = input_of(position.partition);
    if (input >= inputs) continue;  // an input that the stream had once
    position.partition = partition_in_topic(position.partition);
    out[input].push_back(position);
  }
  return out;
}

}  // namespace

MergedSource::MergedSource(std::vector<MergedInput> inputs, runtime::Loop& loop)
    : inputs_(std::move(inputs)), loop_(loop) {
  tables_read_ = std::none_of(inputs_.begin(), inputs_.end(), [](const MergedInput& input) { return input.is_table; });
}

MergedSource::~MergedSource() = default;

void MergedSource::start(std::vector<data::Position> from, std::function<void()> on_ready) {
  on_ready_ = std::move(on_ready);
  std::vector<std::vector<data::Position>> positions = by_input(from, inputs_.size());
  for (std::size_t i = 0; i < inputs_.size(); ++i)
    inputs_[i].source->start(std::move(positions[i]), [this] { notify(); });
  if (!tables_read_) look_again();
}

void MergedSource::notify() {
  if (notified_ || !on_ready_) return;
  notified_ = true;
  const std::function<void()> call = on_ready_;  // it may stop this source
  call();
}

/// An empty topic says nothing by itself.
void MergedSource::look_again() {
  look_timer_ = loop_.after(look_interval, [this] {
    ++quiet_looks_;
    look_again();
    notify();
  });
}

bool MergedSource::tables_are_read() {
  if (tables_read_) return true;
  for (const MergedInput& input : inputs_) {
    if (!input.is_table) continue;
    const std::optional<std::int64_t> lag = input.source->lag();
    if (!lag || (*lag > 0 && quiet_looks_ < quiet_looks)) return false;
  }
  tables_read_ = true;
  look_timer_.reset();
  return true;
}

Result<data::Records> MergedSource::poll(std::size_t max_bytes) {
  notified_ = false;
  data::Records out;
  const std::size_t share = std::max<std::size_t>(max_bytes / inputs_.size(), 1);
  for (std::size_t i = 0; i < inputs_.size(); ++i) {
    if (inputs_[i].is_table) STREAMOPS_RETURN_IF_ERROR(poll_input(i, share, out));
  }
  if (!out.records.empty()) quiet_looks_ = 0;
  if (!tables_are_read()) return out;
  for (std::size_t i = 0; i < inputs_.size(); ++i) {
    if (!inputs_[i].is_table) STREAMOPS_RETURN_IF_ERROR(poll_input(i, share, out));
  }
  return out;
}

Result<void> MergedSource::poll_input(std::size_t number, std::size_t max_bytes, data::Records& out) {
  STREAMOPS_ASSIGN(data::Records records, inputs_[number].source->poll(max_bytes));
  if (records.records.empty()) return Ok();
  const std::int32_t first = static_cast<std::int32_t>(number) * partitions_per_input;
  for (data::Record& record : records.records) {
    record.partition += first;
    out.records.push_back(std::move(record));
  }
  out.bytes += records.bytes;
  auto owners = std::make_shared<Owners>();
  owners->push_back(std::move(out.owner));
  owners->push_back(std::move(records.owner));
  out.owner = std::move(owners);
  return Ok();
}

void MergedSource::acknowledge(const data::Ack& ack) {
  std::vector<std::vector<data::Position>> positions = by_input(ack.positions, inputs_.size());
  for (std::size_t i = 0; i < inputs_.size(); ++i) {
    if (!positions[i].empty()) inputs_[i].source->acknowledge({std::move(positions[i])});
  }
}

std::optional<Error> MergedSource::trouble() const {
  for (const MergedInput& input : inputs_) {
    if (std::optional<Error> trouble = input.source->trouble()) return trouble;
  }
  return std::nullopt;
}

std::optional<std::int64_t> MergedSource::lag() const {
  std::int64_t sum = 0;
  for (const MergedInput& input : inputs_) {
    const std::optional<std::int64_t> lag = input.source->lag();
    if (!lag) return std::nullopt;
    sum += *lag;
  }
  return sum;
}

void MergedSource::stop() {
  look_timer_.reset();
  on_ready_ = nullptr;
  for (MergedInput& input : inputs_) input.source->stop();
}

}  // namespace streamops::pipeline
