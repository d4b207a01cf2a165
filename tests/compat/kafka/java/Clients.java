import java.time.Duration;
import java.util.*;
import java.util.concurrent.*;
import java.util.stream.*;
import org.apache.kafka.clients.admin.*;
import org.apache.kafka.clients.consumer.*;
import org.apache.kafka.clients.producer.*;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.serialization.*;

/** Apache's own clients against a broker: an idempotent producer, a group of two consumers, and the admin client. */
public final class Clients {
  private static final int PARTITIONS = 4;
  private static final int RECORDS = 2000;

  private final String bootstrap;
  private final String topic = "java." + System.nanoTime();
  private final String group = "group." + topic;

  private Clients(String bootstrap) {
    this.bootstrap = bootstrap;
  }

  public static void main(String[] arguments) throws Exception {
    Clients run = new Clients(arguments[0]);
    try (Admin admin = Admin.create(run.common())) {
      run.createAndDescribe(admin);
      run.produceIdempotent("none");
      for (String codec : List.of("gzip", "snappy", "lz4", "zstd")) run.produceIdempotent(codec);
      run.consumeAsGroup(admin);
      run.describeGroup(admin);
      run.changeOffsets(admin);
      run.remove(admin);
      new Transactions(run.common()).run(admin, Clients::check);
    }
    System.out.println("all checks hold");
    System.exit(0);
  }

  private Map<String, Object> common() {
    return new HashMap<>(Map.of("bootstrap.servers", bootstrap, "request.timeout.ms", 15000, "default.api.timeout.ms", 20000));
  }

  private static void check(boolean holds, String what) {
    if (!holds) {
      System.out.println("FAILED " + what);
      System.exit(1);
    }
    System.out.println("ok " + what);
  }

  private void createAndDescribe(Admin admin) throws Exception {
    admin.createTopics(List.of(new NewTopic(topic, PARTITIONS, (short) 1).configs(Map.of("retention.ms", "3600000")))).all().get();
    DescribeClusterResult cluster = admin.describeCluster();
    check(cluster.nodes().get().size() == 1 && cluster.controller().get() != null, "the cluster has one node, its controller");
    TopicDescription described = admin.describeTopics(List.of(topic)).allTopicNames().get().get(topic);
    check(described.partitions().size() == PARTITIONS && described.partitions().get(0).leader() != null, "a created topic is described");
    check(admin.listTopics().names().get().contains(topic), "and listed");
    ConfigResource resource = new ConfigResource(ConfigResource.Type.TOPIC, topic);
    ConfigEntry retention = admin.describeConfigs(List.of(resource)).all().get().get(resource).get("retention.ms");
    check(retention.value().equals("3600000"), "with the config that it was given");
    AlterConfigOp change = new AlterConfigOp(new ConfigEntry("retention.ms", "7200000"), AlterConfigOp.OpType.SET);
    admin.incrementalAlterConfigs(Map.of(resource, List.of(change))).all().get();
    retention = admin.describeConfigs(List.of(resource)).all().get().get(resource).get("retention.ms");
    check(retention.value().equals("7200000"), "which can be changed");
  }

  private void produceIdempotent(String codec) throws Exception {
    Map<String, Object> config = common();
    config.putAll(Map.of("enable.idempotence", true, "acks", "all", "compression.type", codec, "linger.ms", 5));
    List<Future<RecordMetadata>> sent = new ArrayList<>();
    try (KafkaProducer<String, String> producer = new KafkaProducer<>(config, new StringSerializer(), new StringSerializer())) {
      for (int i = 0; i < RECORDS; i++) {
        ProducerRecord<String, String> record = new ProducerRecord<>(topic, i % PARTITIONS, "key" + i, codec + i);
        record.headers().add("number", Integer.toString(i).getBytes());
        sent.add(producer.send(record));
      }
      producer.flush();
    }
    Set<String> places = new HashSet<>();
    for (Future<RecordMetadata> each : sent) places.add(each.get().partition() + "/" + each.get().offset());
    check(places.size() == RECORDS, "an idempotent producer gets an offset of its own for each record, " + codec);
  }

  private KafkaConsumer<String, String> consumer(String client) {
    Map<String, Object> config = common();
    config.putAll(Map.of("group.id", group, "client.id", client, "auto.offset.reset", "earliest", "enable.auto.commit", false,
        "session.timeout.ms", 6000, "heartbeat.interval.ms", 300));
    return new KafkaConsumer<>(config, new StringDeserializer(), new StringDeserializer());
  }

