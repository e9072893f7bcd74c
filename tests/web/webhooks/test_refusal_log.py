"""What the log has of refused calls, for whoever set up the hook."""

from datetime import UTC, datetime, timedelta

from structlog.testing import capture_logs

from syndicate.web.telemetry.counters import RequestCounters, WebhookResult
from syndicate.web.webhook_refusals import RefusalLog
from tests.web.asgi_client import run

NOW = datetime(2026, 12, 1, 12, tzinfo=UTC)


def test_refused_calls_are_logged_once_a_minute_with_their_number_and_the_last_reason(sqlite_store):
    refusals = RefusalLog(sqlite_store, RequestCounters())

    def logged(second, result=WebhookResult.FORGED, reason="no token"):
        with capture_logs() as logs:
            run(refusals.note("brevo", result, reason, NOW + timedelta(seconds=second)))
        return [(log["what"], log["calls"], log["why"]) for log in logs]

    assert logged(0) == [("forged", 1, "no token")]
    assert logged(20) == []
    assert logged(59, reason="another token") == []
    assert logged(60, WebhookResult.REPLAYED) == [("forged", 2, "another token")]
    assert logged(130, WebhookResult.ACCEPTED, "") == []
    assert logged(140, WebhookResult.REPLAYED) == [], "most are honest retries"
    assert logged(141, WebhookResult.STALE, "a day old") == [("stale", 1, "a day old")]
