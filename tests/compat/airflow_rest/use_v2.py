"""apache-airflow-client for Airflow 3 at work: use_v2.py URL DAG TASK. Prints as JSON what it saw."""
import json
import sys
import time
import urllib.request

import airflow_client.client as client
from airflow_client.client.api import dag_api, dag_run_api, monitor_api, task_api, task_instance_api, version_api
from airflow_client.client.exceptions import ApiException
from airflow_client.client.models.clear_task_instances_body import ClearTaskInstancesBody
from airflow_client.client.models.clear_task_instances_body_task_ids_inner import ClearTaskInstancesBodyTaskIdsInner
from airflow_client.client.models.dag_patch_body import DAGPatchBody
from airflow_client.client.models.trigger_dag_run_post_body import TriggerDAGRunPostBody


def token(url, password="admin"):
    request = urllib.request.Request(url + "/auth/token", data=json.dumps({"username": "admin", "password": password}).encode(),
                                     headers={"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        assert answer.status == 201
        return json.load(answer)["access_token"]


def refusal(call, *arguments, **named):
    """Status and detail of the error that a call ends with."""
    try:
        call(*arguments, **named)
    except ApiException as error:
        return [error.status, json.loads(error.body)["detail"]]
    return None


def wait(runs, dag, run):
    deadline = time.monotonic() + 120
    while (state := runs.get_dag_run(dag, run).state) not in ("success", "failed"):
        assert time.monotonic() < deadline, state
        time.sleep(0.2)
    return state


def main(url, dag, task):
    with client.ApiClient(client.Configuration(host=url, access_token=token(url))) as connection:
        dags, runs, tasks = dag_api.DAGApi(connection), dag_run_api.DagRunApi(connection), task_instance_api.TaskInstanceApi(connection)
        seen = {"health": monitor_api.MonitorApi(connection).get_health().scheduler.status,
                "version": version_api.VersionApi(connection).get_version().version,
                "dags": [each.dag_id for each in dags.get_dags().dags],
                "schedule": dags.get_dag(dag).timetable_summary,
                "tasks": [each.task_id for each in task_api.TaskApi(connection).get_tasks(dag).tasks]}
        seen["paused"] = [dags.patch_dag(dag, DAGPatchBody(is_paused=state)).is_paused for state in (True, False)]
        run = runs.trigger_dag_run(dag, TriggerDAGRunPostBody(conf={"by": "client"}, logical_date=None))
        seen["run"] = {"type": run.run_type, "conf": run.conf, "state": wait(runs, dag, run.dag_run_id)}
        listed = runs.get_dag_runs(dag, order_by=["-start_date"], limit=1)
        seen["newest"] = listed.dag_runs[0].dag_run_id == run.dag_run_id
        seen["of_all_dags"] = run.dag_run_id in [each.dag_run_id for each in runs.get_dag_runs("~").dag_runs]
        instance = tasks.get_task_instances(dag, run.dag_run_id).task_instances[0]
        seen["instance"] = {"task": instance.task_id, "state": instance.state, "try": instance.try_number, "ran": instance.duration > 0,
                            "same": tasks.get_task_instance(dag, run.dag_run_id, task).id == instance.id}
        log = tasks.get_log(dag, run.dag_run_id, task, 1, full_content=True)
        seen["log"] = [each.event for each in log.content.actual_instance]
        seen["tries"] = [each.try_number for each in tasks.get_task_instance_tries(dag, run.dag_run_id, task).task_instances]
        tasks.post_clear_task_instances(dag, ClearTaskInstancesBody(dry_run=False, only_failed=False, dag_run_id=run.dag_run_id,
                                                                    task_ids=[ClearTaskInstancesBodyTaskIdsInner(task)]))
        wait(runs, dag, run.dag_run_id)
        seen["after_clear"] = tasks.get_task_instance(dag, run.dag_run_id, task).try_number
        seen["refusals"] = {
            "no_dag": refusal(dags.get_dag, "nothing"), "no_run": refusal(runs.get_dag_run, dag, "nothing"),
            "no_task": refusal(tasks.get_task_instance, dag, run.dag_run_id, "nothing"),
            "taken": refusal(runs.trigger_dag_run, dag, TriggerDAGRunPostBody(dag_run_id=run.dag_run_id, logical_date=None))}
        connection.configuration.access_token = "wrong"
        seen["refusals"]["token"] = refusal(dags.get_dags)
        return seen


print(json.dumps(main(*sys.argv[1:4])))
