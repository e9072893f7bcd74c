"""Mail providers call us: true calls are recorded once, and no other call changes anything."""

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs

from syndicate import clock
from syndicate.deliver.message.links import SignedLinks
from syndicate.errors import StoreLocked
from syndicate.model.deliveries import DeliveryOutcome, DeliveryState
from syndicate.store import Store
from syndicate.web.app import application
from syndicate.web.telemetry.counters import RequestCounters
from syndicate.web.webhooks import MAX_BODY, WebhookReceiver
from tests import ROOT
from tests.feedback.providers.provider_calls import (
    CERTIFICATE_URL,
    KINDS,
    SECRETS,
    SIGNED_BODY,
    SIGNED_TIME,
    AmazonClient,
    SignedCall,
    bounced,
    delivered,
    signed,
    sns_call,
    sns_certificate,
)
from tests.feedback.providers.test_signatures import mutations
from tests.web.asgi_client import Client
from tests.web.hook_site import DAY, HookSite, hook_tables, secrets_in_the_environment

pytestmark = pytest.mark.neighbours


@pytest.fixture(autouse=True)
def secrets(monkeypatch):
    """Set the secrets of all hooks."""
    for name, secret in secrets_in_the_environment().items():
        monkeypatch.setenv(name, secret)


@pytest.fixture(autouse=True)
def amazon(monkeypatch):
    """Amazon's hosts, with a certificate that is valid today."""
    client = AmazonClient()
    client.pages[CERTIFICATE_URL] = sns_certificate(since=clock.now() - 30 * DAY)
    monkeypatch.setattr("syndicate.feedback.providers.hook_reader.HttpClient", lambda: client)
    return client


@pytest.fixture
def site(web, sqlite_store, publication):
    """A factory of sites with hooks; tables are given as in config.toml."""

    def open_(*kinds: str, **tables: Any) -> HookSite:
        tables = {"hooks": hook_tables(*kinds)} | tables
        client = web(**tables)
        return HookSite(sqlite_store, publication(**tables), client)

    return open_


@pytest.mark.parametrize("kind", KINDS)
def test_a_true_call_is_recorded_and_its_replay_changes_nothing(site, kind):
    site = site(kind)
    (about,) = site.send()
    call = site.bounce(kind, about)

    first, second = site.post(kind, call), site.post(kind, call)

    assert (first.status_code, second.status_code) == (200, 409)
    assert first.text == "1 recorded\n"
    assert site.feedback() == {"hard bounce": 1}
    assert site.suppressed() == "hard bounce"
    assert site.counts(kind)["recorded"] == 1


@pytest.mark.parametrize("kind", KINDS)
def test_a_forged_twin_changes_nothing(site, kind):
    site = site(kind)
    (about,) = site.send()
    call, before = site.bounce(kind, about), site.everything()
    twin = json.loads(call.body)
    if kind == "ses":
        twin["Message"] = twin["Message"].replace("General", "NoEmail")
    elif kind == "mailgun":
        twin["signature"]["token"] = "0" * 40
    body = call.body if kind in {"postmark", "brevo"} else json.dumps(twin).encode()
    changed = {"headers": {}, "query": "token=guess"} if kind in {"postmark", "brevo"} else {}

    answer = site.post(kind, call.changed(body=body.replace(b"anna", b"bob"), **changed))

    assert answer.status_code == 401
    assert answer.headers["www-authenticate"]
    assert site.everything() == before
    assert site.counts(kind) == {"forged": 1}


@pytest.mark.parametrize("kind", SIGNED_TIME)
def test_a_stale_twin_changes_nothing(site, kind):
    site = site(kind)
    (about,) = site.send()
    before = site.everything()

    answer = site.post(kind, site.bounce(kind, about, at=clock.now() - timedelta(hours=13)))

    assert (answer.status_code, answer.text[:17]) == (400, "it was signed at ")
    assert site.everything() == before
    assert site.counts(kind) == {"stale": 1}


@pytest.mark.parametrize("kind", sorted(set(KINDS) - set(SIGNED_TIME)))
def test_where_no_time_is_signed_a_bounce_of_an_old_message_has_no_effect(site, kind):
    site = site(kind)
    (about,) = site.send(at=clock.now() - 31 * DAY)

    assert site.post(kind, site.bounce(kind, about)).status_code == 200

    assert site.suppressed() is None
    assert "recorded" not in site.counts(kind)


@pytest.mark.parametrize("kind", ["postmark", "ses", "sendgrid"])
def test_a_message_is_found_by_the_providers_id_in_its_reply(site, kind):
    site = site(kind)
    (about,) = site.send()
    event = bounced(kind, about)
    event.pop("smtp-id", None)
    event.get("mail", {}).pop("headers", None)

    assert site.post(kind, signed(kind, event, at=clock.now())).status_code == 200

    assert site.feedback() == {"hard bounce": 1}


