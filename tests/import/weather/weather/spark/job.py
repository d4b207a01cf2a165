from pyspark.sql import SparkSession
from pyspark.sql import functions as F
from pyspark.sql import types as T

spark = (
    SparkSession.builder.appName("weather")
    .config("spark.jars.packages", "org.apache.spark:spark-sql-kafka-0-10_2.12:3.5.1,com.datastax.spark:spark-cassandra-connector_2.12:3.5.1")
    .config("spark.cassandra.connection.host", "cassandra")
    .getOrCreate()
)

schema = (
    T.StructType()
    .add("city", T.StringType())
    .add("country", "string")
    .add(T.StructField("temperature", T.DoubleType()))
    .add("humidity", T.IntegerType())
    .add("sky", T.StringType())
    .add("measured_at", T.LongType())
)

raw = spark.readStream.format("kafka").options(**{
    "kafka.bootstrap.servers": "kafka:9092",
    "subscribe": "weather",
}).load()

readings = (
    raw.select(F.from_json(F.col("value").cast("string"), schema).alias("w"))
    .select("w.*")
    .withColumn("measured", F.timestamp_seconds(F.col("measured_at")))
    .withColumn("feeling", F.when(F.col("temperature") < 10, F.lit("cold")).when(F.col("temperature") > 25, "hot").otherwise("fine"))
    .filter(F.col("temperature").isNotNull() & (F.col("humidity") <= 100))
    .drop("measured_at")
)

(
    readings.writeStream.format("org.apache.spark.sql.cassandra")
    .options(keyspace="weather", table="readings")
    .option("checkpointLocation", "/var/checkpoints/weather")
    .outputMode("append")
    .trigger(processingTime="30 seconds")
    .start()
    .awaitTermination()
)
