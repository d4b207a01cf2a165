import json
import time
from datetime import datetime

import requests
from airflow.sdk import DAG
from airflow.providers.standard.operators.python import PythonOperator
from kafka import KafkaProducer

from settings import BROKERS, SENSOR_URL


def poll():
    producer = KafkaProducer(bootstrap_servers=BROKERS)
    for _ in range(30):
        reading = requests.get(SENSOR_URL).json()
        producer.send("sensors", json.dumps(reading).encode())
        time.sleep(2)
    producer.close()


with DAG("sensors", schedule=None, start_date=datetime(2024, 1, 1), catchup=False):
    PythonOperator(task_id="poll", python_callable=poll)
