// console/impl/test_ports.h — ports with made-up topics, tables and a flow, for the console's tests. They answer at
// once, or say no.
#pragma once

#include <map>
#include <mutex>

#include "console/ports.h"
#include "errors/runtime.h"

namespace streamops::console {

/// A subscription that takes its listener off a list, from any thread.
template <typename T>
class ListenerList {
 public:
  using Listener = std::function<void(T)>;

  SubscriptionPtr add(Listener listener) {
    const std::lock_guard guard(state_->lock);
    const int id = state_->next++;
    state_->listeners[id] = std::move(listener);
    return std::make_unique<End>(state_, id);
  }
  void tell(const T& value) {
    std::map<int, Listener> listeners;
    {
      const std::lock_guard guard(state_->lock);
      listeners = state_->listeners;
    }
    for (const auto& [id, listener] : listeners) listener(value);
  }
  std::size_t size() const {
    const std::lock_guard guard(state_->lock);
    return state_->listeners.size();
  }

 private:
  struct State {
    std::mutex lock;
    std::map<int, Listener> listeners;
    int next = 0;
  };
  struct End final : Subscription {
    End(std::shared_ptr<State> state, int id) : state_(std::move(state)), id_(id) {}
    ~End() override {
      const std::lock_guard guard(state_->lock);
      state_->listeners.erase(id_);
    }
    std::shared_ptr<State> state_;
    int id_;
  };
  std::shared_ptr<State> state_ = std::make_shared<State>();
};

class TestTopics final : public TopicsPort {
 public:
  void list(Done<std::vector<TopicInfo>> done) override {
    done(std::vector<TopicInfo>{{"users_created", false, {{0, 0, 3, 1200}, {1, 0, 0, {}}}}});
  }
  void messages(const MessageQuery& query, Done<std::vector<Message>> done) override {
    asked = query;
    if (query.topic != "users_created") {
      done(Error(errors::runtime::cannot_connect, "no topic `{}`", query.topic));
      return;
    }
    std::vector<Message> out;
    for (std::int64_t offset = 0; offset < 3; ++offset) {
      out.push_back({0, offset, from_millis(1000 + offset), "key", R"({"first_name":"Ana"})", {{"h", "1"}}});
    }
    out[1].value = std::nullopt;
    out[2].key = std::string("\xff\x00", 2);
    done(out);
  }
  SubscriptionPtr tail(const std::string&, std::function<void(std::vector<Message>)> listener) override {
    return tails.add(std::move(listener));
  }
  void groups(Done<std::vector<GroupInfo>> done) override {
    done(std::vector<GroupInfo>{
        {"readers", "Stable", {{"kcat", "127.0.0.1", {{"users_created", 0}}}}, {{"users_created", 0, 1, 3}}}});
  }

  MessageQuery asked;
  ListenerList<std::vector<Message>> tails;
};

class TestTables final : public TablesPort {
 public:
  void list(Done<std::vector<TableInfo>> done) override {
    done(std::vector<TableInfo>{
        {"spark_streams",
         "created_users",
         {{"id", "uuid", ColumnInfo::Kind::partition_key}, {"first_name", "text", ColumnInfo::Kind::regular}},
         false}});
  }
  void rows(const std::string&, const std::string&, const std::string& page, int, Done<RowsPage> done) override {
    if (page.empty()) {
      done(RowsPage{{{"550e8400-e29b-41d4-a716-446655440000", "Ana"}}, "p2"});
    } else {
      done(RowsPage{{{"650e8400-e29b-41d4-a716-446655440000", std::nullopt}}, ""});
    }
  }
};

class TestSchemas final : public SchemasPort {
 public:
  void list(Done<SubjectList> done) override { done(SubjectList{{"users-value"}, "BACKWARD"}); }
  void subject(const std::string& name, Done<SubjectInfo> done) override {
    if (name != "users/value") return done(Error(errors::runtime::cannot_connect, "no subject `{}`", name));
    done(SubjectInfo{name, "FULL", {{2, 7, "AVRO", R"({"type":"string"})"}, {1, 3, "AVRO", R"("int")"}}, 4});
  }
};

class TestStreams final : public StreamsPort {
 public:
  void flow(Done<Flow> done) override { done(now); }
  void redrive(const RedriveQuery& query, Done<std::string> done) override {
    redriven = query;
    if (query.step != "created_users") return done(Error(errors::runtime::cannot_connect, "no step {}", query.step));
    done(std::string(R"({"letters":[],"rows":0,"others":0,"more":false})"));
  }
  SubscriptionPtr watch(std::function<void(Flow)> listener) override { return watchers.add(std::move(listener)); }

  Flow now{"user_automation",
           "pipeline.yaml",
           "embedded",
           {{"topic:users_created",
             FlowNode::Kind::topic,
             "users_created",
             "",
             "",
             FlowNode::State::running,
             3,
             {{"partitions", 1}},
             {}}},
           {}};
  void tap(const TapQuery& query, Done<std::string> done) override {
    tapped = query;
    done(std::string(R"({"tap":7,"rows":[{"id":"7"}],"passed":1,"dropped":0})"));
  }

  ListenerList<Flow> watchers;
  RedriveQuery redriven;
  TapQuery tapped;
};

class TestSystem final : public SystemPort {
 public:
  SystemStatus status() override {
    return {"0.1.0",
            "/data",
            from_millis(0),
            50'000'000,
            {{"kafka", "localhost:9092", false}, {"cql", "db1:9042,db2:9042", true}}};
  }
};

}  // namespace streamops::console
