// Clients of services: HTTP, Kafka (kafka-python, confluent-kafka), Cassandra's driver.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.h"
#include "import/library.h"

namespace streamops::importer {

namespace {

ValuePtr poll(Call& call, std::string method, const ValuePtr& url) {
  PollFact fact;
  fact.where = call.where;
  fact.root = fmt::format("answer {}", call.facts().polls.size());
  fact.url = url ? url : unknown("no URL");
  fact.params = call.argument(-1, "params");
  fact.headers = call.argument(-1, "headers");
  if (!fact.headers && call.self) fact.headers = call.self->find("headers");
  fact.method = std::move(method);
  const ValuePtr verify = call.argument(-1, "verify");
  fact.unverified = verify && verify->is(ValueKind::boolean) && verify->text == "false";
  if (const ValuePtr timeout = call.argument(-1, "timeout")) fact.timeout = timeout->as_number();
  fact.loops = call.interpreter.loops();
  fact.task = call.interpreter.task;
  ValuePtr answer = object("Answer", call.where);
  answer->set("body", path_value(fact.root));
  answer->set("status_code", unknown("the status"));
  call.facts().polls.push_back(std::move(fact));
  return answer;
}

ValuePtr get(Call& call) {
  return poll(call, "GET", call.argument(0, "url"));
}
ValuePtr post(Call& call) {
  return poll(call, "POST", call.argument(0, "url"));
}
ValuePtr request(Call& call) {
  return poll(call, to_upper(call.text(0, "method")), call.argument(1, "url"));
}

ValuePtr http_session(Call& call) {
  ValuePtr made = object("HttpSession", call.where);
  auto headers = std::make_shared<Value>();
  headers->kind = ValueKind::dict;
  made->set("headers", headers);
  return made;
}

/// Settings of a client, as kafka-python calls them: bootstrap_servers.
void take_settings(Call& call, Value& into) {
  const auto take = [&](std::string name, const ValuePtr& value) {
    std::replace(name.begin(), name.end(), '.', '_');
    into.set(name, value);
  };
  if (!call.arguments.empty() && call.arguments[0]->is(ValueKind::dict)) {
    for (const auto& [name, value] : call.arguments[0]->entries) take(name, value);
  }
  for (const auto& [name, value] : call.named) take(name, value);
}

ValuePtr producer(Call& call) {
  ValuePtr made = object("KafkaProducer", call.where);
  take_settings(call, *made);
  if (call.name.starts_with("confluent")) made->set("confluent", boolean_value(true));
  if (!call.interpreter.loops().empty()) made->set("in loop", boolean_value(true));
  call.facts().producers.push_back(made);
  return made;
}

ValuePtr consumer(Call& call) {
  ValuePtr made = object("KafkaConsumer", call.where);
  take_settings(call, *made);
  std::vector<ValuePtr> topics;
  for (const ValuePtr& each : call.arguments) {
    if (!each->is(ValueKind::dict)) topics.push_back(each);
  }
  if (!topics.empty()) made->set("topics", list_value(std::move(topics)));
  call.facts().consumers.push_back(made);
  return made;
}

ValuePtr send(Call& call) {
  SendFact fact;
  fact.where = call.where;
  fact.producer = call.self;
  fact.topic = call.argument(0, "topic");
  fact.value = call.argument(1, "value");
  const bool confluent = call.self->find("confluent") != nullptr;
  fact.key = call.argument(2, "key");
  if (const ValuePtr serializer = call.self->find("value_serializer"); serializer && fact.value && !confluent)
    fact.value = call.interpreter.call(serializer, {fact.value}, {},
                                       serializer->where.line > 0 ? serializer->where : call.where);
  fact.loops = call.interpreter.loops();
  fact.task = call.interpreter.task;
  call.facts().sends.push_back(std::move(fact));
  return unknown("a future");
}

ValuePtr flush(Call& call) {
  call.facts().flushes.push_back({call.name, call.where});
  return none_value();
}

ValuePtr cluster(Call& call) {
  ValuePtr made = object("Cluster", call.where);
  if (const ValuePtr points = call.argument(0, "contact_points")) made->set("contact_points", points);
  for (const auto& [name, value] : call.named) made->set(name, value);
  call.facts().clusters.push_back(made);
  return made;
}

ValuePtr login(Call& call) {
  ValuePtr made = object("Login", call.where);
  made->set("username", call.argument(0, "username") ? call.argument(0, "username") : none_value());
  made->set("password", call.argument(1, "password") ? call.argument(1, "password") : none_value());
  return made;
}

ValuePtr connect(Call& call) {
  ValuePtr made = object("CassandraSession", call.where);
  made->set("cluster", call.self);
  if (const ValuePtr keyspace = call.argument(0, "keyspace"); keyspace && !keyspace->is(ValueKind::none))
    made->set("keyspace", keyspace);
  return made;
}

ValuePtr set_keyspace(Call& call) {
  if (const ValuePtr keyspace = call.argument(0, "keyspace")) call.self->set("keyspace", keyspace);
  return none_value();
}

ValuePtr prepare(Call& call) {
  ValuePtr made = object("Prepared", call.where);
  made->set("text", call.argument(0, "query") ? call.argument(0, "query") : unknown("no text"));
  return made;
}

ValuePtr bind(Call& call) {
  ValuePtr made = std::make_shared<Value>(*call.self);
  if (const ValuePtr values = call.argument(0, "values")) made->set("parameters", values);
  return made;
}

ValuePtr execute(Call& call) {
  CqlFact fact;
  fact.where = call.where;
  fact.session = call.self;
  fact.text = call.argument(0, "query");
  fact.parameters = call.argument(1, "parameters");
  if (fact.text && fact.text->is_object("Prepared")) {
    if (const ValuePtr bound = fact.text->find("parameters")) fact.parameters = bound;
    fact.text = fact.text->find("text");
  }
  fact.loops = call.interpreter.loops();
  if (fact.text && fact.text->is(ValueKind::text)) {
    const std::string_view text = trim(fact.text->text);
    if (equals_ignore_case(text.substr(0, 4), "use ")) {
      std::string name(trim(text.substr(4)));
      if (name.ends_with(';')) name.pop_back();
      call.self->set("keyspace", text_value(name));
    }
    // The line is where the text begins; the keyspace is that of this moment.
    if (const ValuePtr keyspace = call.self->find("keyspace")) {
      fact.session = object("CassandraSession", call.where);
      fact.session->set("keyspace", keyspace);
    }
    call.facts().cql.push_back(std::move(fact));
  }
  return unknown("a result");
}

ValuePtr first(Call& call) {
  return call.arguments.empty() ? unknown(call.name) : call.arguments[0];
}

constexpr std::array<Entry, 40> entries{{
    {"requests:get", get},
    {"requests:post", post},
    {"requests:request", request},
    {"requests:Session", http_session},
    {"requests:session", http_session},
    {"httpx:get", get},
    {"httpx:post", post},
    {"httpx:Client", http_session},
    {"urllib:urlopen", get},
    {"HttpSession.get", get},
    {"HttpSession.post", post},
    {"HttpSession.request", request},
    {"kafka:KafkaProducer", producer},
    {"kafka:KafkaConsumer", consumer},
    {"confluent_kafka:Producer", producer},
    {"confluent_kafka:Consumer", consumer},
    {"KafkaProducer.send", send},
    {"KafkaProducer.produce", send},
    {"KafkaProducer.flush", flush},
    {"KafkaProducer.poll", flush},
    {"KafkaProducer.close", flush},
    {"cassandra:Cluster", cluster},
    {"cassandra:PlainTextAuthProvider", login},
    {"cassandra:SimpleStatement", first},
    {"cassandra:BatchStatement", [](Call& call) { return object("CassandraSession", call.where); }},
    {"Cluster.connect", connect},
    {"CassandraSession.execute", execute},
    {"CassandraSession.execute_async", execute},
    {"CassandraSession.add", execute},
    {"CassandraSession.prepare", prepare},
    {"CassandraSession.set_keyspace", set_keyspace},
    {"CassandraSession.shutdown", [](Call&) { return none_value(); }},
    {"Cluster.shutdown", [](Call&) { return none_value(); }},
    {"Prepared.bind", bind},
    {"uuid:UUID", first},
    {"ast:literal_eval", first},
    {"dateutil:parse", first},
    {"copy:deepcopy", first},
    {"copy:copy", first},
    {"html:unescape", first},
}};

}  // namespace

std::span<const Entry> service_library() {
  return entries;
}

}  // namespace streamops::importer
