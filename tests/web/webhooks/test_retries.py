"""Calls that come again: asked to, at the same moment, or after a process has died."""

import json
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import timedelta

import httpx
import pytest
from structlog.testing import capture_logs

from syndicate import clock
from syndicate.deliver.message.links import SignedLinks
from syndicate.errors import Refused, StoreLocked
from syndicate.feedback.recorder import FeedbackRecorder
from syndicate.model.deliveries import DeliveryOutcome, DeliveryState
from syndicate.store import Store
from syndicate.web.telemetry.counters import RequestCounters
from syndicate.web.webhooks import WebhookReceiver
from tests import ROOT
from tests.feedback.providers.provider_calls import KINDS, SECRETS, bounced, delivered, signed
from tests.web.webhooks.hook_site import DAY, HookSite, hook_tables, is_busy

pytestmark = pytest.mark.neighbours


def test_replays_are_no_reason_to_make_a_provider_wait(site):
    site = site("mailgun", web={"proxies": ["127.0.0.1/32"]})
    first, second = site.send("anna@example.net", "bo@example.net")
    network = {"x-forwarded-for": "203.0.113.9"}
    call = site.bounce("mailgun", first)

    answers = [site.post("mailgun", call, **network).status_code for _ in range(40)]

    assert answers == [200] + [406] * 39
    new = site.post("mailgun", site.bounce("mailgun", second), **network)
    assert new.status_code == 200


@pytest.mark.parametrize("kind", ["postmark", "ses"])
def test_an_event_before_the_outcome_of_its_message_has_to_come_again(site, kind):
    site = site(kind)
    (about,) = site.send(state=DeliveryState.SENDING, at=clock.now())
    call = site.bounce(kind, replace(about, message_id=""))

    assert site.post(kind, call).status_code == 503
    assert (site.feedback(), site.suppressed()) == ({}, None)
    with site.store.write() as tx:
        _, sent = tx.deliveries.recover(now=clock.now() + DAY, dead=lambda _: True)
        reply = f"Ok: queued as {about.provider_id}"
        outcomes = [
            DeliveryOutcome(claim=claim, state=DeliveryState.ACCEPTED, code=250, reply=reply)
            for claim in sent
        ]
        tx.claims.settle(outcomes, at=clock.now())
    assert site.post(kind, call).status_code == 200
    assert site.suppressed() == "hard bounce"


def test_no_event_waits_for_a_message_whose_sender_has_died(site):
    site = site("postmark")
    (about,) = site.send(state=DeliveryState.SENDING, at=clock.now() - timedelta(minutes=11))

    assert site.post("postmark", site.bounce("postmark", about)).status_code == 200
    assert site.counts("postmark") == {"undecided": 1}


@pytest.mark.parametrize(("kind", "status"), [("standard", 503), ("brevo", 429)])
def test_while_the_store_is_busy_a_provider_is_asked_to_come_again(site, monkeypatch, kind, status):
    site = site(kind)
    (about,) = site.send()
    call = site.bounce(kind, about)

    with monkeypatch.context() as patched:
        patched.setattr(Store, "write", is_busy)
        answer = site.post(kind, call)

    assert (answer.status_code, answer.headers["retry-after"]) == (status, "60")
    assert "locked" not in answer.text
    assert site.post(kind, call).status_code == 200
    assert site.feedback() == {"hard bounce": 1}


@pytest.mark.parametrize(
    "error", [ZeroDivisionError("secret"), StoreLocked("changed"), Refused("can't hold a value")]
)
def test_an_event_that_cant_be_recorded_stops_no_other_and_comes_again(site, monkeypatch, error):
    site = site("sendgrid")
    messages = site.send(*(f"reader-{number}@example.net" for number in range(150)))
    call = signed("sendgrid", [bounced("sendgrid", m) for m in messages], at=clock.now())
    record, bad = FeedbackRecorder.record, messages[70]

    def fail(self, tx, feedback, **more):
        if feedback.event_id == bad.id:
            raise error
        return record(self, tx, feedback, **more)

    with monkeypatch.context() as patched, capture_logs() as logs:
        patched.setattr(FeedbackRecorder, "record", fail)
        answers = [site.post("sendgrid", call) for _ in range(3)]

    assert [answer.status_code for answer in answers] == [503] * 3
    assert answers[0].text == "Not now; try again later.\n"
    assert site.feedback() == {"hard bounce": 149}
    assert site.suppressed(bad.recipient) is None
    (log,) = (log for log in logs if log["event"] == "a report could not be recorded")
    assert (log["source"], log["report"]) == ("hook sendgrid", bad.id)
    assert bad.recipient not in repr(log)
    assert site.post("sendgrid", call).text == "1 recorded\n"
    assert site.feedback() == {"hard bounce": 150}
    assert site.counts("sendgrid")["recorded"] == 150


def test_an_event_before_its_time_holds_up_no_other(site):
    site = site("sendgrid")
    (early,) = site.send("early@example.net", state=DeliveryState.SENDING, at=clock.now())
    early = replace(early, message_id="", provider_id="another-id-0815")
    others = site.send("anna@example.net", "bo@example.net", "cy@example.net")
    events = [bounced("sendgrid", about) for about in (early, *others[:2])]

    with capture_logs() as logs:
        answer = site.post("sendgrid", signed("sendgrid", events, at=clock.now()))

    assert answer.status_code == 503
    assert site.feedback() == {"hard bounce": 2}
    assert "a report could not be recorded" not in [log["event"] for log in logs]


