from pyspark.sql import SparkSession
from pyspark.sql.functions import col, from_json

spark = (SparkSession.builder.appName("long trips")
         .config("spark.jars.packages", "com.datastax.spark:spark-cassandra-connector_2.13:3.5.1")
         .config("spark.cassandra.connection.host", "cassandra")
         .getOrCreate())

(spark.readStream.format("kafka")
 .option("kafka.bootstrap.servers", "kafka:9092")
 .option("subscribe", "trips_clean")
 .option("startingOffsets", "earliest")
 .load()
 .select(from_json(col("value").cast("string"), "bike STRING, ended TIMESTAMP, minutes DOUBLE").alias("t"))
 .select("t.*")
 .where("minutes > 60")
 .writeStream.format("org.apache.spark.sql.cassandra")
 .option("keyspace", "city").option("table", "long_trips")
 .option("checkpointLocation", "/checkpoints/long_trips")
 .start()
 .awaitTermination())
