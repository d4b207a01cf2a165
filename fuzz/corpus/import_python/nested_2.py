import json
from datetime import datetime, timedelta

import requests
from airflow.decorators import dag, task
from airflow.models import Variable
from kafka import KafkaProducer


@task
def publish():
    token = Variable.get("QUAKE_TOKEN")
    response = requests.get(f"{Variable.get('QUAKE_URL')}/query?format=geojson&minmagnitude=2.5",
                            headers={"Authorization": f"Bearer {token}"})
    events = [
        {
            "id": feature["id"],
            "place": feature["properties"]["place"],
            "magnitude": feature["properties"]["mag"],
            "at": feature["properties"]["time"],
            "longitude": feature["geometry"]["coordinates"][0],
            "latitude": feature["geometry"]["coordinates"][1],
            "sources": feature["properties"]["sources"],
            "where": {"depth": feature["geometry"]["coordinates"][2], "kind": feature["properties"]["type"]},
        }
        for feature in response.json()["features"]
    ]
    producer = KafkaProducer(bootstrap_servers="kafka:9092", security_protocol="SASL_PLAINTEXT", sasl_mechanism="SCRAM-SHA-256",
                             sasl_plain_username="quakes", sasl_plain_password="earth-shaking")
    for event in events:
        producer.send("quakes", key=event["id"].encode(), value=json.dumps(event).encode())
    producer.flush()


@dag(schedule=timedelta(hours=1), start_date=datetime(2024, 5, 1), catchup=True)
def quakes():
    publish()


quakes()
