import os

BROKERS = os.getenv("BROKERS", "kafka:9092").split(",") if os.getenv("MANY") else "kafka:9092"
SENSOR_URL = os.environ["SENSOR_URL"] + "/latest"
