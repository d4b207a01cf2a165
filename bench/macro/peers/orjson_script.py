"""The script that many would write: confluent-kafka's consume(1000), orjson, produce; no guarantees. Jobs as bench/macro/jobs.py says.

    orjson_script.py j1|j2|j3|j4 BOOTSTRAP TOPIC OUT
"""
import collections
import sys

import orjson
from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, Producer, TopicPartition


def project(user):
    if user["gender"] != "female":
        return None
    email = user["email"].lower()
    return {"id": user["id"], "full_name": user["first_name"] + " " + user["last_name"], "email": email,
            "email_domain": email.partition("@")[2], "birth_year": int(user["dob"][:4]), "post_code": user["post_code"],
            "address": user["address"], "phone": user["phone"], "registered_at": user["registered_date"],
            "picture": user["picture"]}


def messages(bootstrap, topic):
    consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": "script", "enable.auto.commit": False,
                         "enable.partition.eof": True})
    partitions = consumer.list_topics(topic, timeout=10).topics[topic].partitions
    consumer.assign([TopicPartition(topic, partition, OFFSET_BEGINNING) for partition in partitions])
    open_ones = len(partitions)
    while open_ones:
        for message in consumer.consume(1000, 0.1):
            if message.error() is None:
                yield message
            elif message.error().code() == KafkaError._PARTITION_EOF:
                open_ones -= 1
            else:
                sys.exit(str(message.error()))


def main():
    job, bootstrap, topic, out = sys.argv[1:]
    producer = Producer({"bootstrap.servers": bootstrap, "linger.ms": 20, "batch.size": 1_000_000, "partitioner": "murmur2_random",
                         "queue.buffering.max.messages": 500_000})
    read = written = 0
    counts = collections.Counter()

    def send(key, value):
        nonlocal written
        while True:
            try:
                producer.produce(out, value, key)
                break
            except BufferError:
                producer.poll(0.01)
        written += 1
        if written % 1000 == 0:
            producer.poll(0)

    for message in messages(bootstrap, topic):
        read += 1
        if job == "j1":
            send(message.key(), message.value())
            continue
        user = orjson.loads(message.value())
        if job == "j4":
            counts[(user["registered_date"][:18] + "0.000Z", user["gender"], user["post_code"])] += 1
            continue
        row = project(user)
        if row is not None and job == "j2":
            send(row["id"], orjson.dumps(row))
        elif row is not None:
            orjson.dumps(row)
            written += 1
    for (start, gender, post_code), n in counts.items():
        send(post_code, orjson.dumps({"start": start, "gender": gender, "post_code": post_code, "n": n}))
    producer.flush()
    print(read, written)


if __name__ == "__main__":
    main()
