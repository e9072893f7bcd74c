"""Requests to our own hub over HTTP: what is refused, and what its address says."""

from dataclasses import replace
from datetime import timedelta

import httpx
import pytest

from syndicate import clock
from syndicate.store import CallKind
from syndicate.web import websub_hub as page
from syndicate.web.app import application
from tests.publish.push.subscriber import station
from tests.web.asgi_client import Client

pytestmark = pytest.mark.neighbours

WRONG: tuple[tuple[dict[str, str], str], ...] = (
    ({"mode": "subscribe!"}, "hub.mode"),
    ({"topic": "/nothing.xml"}, "not one of our feeds"),
    ({"topic": "/"}, "not one of our feeds"),
    ({"topic": "/opml.xml"}, "not one of our feeds"),
    ({"topic": "/feeds/private/abc/rss.xml"}, "not one of our feeds"),
    ({"topic": "/../rss.xml"}, "not one of our feeds"),
    ({"topic": "/rss.xml?x"}, "not one of our feeds"),
    ({"callback": ""}, "not an http or https URL"),
    ({"callback": "ftp://example.org/"}, "not an http or https URL"),
    ({"callback": "http://me:pw@example.org/"}, "user name or password"),
    ({"callback": "http://example.org/#x"}, "fragment"),
    ({"callback": "http://example.org/字"}, "ASCII"),
    ({"callback": "http://bücher.example/"}, "ASCII"),
    ({"callback": "http://example.org/a b"}, "space"),
    ({"callback": "http://example.org/\r\nX: y"}, "control"),
    ({"callback": "http://example.org/" + "x" * 2000}, "2000 characters"),
    ({"secret": "x" * 200}, "200 bytes"),
    ({"secret": "ü" * 100}, "200 bytes"),
    ({"lease_seconds": "soon"}, "lease_seconds"),
    ({"lease_seconds": "-1"}, "lease_seconds"),
)
"""What is asked, and what is said to it."""


def test_what_is_wrong_is_said_in_plain_text(post, reader):
    for given, said in WRONG:
        answer = post.ask(**{"callback": reader.callback()} | given)
        assert (given, answer.status_code) == (given, 400)
        assert answer.headers["content-type"].startswith("text/plain")
        assert said in answer.text
    assert post.open_counts() == (0, 0)


def test_before_anything_is_published_it_is_too_early(post, reader):
    output = post.newsroom.config.output
    output.rename(output.with_name("away"))
    answer = post.ask(reader.callback())
    output.with_name("away").rename(output)
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "60")
    assert post.open_counts() == (0, 0)


def test_a_secret_of_199_bytes_is_taken(post, reader):
    post.subscribe(reader.callback(), secret="x" * 199)
    post.publish("second")
    post.run()
    assert reader.received[0].is_signed_with("x" * 199)


def test_a_topic_of_another_site_is_none(post, reader):
    answer = httpx.post(
        f"{post.url}/hub",
        data={
            "hub.mode": "subscribe",
            "hub.topic": "https://elsewhere.example/rss.xml",
            "hub.callback": reader.callback(),
        },
        trust_env=False,
    )
    assert answer.status_code == 400


@pytest.mark.parametrize(
    "callback",
    [
        "http://127.0.0.1:{port}/",
        "http://[::ffff:127.0.0.1]:{port}/",
        "http://169.254.169.254/",
        "http://0x7f000001:{port}/",
        "http://127.1:{port}/",
        "http://10.1.2.3/",
        "http://[::1]/",
    ],
)
def test_callbacks_in_our_own_network_are_refused(sqlite_store, publication, reader, callback):
    with station(sqlite_store, publication, private_callbacks=[]) as post:
        answer = post.ask(callback.format(port=reader.port))
        assert answer.status_code == 400
        assert "not a public address" in answer.text
        assert post.open_counts() == (0, 0)


def test_a_name_that_leads_into_our_own_network_is_not_called(sqlite_store, publication, reader):
    with station(sqlite_store, publication, private_callbacks=[]) as post:
        assert post.ask(f"http://localhost:{reader.port}/").status_code == 202
        for minutes in (1, 10, 60, 1440):
            post.run(timedelta(minutes=minutes))
        assert reader.questions == []
        assert post.open_counts() == (0, 0)


