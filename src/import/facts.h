// import/facts.h — what the scripts of a project do, in the order in which they would do it.
//
// Values are still Python's (value.h); dag.h and spark_job.h make tasks and streams of them, traps.h looks for what
// goes wrong.
#pragma once

#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "import/value.h"

namespace streamops::importer {

/// A loop around what happens in it.
struct LoopFact {
  Where where;
  bool forever = false;           // while True
  std::optional<double> seconds;  // it ends after that time
  std::optional<double> count;    // for _ in range(count)
  std::optional<double> pause;    // time.sleep in it, seconds
  bool has_pause = false;         // a sleep of whatever length
  bool over_records = false;      // for message in consumer
};

/// One requests.get.
struct PollFact {
  Where where;
  std::string root;  // of the paths into its answer
  ValuePtr url;
  ValuePtr params;
  ValuePtr headers;
  std::string method = "GET";
  bool unverified = false;         // verify=False
  std::optional<double> timeout;   // seconds
  std::vector<std::size_t> loops;  // indices, from the outermost
  std::string task;                // id of the DAG's task, or the script's function
};

/// One producer.send or .produce.
struct SendFact {
  Where where;
  ValuePtr producer;
  ValuePtr topic;
  ValuePtr value;
  ValuePtr key;
  std::vector<std::size_t> loops;
  std::string task;
};

/// One session.execute.
struct CqlFact {
  Where where;
  ValuePtr session;
  ValuePtr text;
  ValuePtr parameters;
  std::vector<std::size_t> loops;
};

struct DagFact {
  Where where;
  std::string id;
  std::string description;
  ValuePtr schedule;  // null: none was said
  std::string schedule_keyword;
  ValuePtr start_date;
  ValuePtr catchup;
  ValuePtr default_args;
};

struct TaskFact {
  Where where;
  std::string dag;
  std::string id;
  std::string operator_name;  // "PythonOperator", "@task", "BashOperator"
  ValuePtr retries;
  ValuePtr retry_delay;
  ValuePtr command;       // of a BashOperator
  bool hands_on = false;  // its result holds a part of an answer
};

/// A DataFrame: columns over what it reads, with the steps in between put in.
struct Frame {
  struct Column {
    std::string name;
    ValuePtr value;
  };
  struct View {
    ValuePtr array;
    std::string alias;
    bool outer = false;
  };
  struct Lost {
    std::string what;
    Where where;
  };
  Where where;         // of its last step
  Where read_at;       // where it begins
  std::string format;  // "kafka"
  bool streaming = false;
  std::map<std::string, ValuePtr> options;
  bool parsed = false;  // from_json has given it columns
  std::string schema;   // DDL of the columns behind from_json
  Where schema_where;
  std::vector<Column> columns;
  std::vector<ValuePtr> filters;
  std::vector<View> views;
  std::vector<Lost> lost;  // what has no place in one SELECT over one topic
};
using FramePtr = std::shared_ptr<const Frame>;

/// df.writeStream….start(), or df.write….save() within a batch.
struct WriteFact {
  Where where;
  FramePtr frame;
  std::string format;
  std::map<std::string, ValuePtr> options;
  ValuePtr trigger;  // "10 seconds"
  std::string output_mode;
  bool by_batch = false;  // within foreachBatch
};

/// A `spark.…` setting of a session.
struct SparkSetting {
  std::string name;
  ValuePtr value;
  Where where;
};

struct NamedPlace {
  std::string name;
  Where where;
};

/// Values may hold each other in circles (functions and their scopes, dicts that hold themselves): what is kept here is
/// emptied in the end.
class Arena {
 public:
  Arena() = default;
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;
  ~Arena();
  void keep(const std::shared_ptr<Scope>& scope) { scopes_.push_back(scope); }
  void keep(const ValuePtr& container) { containers_.push_back(container); }

 private:
  std::vector<std::shared_ptr<Scope>> scopes_;
  std::vector<ValuePtr> containers_;
};

struct Facts {
  Arena arena;
  std::deque<LoopFact> loops;
  std::vector<PollFact> polls;
  std::vector<SendFact> sends;
  std::vector<CqlFact> cql;
  std::vector<DagFact> dags;
  std::vector<TaskFact> tasks;
  std::vector<std::pair<std::string, std::string>> order;  // task before task
  std::vector<WriteFact> writes;
  std::vector<SparkSetting> spark_settings;
  std::vector<ValuePtr> producers;   // objects
  std::vector<ValuePtr> consumers;   // objects
  std::vector<ValuePtr> clusters;    // cassandra.cluster.Cluster objects
  std::vector<NamedPlace> modules;   // imported, outermost package
  std::vector<NamedPlace> not_json;  // values that json.dumps cannot write
  std::vector<NamedPlace> awaited;   // waits for the end of a stream
  std::vector<NamedPlace> flushes;   // producers flushed or polled: file
};

}  // namespace streamops::importer
