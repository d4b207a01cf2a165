// bench/macro/peers/floor.cc — the floor: what a tight loop over librdkafka and simdjson costs, without any guarantee.
// The jobs are those of bench/macro/jobs.py, which builds and runs this:
//
//   floor load  BOOTSTRAP TOPIC COUNT BATCH_BYTES    fills the topic with COUNT users
//   floor j1    BOOTSTRAP TOPIC OUT                  key and value through
//   floor j2    BOOTSTRAP TOPIC OUT                  filter and projection, key = id
//   floor j3    BOOTSTRAP TOPIC -                    j2 into nothing
//   floor j4    BOOTSTRAP TOPIC OUT                  count per 10 s of event time, gender, post code
//
// Reads the topic's partitions from their beginnings to their ends, and prints how many records it read and wrote.
#include <librdkafka/rdkafka.h>
#include <simdjson.h>

#include <array>
#include <cctype>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <random>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace {

using simdjson::ondemand::document;
using simdjson::ondemand::parser;

[[noreturn]] void die(const std::string& why) {
  std::fprintf(stderr, "floor: %s\n", why.c_str());
  std::exit(1);
}

rd_kafka_t* open_client(rd_kafka_type_t type, std::vector<std::pair<const char*, std::string>> settings) {
  rd_kafka_conf_t* conf = rd_kafka_conf_new();
  std::array<char, 512> text{};
  for (const auto& [name, value] : settings) {
    const auto set = rd_kafka_conf_set(conf, name, value.c_str(), text.data(), text.size());
    // Not every version of the library has every setting.
    if (set == RD_KAFKA_CONF_INVALID) die(text.data());
  }
  rd_kafka_t* client = rd_kafka_new(type, conf, text.data(), text.size());
  if (client == nullptr) die(text.data());
  return client;
}

class Output {
 public:
  Output(const std::string& bootstrap, const std::string& topic, const std::string& batch_bytes)
      : client_(open_client(RD_KAFKA_PRODUCER, {{"bootstrap.servers", bootstrap},
                                                {"linger.ms", "20"},
                                                {"batch.size", batch_bytes},
                                                {"batch.num.messages", "100000"},
                                                {"queue.buffering.max.messages", "500000"},
                                                {"partitioner", "murmur2_random"}})),
        topic_(rd_kafka_topic_new(client_, topic.c_str(), nullptr)) {}

  void send(std::string_view key, std::string_view value) {
    while (rd_kafka_produce(topic_, RD_KAFKA_PARTITION_UA, RD_KAFKA_MSG_F_COPY, const_cast<char*>(value.data()),
                            value.size(), key.data(), key.size(), nullptr) != 0) {
      if (rd_kafka_last_error() != RD_KAFKA_RESP_ERR__QUEUE_FULL) die(rd_kafka_err2str(rd_kafka_last_error()));
      rd_kafka_poll(client_, 10);
    }
    if (++sent_ % 1024 == 0) rd_kafka_poll(client_, 0);
  }

