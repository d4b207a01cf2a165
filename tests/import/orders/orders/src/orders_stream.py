import os

from cassandra.auth import PlainTextAuthProvider
from cassandra.cluster import Cluster
from pyspark.sql import SparkSession

KEYSPACE = "shop"
BROKERS = os.getenv("KAFKA_BROKERS", "kafka:9092")

spark = SparkSession.builder.appName("orders").getOrCreate()

SCHEMA = "order_id STRING, customer STRING, email STRING, total DOUBLE, lines INT, state STRING, placed_at TIMESTAMP, fetched_at TIMESTAMP"

auth = PlainTextAuthProvider(username="shop", password="s3cret-of-the-shop")
cluster = Cluster(["cassandra"], port=9042, auth_provider=auth)
session = cluster.connect()
session.execute(f"CREATE KEYSPACE IF NOT EXISTS {KEYSPACE} WITH replication = {{'class': 'SimpleStrategy', 'replication_factor': 1}}")
session.set_keyspace(KEYSPACE)
session.execute(
    "CREATE TABLE IF NOT EXISTS orders ("
    "order_id text, placed_at timestamp, customer text, domain text, total decimal, big boolean, "
    "PRIMARY KEY (order_id))"
)
insert = session.prepare(
    "INSERT INTO orders (order_id, placed_at, customer, domain, total, big, source) VALUES (?, ?, ?, ?, ?, ?, 'web')"
)


def save(batch, number):
    for row in batch.collect():
        session.execute(insert, (row.order_id, row.placed_at, row["customer"], row.domain, row.total, row.big))


orders = (
    spark.readStream.format("kafka")
    .option("kafka.bootstrap.servers", BROKERS)
    .option("subscribe", "shop.orders")
    .option("startingOffsets", "earliest")
    .option("failOnDataLoss", "false")
    .load()
    .selectExpr(f"from_json(CAST(value AS STRING), '{SCHEMA}') AS o")
    .selectExpr(
        "o.order_id",
        "o.placed_at",
        "initcap(o.customer) AS customer",
        "substring_index(o.email, '@', -1) AS domain",
        "CAST(o.total AS DECIMAL(10,2)) AS total",
        "o.total > 100 OR o.lines > 10 AS big",
        "o.state",
    )
    .where("state <> 'cancelled' AND order_id IS NOT NULL")
)

query = orders.writeStream.foreachBatch(save).option("checkpointLocation", "/tmp/orders").trigger(processingTime="5 seconds").start()
spark.streams.awaitAnyTermination()
