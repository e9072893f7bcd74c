"""A newsroom whose readers have a mail that turned out to be wrong."""

import pytest

from tests.schedule.conftest import BREAKING, ScheduleHarness
from tests.schedule.corrections.newsroom import ADA, BO, BRIEFING


@pytest.fixture
def newsroom(store, publication):
    """Make a publication of newsletters with this mode of corrections, and readers of the first."""

    def make(mode="next", *, readers=(ADA, BO), briefing=False, **schedule):
        names = ("breaking", "briefing")
        newsletters = [{"name": name, "corrections": mode} for name in names]
        schedules = [{**BREAKING, **schedule}, *[BRIEFING][:briefing]]
        harness = ScheduleHarness(store, publication(newsletters=newsletters, schedules=schedules))
        harness.subscribe(*readers)
        return harness

    return make
