from pyspark.sql import SparkSession
from pyspark.sql.functions import from_json, col

spark = SparkSession.builder.getOrCreate()
frame = spark.readStream.format("kafka").option("subscribe", "things").load()
frame = frame.select(from_json(col("value").cast("string"), open("schema.json").read()).alias("x")).select("x.*")
frame.writeStream.format("org.apache.spark.sql.cassandra").option("keyspace", "k").option("table", "t").start()
