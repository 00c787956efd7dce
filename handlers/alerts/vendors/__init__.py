"""One module a vendor, each ending in its `VENDOR`; adding one is a line here."""

from handlers.alerts.vendors import (
    airflow,
    alertmanager,
    datadog,
    evidently,
    gcp_monitoring,
    generic,
    grafana,
    kubeflow,
    mlflow,
    nannyml,
    pagerduty,
    prometheus,
    sentry,
    wandb,
    whylogs,
)
from handlers.alerts.vendors.contract import Vendor

VENDORS: dict[str, Vendor] = {each.name: each for each in (
    airflow.VENDOR,
    alertmanager.VENDOR,
    datadog.VENDOR,
    evidently.VENDOR,
    gcp_monitoring.VENDOR,
    generic.VENDOR,
    grafana.VENDOR,
    kubeflow.VENDOR,
    mlflow.VENDOR,
    nannyml.VENDOR,
    pagerduty.VENDOR,
    prometheus.VENDOR,
    sentry.VENDOR,
    wandb.VENDOR,
    whylogs.VENDOR,
)}
