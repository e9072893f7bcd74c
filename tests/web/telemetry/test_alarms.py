"""Alarms in the probes and the metrics: the same that `status` shows, details for operators."""

from syndicate import clock
from syndicate.model.alarms import AlarmCause, AlarmKind
from syndicate.web.app import application
from tests.web.asgi_client import Client
from tests.web.telemetry.figures import metrics, publish


def test_what_is_on_is_in_readiness_and_counted_by_cause(sqlite_store, publication, tmp_path):
    publish(tmp_path)
    config = publication()
    at = clock.now()
    causes = [
        AlarmCause(kind=AlarmKind.INTAKE, subject=name, machine="web-1", text=text, remedy="mend")
        for name, text in (("a.md", "a breaking story was refused: a.md"), ("b.md", "b.md: broken"))
    ]
    with sqlite_store.write() as tx:
        for cause in causes:
            tx.alarms.report(cause, at)

    def client():
        return Client(application(sqlite_store, config), host="127.0.0.1:8000")

    lines = client().get("/readyz").text.splitlines()
    assert lines == [f"a breaking story was refused: {text}" for text in ("a.md", "b.md: broken")]
    stranger = client().get("/readyz", headers={"host": "news.example.org"})
    assert (stranger.status_code, stranger.text) == (503, "a breaking story was refused\n")
    assert client().get("/readyz/web").status_code == 200
    seen = metrics(client())
    assert seen("syndicate_alarms", "intake") == 2
    assert seen("syndicate_alarms", "slot") == 0
    with sqlite_store.write() as tx:
        for alarm in tx.alarms.open():
            tx.alarms.end(alarm, at)
    assert client().get("/readyz").text == "ok\n"
    assert metrics(client())("syndicate_alarms", "intake") == 0
