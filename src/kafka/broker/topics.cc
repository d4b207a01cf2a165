#include "kafka/broker/topics.h"

#include <algorithm>
#include <utility>

#include "errors/kafka.h"

namespace streamops::kafka {

namespace {

constexpr std::size_t longest_name = 249;
constexpr std::size_t name_in_directory = 200;  // with the id behind it a file name stays below 255 bytes
constexpr std::int64_t producer_ids_a_block = 1000;

Error unknown_topic(std::string_view name) {
  return Error(errors::kafka::topic_unknown, "there is no topic {}", name);
}

}  // namespace

bool is_topic_name(std::string_view name) {
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
           c == '-';
  };
  return !name.empty() && name.size() <= longest_name && name != "." && name != ".." &&
         std::all_of(name.begin(), name.end(), allowed);
}

Partition* Topic::partition(std::int32_t index) const {
  return has_partition(index) ? partitions_[static_cast<std::size_t>(index)].get() : nullptr;
}

std::string Topic::problem(std::int32_t index) const {
  const auto found = problems_.find(index);
  return found == problems_.end() ? std::string() : found->second;
}

// --- opening
// ----------------------------------------------------------------------------------------------------------

Result<std::unique_ptr<Topics>> Topics::open(const Context& context) {
  std::unique_ptr<Topics> self(new Topics(context));
  STREAMOPS_RETURN_IF_ERROR(context.disk.make_directories(self->root()));
  const log::SyncOptions sync{log::parse_sync_policy(context.settings.fsync), context.settings.fsync_interval};
  STREAMOPS_ASSIGN(self->journal_, MetadataJournal::open(context.directory + "/metadata.journal", sync, context.disk,
                                                         context.loop, context.pool));
  const MetadataState& state = self->journal_->state();
  if (state.cluster_id.empty()) {
    // 22 letters, as clients expect of a cluster's id. Nobody sees it before the first request, which comes after this
    // entry.
    self->journal_->put_cluster(to_string(context.loop.random().uuid()).substr(0, 22), [](const Result<void>&) {});
  }
  self->next_producer_id_ = self->producer_ids_end_ = state.producer_ids_end;
  STREAMOPS_RETURN_IF_ERROR(self->remove_leftovers());
  for (const auto& [id, record] : state.topics) self->add(self->make_topic(record));
  return self;
}

Topics::~Topics() = default;

std::string Topics::directory_of(const TopicRecord& record) const {
  return root() + "/" + record.name.substr(0, name_in_directory) + "." + to_string(record.id);
}

Result<void> Topics::remove_leftovers() {
  std::set<std::string> known;
  for (const auto& [id, record] : journal_->state().topics) known.insert(directory_of(record));
  STREAMOPS_ASSIGN(const std::vector<std::string> names, context_.disk.list(root()));
  for (const std::string& name : names) {
    const std::string path = root() + "/" + name;
    if (!known.contains(path)) STREAMOPS_RETURN_IF_ERROR(context_.disk.remove_tree(path));
  }
  return Ok();
}

std::shared_ptr<Topic> Topics::make_topic(const TopicRecord& record) {
  auto topic = std::make_shared<Topic>();
  topic->record_ = record;
  open_partitions(*topic, 0);
  return topic;
}

void Topics::open_partitions(Topic& topic, std::int32_t from) {
  const TopicRules rules = TopicRules::from(topic.record_.configs, context_.settings);
  for (std::int32_t index = from; index < topic.record_.partitions; ++index) {
    const std::string directory = directory_of(topic.record_) + "/" + std::to_string(index);
    auto opened = Partition::open(index, directory, rules, context_.disk, context_.loop, context_.pool);
    if (!opened) topic.problems_[index] = opened.error().to_line();
    topic.partitions_.push_back(opened ? *opened : nullptr);
    if (opened && (*opened)->log().recovery().damage)
      topic.problems_[index] = (*opened)->log().recovery().damage->to_line();
  }
}

void Topics::add(const std::shared_ptr<Topic>& topic) {
  by_name_[topic->name()] = topic;
  by_id_[topic->id()] = topic;
}

// --- finding
// ----------------------------------------------------------------------------------------------------------

