"""A publication whose editions wait."""

import pytest

from tests.schedule.conftest import BREAKING, ScheduleHarness
from tests.schedule.release.waiting_editions import ADA


@pytest.fixture
def newsroom(store, publication):
    """Make a publication whose one schedule has these values too, with a reader and a story."""

    def make(**schedule):
        harness = ScheduleHarness(store, publication(schedules=[{**BREAKING, **schedule}]))
        harness.subscribe(ADA)
        harness.file("ferry")
        return harness

    return make
