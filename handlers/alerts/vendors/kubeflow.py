"""Kubeflow Pipelines: how a run of a pipeline ended, as the component of an exit handler tells it.

The condition is the pipeline in its namespace, or the step where one is named, not the run: the next run that
succeeds ends it. A run that somebody cancelled is no failure. The words of version 1 (Argo's phases) and of
version 2 are understood.
Source: https://www.kubeflow.org/docs/components/pipelines/user-guides/core-functions/control-flow/
"""

from __future__ import annotations

from handlers.alerts.signals import Status
from handlers.alerts.vendors import proving, runs
from handlers.alerts.vendors.contract import Incoming, Malformed, Report, Settings, Vendor
from handlers.alerts.vendors.values import identity

_PHASES = {
    Status.FIRING: "failed error system_error",
    Status.RESOLVED: "succeeded",
    None: "pending running paused skipped omitted canceled cancelled canceling terminating terminated cached",
}


def parse(incoming: Incoming, _settings: Settings) -> Report:
    """Raises Malformed."""
    body = runs.read(incoming.body, "a run of Kubeflow Pipelines")
    pipeline, namespace, step = (runs.word(body, *each) for each in (
        ("pipeline", "pipeline_name"), ("namespace",), ("step",)))
    if not pipeline:
        raise Malformed("The body has no pipeline; this source's setup shows what to send.")
    status = runs.state(body, "phase", _PHASES)
    if status is None:
        return Report()
    whole = f"{pipeline}.{step}" if step else pipeline
    return Report((runs.signal(
        body, status, identity(namespace, pipeline, step), whole, f"Kubeflow: {whole}",
        pipeline=pipeline, namespace=namespace, step=step),))


VENDOR = Vendor(
    "kubeflow", "Kubeflow Pipelines", proving.by_token, parse,
    setup="""from kfp import dsl

@dsl.component(packages_to_install=["httpx"])
def tell(status: dsl.PipelineTaskFinalStatus):
    import httpx
    body = {"pipeline": "retrain-churn", "run_id": status.pipeline_job_resource_name,
            "phase": status.state, "error": status.error_message}
    httpx.post("ADDRESS", json=body, headers={"Authorization": "Bearer SECRET"}).raise_for_status()

@dsl.pipeline
def retrain():
    with dsl.ExitHandler(tell()):
        ...  # the steps
Also understood: namespace, step, url, model, version, environment, severity, runbook_url, ended_at.""")
