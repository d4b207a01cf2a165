from __future__ import annotations

import json
import os
from datetime import timedelta

import pendulum
import requests
from airflow.decorators import dag, task
from confluent_kafka import Producer

API = "https://api.openweathermap.org/data/2.5/weather"
CITY = "Berlin,de"


def delivered(error, message):
    if error is not None:
        print(f"not delivered: {error}")


@dag(
    dag_id="weather-now",
    description="The weather, every ten minutes",
    schedule_interval=timedelta(minutes=10),
    start_date=pendulum.datetime(2024, 1, 1, tz="Europe/Berlin"),
    default_args={"retries": 3, "retry_delay": timedelta(seconds=30)},
)
def weather():
    @task
    def fetch() -> dict:
        answer = requests.get(
            API,
            params={"q": CITY, "units": "metric", "appid": os.environ["OPENWEATHER_KEY"]},
            headers={"Accept": "application/json"},
            timeout=10,
        )
        answer.raise_for_status()
        return answer.json()

    @task(task_id="shape")
    def transform(raw: dict) -> dict:
        main = raw["main"]
        return {
            "city": raw["name"],
            "country": raw["sys"]["country"].upper(),
            "temperature": main["temp"],
            "fahrenheit": main["temp"] * 9 / 5 + 32,
            "humidity": main["humidity"],
            "sky": raw["weather"][0]["description"],
            "wind": raw.get("wind", {}).get("speed") if "wind" in raw else None,
            "measured_at": raw["dt"],
        }

    @task(retries=5)
    def publish(reading: dict):
        producer = Producer({"bootstrap.servers": "kafka:9092", "client.id": "weather"})
        producer.produce(
            "weather",
            key=reading["city"],
            value=json.dumps(reading).encode("utf-8"),
            callback=delivered,
        )
        producer.flush()

    publish(transform(fetch()))


weather()