@pytest.mark.parametrize("kind", KINDS)
def test_an_address_alone_changes_nothing(site, kind):
    site = site(kind)
    (about,) = site.send(reply="2.0.0 Ok")
    event = json.loads(json.dumps(bounced(kind, about)).replace(about.message_id.strip("<>"), "x"))

    assert site.post(kind, signed(kind, event, at=clock.now())).status_code == 200

    assert site.feedback() == {}
    assert site.suppressed() is None
    assert site.counts(kind) == {"undecided": 1}


@pytest.mark.parametrize("kind", KINDS)
def test_delivered_settles_what_was_unknown(site, kind):
    site = site(kind)
    reply = f"no answer; {site.newsroom.config.url}"
    (about,) = site.send(state=DeliveryState.UNKNOWN, reply=f"{reply} 0102018f3c2a7b1e-5d2c")
    edition, reader = map(int, about.id.removeprefix("event ").split("-"))

    call = signed(kind, delivered(kind, about), at=clock.now())

    assert site.post(kind, call).status_code == 200
    assert site.newsroom.state(edition, reader) == "accepted"
    assert site.feedback() == {"delivered": 1}


def test_a_complaint_ends_the_subscription_and_an_event_of_no_consequence_is_counted(site):
    site = site("sendgrid")
    (about,) = site.send()
    complaint = bounced("sendgrid", about) | {"event": "spamreport"}
    opened = complaint | {"event": "open", "sg_event_id": "opened-1"}

    answer = site.post("sendgrid", signed("sendgrid", [opened, complaint], at=clock.now()))

    assert (answer.status_code, answer.text) == (200, "1 ignored, 1 recorded\n")
    assert site.newsroom.newsletters("anna@example.net") == {"breaking": "left"}
    assert site.suppressed() == "complaint"
    assert site.counts("sendgrid") == {"ignored": 1, "recorded": 1}


def test_the_signature_of_an_event_of_no_consequence_proves_no_other_event(site):
    site = site("mailgun")
    (about,) = site.send()
    opened = bounced("mailgun", about) | {"event": "opened"}
    call = signed("mailgun", opened, at=clock.now())
    body = json.loads(call.body)
    body["event-data"]["event"] = "complained"

    assert site.post("mailgun", call).status_code == 200
    assert site.post("mailgun", call.changed(body=json.dumps(body).encode())).status_code == 409

    assert site.feedback() == {}
    assert site.counts("mailgun") == {"ignored": 1, "replayed": 1}


def test_two_accounts_of_one_provider_have_two_hooks(site, monkeypatch):
    other = {"name": "brevo-alerts", "kind": "brevo", "secret_env": "OTHER"}
    monkeypatch.setenv("OTHER", "another secret")
    site = site(hooks=[*hook_tables("brevo"), other])
    (about,) = site.send()
    call = site.bounce("brevo", about)

    assert site.post("brevo-alerts", call).status_code == 401
    assert site.post("brevo-alerts", call.changed(query="token=another secret")).status_code == 200
    assert site.counts("brevo-alerts")["recorded"] == 1


def test_a_thousand_events_of_a_batch_are_recorded_and_its_retry_is_a_replay(site):
    site = site("sendgrid")
    messages = site.send(*(f"reader-{number}@example.net" for number in range(1000)))
    call = signed("sendgrid", [delivered("sendgrid", m) for m in messages], at=clock.now())
    assert 200_000 < len(call.body) < MAX_BODY

    assert site.post("sendgrid", call).status_code == 200
    assert site.feedback() == {"delivered": 1000}
    assert site.post("sendgrid", call).status_code == 409
    assert site.counts("sendgrid")["recorded"] == 1000


def test_calls_that_cant_be_meant_are_refused(site):
    site = site("brevo")
    token = f"token={SECRETS['brevo']}"

    def post(body, name="brevo"):
        return site.post(name, SignedCall(body=body, query=token)).status_code

    assert post(b"{}", name="nothing") == 404
    assert site.client.post("/hooks/").status_code == 404
    assert site.client.post("/hooks/brevo/more").status_code == 404
    answer = site.client.get("/hooks/brevo")
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")
    assert post(b"no JSON") == 400
    assert post(b" " * (MAX_BODY + 1)) == 413
    chunks = (b" " * 65536 for _ in range(20))
    assert site.client.post(f"/hooks/brevo?{token}", content=chunks).status_code == 413
    assert post(b" " * (MAX_BODY - 100) + b'{"event": "request"}') == 200
    many = b"[" + b",".join(b'{"event": "%d"}' % number for number in range(10_001)) + b"]"
    assert post(many) == 400


