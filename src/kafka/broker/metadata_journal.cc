#include "kafka/broker/metadata_journal.h"

#include <utility>

#include "errors/kafka.h"
#include "kafka/protocol/reader.h"
#include "kafka/protocol/writer.h"

namespace streamops::kafka {

namespace {

constexpr std::int32_t format_version = 1;
constexpr bool compact = true;

enum class Kind : std::int8_t { format = 1, cluster = 2, topic = 3, removal = 4, producers = 5 };

Writer entry_of(Kind kind) {
  Writer out;
  out.i8(static_cast<std::int8_t>(kind));
  return out;
}

Bytes encode_format() {
  Writer out = entry_of(Kind::format);
  out.i32(format_version);
  return std::move(out).take();
}

Bytes encode_cluster(const std::string& id) {
  Writer out = entry_of(Kind::cluster);
  out.string(id, compact);
  return std::move(out).take();
}

Bytes encode_topic(const TopicRecord& topic) {
  Writer out = entry_of(Kind::topic);
  out.uuid(topic.id);
  out.string(topic.name, compact);
  out.i32(topic.partitions);
  out.i32(static_cast<std::int32_t>(topic.configs.size()));
  for (const auto& [name, value] : topic.configs) {
    out.string(name, compact);
    out.string(value, compact);
  }
  return std::move(out).take();
}

Bytes encode_removal(const Uuid& id) {
  Writer out = entry_of(Kind::removal);
  out.uuid(id);
  return std::move(out).take();
}

Bytes encode_producers(std::int64_t end) {
  Writer out = entry_of(Kind::producers);
  out.i64(end);
  return std::move(out).take();
}

TopicRecord read_topic(Reader& in) {
  TopicRecord topic;
  topic.id = in.uuid();
  topic.name = in.string(compact);
  topic.partitions = in.i32();
  for (std::int32_t left = in.i32(); left > 0 && in.ok(); --left) {
    std::string name = in.string(compact);
    topic.configs[std::move(name)] = in.string(compact);
  }
  return topic;
}

}  // namespace

Result<std::unique_ptr<MetadataJournal>> MetadataJournal::open(const std::string& path, log::SyncOptions sync,
                                                               runtime::Disk& disk, runtime::Loop& loop,
                                                               runtime::Pool& pool) {
  std::unique_ptr<MetadataJournal> self(new MetadataJournal());
  log::JournalOptions options;
  options.sync = sync;
  STREAMOPS_ASSIGN(self->journal_, log::Journal::open(path, options, disk, loop, pool,
                                                      [&self](BytesView entry) { return self->replay(entry); }));
  if (!self->has_format_) {
    const auto begun = self->journal_->append(encode_format());
    if (!begun) return begun.error();
  }
  return self;
}

Result<void> MetadataJournal::replay(BytesView entry) {
  Reader in(entry);
  switch (static_cast<Kind>(in.i8())) {
    case Kind::format: {
      const std::int32_t version = in.i32();
      if (version != format_version) {
        return Error(errors::kafka::data_of_another_version, "the broker's data has format {}, this version reads {}",
                     version, format_version);
      }
      has_format_ = true;
      break;
    }
    case Kind::cluster:
      state_.cluster_id = in.string(compact);
      break;
    case Kind::topic: {
      TopicRecord topic = read_topic(in);
      state_.topics[topic.id] = std::move(topic);
      break;
    }
    case Kind::removal:
      state_.topics.erase(in.uuid());
      break;
    case Kind::producers:
      state_.producer_ids_end = in.i64();
      break;
  }
  if (!has_format_)
    return Error(errors::kafka::data_of_another_version, "the broker's metadata does not begin with its format");
  return in.finish("metadata entry", format_version);
}

void MetadataJournal::write(const Bytes& entry, std::function<void()> undo, Done done) {
  journal_->append(entry, [undo = std::move(undo), done = std::move(done)](const Result<void>& result) {
    if (!result) undo();
    done(result);
  });
  rewrite_if_worth();
}

void MetadataJournal::rewrite_if_worth() {
  if (!journal_->worth_rewriting()) return;
  // A rewrite that cannot begin leaves the journal as it is; it is tried again at the next change.
  (void)journal_
      ->rewrite([this](const auto& emit) {
        emit(encode_format());
        emit(encode_cluster(state_.cluster_id));
        emit(encode_producers(state_.producer_ids_end));
        for (const auto& [id, topic] : state_.topics) emit(encode_topic(topic));
      })
      .ok();
}

void MetadataJournal::put_cluster(const std::string& id, Done done) {
  const std::string before = std::exchange(state_.cluster_id, id);
  write(encode_cluster(id), [this, before] { state_.cluster_id = before; }, std::move(done));
}

void MetadataJournal::put_topic(const TopicRecord& topic, Done done) {
  const auto found = state_.topics.find(topic.id);
  if (found == state_.topics.end()) {
    state_.topics[topic.id] = topic;
    return write(encode_topic(topic), [this, id = topic.id] { state_.topics.erase(id); }, std::move(done));
  }
  const TopicRecord before = std::exchange(found->second, topic);
  write(encode_topic(topic), [this, before] { state_.topics[before.id] = before; }, std::move(done));
}

void MetadataJournal::remove_topic(const Uuid& id, Done done) {
  const auto found = state_.topics.find(id);
  if (found == state_.topics.end()) return done(Ok());
  const TopicRecord before = std::move(found->second);
  state_.topics.erase(found);
  write(encode_removal(id), [this, before] { state_.topics[before.id] = before; }, std::move(done));
}

void MetadataJournal::put_producer_ids_end(std::int64_t end, Done done) {
  const std::int64_t before = std::exchange(state_.producer_ids_end, end);
  write(encode_producers(end), [this, before] { state_.producer_ids_end = before; }, std::move(done));
}

}  // namespace streamops::kafka