  long finish() {
    if (rd_kafka_flush(client_, 60'000) != RD_KAFKA_RESP_ERR_NO_ERROR) die("the broker does not take the rest");
    return sent_;
  }

 private:
  rd_kafka_t* client_;
  rd_kafka_topic_t* topic_;
  long sent_ = 0;
};

/// Calls `take(key, value)` for each record; the value has simdjson's padding behind it.
template <typename Take>
long read_all(const std::string& bootstrap, const std::string& topic, Take take) {
  rd_kafka_t* client = open_client(RD_KAFKA_CONSUMER, {{"bootstrap.servers", bootstrap},
                                                       {"group.id", "floor"},
                                                       {"enable.auto.commit", "false"},
                                                       {"enable.partition.eof", "true"},
                                                       {"fetch.queue.backoff.ms", "10"},
                                                       {"queued.min.messages", "1000000"}});
  rd_kafka_topic_t* handle = rd_kafka_topic_new(client, topic.c_str(), nullptr);
  const rd_kafka_metadata_t* metadata = nullptr;
  if (rd_kafka_metadata(client, 0, handle, &metadata, 10'000) != RD_KAFKA_RESP_ERR_NO_ERROR) die("no metadata");
  const int partitions = metadata->topics[0].partition_cnt;
  rd_kafka_queue_t* queue = rd_kafka_queue_new(client);
  for (int i = 0; i < partitions; ++i) rd_kafka_consume_start_queue(handle, i, RD_KAFKA_OFFSET_BEGINNING, queue);
  std::array<rd_kafka_message_t*, 1024> messages{};
  std::string padded;
  long count = 0;
  for (int ended = 0; ended < partitions;) {
    const ssize_t got = rd_kafka_consume_batch_queue(queue, 100, messages.data(), messages.size());
    for (ssize_t i = 0; i < got; ++i) {
      rd_kafka_message_t* message = messages[static_cast<std::size_t>(i)];
      if (message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
        ++ended;
      } else if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR) {
        die(rd_kafka_message_errstr(message));
      } else {
        ++count;
        padded.reserve(message->len + simdjson::SIMDJSON_PADDING);
        padded.assign(static_cast<const char*>(message->payload), message->len);
        take(std::string_view(static_cast<const char*>(message->key), message->key_len), padded);
      }
      rd_kafka_message_destroy(message);
    }
  }
  return count;
}

simdjson::padded_string_view padded_view(const std::string& text) {
  return simdjson::padded_string_view(text.data(), text.size(), text.capacity());
}

/// `value` with quotes; only what JSON wants escaped is escaped.
void append_quoted(std::string& out, std::string_view value) {
  out += '"';
  for (const char c : value) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  out += '"';
}

/// The row of J2, or false when the filter drops it. `out` is the row, `id` its key.
bool project(parser& json, const std::string& value, std::string& out, std::string& id) {
  static constexpr std::array<const char*, 5> copied = {"address", "post_code", "phone", "registered_date", "picture"};
  static constexpr std::array<const char*, 5> named = {"address", "post_code", "phone", "registered_at", "picture"};
  document user = json.iterate(padded_view(value));
  std::string_view text;
  std::string_view first;
  std::string_view last;
  std::string_view email;
  std::string_view born;
  std::array<std::string_view, copied.size()> rest;
  for (auto field : user.get_object()) {
    const std::string_view name = field.unescaped_key();
    if (field.value().get_string().get(text) != simdjson::SUCCESS) continue;
    if (name == "gender") {
      if (text != "female") return false;
    } else if (name == "id") {
      id.assign(text);
    } else if (name == "first_name") {
      first = text;
    } else if (name == "last_name") {
      last = text;
    } else if (name == "email") {
      email = text;
    } else if (name == "dob") {
      born = text;
    } else {
      for (std::size_t i = 0; i < copied.size(); ++i) {
        if (name == copied[i]) rest[i] = text;
      }
    }
  }
  out = "{\"id\":";
  append_quoted(out, id);
  out += ",\"full_name\":";
  append_quoted(out, std::string(first) + " " + std::string(last));
  std::string lower(email);
  for (char& c : lower) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  out += ",\"email\":";
  append_quoted(out, lower);
  out += ",\"email_domain\":";
  append_quoted(out, std::string_view(lower).substr(lower.find('@') + 1));
  out += ",\"birth_year\":";
  out += std::to_string(std::atoi(std::string(born.substr(0, 4)).c_str()));
  const std::array<std::size_t, copied.size()> order = {1, 0, 2, 3, 4};
  for (const std::size_t i : order) {
    out += ",\"";
    out += named[i];
    out += "\":";
    append_quoted(out, rest[i]);
  }
  out += '}';
  return true;
}

/// "2024-01-01T00:03:20.000Z|male|4711": the window's start, cut from the text of the event time.
bool group_of(parser& json, const std::string& value, std::string& group) {
  document user = json.iterate(padded_view(value));
  std::string_view gender;
  std::string_view post_code;
  std::string_view at;
  if (user["gender"].get_string().get(gender) != simdjson::SUCCESS) return false;
  if (user["post_code"].get_string().get(post_code) != simdjson::SUCCESS) return false;
  if (user["registered_date"].get_string().get(at) != simdjson::SUCCESS || at.size() < 19) return false;
  group.assign(at.substr(0, 18)).append("0.000Z|").append(gender).append("|").append(post_code);
  return true;
}

long count_groups(const std::string& bootstrap, const std::string& topic, Output& out, long& read) {
  parser json;
  std::unordered_map<std::string, long> counts;
  std::string group;
  read = read_all(bootstrap, topic, [&](std::string_view, const std::string& value) {
    if (group_of(json, value, group)) ++counts[group];
  });
  std::string row;
  for (const auto& [key, n] : counts) {
    const std::size_t first = key.find('|');
    const std::size_t second = key.find('|', first + 1);
    row = "{\"start\":\"" + key.substr(0, first) + "\",\"gender\":\"" + key.substr(first + 1, second - first - 1) +
          "\",\"post_code\":\"" + key.substr(second + 1) + "\",\"n\":" + std::to_string(n) + "}";
    out.send(key.substr(second + 1), row);
  }
  return out.finish();
}

/// Users as randomuser.me gives them, flattened, about 517 bytes each; event time moves on by a millisecond a user.
std::string user(std::mt19937_64& dice, long number) {
  const auto word = [&](std::size_t size) {
    std::string out(size, ' ');
    for (char& c : out) c = static_cast<char>('a' + dice() % 26);
    return out;
  };
  const auto title = [&](std::size_t size) {
    std::string out = word(size);
    out[0] = static_cast<char>(out[0] - 32);
    return out;
  };
  std::array<char, 40> id{};
  const auto high = static_cast<unsigned long long>(dice());
  const auto low = static_cast<unsigned long long>(dice());
  std::snprintf(id.data(), id.size(), "%08llx-%04llx-4%03llx-8%03llx-%012llx", high >> 32, high >> 16 & 0xFFFF,
                high & 0xFFF, low >> 52, low & 0xFFFFFFFFFFFF);
  const long seconds = number / 1000;
  std::array<char, 32> at{};
  std::snprintf(at.data(), at.size(), "2024-01-01T%02ld:%02ld:%02ld.%03ldZ", seconds / 3600 % 24, seconds / 60 % 60,
                seconds % 60, number % 1000);
  const std::string first = title(6);
  const std::string last = title(8);
  const char* gender = dice() % 2 == 0 ? "female" : "male";
  return std::string("{\"id\": \"") + id.data() + "\", \"first_name\": \"" + first + "\", \"last_name\": \"" + last +
         "\", \"gender\": \"" + gender + "\", \"address\": \"" + std::to_string(dice() % 9999) + " " + word(24) +
         " Street, " + title(22) + ", " + title(24) + ", " + title(24) + "\", \"post_code\": \"" +
         std::to_string(10'000 + dice() % 500) + "\", \"email\": \"" + first + "." + last +
         "@example.com\", \"username\": \"" + word(23) + std::to_string(dice() % 1000) + "\", \"dob\": \"" +
         std::to_string(1950 + dice() % 55) + "-12-10T09:00:00.000Z\", \"registered_date\": \"" + at.data() +
         "\", \"phone\": \"" + std::to_string(1'000'000'000 + dice() % 1'000'000'000) +
         "\", \"picture\": \"https://randomuser.me/api/portraits/med/women/" + std::to_string(dice() % 99) + ".jpg\"}";
}

void load(const std::string& bootstrap, const std::string& topic, long count, const std::string& batch_bytes) {
  Output out(bootstrap, topic, batch_bytes);
  std::mt19937_64 dice(1);
  double bytes = 0;
  for (long i = 0; i < count; ++i) {
    const std::string value = user(dice, i);
    bytes += static_cast<double>(value.size());
    out.send(std::string_view(value).substr(8, 36), value);
  }
  const long written = out.finish();
  std::printf("%ld %ld %.0f\n", count, written, bytes / static_cast<double>(count));
}

}  // namespace

int main(int count, char** words) {
  const std::vector<std::string> arguments(words + 1, words + count);
  if (arguments.size() == 5 && arguments[0] == "load") {
    load(arguments[1], arguments[2], std::atol(arguments[3].c_str()), arguments[4]);
    return 0;
  }
  if (arguments.size() != 4) die("load|j1|j2|j3|j4 BOOTSTRAP TOPIC OUT");
  const std::string& job = arguments[0];
  Output out(arguments[1], arguments[3] == "-" ? "unused" : arguments[3], "1000000");
  long read = 0;
  long kept = 0;
  if (job == "j1") {
    read = read_all(arguments[1], arguments[2],
                    [&](std::string_view key, const std::string& value) { out.send(key, value); });
  } else if (job == "j2" || job == "j3") {
    parser json;
    std::string row;
    std::string id;
    read = read_all(arguments[1], arguments[2], [&](std::string_view, const std::string& value) {
      if (!project(json, value, row, id)) return;
      ++kept;
      if (job == "j2") out.send(id, row);
    });
  } else if (job == "j4") {
    kept = count_groups(arguments[1], arguments[2], out, read);
  } else {
    die("no job " + job);
  }
  const long written = out.finish();
  std::printf("%ld %ld\n", read, written > 0 ? written : kept);
  return 0;
}