def test_a_flood_of_forged_calls_is_slowed_down_and_costs_the_store_one_write(site, monkeypatch):
    site = site("brevo", web={"proxies": ["127.0.0.1/32"]})
    (about,) = site.send()
    call, before = site.bounce("brevo", about), site.everything()
    writes, write = [], Store.write

    def counted(store):
        writes.append(1)
        return write(store)

    monkeypatch.setattr(Store, "write", counted)
    now = clock.now()
    monkeypatch.setattr(clock, "now", lambda: now)  # on a busy machine this may take seconds

    forged = call.changed(query="token=guess")
    answers = [site.post("brevo", forged, **{"x-forwarded-for": "203.0.113.9"}) for _ in range(100)]

    assert [answer.status_code for answer in answers] == [401] * 30 + [429] * 70
    assert answers[-1].headers["retry-after"] == "5"
    assert site.everything() == before
    assert len(writes) == 1
    # neither other networks nor other hooks wait
    true = site.post("brevo", call, **{"x-forwarded-for": "198.51.100.1"})
    assert true.status_code == 200
    assert len(site.feedback()) == 1


def test_replays_are_no_reason_to_make_a_provider_wait(site):
    site = site("postmark", web={"proxies": ["127.0.0.1/32"]})
    first, second = site.send("anna@example.net", "bo@example.net")
    second = replace(second, provider_id="another-id-0815")
    network = {"x-forwarded-for": "203.0.113.9"}
    call = site.bounce("postmark", first)

    answers = [site.post("postmark", call, **network).status_code for _ in range(40)]

    assert answers == [200] + [409] * 39
    new = site.post("postmark", site.bounce("postmark", second), **network)
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


def test_while_the_store_is_busy_a_provider_is_asked_to_come_again(site, monkeypatch):
    site = site("standard")
    (about,) = site.send()
    call = site.bounce("standard", about)

    with monkeypatch.context() as patched:
        patched.setattr(Store, "write", _busy)
        answer = site.post("standard", call)

    assert (answer.status_code, answer.headers["retry-after"]) == (503, "60")
    assert "locked" not in answer.text
    assert site.post("standard", call).status_code == 200
    assert site.feedback() == {"hard bounce": 1}


@pytest.mark.parametrize("limit", ["_MAX_WAITING", "_MAX_HELD"])
def test_when_too_many_calls_wait_or_are_in_memory_a_provider_is_asked_to_come_again(
    site, monkeypatch, limit
):
    site = site("brevo")
    (about,) = site.send()
    call = site.bounce("brevo", about)

    with monkeypatch.context() as patched:
        patched.setattr(f"syndicate.web.webhooks.{limit}", 0)
        answers = [site.post("brevo", call) for _ in range(3)]

    assert [answer.status_code for answer in answers] == [429] * 3
    assert answers[0].headers["retry-after"] == "5"
    # what was refused takes no room any more
    monkeypatch.setattr(f"syndicate.web.webhooks.{limit}", len(call.body) + 10)
    assert site.post("brevo", call).status_code == 200


def test_refused_calls_are_counted_in_the_store_once_a_minute(
    sqlite_store, publication, monkeypatch
):
    config = publication(hooks=hook_tables("brevo"))
    site, client = HookSite(sqlite_store, config), Client(application(sqlite_store, config))
    now = clock.now()

    def forged(minute, times=1):
        monkeypatch.setattr(clock, "now", lambda: now + timedelta(minutes=minute))
        for _ in range(times):
            assert client.request("POST", "/hooks/brevo").status_code == 401

    forged(0, times=5)
    assert site.counts("brevo") == {"forged": 1}
    with monkeypatch.context() as locked:
        locked.setattr(Store, "write", _busy)
        forged(1)
    assert site.counts("brevo") == {"forged": 1}
    forged(2)
    assert site.counts("brevo") == {"forged": 7}


def test_while_amazon_cant_be_asked_it_is_asked_to_come_again(site, amazon):
    site = site("ses")
    (about,) = site.send()
    amazon.is_down = True
    call = site.bounce("ses", about)
    assert site.post("ses", call).status_code == 503
    amazon.is_down = False
    assert site.post("ses", call).status_code == 200


def test_a_topics_subscription_is_confirmed(site, amazon):
    site = site("ses")

    answer = site.post("ses", sns_call("SubscriptionConfirmation", "You have", at=clock.now()))

    assert answer.status_code == 200
    assert [url.partition("?")[2] for url in amazon.asked] == ["", "Action=Confirm"]


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