const Topic* Topics::find(std::string_view name) const {
  const auto found = by_name_.find(name);
  return found == by_name_.end() ? nullptr : found->second.get();
}

const Topic* Topics::find(const Uuid& id) const {
  const auto found = by_id_.find(id);
  return found == by_id_.end() ? nullptr : found->second.get();
}

std::int64_t Topics::partition_total() const {
  std::int64_t total = 0;
  for (const auto& [name, topic] : by_name_) total += topic->partition_count();
  return total;
}

// --- changing
// ---------------------------------------------------------------------------------------------------------

Result<void> Topics::check_partitions(std::int64_t more) const {
  const std::int64_t total = partition_total() + more;
  if (total > context_.settings.max_partitions) {
    return Error(errors::kafka::partitions_invalid, "all topics together would have {} partitions; the limit is {}",
                 total, context_.settings.max_partitions);
  }
  return Ok();
}

Result<void> Topics::check_create(std::string_view name, std::int32_t partitions, const ConfigValues& configs) const {
  if (!is_topic_name(name))
    return Error(errors::kafka::topic_name_invalid, "\"{}\" cannot be the name of a topic",
                 name.substr(0, longest_name));
  if (find(name) != nullptr || changing_.contains(name))
    return Error(errors::kafka::topic_exists, "topic {} exists already", name);
  if (partitions != -1 && partitions < 1)
    return Error(errors::kafka::partitions_invalid, "{} is not a number of partitions", partitions);
  for (const auto& [config, value] : configs) STREAMOPS_RETURN_IF_ERROR(check_topic_config(config, value));
  return check_partitions(partitions == -1 ? context_.settings.default_partitions : partitions);
}

void Topics::create(const std::string& name, std::int32_t partitions, const ConfigValues& configs, Done done) {
  if (const Result<void> checked = check_create(name, partitions, configs); !checked) return done(checked);
  const std::int32_t count =
      partitions == -1 ? static_cast<std::int32_t>(context_.settings.default_partitions) : partitions;
  const TopicRecord record{name, context_.loop.random().uuid(), count, configs};
  changing_.insert(name);
  make_directories(record, 0, [this, record, done = std::move(done)](const Result<void>& made) {
    if (!made) {
      changing_.erase(record.name);
      return done(made);
    }
    journal_->put_topic(record, [this, record, done](const Result<void>& written) {
      changing_.erase(record.name);
      if (written) add(make_topic(record));
      done(written);
    });
  });
}

void Topics::make_directories(const TopicRecord& record, std::int32_t from, Done done) {
  const auto make = [&disk = context_.disk, root = root(), directory = directory_of(record), from,
                     to = record.partitions]() -> Result<void> {
    for (std::int32_t index = from; index < to; ++index)
      STREAMOPS_RETURN_IF_ERROR(disk.make_directories(directory + "/" + std::to_string(index)));
    STREAMOPS_RETURN_IF_ERROR(disk.sync_directory(directory));
    return disk.sync_directory(root);
  };
  context_.pool.run_then(context_.loop, make,
                         [alive = std::weak_ptr<bool>(alive_), done = std::move(done)](const Result<void>& made) {
                           if (!alive.expired()) done(made);
                         });
}

void Topics::remove(const Uuid& id, Done done) {
  const auto found = by_id_.find(id);
  if (found == by_id_.end()) return done(unknown_topic(to_string(id)));
  const std::shared_ptr<Topic> topic = found->second;
  by_id_.erase(found);
  by_name_.erase(topic->name());
  changing_.insert(topic->name());  // the name is free again when the removal is durable
  journal_->remove_topic(id, [this, topic, done = std::move(done)](const Result<void>& written) {
    changing_.erase(topic->name());
    if (!written) {
      add(topic);
      return done(written);
    }
    for (const std::shared_ptr<Partition>& partition : topic->partitions_) {
      if (partition) partition->wake_waiters();
    }
    // What cannot be removed now is removed after the next start.
    context_.pool.run(
        [&disk = context_.disk, directory = directory_of(topic->record_)] { (void)disk.remove_tree(directory).ok(); });
    done(Ok());
  });
}

