"""From topic to topic: cleaned trips, alarms, and what is handed on as it came."""
from pyspark.sql import SparkSession
from pyspark.sql.functions import col, from_json, lit, round, struct, to_json, to_timestamp, upper
from pyspark.sql.types import DoubleType, StringType, StructField, StructType

KAFKA = "kafka:9092"

spark = SparkSession.builder.appName("trips").config("spark.jars.packages", "org.apache.spark:spark-sql-kafka-0-10_2.13:4.0.0").getOrCreate()

trip = StructType([
    StructField("id", StringType()),
    StructField("bike", StringType()),
    StructField("from", StringType()),
    StructField("to", StringType()),
    StructField("seconds", DoubleType()),
    StructField("ended", StringType()),
])

raw = (spark.readStream.format("kafka")
       .option("kafka.bootstrap.servers", KAFKA)
       .option("subscribe", "trips")
       .option("startingOffsets", "earliest")
       .load())

trips = raw.select(from_json(col("value").cast("string"), trip).alias("t")).select("t.*").where("id IS NOT NULL")


def into(frame, topic):
    return (frame.writeStream.format("kafka")
            .option("kafka.bootstrap.servers", KAFKA)
            .option("topic", topic)
            .option("checkpointLocation", f"/checkpoints/{topic}")
            .outputMode("append")
            .start())


clean = (trips.withColumn("minutes", round(col("seconds") / 60, 1))
         .withColumn("ended", to_timestamp("ended"))
         .drop("seconds"))

# The bike as key, all columns as value.
into(clean.select(col("bike").cast("string").alias("key"), to_json(struct("*")).alias("value")), "trips_clean")

# By SQL; the key is calculated and in no column.
into(trips.filter(col("seconds") > 4 * 3600)
     .selectExpr("concat(bike, '/', id) AS key", "to_json(struct(id, bike, seconds)) AS value"), "alarms")

# Members with names of their own, without a key.
into(trips.select(to_json(struct(col("id"), upper(col("from")).alias("station"), lit("left").alias("what"))).alias("value")), "stations")

# Not JSON objects of columns: as they came, and a count.
into(raw.select("key", "value"), "trips_copy")
into(trips.groupBy("from").count().select(to_json(struct("*")).alias("value")), "counts")

spark.streams.awaitAnyTermination()
