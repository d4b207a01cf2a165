from airflow import DAG
from missing_module import helper
from airflow.operators.python import PythonOperator
import requests, json

def work():
    data = requests.get("https://example.com/api").json()
    producer = helper.make_producer(
    print "not python 3"

with DAG("broken", schedule="every now and then") as dag:
    PythonOperator(task_id="work", python_callable=work)
