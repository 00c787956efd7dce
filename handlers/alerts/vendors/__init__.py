"""One module a vendor, each ending in its `VENDOR`; adding one is a line here."""

from handlers.alerts.vendors import alertmanager, datadog, gcp_monitoring, grafana, pagerduty, sentry
from handlers.alerts.vendors.contract import Vendor

VENDORS: dict[str, Vendor] = {each.name: each for each in (
    alertmanager.VENDOR,
    datadog.VENDOR,
    gcp_monitoring.VENDOR,
    grafana.VENDOR,
    pagerduty.VENDOR,
    sentry.VENDOR,
)}
