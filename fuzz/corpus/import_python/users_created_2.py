"""Fetches people from the public API and puts each of them on a topic."""
import json
import logging
import time
import uuid
from datetime import datetime

from airflow import DAG
from airflow.operators.python import PythonOperator

default_args = {
    'owner': 'team',
    'start_date': datetime(2023, 9, 3, 10, 0),
    'retries': 2,
}


def get_data():
    import requests

    answer = requests.get("https://randomuser.me/api/")
    body = answer.json()
    return body['results'][0]


def format_data(person):
    data = {}
    location = person['location']
    data['id'] = uuid.uuid4()
    data['first_name'] = person['name']['first']
    data['last_name'] = person['name']['last']
    data['gender'] = person['gender']
    data['address'] = f"{str(location['street']['number'])} {location['street']['name']}, " \
                      f"{location['city']}, {location['state']}, {location['country']}"
    data['post_code'] = location['postcode']
    data['email'] = person['email']
    data['username'] = person['login']['username']
    data['dob'] = person['dob']['date']
    data['registered_date'] = person['registered']['date']
    data['phone'] = person['phone']
    data['picture'] = person['picture']['medium']
    return data


def stream_data():
    from kafka import KafkaProducer

    producer = KafkaProducer(bootstrap_servers=['broker:29092'], max_block_ms=5000)
    begin = time.time()
    while True:
        if time.time() > begin + 60:  # a minute
            break
        try:
            person = get_data()
            person = format_data(person)
            producer.send('users_created', json.dumps(person).encode('utf-8'))
        except Exception as problem:
            logging.error(f'something went wrong: {problem}')
            continue


with DAG('user_automation',
         default_args=default_args,
         schedule='@daily',
         catchup=False) as dag:

    streaming_task = PythonOperator(
        task_id='stream_data_from_api',
        python_callable=stream_data,
    )
