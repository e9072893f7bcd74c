"""For how long figures of the store are served without asking it again."""

from datetime import timedelta

import pytest

from syndicate import clock
from syndicate.model.articles import Revision
from syndicate.web.telemetry.counters import RequestCounters
from syndicate.web.telemetry.metrics import Metrics
from tests.sample_articles import add_article


@pytest.mark.parametrize(("query_seconds", "cached"), [(0, 15), (0.1, 15), (2, 200)])
def test_figures_are_counted_again_in_time_and_less_often_where_that_takes_long(
    sqlite_store, publication, monkeypatch, query_seconds, cached
):
    metrics = Metrics(sqlite_store, publication(), RequestCounters())
    now = 1000.0

    def public() -> float:
        """Return the number of public articles, which the store takes its time to count."""
        # for the subscribers of feeds, and before and after the store is asked
        moments = iter((now, now, now + query_seconds))
        monkeypatch.setattr("syndicate.web.telemetry.metrics.monotonic", lambda: next(moments))
        found = {metric.name: metric for metric in metrics.collect()}
        return found["syndicate_articles_public"].samples[0].value

    assert public() == 0
    with sqlite_store.write() as tx:
        names = dict.fromkeys(("id", "slug", "path", "source"), "ferry")
        revision = Revision(title="Ferry", body="<p>x</p>")
        add_article(tx, revision, at=clock.now() - timedelta(hours=1), **names)
    now += query_seconds + cached - 0.5
    assert public() == 0
    now += 1
    assert public() == 1
