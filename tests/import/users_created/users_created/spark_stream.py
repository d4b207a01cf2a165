import logging

from cassandra.cluster import Cluster
from pyspark.sql import SparkSession
from pyspark.sql.functions import col, from_json
from pyspark.sql.types import StringType, StructField, StructType


def create_keyspace(session):
    session.execute("""
        CREATE KEYSPACE IF NOT EXISTS spark_streams
        WITH replication = {'class': 'SimpleStrategy', 'replication_factor': '1'};
    """)


def create_table(session):
    session.execute("""
    CREATE TABLE IF NOT EXISTS spark_streams.created_users (
        id UUID PRIMARY KEY,
        first_name TEXT,
        last_name TEXT,
        gender TEXT,
        address TEXT,
        post_code TEXT,
        email TEXT,
        username TEXT,
        registered_date TEXT,
        phone TEXT,
        picture TEXT);
    """)


def create_spark_connection():
    connection = None
    try:
        connection = SparkSession.builder \
            .appName('SparkDataStreaming') \
            .config('spark.jars.packages', "com.datastax.spark:spark-cassandra-connector_2.13:3.4.1,"
                                           "org.apache.spark:spark-sql-kafka-0-10_2.13:3.4.1") \
            .config('spark.cassandra.connection.host', 'localhost') \
            .getOrCreate()
        connection.sparkContext.setLogLevel("ERROR")
    except Exception as e:
        logging.error(f"no spark session: {e}")
    return connection


def connect_to_kafka(spark):
    frame = None
    try:
        frame = spark.readStream \
            .format('kafka') \
            .option('kafka.bootstrap.servers', 'localhost:9092') \
            .option('subscribe', 'users_created') \
            .option('startingOffsets', 'earliest') \
            .load()
    except Exception as e:
        logging.warning(f"no kafka: {e}")
    return frame


def create_cassandra_connection():
    try:
        cluster = Cluster(['localhost'])
        return cluster.connect()
    except Exception as e:
        logging.error(f"no cassandra: {e}")
        return None


def selection(frame):
    schema = StructType([
        StructField("id", StringType(), False),
        StructField("first_name", StringType(), False),
        StructField("last_name", StringType(), False),
        StructField("gender", StringType(), False),
        StructField("address", StringType(), False),
        StructField("post_code", StringType(), False),
        StructField("email", StringType(), False),
        StructField("username", StringType(), False),
        StructField("dob", StringType(), False),
        StructField("registered_date", StringType(), False),
        StructField("phone", StringType(), False),
        StructField("picture", StringType(), False),
    ])
    return frame.selectExpr("CAST(value AS STRING)") \
        .select(from_json(col('value'), schema).alias('data')).select("data.*")


if __name__ == "__main__":
    spark = create_spark_connection()
    if spark is not None:
        kafka = connect_to_kafka(spark)
        people = selection(kafka)
        session = create_cassandra_connection()
        if session is not None:
            create_keyspace(session)
            create_table(session)
            query = (people.writeStream.format("org.apache.spark.sql.cassandra")
                     .option('checkpointLocation', '/tmp/checkpoint')
                     .option('keyspace', 'spark_streams')
                     .option('table', 'created_users')
                     .start())
            query.awaitTermination()
