"""Days around both clock changes, and with `make year` a year: an oracle predicts what is sent."""

import os
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from itertools import zip_longest
from pathlib import Path

import pytest

from syndicate import clock
from syndicate.config import Config
from syndicate.store import Store
from tests.simulation import events
from tests.simulation.history import NEWSLETTERS, TIMETABLE, draw_history
from tests.simulation.oracle import Oracle
from tests.simulation.predictions import PredictedEdition
from tests.simulation.rig import ObservedEdition, Rig

YEAR = int(os.environ.get("SYNDICATE_YEAR", "0"))
"""How many days `make year` simulates; the suite doesn't."""
SEED = int(os.environ.get("SYNDICATE_YEAR_SEED", "1"))
EVENTFUL = 15
"""The seed of five autumn days in which all happens that `check_that_it_was_eventful` asks for."""

EXPLAINED = 15
"""One pass of so many events is explained before."""


@pytest.fixture
def rig(empty_file: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Rig]:
    """A newsroom of two processes on SQLite."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "syndicate.db").write_bytes(empty_file.read_bytes())
        config = Config.model_validate(
            {
                "publication": {
                    "id": "6ba7b810-9dad-11d1-80b4-00c04fd430c8",
                    "title": "Morning Post",
                    "postal_address": "1 Harbour Street, Exampleton",
                    "timezone": TIMETABLE.zone,
                },
                "newsletters": [{"name": name} for name in NEWSLETTERS],
                "segments": [
                    {"name": name, "where": f'tag = "{tag}"'}
                    for name, tag in TIMETABLE.segments.items()
                ],
                "schedules": TIMETABLE.schedules,
                "root": folder,
            }
        )
        url = f"sqlite:///{folder}/syndicate.db"
        with closing(Rig(config, lambda: Store.open(url), clock.now())) as rig:
            monkeypatch.setattr(clock, "now", lambda: rig.now)
            yield rig


def simulate(rig: Rig, history: list[events.Event]) -> Oracle:
    """Let a history happen, and compare after each pass."""
    oracle = Oracle(TIMETABLE)
    first, agreed = 1, 0
    for number, event in enumerate(history):
        explained = {}
        if isinstance(event, events.Passed) and not number % EXPLAINED:
            explained = explain_due(rig, oracle, event)
        rig.apply(event)
        oracle.apply(event)
        if not isinstance(event, events.Passed):
            continue
        observed = rig.editions(first)
        predicted = oracle.editions[agreed:]
        assert not differences([one for _, one in observed], predicted), event
        made = {e.schedule: e for e in predicted if e.made_at == event.at}
        for schedule, (stories, audience) in explained.items():
            assert made[schedule].stories == stories
            assert made[schedule].sent_at is None or len(made[schedule].audience) == audience
        for (key, _), edition in zip(observed, predicted, strict=True):
            if edition.state == "waiting":
                break
            first, agreed = key + 1, agreed + 1
    return oracle


def explain_due(
    rig: Rig, oracle: Oracle, event: events.Passed
) -> dict[str, tuple[tuple[str, ...], int]]:
    """Explain the schedules of newsletters of which nothing waits, just before a pass."""
    rig.now = event.at
    busy = {edition.newsletter for edition in oracle.editions if edition.state == "waiting"}
    explained = {}
    for rule in oracle.rules:
        if rule.table["newsletter"] in busy or not rule.due(event.at) or oracle.has_unread_plans:
            continue
        if (would_send := rig.explain(rule.name)) is not None:
            explained[rule.name] = would_send
            busy.add(str(rule.table["newsletter"]))
    return explained


def differences(observed: list[ObservedEdition], predicted: list[PredictedEdition]) -> list[str]:
    """Describe how editions differ from what was predicted; empty where they agree."""
    found = []
    for one, other in zip_longest(observed, map(as_observed, predicted)):
        if one is None or other is None:
            found.append(f"only {'predicted' if one is None else 'observed'}: {one or other}")
        elif one != other:
            unlike = [
                f"{item.name} is {_written(value, expected)}, predicted {_written(expected, value)}"
                for item in fields(ObservedEdition)
                for value, expected in [(getattr(one, item.name), getattr(other, item.name))]
                if value != expected
            ]
            found.append(f"{one.schedule} of {one.slot}: {'; '.join(unlike)}")
    return found


def _written(value: object, other: object) -> str:
    """Write a value, of a set only what the other lacks."""
    if isinstance(value, frozenset) and isinstance(other, frozenset):
        return f"also of {sorted(value - other)}"
    if isinstance(value, tuple) and isinstance(other, tuple) and set(value) != set(other):
        return f"also of {sorted(set(value) - set(other))}"
    return f"{value}"


def as_observed(edition: PredictedEdition) -> ObservedEdition:
    return ObservedEdition(
        schedule=edition.schedule,
        slot=edition.slot,
        stories=edition.stories,
        notes=frozenset(edition.notes),
        state=edition.state,
        sent_at=edition.sent_at,
        audience=edition.audience,
        reached=edition.reached or frozenset(),
    )


@pytest.mark.slow
def test_the_days_around_the_hour_that_comes_twice_are_as_the_oracle_says(rig):
    oracle = simulate(rig, draw_history(EVENTFUL, datetime(2026, 10, 23, tzinfo=UTC), 5))
    check_fires(rig, oracle)
    assert near(oracle, datetime(2026, 10, 25, 1, tzinfo=UTC)) >= {"flash", "night", "climate"}
    check_that_it_was_eventful(oracle)


@pytest.mark.slow
def test_the_days_around_the_hour_that_is_left_out_are_as_the_oracle_says(rig):
    oracle = simulate(rig, draw_history(SEED, datetime(2027, 3, 27, tzinfo=UTC), 3))
    check_fires(rig, oracle)
    left_out = datetime(2027, 3, 28, 1, tzinfo=UTC)
    assert near(oracle, left_out) >= {"flash", "night", "climate", "calm"}


@pytest.mark.slow
@pytest.mark.skipif(not YEAR, reason="`make year` runs it")
def test_a_year_is_as_the_oracle_says(rig):
    start = datetime(2026, 9, 1, tzinfo=UTC)
    oracle = simulate(rig, draw_history(SEED, start, YEAR))
    check_fires(rig, oracle)


def check_fires(rig: Rig, oracle: Oracle) -> None:
    """Compare the outcomes of all slots."""
    for rule in oracle.rules:
        predicted = {slot: one for slot, one in oracle.fires.items() if slot[0] == rule.name}
        assert rig.fires(rule.name, len(predicted) + 1) == predicted


def near(oracle: Oracle, moment: datetime) -> set[str]:
    """Name the schedules that have a slot within two hours."""
    return {name for name, slot in oracle.fires if abs(slot - moment) < timedelta(hours=2)}


def check_that_it_was_eventful(oracle: Oracle) -> None:
    """Make sure that what is to be tested has happened."""
    for rule in oracle.rules:
        states = Counter(e.state for e in oracle.editions if e.schedule == rule.name)
        assert states["sent"] > (12 if rule.name in {"flash", "climate"} else 2), rule.name
        assert "approve" not in rule.table or states["rejected"] > 1, rule.name
    assert {"edition", "skipped", "failed"} <= set(oracle.outcomes)
    sent = [edition for edition in oracle.editions if edition.state == "sent"]
    assert any(edition.for_everybody for edition in sent)
    assert any(edition.left_out for edition in sent)
    assert any(edition.notes for edition in sent)
    findings = {reason for edition in oracle.editions for reason, _ in edition.findings}
    assert len(findings) > 4, findings
    assert any(edition.audience for edition in sent if edition.schedule == "members")
