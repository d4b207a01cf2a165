"""Trips of rented bikes, as the city's API tells them, into Kafka."""
import json
import time

import requests
from confluent_kafka import Producer

producer = Producer({"bootstrap.servers": "localhost:29092"})

while True:
    answer = requests.get("https://bikes.example.org/api/trips", params={"last": "1m"}, timeout=10).json()
    for trip in answer["trips"]:
        producer.produce("trips", key=trip["id"], value=json.dumps({
            "id": trip["id"],
            "bike": trip["bike"]["number"],
            "from": trip["start"]["station"],
            "to": trip["end"]["station"],
            "seconds": trip["duration"],
            "ended": trip["end"]["time"],
        }))
    producer.flush()
    time.sleep(60)
