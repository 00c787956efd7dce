"""`groundcrew alerts route`: where each signal of a body would go, and why not by an earlier route."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from pathlib import Path

import pytest

from bot.alerts_command import arguments, run
from bot.settings import DatabaseSettings
from handlers.alerts import silence_words
from tests.alerts.held import Held, by
from tests.alerts.stage import am, one
from tests.alerts.test_silences import BERLIN

POLICY = """schema: 1
policy: alerts
routing:
  routes:
    - {name: fraud, match: {model: fraud-.*}, pilot: Fraud}
    - {name: churn, match: {model: churn-.*, env: prod}, pilot: Claims triage}
    - {name: loud, match: {severity: critical}, channel: C0LOUD0000}
    - {name: lost, match: {name: Lost}, pilot: No Such Pilot}
"""
EXPECTED = """\
firing warning FeatureDrift: FeatureDrift
  not fraud: model is 'churn-x', which does not fit 'fraud-.*'
  route churn: model=churn-.*, env=prod
  goes to pilot Claims triage, channel #claims-triage
  one alert with what agrees in source, name, room and model=churn-x env=prod
  held back by alert 1 while that lasts
firing critical Down: Down
  not fraud: model is missing, which does not fit 'fraud-.*'
  not churn: model is missing, which does not fit 'churn-.*'
  route loud: severity=critical
  goes to channel C0LOUD0000
  one alert with what agrees in source, name, room
  shown: no open silence and no other alert holds it back
firing warning Lost: Lost
  not fraud: model is missing, which does not fit 'fraud-.*'
  not churn: model is missing, which does not fit 'churn-.*'
  not loud: severity is 'warning', which does not fit 'critical'
  route lost: name=Lost
  goes to the operations channel, C0OPS (no pilot is called 'No Such Pilot')
  one alert with what agrees in source, name, room
  shown: no open silence and no other alert holds it back
firing warning Quiet: Quiet
  not fraud: model is missing, which does not fit 'fraud-.*'
  not churn: model is missing, which does not fit 'churn-.*'
  not loud: severity is 'warning', which does not fit 'critical'
  not lost: name is 'Quiet', which does not fit 'Lost'
  no route fits; its label pilot names a pilot
  goes to pilot Claims triage, channel #claims-triage
  one alert with what agrees in source, name, room
  kept quiet by silence 1 (name=Quiet) until 2026-11-23 11:00 UTC
"""


async def test_each_signal_says_which_route_takes_it_why_not_the_earlier_ones_and_what_holds_it(
        held: Held, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "alerts.yaml").write_text(POLICY)
    body = am(one(model="churn-x", env="prod"), one("Down", severity="critical"), one("Lost"), one("Quiet", pilot="claims triage"))
    (tmp_path / "body.json").write_text(json.dumps(body))
    await held.silences.make(by("alex"), silence_words.read("name=Quiet for 4h we know", held.clock(), BERLIN), None)
    await held.take(one("EndpointDown", severity="critical", model="churn-x", env="prod"), show=False)
    monkeypatch.setenv("GROUNDCREW_TEMPLATES_DIR", str(tmp_path))
    monkeypatch.setenv("GROUNDCREW_OPERATIONS_CHANNEL", "C0OPS")
    settings = DatabaseSettings(_env_file=None, database_url=held.store.engine.url.render_as_string(hide_password=False))
    parser = ArgumentParser()
    arguments(parser)
    asked = parser.parse_args(["route", str(tmp_path / "body.json"), "--source", "alertmanager"])
    assert await run(settings, asked, held.clock) == 0
    assert capsys.readouterr().out == EXPECTED
    (tmp_path / "alerts.yaml").write_text(POLICY.replace("fraud-.*", "("))
    assert await run(settings, asked, held.clock) == 2
    assert "line 5: Route `fraud`: the pattern of `model`" in capsys.readouterr().out
