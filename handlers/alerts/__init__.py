"""Alerts: what monitoring reports, as alerts with one lifetime each, relayed to whom they concern."""