def test_neither_log_has_a_secret_or_an_address(sqlite_store, publication, tmp_path):
    config = publication(
        hooks=hook_tables("brevo"), web={"access_log": str(tmp_path / "access.log")}
    )
    app, site = application(sqlite_store, config), HookSite(sqlite_store, config)
    client = Client(app)
    (about,) = site.send()
    body = site.bounce("brevo", about).body

    with capture_logs() as logs:
        for path in ("brevo?token=umbrella-7", "brevo?token=umbrella-8", "umbrella-7"):
            client.request("POST", f"/hooks/{path}", content=body)
    app.close()

    written = [json.loads(line) for line in (tmp_path / "access.log").read_text().splitlines()]
    assert [line["path"] for line in written] == ["/hooks/…"] * 3
    text = json.dumps([written, *map(repr, logs)])
    assert "umbrella" not in text
    assert "anna" not in text
    assert "hard bounce of edition" in text


def test_the_figures_have_each_hook_and_result(site):
    site = site("brevo", "mailgun", web={"monitors": ["127.0.0.1/32"]})
    (about,) = site.send()
    call = site.bounce("brevo", about)
    for query in (call.query, call.query, "token=guess"):
        site.post("brevo", call.changed(query=query))
    site.post("nothing", call)

    figures = site.client.get("/metrics").text

    for hook, result in (("brevo", "accepted"), ("brevo", "replayed"), ("brevo", "forged")):
        assert f'syndicate_webhook_calls_total{{hook="{hook}",result="{result}"}} 1.0' in figures
    assert 'syndicate_webhook_calls_total{hook="",result="unknown"} 1.0' in figures


def test_no_published_file_takes_the_place_of_a_hook(site, tmp_path):
    site = site("brevo")
    folder = tmp_path / "feeds/hooks"
    folder.mkdir(parents=True)
    (folder / "brevo").write_text("a file")
    (about,) = site.send()

    assert site.post("brevo", site.bounce("brevo", about)).status_code == 200
    assert site.client.get("/hooks/brevo").status_code == 405


def test_no_forged_call_changes_anything(sqlite_store, publication):
    config = publication(hooks=hook_tables())
    site, client = HookSite(sqlite_store, config), Client(application(sqlite_store, config))
    (about,) = site.send()
    state = [site.everything()]
    calls = {kind: site.bounce(kind, about) for kind in KINDS}

    @settings(max_examples=60)
    @given(st.data())
    def call_with(data):
        kind = data.draw(st.sampled_from(KINDS))
        call = calls[kind]
        headers, query, body = dict(call.headers), call.query, call.body
        where = data.draw(st.sampled_from([*headers, *["query"] * bool(query), "body"]))
        if where in headers:
            headers[where] = data.draw(st.text("abcXYZ019+/=, ", max_size=60))
        elif where == "query":
            query = "token=" + data.draw(st.text("abcxyz-7", max_size=12))
        elif kind in SIGNED_BODY:
            body = data.draw(mutations(body))
        answer = client.request(
            "POST",
            f"/hooks/{kind}?{query}",
            content=body,
            headers={**headers, "x-forwarded-for": "203.0.113.9"},
        )
        assert answer.status_code in {200, 400, 401, 409, 503}  # no such certificate
        if answer.status_code != 200:
            assert site.everything() == state[0]
        state[0] = site.everything()

    call_with()
    assert site.feedback() in ({}, {"hard bounce": 1})


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
    messages = site.send(*(f"reader-{number}@example.net" for number in range(250)))
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
    messages = site.send(*(f"reader-{number}@example.net" for number in range(250)))
    events = [delivered("sendgrid", message) for message in messages]
    call = signed("sendgrid", events, at=clock.now())
    given = config.model_dump(mode="json", exclude_unset=True) | {"root": str(tmp_path)}
    arguments = (f"sqlite:///{tmp_path}/syndicate.db", json.dumps(given))

    with _process(*arguments, "dies") as client, pytest.raises(httpx.TransportError):
        HookSite(sqlite_store, config, client).post("sendgrid", call)
    assert site.feedback() == {"delivered": 100}

    with _process(*arguments, "") as client:
        site.client = client
        assert site.post("sendgrid", call).status_code == 200
        assert site.feedback() == {"delivered": 250}
        assert site.post("sendgrid", call).status_code == 409
    assert site.counts("sendgrid") == {"recorded": 250, "repeated": 100, "replayed": 1}


@contextmanager
def _process(*arguments: str) -> Iterator[httpx.Client]:
    """Run a server in a process of its own, and call it."""
    command = [sys.executable, "-m", "tests.web.hook_process", *arguments]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT, text=True
    ) as process:
        assert process.stdin
        assert process.stdout
        port = process.stdout.readline().strip()
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False) as client:
            yield client
        process.stdin.close()
        process.wait(60)


def _busy(_):
    raise StoreLocked("the store is locked")
