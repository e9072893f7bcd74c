"""Forged, stale and malformed calls: they are refused and change nothing, however many come."""

import json
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from syndicate import clock
from syndicate.store import Store
from syndicate.web.app import application
from syndicate.web.webhooks import MAX_BODY
from tests.feedback.providers.provider_calls import (
    KINDS,
    SECRETS,
    SIGNED_BODY,
    SIGNED_TIME,
    SignedCall,
    bounced,
    signed,
)
from tests.feedback.providers.test_signatures import mutations
from tests.web.asgi_client import Client
from tests.web.webhooks.hook_site import DAY, HookSite, hook_tables, is_busy

pytestmark = pytest.mark.neighbours


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

    answer = site.post(kind, site.bounce(kind, about, at=clock.now() - timedelta(hours=26)))

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


def test_the_signature_of_an_event_of_no_consequence_proves_no_other_event(site):
    site = site("mailgun")
    (about,) = site.send()
    opened = bounced("mailgun", about) | {"event": "opened"}
    call = signed("mailgun", opened, at=clock.now())
    body = json.loads(call.body)
    body["event-data"]["event"] = "complained"

    assert site.post("mailgun", call).status_code == 200
    assert site.post("mailgun", call.changed(body=json.dumps(body).encode())).status_code == 406

    assert site.feedback() == {}
    assert site.counts("mailgun") == {"ignored": 1, "replayed": 1}


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
        locked.setattr(Store, "write", is_busy)
        forged(1)
    assert site.counts("brevo") == {"forged": 1}
    forged(2)
    assert site.counts("brevo") == {"forged": 7}


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
        assert answer.status_code in {200, 400, 401, 403, 406, 409, 503}  # no such certificate
        if answer.status_code != 200:
            assert site.everything() == state[0]
        state[0] = site.everything()

    call_with()
    assert site.feedback() in ({}, {"hard bounce": 1})
