"""apache-airflow-client for Airflow 2 at work: use_v1.py URL DAG TASK. Prints as JSON what it saw."""
import json
import sys
import time

import airflow_client.client as client
from airflow_client.client.api import dag_api, dag_run_api, monitoring_api, task_instance_api
from airflow_client.client.exceptions import ApiException
from airflow_client.client.model.clear_task_instances import ClearTaskInstances
from airflow_client.client.model.dag import DAG
from airflow_client.client.model.dag_run import DAGRun


def refusal(call, *arguments, **named):
    """Status and title of the error that a call ends with."""
    try:
        call(*arguments, **named)
    except ApiException as error:
        body = json.loads(error.body)
        return [error.status, body["title"], body["status"]]
    return None


def wait(runs, dag, run):
    deadline = time.monotonic() + 120
    while (state := str(runs.get_dag_run(dag, run).state)) not in ("success", "failed"):
        assert time.monotonic() < deadline, state
        time.sleep(0.2)
    return state


def main(url, dag, task):
    configuration = client.Configuration(host=url + "/api/v1", username="admin", password="admin")
    with client.ApiClient(configuration) as connection:
        dags, runs = dag_api.DAGApi(connection), dag_run_api.DAGRunApi(connection)
        tasks, monitoring = task_instance_api.TaskInstanceApi(connection), monitoring_api.MonitoringApi(connection)
        seen = {"health": str(monitoring.get_health().scheduler.status), "version": monitoring.get_version().version,
                "dags": [each.dag_id for each in dags.get_dags().dags], "tasks": [each.task_id for each in dags.get_tasks(dag).tasks]}
        seen["paused"] = [dags.patch_dag(dag, DAG(is_paused=state), update_mask=["is_paused"]).is_paused for state in (True, False)]
        run = runs.post_dag_run(dag, DAGRun(conf={"by": "client"}))
        seen["run"] = {"type": run.run_type, "conf": run.conf, "state": wait(runs, dag, run.dag_run_id)}
        seen["newest"] = runs.get_dag_runs(dag, order_by="-start_date", limit=1).dag_runs[0].dag_run_id == run.dag_run_id
        seen["of_all_dags"] = run.dag_run_id in [each.dag_run_id for each in runs.get_dag_runs("~").dag_runs]
        instance = tasks.get_task_instances(dag, run.dag_run_id).task_instances[0]
        seen["instance"] = {"task": instance.task_id, "state": str(instance.state), "try": instance.try_number, "ran": instance.duration > 0,
                            "same": tasks.get_task_instance(dag, run.dag_run_id, task).start_date == instance.start_date}
        seen["log"] = tasks.get_log(dag, run.dag_run_id, task, 1, full_content=True).content.splitlines()
        dags.post_clear_task_instances(dag, ClearTaskInstances(dry_run=False, only_failed=False, dag_run_id=run.dag_run_id, task_ids=[task],
                                                               reset_dag_runs=True))
        wait(runs, dag, run.dag_run_id)
        seen["after_clear"] = tasks.get_task_instance(dag, run.dag_run_id, task).try_number
        seen["refusals"] = {
            "no_dag": refusal(dags.get_dag, "nothing"), "no_run": refusal(runs.get_dag_run, dag, "nothing"),
            "no_task": refusal(tasks.get_task_instance, dag, run.dag_run_id, "nothing"),
            "taken": refusal(runs.post_dag_run, dag, DAGRun(dag_run_id=run.dag_run_id))}
    with client.ApiClient(client.Configuration(host=url + "/api/v1", username="admin", password="wrong")) as stranger:
        seen["refusals"]["login"] = refusal(dag_api.DAGApi(stranger).get_dags)
    return seen


print(json.dumps(main(*sys.argv[1:4])))