Result<void> Topics::check_grow(std::string_view name, std::int32_t count) const {
  const Topic* topic = find(name);
  if (topic == nullptr) return unknown_topic(name);
  if (changing_.contains(name))
    return Error(errors::kafka::partitions_invalid, "topic {} is being changed already", name);
  if (count <= topic->partition_count()) {
    return Error(errors::kafka::partitions_invalid, "topic {} has {} partitions already; {} is not more", name,
                 topic->partition_count(), count);
  }
  return check_partitions(count - topic->partition_count());
}

void Topics::grow(const std::string& name, std::int32_t count, Done done) {
  if (const Result<void> checked = check_grow(name, count); !checked) return done(checked);
  const std::shared_ptr<Topic> topic = by_name_.find(name)->second;
  TopicRecord record = topic->record_;
  record.partitions = count;
  changing_.insert(name);
  make_directories(record, topic->partition_count(),
                   [this, topic, record, done = std::move(done)](const Result<void>& made) {
                     if (!made) {
                       changing_.erase(record.name);
                       return done(made);
                     }
                     journal_->put_topic(record, [this, topic, record, done](const Result<void>& written) {
                       changing_.erase(record.name);
                       if (written) {
                         topic->record_.partitions = record.partitions;
                         open_partitions(*topic, topic->partition_count());
                       }
                       done(written);
                     });
                   });
}

void Topics::set_configs(const std::string& name, const ConfigValues& configs, Done done) {
  const auto found = by_name_.find(name);
  if (found == by_name_.end()) return done(unknown_topic(name));
  for (const auto& [config, value] : configs) {
    if (const Result<void> checked = check_topic_config(config, value); !checked) return done(checked);
  }
  const std::shared_ptr<Topic> topic = found->second;
  TopicRecord record = topic->record_;
  record.configs = configs;
  journal_->put_topic(record, [this, topic, configs, done = std::move(done)](const Result<void>& written) {
    if (written) {
      topic->record_.configs = configs;
      const TopicRules rules = TopicRules::from(configs, context_.settings);
      for (const std::shared_ptr<Partition>& partition : topic->partitions_) {
        if (partition) partition->set_rules(rules);
      }
    }
    done(written);
  });
}

// --- producer ids
// -----------------------------------------------------------------------------------------------------

// Ids are given out of a block whose end is durable first, so a crash wastes at most one block and gives none out
// twice.
void Topics::next_producer_id(std::function<void(Result<std::int64_t>)> done) {
  producer_id_waiters_.push_back(std::move(done));
  hand_out_producer_ids();
}

void Topics::hand_out_producer_ids() {
  while (!producer_id_waiters_.empty() && next_producer_id_ < producer_ids_end_) {
    const auto waiter = std::move(producer_id_waiters_.front());
    producer_id_waiters_.pop_front();
    waiter(next_producer_id_++);
  }
  if (producer_id_waiters_.empty() || reserving_producer_ids_) return;
  reserving_producer_ids_ = true;
  const std::int64_t end = producer_ids_end_ + producer_ids_a_block;
  journal_->put_producer_ids_end(end, [this, end](const Result<void>& written) {
    reserving_producer_ids_ = false;
    if (written) {
      producer_ids_end_ = end;
      return hand_out_producer_ids();
    }
    for (auto waiters = std::exchange(producer_id_waiters_, {}); const auto& waiter : waiters) waiter(written.error());
  });
}

// --- upkeep
// -----------------------------------------------------------------------------------------------------------

void Topics::maintain(std::int64_t now) {
  for (const auto& [name, topic] : by_name_) {
    for (const std::shared_ptr<Partition>& partition : topic->partitions_) {
      if (partition) partition->maintain(now);
    }
  }
}

void Topics::close(std::function<void()> done) {
  auto left = std::make_shared<std::int64_t>(1);
  const auto one_less = [left, done = std::move(done)](const Result<void>&) {
    if (--*left == 0) done();
  };
  for (const auto& [name, topic] : by_name_) {
    for (const std::shared_ptr<Partition>& partition : topic->partitions_) {
      if (!partition) continue;
      *left += 1;
      partition->close(one_less);
    }
  }
  journal_->flush(one_less);
}

}  // namespace streamops::kafka
