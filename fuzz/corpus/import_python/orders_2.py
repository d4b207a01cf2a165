import json
from datetime import datetime, timedelta

import requests
from airflow import DAG
from airflow.operators.bash_operator import BashOperator
from airflow.operators.python_operator import PythonOperator
from airflow.utils.dates import days_ago
from kafka import KafkaProducer

TOPIC = 'shop.orders'
URL = 'http://shop:8000/api/orders?state=open&limit=50'


def extract(**context):
    orders = requests.get(URL, verify=False).json()
    context['ti'].xcom_push(key='orders', value=orders)


def load(**context):
    orders = context['ti'].xcom_pull(key='orders', task_ids='extract')
    producer = KafkaProducer(
        bootstrap_servers='localhost:9092',
        key_serializer=str.encode,
        value_serializer=lambda v: json.dumps(v).encode('utf-8'),
    )
    for order in orders['items']:
        record = dict(
            order_id=str(order['id']),
            customer=order['customer']['name'].strip(),
            email=order['customer']['email'].lower(),
            total=round(order['total'], 2),
            lines=len(order['note']),
            state=order.get('state', 'open'),
            placed_at=order['placed_at'],
            fetched_at=datetime.now().isoformat(),
        )
        producer.send(TOPIC, key=record['order_id'], value=record)
    producer.flush()


dag = DAG(
    dag_id='orders',
    schedule_interval='*/15 * * * *',
    start_date=days_ago(1),
    default_args={'owner': 'shop', 'retries': 1, 'retry_delay': timedelta(minutes=5)},
)

extract_task = PythonOperator(task_id='extract', python_callable=extract, dag=dag)
load_task = PythonOperator(task_id='load', python_callable=load, dag=dag)
submit = BashOperator(task_id='submit', bash_command='spark-submit /src/orders_stream.py', dag=dag)
report = BashOperator(task_id='report', bash_command='python /src/report.py', dag=dag)

extract_task >> load_task >> [submit, report]
