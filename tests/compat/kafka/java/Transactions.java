import java.time.Duration;
import java.util.*;
import org.apache.kafka.clients.admin.*;
import org.apache.kafka.clients.consumer.*;
import org.apache.kafka.clients.producer.*;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.*;
import org.apache.kafka.common.serialization.*;

/** Apache's own transactional producer: commits, aborts, fencing, positions of a group. From 4.0 on it uses the second protocol. */
final class Transactions {
  private final Map<String, Object> common;
  private final String topic = "java.txn." + System.nanoTime();

  Transactions(Map<String, Object> common) {
    this.common = common;
  }

  interface Check {
    void holds(boolean condition, String what);
  }

  void run(Admin admin, Check check) throws Exception {
    admin.createTopics(List.of(new NewTopic(topic, 3, (short) 1), new NewTopic(topic + ".out", 1, (short) 1))).all().get();
    try (KafkaProducer<String, String> first = producer("id." + topic)) {
      first.initTransactions();
      write(first, true, "a", "b", "c");
      write(first, false, "lost");
      write(first, true, "d");
      check.holds(read(topic, "read_committed").equals(List.of("a", "b", "c", "d")), "committed records are read, aborted ones are not");
      fence(first, check);
    }
    copyOnce(check);
    check.holds(read(topic + ".out", "read_committed").size() == 5, "consume, transform, produce: each record once");
  }

  private void fence(KafkaProducer<String, String> first, Check check) {
    first.beginTransaction();
    first.send(new ProducerRecord<>(topic, "zombie", "zombie"));
    first.flush();
    try (KafkaProducer<String, String> second = producer("id." + topic)) {
      second.initTransactions();
      write(second, true, "e");
    }
    boolean fenced = false;
    try {
      first.commitTransaction();
    } catch (ProducerFencedException | InvalidProducerEpochException refused) {
      fenced = true;
    }
    check.holds(fenced, "a second producer of the same id fences the first");
    check.holds(read(topic, "read_committed").equals(List.of("a", "b", "c", "d", "e")), "and what the first left open is aborted");
  }

  /** Aborts a first round and commits a second one, with the group's position in the transaction. */
  private void copyOnce(Check check) {
    Map<String, Object> settings = readerSettings("read_committed");
    settings.put("group.id", "g." + topic);
    try (KafkaConsumer<String, String> reader = new KafkaConsumer<>(settings); KafkaProducer<String, String> writer = producer("copy." + topic)) {
      writer.initTransactions();
      reader.subscribe(List.of(topic));
      for (boolean commit : new boolean[] {false, true}) {
        List<ConsumerRecord<String, String>> records = new ArrayList<>();
        long until = System.currentTimeMillis() + 20000;
        while (records.size() < 5 && System.currentTimeMillis() < until) reader.poll(Duration.ofMillis(200)).forEach(records::add);
        writer.beginTransaction();
        Map<TopicPartition, OffsetAndMetadata> positions = new HashMap<>();
        for (ConsumerRecord<String, String> each : records) {
          writer.send(new ProducerRecord<>(topic + ".out", each.key(), each.value().toUpperCase()));
          positions.put(new TopicPartition(each.topic(), each.partition()), new OffsetAndMetadata(each.offset() + 1));
        }
        writer.sendOffsetsToTransaction(positions, reader.groupMetadata());
        if (commit) {
          writer.commitTransaction();
        } else {
          writer.abortTransaction();
          reader.seekToBeginning(reader.assignment());
        }
        check.holds(reader.committed(positions.keySet()).values().stream().allMatch(Objects::nonNull) == commit, "positions move with the " + (commit ? "commit" : "commit only"));
      }
    }
  }

  private void write(KafkaProducer<String, String> producer, boolean commit, String... values) {
    producer.beginTransaction();
    for (String value : values) producer.send(new ProducerRecord<>(topic, value, value));
    if (commit) producer.commitTransaction();
    else producer.abortTransaction();
  }

  private List<String> read(String from, String isolation) {
    List<String> out = new ArrayList<>();
    try (KafkaConsumer<String, String> reader = new KafkaConsumer<>(readerSettings(isolation))) {
      List<TopicPartition> partitions = reader.partitionsFor(from).stream().map(p -> new TopicPartition(from, p.partition())).toList();
      reader.assign(partitions);
      reader.seekToBeginning(partitions);
      Map<TopicPartition, Long> ends = reader.endOffsets(partitions);
      long until = System.currentTimeMillis() + 20000;
      while (System.currentTimeMillis() < until && partitions.stream().anyMatch(p -> reader.position(p) < ends.get(p)))
        reader.poll(Duration.ofMillis(200)).forEach(each -> out.add(each.value()));
    }
    Collections.sort(out);
    return out;
  }

  private Map<String, Object> readerSettings(String isolation) {
    Map<String, Object> settings = new HashMap<>(common);
    settings.putAll(Map.of("isolation.level", isolation, "auto.offset.reset", "earliest", "enable.auto.commit", false,
        "key.deserializer", StringDeserializer.class, "value.deserializer", StringDeserializer.class));
    return settings;
  }

  private KafkaProducer<String, String> producer(String id) {
    Map<String, Object> settings = new HashMap<>(common);
    settings.putAll(Map.of("transactional.id", id, "key.serializer", StringSerializer.class, "value.serializer", StringSerializer.class));
    return new KafkaProducer<>(settings);
  }
}