def test_a_flood_from_one_network_is_limited(post, reader, monkeypatch):
    monkeypatch.setattr(page, "MAX_REQUESTS_PER_NETWORK", 3)
    statuses = [post.ask(reader.callback(f"/{n}")).status_code for n in range(4)]
    assert statuses == [202, 202, 202, 429]
    assert 3300 < int(post.ask(reader.callback()).headers["retry-after"]) <= 3900


def test_a_host_has_so_many_subscriptions_and_may_renew_them(post, reader, monkeypatch):
    monkeypatch.setattr(page, "MAX_SUBSCRIPTIONS_PER_HOST", 3)
    statuses = [post.ask(reader.callback(f"/{n}")).status_code for n in range(4)]
    assert statuses == [202, 202, 202, 429]
    post.run()
    assert post.ask(reader.callback("/1")).status_code == 202
    assert post.ask("http://127.0.0.2/other").status_code == 202


def test_however_a_host_is_written_it_is_one(post, monkeypatch):
    monkeypatch.setattr(page, "MAX_SUBSCRIPTIONS_PER_HOST", 1)
    hosts = ("example.com", "example.com.", "EXAMPLE.com:81", "example.org")
    statuses = [post.ask(f"http://{host}/{host}").status_code for host in hosts]
    assert statuses == [202, 429, 429, 202]


def test_a_reader_on_the_web_may_follow_some_hundred_feeds_in_each_format(post, reader):
    post.ask(reader.callback())
    with post.newsroom.store.write() as tx:
        [one] = tx.calls.claim(CallKind.VERIFICATION, clock.now(), until=clock.now(), limit=1)
        for number in range(3 * 300):
            tx.calls.put(replace(one, endpoint=reader.callback(f"/{number}")))
    assert post.ask(reader.callback("/one-more")).status_code == 202


def test_there_is_room_for_so_many_in_all(post, reader, monkeypatch):
    monkeypatch.setattr(page, "MAX_SUBSCRIPTIONS", 1)
    assert post.ask(reader.callback("/1")).status_code == 202
    assert post.ask(reader.callback("/2")).status_code == 503


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"{}", "application/json"),
        (b"", ""),
        (b"x" * 20_000, "application/x-www-form-urlencoded"),
        (b"&".join(b"a%d=1" % n for n in range(99)), "application/x-www-form-urlencoded"),
    ],
)
def test_what_is_no_form_is_refused(post, body, kind):
    headers = {"content-type": kind}
    answer = httpx.post(f"{post.url}/hub", content=body, headers=headers, trust_env=False)
    assert answer.status_code == 400


# the address itself


@pytest.mark.parametrize(
    ("mode", "woken"), [("subscribe", 1), ("unsubscribe", 1), ("publish", 1), ("nonsense", 0)]
)
def test_whoever_works_for_the_hub_is_woken(post, reader, mode, woken):
    due: list[str] = []
    newsroom = post.newsroom
    app = application(newsroom.store, newsroom.config, push_due=lambda: due.append(mode))
    form = {"hub.mode": mode, "hub.callback": reader.callback()}
    form["hub.topic"] = f"{post.url}/rss.xml"
    Client(app).request("POST", "/hub", data=form)
    assert len(due) == woken


def test_a_publisher_may_ping_us_though_we_know(post):
    answer = post.ask("", mode="publish", url=f"{post.url}/rss.xml")
    assert answer.status_code == 202
    assert post.open_counts() == (0, 0)


def test_who_looks_at_the_hub_is_told_what_it_is(post):
    answer = post.fetch("/hub")
    assert answer.status_code == 200
    assert "WebSub" in answer.text


def test_other_methods_are_not_allowed(post):
    answer = httpx.put(f"{post.url}/hub", trust_env=False)
    assert answer.status_code == 405
    assert set(answer.headers["allow"].replace(" ", "").split(",")) == {"GET", "HEAD", "POST"}


def test_there_is_no_hub_unless_it_is_wanted(sqlite_store, publication, reader):
    with station(sqlite_store, publication, own=False) as post:
        assert post.ask(reader.callback()).status_code in {404, 405}
        assert post.fetch("/hub").status_code == 404