@pytest.mark.parametrize("limit", ["_MAX_WAITING", "_MAX_HELD"])
@pytest.mark.parametrize(("kind", "status"), [("brevo", 429), ("ses", 503)])
def test_when_too_many_calls_wait_or_are_in_memory_a_provider_is_asked_to_come_again(
    site, monkeypatch, limit, kind, status
):
    site = site(kind)
    (about,) = site.send()
    call = site.bounce(kind, about)

    with monkeypatch.context() as patched:
        patched.setattr(f"syndicate.web.webhooks.{limit}", 0)
        answers = [site.post(kind, call) for _ in range(3)]

    assert [answer.status_code for answer in answers] == [status] * 3
    assert answers[0].headers["retry-after"] == "5"
    # what was refused takes no room any more
    monkeypatch.setattr(f"syndicate.web.webhooks.{limit}", len(call.body) + 10)
    assert site.post(kind, call).status_code == 200


def test_brevo_keeps_its_events_while_the_hook_has_no_secret(site, monkeypatch):
    site = site("brevo")
    (about,) = site.send()
    call = site.bounce("brevo", about)

    with monkeypatch.context() as patched:
        patched.delenv("HOOK_BREVO")
        assert site.post("brevo", call).status_code == 429
    assert site.post("brevo", call).status_code == 200


def test_while_amazon_cant_be_asked_it_is_asked_to_come_again(site, amazon):
    site = site("ses")
    (about,) = site.send()
    amazon.is_down = True
    call = site.bounce("ses", about)
    assert site.post("ses", call).status_code == 503
    amazon.is_down = False
    assert site.post("ses", call).status_code == 200


@pytest.mark.parametrize("secret", [None, "", "no base64!"])
def test_a_hook_without_its_secret_says_so_once_and_works_as_soon_as_it_has_one(
    site, monkeypatch, secret
):
    site = site("standard")
    (about,) = site.send()
    monkeypatch.delenv("HOOK_STANDARD")
    if secret is not None:
        monkeypatch.setenv("HOOK_STANDARD", secret)
    call = site.bounce("standard", about)

    with capture_logs() as logs:
        answers = [site.post("standard", call) for _ in range(3)]

    assert {answer.status_code for answer in answers} == {503}
    assert [log["hook"] for log in logs if log["event"] == "webhook can't be used"] == ["standard"]
    monkeypatch.setenv("HOOK_STANDARD", SECRETS["standard"])
    assert site.post("standard", call).status_code == 200


@pytest.mark.sql
@pytest.mark.parametrize("kind", KINDS)
def test_of_two_identical_calls_at_once_one_counts(store, store_url, publication, amazon, kind):
    config = publication(hooks=hook_tables(kind))
    site = HookSite(store, config)
    (about,) = site.send()
    request = site.bounce(kind, about).request(clock.now())

    results = _at_once(store_url, config, kind, [request, request], amazon)

    assert sorted(results) == ["accepted", "replayed"]
    assert site.feedback() == {"hard bounce": 1}
    assert site.counts(kind)["recorded"] == 1


@pytest.mark.sql
def test_of_identical_batches_at_once_each_event_counts_once(store, store_url, publication, amazon):
    config = publication(hooks=hook_tables("sendgrid"))
    site = HookSite(store, config)
    messages = site.send_many(250)
    events = [delivered("sendgrid", message) for message in messages]
    at = clock.now()
    batches = [events, events[::-1], events[100:]]
    requests = [signed("sendgrid", batch, at=at).request(at) for batch in batches]

    results = _at_once(store_url, config, "sendgrid", requests, amazon)

    assert "accepted" in results
    assert set(results) <= {"accepted", "replayed"}
    assert site.feedback() == {"delivered": 250}
    assert site.counts("sendgrid")["recorded"] == 250


def _at_once(url, config, kind, requests, amazon) -> list[str]:
    """Have a process for each, with a store of its own, take a call at the same moment."""
    barrier = threading.Barrier(len(requests))

    def take(request):
        with closing(Store.open(url)) as store:
            links = SignedLinks(config, store.secret("links"))
            receiver = WebhookReceiver(store, config, links, RequestCounters(), amazon)
            barrier.wait(60)
            return receiver.take(receiver.hooks[kind], request).result.value

    with ThreadPoolExecutor(len(requests)) as threads:
        return list(threads.map(take, requests))


def test_what_a_killed_process_has_not_recorded_is_recorded_by_the_retry(
    sqlite_store, publication, tmp_path
):
    tables = {"hooks": hook_tables("sendgrid")}
    config = publication(**tables)
    site = HookSite(sqlite_store, config)
    messages = site.send_many(250)
    events = [delivered("sendgrid", message) for message in messages]
    call = signed("sendgrid", events, at=clock.now())
    given = config.model_dump(mode="json", exclude_unset=True) | {"root": str(tmp_path)}
    arguments = (f"sqlite:///{tmp_path}/syndicate.db", json.dumps(given))

    with _servers(*arguments) as client:
        with client() as first, pytest.raises(httpx.TransportError):
            HookSite(sqlite_store, config, first).post("sendgrid", call)
        assert site.feedback() == {"delivered": 100}

        with client() as site.client:
            assert site.post("sendgrid", call).status_code == 200
            assert site.feedback() == {"delivered": 250}
            assert site.post("sendgrid", call).text == "All of this was recorded before.\n"
    assert site.counts("sendgrid") == {"recorded": 250, "repeated": 100, "replayed": 1}


@contextmanager
def _servers(*arguments: str) -> Iterator[Callable[[], httpx.Client]]:
    """Run servers in processes of their own, and return what makes a client of the next one."""
    command = [sys.executable, "-m", "tests.web.webhooks.hook_process", *arguments]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT, text=True
    ) as process:
        assert process.stdin
        assert process.stdout
        ports = process.stdout

        def connect() -> httpx.Client:
            port = ports.readline().strip()
            return httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False, timeout=60)

        yield connect
        process.stdin.close()
        assert process.wait(60) == 0
