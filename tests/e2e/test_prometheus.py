"""A real Prometheus, straight to the bot: a rule fires, is shown, and resolves in the same message."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from tests.peer.harness import FakeSlack, Relay
from tests.peer.relay import SECRET

PROMETHEUS = shutil.which("prometheus")
pytestmark = [pytest.mark.skipif(PROMETHEUS is None, reason="Prometheus is not installed: apt-get install prometheus"), pytest.mark.timeout(120)]
CHAT, BOT, EXPORTER, PORT = 24810, 24811, 24812, 24813
CONFIG = f"""
global: {{scrape_interval: 1s, evaluation_interval: 1s}}
rule_files: [rules.yml]
alerting:
  alertmanagers:
  - static_configs: [{{targets: ['127.0.0.1:{BOT}']}}]
    path_prefix: /alerts/bench
    authorization: {{credentials: {SECRET}}}
scrape_configs:
- job_name: model
  static_configs: [{{targets: ['127.0.0.1:{EXPORTER}']}}]
"""
RULES = """
groups:
- name: drift
  rules:
  - alert: FeatureDriftHigh
    expr: feature_psi > 0.25
    labels: {severity: warning, uid: u-000001}
    annotations: {summary: "PSI of {{ $labels.feature }} is {{ $value }}"}
"""


class Exporter(BaseHTTPRequestHandler):
    value = 0.31

    def do_GET(self) -> None:
        body = f'feature_psi{{feature="tenure",model="churn-xgb"}} {type(self).value}\n'.encode()
        self.send_response(200)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[FakeSlack]:
    slack = FakeSlack(str(tmp_path), CHAT)
    relay = Relay(f"{sys.executable} -m tests.peer.relay {BOT} sqlite", f"http://127.0.0.1:{BOT}/", "am-v2", str(tmp_path), slack.url,
                  group_by="['...']", group_wait="1s")
    exporter = HTTPServer(("127.0.0.1", EXPORTER), Exporter)
    threading.Thread(target=exporter.serve_forever, daemon=True).start()
    (tmp_path / "prometheus.yml").write_text(CONFIG)
    (tmp_path / "rules.yml").write_text(RULES)
    assert PROMETHEUS is not None
    prometheus = subprocess.Popen([PROMETHEUS, f"--config.file={tmp_path}/prometheus.yml", f"--storage.tsdb.path={tmp_path}/data",
                                   f"--web.listen-address=127.0.0.1:{PORT}"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield slack
    finally:
        prometheus.terminate()
        prometheus.wait()
        exporter.shutdown()
        exporter.server_close()
        relay.stop()
        slack.stop()


def shown(slack: FakeSlack, uid: str, within_s: float) -> dict[str, object]:
    """The first call to the chat service that shows this."""
    until = time.monotonic() + within_s
    while time.monotonic() < until:
        for record in slack.recs():
            if uid in record["uids"]:
                return dict(record)
        time.sleep(0.2)
    raise AssertionError(f"{uid} was not shown: {json.dumps(slack.recs())[-1500:]}")


def test_a_rule_fires_and_resolves_in_one_message(rig: FakeSlack) -> None:
    first = shown(rig, "u-000001", 40)
    assert not first["edit"]
    Exporter.value = 0.02
    over = shown(rig, "u-000001!", 60)
    assert over["edit"], "it ends in the message it has"
    assert sum(not record["edit"] for record in rig.recs() if "u-000001" in json.dumps(record["uids"])) == 1
