"""A newsroom of three stories, whose editor writes files about editions."""

import pytest

from syndicate.schedule.schedule_start import first_seen
from tests.schedule.conftest import MINUTE
from tests.schedule.edition_files.editors_desk import ADA, BRIEFING, EVENING, Newsroom


@pytest.fixture
def newsroom(store, publication):
    """Make a publication with the briefing, a reader and three stories."""

    def make(**schedule):
        config = publication(
            newsletters=[{"name": "briefing", "title": "The Briefing"}],
            schedules=[{**BRIEFING, **schedule}],
        )
        harness = Newsroom(store, config)
        harness.subscribe(ADA, newsletter="briefing")
        for number, slug in enumerate(("ferry", "tram", "dome")):
            harness.file(slug, at=EVENING + number * MINUTE, breaking=False)
        with store.write() as tx:
            first_seen(tx, config.schedules[0], config, at=EVENING + 5 * MINUTE)
            tx.articles.assign_numbers(EVENING + 5 * MINUTE)
        return harness

    return make
