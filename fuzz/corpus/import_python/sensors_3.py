from pyspark.sql import SparkSession
from pyspark.sql.functions import *
from pyspark.sql.types import *

spark = SparkSession.builder.appName("sensors").getOrCreate()

schema = StructType([
    StructField("sensor", StringType()),
    StructField("value", DoubleType()),
    StructField("at", TimestampType()),
])

readings = (spark.readStream.format("kafka").option("kafka.bootstrap.servers", "kafka:9092").option("subscribe", "sensors").load()
            .select(from_json(col("value").cast("string"), schema).alias("r")).select("r.*"))

averages = (readings.withWatermark("at", "1 minute")
            .groupBy(window(col("at"), "5 minutes"), col("sensor"))
            .agg(avg("value").alias("average")))

averages.writeStream.format("org.apache.spark.sql.cassandra").option("keyspace", "plant").option("table", "averages") \
    .outputMode("update").start()

readings.writeStream.format("parquet").option("path", "/lake/readings").option("checkpointLocation", "/lake/checkpoints").start()


def to_postgres(batch, _):
    batch.write.format("jdbc").option("url", "jdbc:postgresql://db/plant").option("dbtable", "readings").mode("append").save()


readings.writeStream.foreachBatch(to_postgres).start()
readings.writeStream.format("console").start()