  /** Reads until both have partitions and everything was seen; then commits. */
  private void consumeAsGroup(Admin admin) throws Exception {
    int total = RECORDS * 5;
    Set<String> seen = ConcurrentHashMap.newKeySet();
    Map<String, Set<TopicPartition>> owned = new ConcurrentHashMap<>();
    CountDownLatch done = new CountDownLatch(1);
    ExecutorService threads = Executors.newFixedThreadPool(2);
    List<Future<?>> members = new ArrayList<>();
    for (String name : List.of("one", "two")) {
      members.add(threads.submit(() -> {
        try (KafkaConsumer<String, String> consumer = consumer(name)) {
          consumer.subscribe(List.of(topic));
          while (done.getCount() > 0) {
            for (ConsumerRecord<String, String> record : consumer.poll(Duration.ofMillis(100))) {
              if (new String(record.headers().lastHeader("number").value()).equals(record.key().substring(3))) {
                seen.add(record.partition() + "/" + record.offset());
              }
            }
            owned.put(name, consumer.assignment());
          }
          // What the other one read before the rebalance is read again by its new owner, who may not have come to the end yet.
          while (consumer.assignment().stream().anyMatch(p -> consumer.position(p) < consumer.endOffsets(List.of(p)).get(p))) {
            consumer.poll(Duration.ofMillis(100));
          }
          consumer.commitSync();
        }
      }));
    }
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
    while (System.nanoTime() < deadline && !(seen.size() == total && owned.values().stream().filter(s -> s.size() == PARTITIONS / 2).count() == 2)) {
      Thread.sleep(50);
    }
    check(owned.values().stream().flatMap(Set::stream).collect(Collectors.toSet()).size() == PARTITIONS, "two consumers share the partitions");
    check(seen.size() == total, "and read every record with its headers");
    ConsumerGroupDescription described = admin.describeConsumerGroups(List.of(group)).all().get().get(group);
    check(described.members().size() == 2 && described.partitionAssignor().equals("range"), "a group in use is described with its members");
    Set<String> clients = described.members().stream().map(MemberDescription::clientId).collect(Collectors.toSet());
    check(clients.equals(Set.of("one", "two")), "by their client ids");
    done.countDown();
    for (Future<?> member : members) member.get(30, TimeUnit.SECONDS);
    threads.shutdown();
  }

  private void describeGroup(Admin admin) throws Exception {
    Map<TopicPartition, OffsetAndMetadata> committed = admin.listConsumerGroupOffsets(group).partitionsToOffsetAndMetadata().get();
    long sum = committed.values().stream().mapToLong(OffsetAndMetadata::offset).sum();
    check(sum == RECORDS * 5L, "all that was read is committed" + (sum == RECORDS * 5L ? "" : ": " + committed));
    Map<TopicPartition, OffsetSpec> latest = committed.keySet().stream().collect(Collectors.toMap(p -> p, p -> OffsetSpec.latest()));
    long end = 0;
    for (var each : admin.listOffsets(latest).all().get().values()) end += each.offset();
    check(end == sum, "so the lag is nothing");
    check(admin.listConsumerGroups().all().get().stream().anyMatch(g -> g.groupId().equals(group)), "the group is listed");
  }

  private void changeOffsets(Admin admin) throws Exception {
    TopicPartition first = new TopicPartition(topic, 0);
    admin.alterConsumerGroupOffsets(group, Map.of(first, new OffsetAndMetadata(7, "by hand"))).all().get();
    OffsetAndMetadata changed = admin.listConsumerGroupOffsets(group).partitionsToOffsetAndMetadata().get().get(first);
    check(changed.offset() == 7 && changed.metadata().equals("by hand"), "an offset is changed by hand");
    try (KafkaConsumer<String, String> consumer = consumer("alone")) {
      consumer.assign(List.of(first));
      check(consumer.position(first) == 7, "and is where a consumer begins");
      Map<TopicPartition, OffsetAndTimestamp> found = consumer.offsetsForTimes(Map.of(first, 0L));
      check(found.get(first).offset() == 0, "offsets are found by time");
    }
    admin.deleteConsumerGroupOffsets(group, Set.of(first)).all().get();
    check(admin.listConsumerGroupOffsets(group).partitionsToOffsetAndMetadata().get().get(first) == null, "a single offset is forgotten");
  }

  private void remove(Admin admin) throws Exception {
    admin.deleteConsumerGroups(List.of(group)).all().get();
    check(admin.listConsumerGroups().all().get().stream().noneMatch(g -> g.groupId().equals(group)), "a deleted group is gone");
    admin.deleteTopics(List.of(topic)).all().get();
    check(!admin.listTopics().names().get().contains(topic), "and so is a deleted topic");
  }
}
