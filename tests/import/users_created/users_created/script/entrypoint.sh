#!/bin/bash
set -e
if [ -e "/opt/airflow/requirements.txt" ]; then
  pip install --user -r requirements.txt
fi
airflow db upgrade
exec airflow webserver
