"""Progress of editions in the log of the process that delivers."""

from types import SimpleNamespace

from structlog.testing import capture_logs

from syndicate.model.deliveries import DeliveryState
from syndicate.schedule import progress_report
from syndicate.schedule.progress_report import ProgressReporter
from syndicate.store.database.schema import deliveries
from tests.deliver.editions import freeze, readers, subscribe


def test_what_another_process_delivers_later_is_not_logged(sqlite_store, publication, monkeypatch):
    subscribe(sqlite_store, *readers(20))
    freeze(sqlite_store)
    reporter = ProgressReporter(sqlite_store, publication())
    now, accepted = 0.0, DeliveryState.ACCEPTED
    monkeypatch.setattr(progress_report, "time", SimpleNamespace(monotonic=lambda: now))

    def logged(minute: int, upto: int) -> list[int]:
        """Let the first readers have their mail by a minute; return how many the log has then."""
        nonlocal now
        now = 60.0 * minute
        with sqlite_store.write() as tx:
            reached = deliveries.update().where(deliveries.c.subscriber <= upto)
            tx._connection.execute(reached.values(state=accepted))
        with capture_logs() as logs:
            reporter.log_progress()
        return [log["accepted"] for log in logs if log["event"] == "sending"]

    assert logged(0, upto=2) == []
    with reporter.enabled():
        assert logged(1, upto=4) == [], "nothing to compare it with"
        assert logged(2, upto=8) == [8]
        assert logged(3, upto=8) == []
        assert logged(4, upto=12) == [12]
    assert logged(5, upto=16) == []
