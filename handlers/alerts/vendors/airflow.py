"""Airflow: what its callbacks tell of a task or, without `task_id`, of a whole run of a DAG.

The condition is the task of the DAG, not the run: the next run that succeeds ends it. Each part of a mapped
task is a condition of its own, so that one that succeeds does not hide one that failed. A task whose
predecessor failed says nothing: that one has.
Source: https://airflow.apache.org/docs/apache-airflow/stable/administration-and-deployment/logging-monitoring/callbacks.html
"""

from __future__ import annotations

from handlers.alerts.signals import Status
from handlers.alerts.vendors import proving, runs
from handlers.alerts.vendors.contract import Incoming, Malformed, Report, Settings, Vendor
from handlers.alerts.vendors.values import identity

_STATES = {
    Status.FIRING: "failed",
    Status.RESOLVED: "success",
    None: "upstream_failed up_for_retry up_for_reschedule skipped removed restarting deferred queued "
          "scheduled running",
}


def parse(incoming: Incoming, _settings: Settings) -> Report:
    """Raises Malformed."""
    body = runs.read(incoming.body, "a task of Airflow")
    dag, task, part = (runs.word(body, each) for each in ("dag_id", "task_id", "map_index"))
    if not dag:
        raise Malformed("The body has no dag_id; this source's setup shows what to send.")
    status = runs.state(body, "state", _STATES)
    if status is None:
        return Report()
    is_mapped = part not in ("", "-1")
    whole = f"{dag}.{task}" if task else dag
    tries = runs.word(body, "try_number")
    about = f"Airflow: {whole}{f'[{part}]' if is_mapped else ''}"
    if status is Status.FIRING and tries:
        about += f" (try {tries})"
    key = identity(dag, task, *([part] if is_mapped else []))
    return Report((runs.signal(body, status, key, whole, about, dag=dag, task=task,
                               part=part if is_mapped else None),))


VENDOR = Vendor(
    "airflow", "Apache Airflow", proving.by_token, parse,
    setup="""import httpx

def tell(context):  # DAG(..., default_args={"on_failure_callback": tell, "on_success_callback": tell})
    task = context["task_instance"]
    body = {"dag_id": task.dag_id, "task_id": task.task_id, "map_index": task.map_index,
            "run_id": context["run_id"], "state": str(task.state), "try_number": task.try_number,
            "log_url": task.log_url, "exception": str(context.get("exception") or "")}
    httpx.post("ADDRESS", json=body, headers={"Authorization": "Bearer SECRET"}).raise_for_status()
Also understood: model, version, environment, severity, runbook_url, ended_at.""")
