from pyspark.sql import SparkSession
from pyspark.sql.functions import col, explode, from_json, timestamp_millis, upper
from pyspark.sql.types import ArrayType, DoubleType, LongType, StringType, StructField, StructType


class QuakeStream:
    schema = StructType([
        StructField("id", StringType()),
        StructField("place", StringType()),
        StructField("magnitude", DoubleType()),
        StructField("at", LongType()),
        StructField("longitude", DoubleType()),
        StructField("latitude", DoubleType()),
        StructField("sources", ArrayType(StringType())),
        StructField("where", StructType([StructField("depth", DoubleType()), StructField("kind", StringType())])),
    ])

    def __init__(self, brokers):
        self.brokers = brokers
        self.spark = SparkSession.builder.appName("quakes").config("spark.cassandra.auth.username", "quakes") \
            .config("spark.cassandra.auth.password", "shaken").getOrCreate()

    def read(self):
        return (self.spark.readStream.format("kafka")
                .option("kafka.bootstrap.servers", self.brokers)
                .option("subscribe", "quakes")
                .option("startingOffsets", "latest")
                .load()
                .withColumn("event", from_json(col("value").cast("string"), self.schema))
                .select("event.*", "timestamp"))

    def by_source(self, events):
        return (events.withColumn("source", explode(col("sources")))
                .select("source", "id", timestamp_millis(col("at")).alias("at"), upper(col("place")).alias("place"),
                        "magnitude", col("where.depth").alias("depth"), events["where"]["kind"].alias("kind"),
                        col("timestamp").alias("arrived")))

    def run(self):
        (self.by_source(self.read()).writeStream
         .format("org.apache.spark.sql.cassandra")
         .option("keyspace", "quakes").option("table", "by_source")
         .option("checkpointLocation", "/checkpoints/quakes")
         .start().awaitTermination())


QuakeStream("kafka:9092").run()
