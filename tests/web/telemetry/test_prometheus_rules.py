"""The rules for Prometheus: valid, tested by its own tool, and about metrics that there are."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from syndicate.model.alarms import AlarmKind
from syndicate.web.telemetry.metrics import _COUNTERS, _GAUGES
from tests import ROOT
from tests.requirements import require

RULES = ROOT / "docs/prometheus-rules.yml"
CASES = Path(__file__).parent / "prometheus_rules_test.yml"


def test_the_rules_are_about_metrics_and_causes_that_there_are():
    text = RULES.read_text()
    known = {*_GAUGES, *(f"{name}_total" for name in _COUNTERS)}
    assert set(re.findall(r"\bsyndicate_\w+", text)) <= known
    for causes in re.findall(r'cause!?~"([^"]+)"', text):
        assert set(causes.split("|")) <= set(AlarmKind)


def test_every_alert_is_tested_silent_and_ringing():
    alerts = set(re.findall(r"- alert: (\w+)", RULES.read_text()))
    cases = CASES.read_text()
    assert set(re.findall(r"\{eval_time: 50m, alertname: (\w+)\}", cases)) == alerts
    assert set(re.findall(r"alertname: (\w+)\n\s+exp_alerts", cases)) == alerts


@pytest.mark.neighbours
def test_the_rules_alert_when_they_should_and_not_before(tmp_path):
    require(shutil.which("promtool"), "no promtool; Debian's package is prometheus")
    shutil.copy(RULES, tmp_path / "prometheus-rules.yml")
    shutil.copy(CASES, tmp_path / "cases.yml")
    for command in (["check", "rules", "prometheus-rules.yml"], ["test", "rules", "cases.yml"]):
        done = subprocess.run(
            ["promtool", *command], cwd=tmp_path, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
