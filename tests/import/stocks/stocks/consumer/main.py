import json
import os

from cassandra.cluster import Cluster
from kafka import KafkaConsumer


class Store:
    def __init__(self, hosts):
        self.session = Cluster(hosts).connect("market")

    def prepare(self):
        self.session.execute("CREATE TABLE IF NOT EXISTS last_price (symbol text PRIMARY KEY, price double, exchange text)")

    def save(self, quote):
        self.session.execute(
            "INSERT INTO last_price (symbol, price, exchange) VALUES (%s, %s, %s)",
            (quote["symbol"], quote["price"], quote["exchange"].upper()),
        )


def main():
    store = Store([os.environ.get("CASSANDRA_HOST", "cassandra")])
    store.prepare()
    consumer = KafkaConsumer(
        "quotes",
        bootstrap_servers="kafka:9092",
        auto_offset_reset="earliest",
        value_deserializer=lambda m: json.loads(m.decode("utf-8")),
    )
    for message in consumer:
        store.save(message.value)


if __name__ == "__main__":
    main()
