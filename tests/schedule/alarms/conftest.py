"""A publication whose alarms ring at a webhook on loopback and by mail."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pytest

from syndicate.config import Config
from syndicate.model.alarms import Alarm
from syndicate.schedule.alarms.current import current_alarms
from syndicate.store import Store
from tests.publish.push.endpoints import Listener, listening
from tests.schedule.conftest import BREAKING, NOW, ScheduleHarness

OPS = "ops@example.org"


@dataclass
class AlarmedHarness(ScheduleHarness):
    """What the tests of alarms do and look at."""

    hook: Listener | None = None

    def ring(self, at: datetime = NOW) -> None:
        self.services.ring(at)

    def alarms(self, at: datetime = NOW) -> dict[str, Alarm]:
        """What is wrong now, by kind."""
        with self.store.read() as tx:
            return {alarm.kind.value: alarm for alarm in current_alarms(tx, self.config, at)}

    def rung(self) -> list[str]:
        """The subjects of the mail that operators got, in the order of sending."""
        return sorted(subject for to, subject in self.mail() if to == OPS)

    def called(self) -> list[dict[str, Any]]:
        """What the webhook got since this was last read."""
        assert self.hook is not None
        messages = self.hook.messages
        self.hook.forget()
        return messages


@pytest.fixture(scope="session")
def endpoint() -> Iterator[Listener]:
    """A webhook on loopback, shared by all tests."""
    with listening() as listener:
        listener.status = 200
        yield listener


@pytest.fixture
def hook(endpoint: Listener) -> Iterator[Listener]:
    """The webhook, which has got nothing yet."""
    endpoint.forget()
    endpoint.status = 200
    yield endpoint
    endpoint.status = 200


@pytest.fixture
def newsroom(
    store: Store, publication: Callable[..., Config], hook: Listener
) -> Callable[..., AlarmedHarness]:
    """Make a publication with alarms; `schedule` changes its one schedule."""

    def make(*, schedule: dict[str, Any] | None = None, **tables: Any) -> AlarmedHarness:
        alarms = {"to": [OPS], "webhook": f"{hook.url}alarms?token=1", "silent_for": "30m"}
        rules = [{**BREAKING, **(schedule or {})}]
        config = publication(**{"schedules": rules, "alarms": alarms, **tables})
        harness = AlarmedHarness(store, config, hook=hook)
        harness.subscribe("ada@example.org")
        return harness

    return make
