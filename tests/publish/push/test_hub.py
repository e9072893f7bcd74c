"""Our own hub, from a subscription to what is sent, against a subscriber on the real web."""

import socket
import threading
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta

import httpx
import pytest

from syndicate import clock
from syndicate.publish.build.publisher import Publisher
from syndicate.publish.mirror.mirror import Mirror
from syndicate.publish.push import fan_out, hub
from syndicate.publish.push.http_client import HttpClient
from syndicate.publish.push.hub import Hub
from syndicate.store import CallKind
from syndicate.web.app import application
from syndicate.web.feeds import websub_hub as page
from tests.publish.push.hostile_servers import read_request, stranger
from tests.publish.push.subscriber import query_of, station, subscriber
from tests.web.asgi_client import Client

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def reader():
    with subscriber() as opened:
        yield opened


@pytest.fixture
def post(sqlite_store, publication):
    with station(sqlite_store, publication) as opened:
        yield opened


def quick(post):
    """The hub again, as another process has it, with less patience."""
    caller = HttpClient(allowed=post.newsroom.config.websub.private_callbacks, timeout=1)
    return Hub(post.newsroom.store, post.newsroom.config, caller, mirror=None)


def the_numbers(post):
    numbers = post.numbers()
    return numbers.subscriptions, numbers.requests


# the whole way


def test_who_subscribes_is_asked_and_then_sent_the_whole_feed_signed(post, reader):
    answer = post.ask(reader.callback(), secret="hush", lease_seconds="86400")
    assert (answer.status_code, answer.content) == (202, b"")
    assert reader.questions == []  # the answer doesn't wait for that
    assert post.run().verified == 1
    [question] = reader.questions
    assert len(question.pop("hub.challenge")) >= 32
    assert question == {
        "hub.mode": "subscribe",
        "hub.topic": f"{post.url}/rss.xml",
        "hub.lease_seconds": "86400",
    }
    assert post.run().delivered == 0  # what was there is known

    post.publish("second")
    assert post.run().delivered == 1
    [received] = reader.received
    feed = post.fetch("/rss.xml")
    assert received.body == feed.content
    assert b"Second" in received.body
    assert received.headers["Content-Type"] == feed.headers["content-type"]
    assert received.headers["Link"] == (
        f'<{post.url}/hub>; rel="hub", <{post.url}/rss.xml>; rel="self"'
    )
    assert received.is_signed_with("hush")
    assert not received.is_signed_with("other")
    assert post.run(HOUR).delivered == 0


@pytest.mark.parametrize("path", ["/atom.xml", "/feed.json"])
def test_each_format_comes_as_what_it_is(post, reader, path):
    post.subscribe(reader.callback(), topic=path)
    post.publish("second")
    post.run()
    [received] = reader.received
    feed = post.fetch(path)
    assert received.body == feed.content
    assert received.headers["Content-Type"] == feed.headers["content-type"]
    assert "X-Hub-Signature" not in received.headers


def test_the_feed_of_a_section_is_sent_when_that_changes_and_not_otherwise(post, reader):
    post.publish("second", section="City")
    post.subscribe(reader.callback(), topic="/sections/city/rss.xml")
    post.publish("third", section="Sport")
    assert post.run().delivered == 0
    post.publish("fourth", section="City")
    assert post.run().delivered == 1


def test_what_is_published_between_request_and_verification_is_sent(post, reader):
    post.ask(reader.callback())
    post.publish("second")
    report = post.run()
    assert (report.verified, report.delivered) == (1, 1)


def test_a_callback_keeps_its_query(post, reader):
    callback = reader.callback("/cb?key=a%2Fb&x=1+2&hub.mode=mine")
    post.subscribe(callback)
    assert reader.queries[0].startswith("key=a%2Fb&x=1+2&hub.mode=mine&hub.mode=subscribe&")
    assert query_of(reader.queries[0])["key"] == ["a/b"]
    post.publish("second")
    post.run()
    assert reader.received[0].path == "/cb?key=a%2Fb&x=1+2&hub.mode=mine"


# verification of intent


@pytest.mark.parametrize("said", ["", "wrong", "{0} ", "{0}{0}"])
def test_who_does_not_echo_the_challenge_is_not_subscribed(post, reader, said):
    reader.echo = said.format
    assert post.subscribe(reader.callback()).refused == 1
    assert the_numbers(post) == (0, 0)


@pytest.mark.parametrize("status", [404, 403, 301, 302])
def test_who_does_not_agree_is_not_subscribed_nor_asked_again(post, reader, status):
    reader.asking = [status]
    assert post.subscribe(reader.callback()).refused == 1
    post.run(DAY)
    assert len(reader.questions) == 1
    assert the_numbers(post) == (0, 0)


def test_who_is_down_is_asked_again_for_about_an_hour(post, reader):
    reader.asking = [500, 503, 429]
    post.subscribe(reader.callback())
    assert post.run(MINUTE / 2).verified == 0
    for later in (MINUTE, 10 * MINUTE):
        post.run(later)
    assert post.run(HOUR).verified == 1
    assert len(reader.questions) == 4
    assert len({question["hub.challenge"] for question in reader.questions}) == 4


def test_who_stays_down_is_forgotten(post, reader):
    reader.asking = [500] * 9
    post.subscribe(reader.callback())
    for later in (MINUTE, 10 * MINUTE, HOUR, DAY):
        post.run(later)
    assert len(reader.questions) == 4
    assert the_numbers(post) == (0, 0)


def test_a_feed_that_is_no_more_before_anybody_was_asked_is_said_so(post, reader):
    post.publish("second", section="City")
    post.ask(reader.callback(), topic="/sections/city/rss.xml")
    post.publish("second", section="Sport")
    reader.echo = lambda _: "whatever"
    assert post.run().refused == 1
    [question] = reader.questions
    assert (question["hub.mode"], question["hub.topic"]) == (
        "denied",
        f"{post.url}/sections/city/rss.xml",
    )
    assert the_numbers(post) == (0, 0)


def test_during_a_trial_subscribers_are_asked_and_nobody_is_denied(post, reader):
    post.publish("second", section="City")
    post.ask(reader.callback(), topic="/sections/city/rss.xml")
    newsroom, long_ago = post.newsroom, post.at - 99 * 365 * DAY
    Publisher(newsroom.store, newsroom.config).publish(long_ago, number=False, trial=True)
    assert post.run().verified == 1
    assert [one["hub.mode"] for one in reader.questions] == ["subscribe"]
    newsroom.build()
    post.run()
    assert the_numbers(post) == (1, 0)


def test_who_was_not_asked_when_all_stopped_is_asked_next(post, reader):
    stop = threading.Event()

    def last(challenge):
        stop.set()
        return challenge

    reader.echo = last
    for number in range(3):
        post.ask(reader.callback(f"/{number}"))
    assert post.hub.run(clock.now(), stop).verified == 1
    assert post.run().verified == 2


def test_a_renewal_counts_only_once_it_is_verified(post, reader):
    post.subscribe(reader.callback(), secret="old")
    reader.agrees = False
    post.subscribe(reader.callback(), secret="forged")
    post.publish("second")
    post.run()
    assert reader.received[0].is_signed_with("old")
    reader.agrees = True
    post.subscribe(reader.callback(), secret="new", lease_seconds=str(20 * 86400))
    post.publish("third")
    post.run()
    assert reader.received[1].is_signed_with("new")
    post.publish("fourth")
    assert post.run(15 * DAY).delivered == 1  # the first lease was ten days


def test_unsubscribing_is_verified_too(post, reader):
    post.subscribe(reader.callback())
    reader.agrees = False
    post.subscribe(reader.callback(), mode="unsubscribe")
    assert the_numbers(post) == (1, 0)
    reader.agrees = True
    assert post.subscribe(reader.callback(), mode="unsubscribe").verified == 1
    assert reader.questions[-1]["hub.mode"] == "unsubscribe"
    assert the_numbers(post) == (0, 0)
    post.publish("second")
    assert post.run().delivered == 0


def test_who_is_no_subscriber_is_not_called_by_whoever_unsubscribes_it(post, reader):
    assert post.ask(reader.callback(), mode="unsubscribe").status_code == 202
    assert the_numbers(post) == (0, 0)
    post.run()
    assert reader.questions == []


# leases


@pytest.mark.parametrize(
    ("asked", "granted"),
    [("", 864_000), ("1", 3600), ("0", 3600), ("7200", 7200), ("999999999999", 2_592_000)],
)
def test_leases_are_granted_within_bounds(post, reader, asked, granted):
    post.subscribe(reader.callback(), lease_seconds=asked)
    assert reader.questions[0]["hub.lease_seconds"] == str(granted)


def test_a_lease_that_ended_is_forgotten(post, reader):
    post.subscribe(reader.callback(), lease_seconds="7200")
    post.publish("second")
    report = post.run(2 * HOUR)
    assert (report.ended, report.delivered) == (1, 0)
    assert the_numbers(post) == (0, 0)


# distribution


def test_who_is_gone_is_no_subscriber_any_more(post, reader):
    post.subscribe(reader.callback())
    reader.receiving = [410]
    post.publish("second")
    assert post.run().ended == 1
    assert the_numbers(post) == (0, 0)


def test_who_fails_is_tried_again_with_growing_patience_and_kept(post, reader):
    post.subscribe(reader.callback())
    reader.receiving = [500, 302, 404]
    post.publish("second")
    assert post.run().failed == 1
    assert [one.error for one in post.pending()] == ["HTTP 500"]
    assert post.run(MINUTE / 2).failed == 0
    assert post.run(MINUTE).failed == 1
    assert post.run(MINUTE).failed == 0
    assert post.run(5 * MINUTE).failed == 1
    assert post.run(30 * MINUTE).delivered == 1
    assert post.numbers().failing == 0
    assert len(reader.received) == 4


def test_after_three_days_a_version_is_given_up_and_the_next_is_sent(post, reader):
    post.subscribe(reader.callback(), lease_seconds=str(30 * 86400))
    reader.receiving = [500] * 99
    post.publish("second")
    assert post.run().failed == 1
    delays = (MINUTE, 5 * MINUTE, 30 * MINUTE, 2 * HOUR, 6 * HOUR, *[12 * HOUR] * 5)
    for number, delay in enumerate(delays, 1):
        assert post.run(delay - MINUTE / 2).failed == 0
        report = post.run(MINUTE / 2)
        last = number == len(delays)
        assert (report.failed, report.given_up) == ((0, 1) if last else (1, 0))
    assert post.run(DAY).failed == 0
    assert the_numbers(post) == (1, 0)
    reader.receiving = []
    post.publish("third")
    assert post.run().delivered == 1


def test_a_newer_version_is_sent_instead_of_the_one_that_failed_and_at_once(post, reader):
    post.subscribe(reader.callback())
    reader.receiving = [500]
    post.publish("second")
    post.run()
    post.publish("third")
    assert post.run().delivered == 1
    assert b"Third" in reader.received[-1].body
    assert post.run(DAY).delivered == 0


def test_a_feed_that_is_no_more_is_said_so_once(post, reader):
    post.publish("second", section="City")
    post.subscribe(reader.callback(), topic="/sections/city/rss.xml")
    post.publish("second", section="Sport")
    assert post.run().ended == 1
    assert reader.questions[-1]["hub.mode"] == "denied"
    assert reader.questions[-1]["hub.topic"] == f"{post.url}/sections/city/rss.xml"
    post.run(HOUR)
    assert len(reader.questions) == 2


def test_an_output_that_is_missing_ends_nothing(post, reader):
    post.subscribe(reader.callback())
    output = post.newsroom.config.output
    output.rename(output.with_name("away"))
    assert post.run().ended == 0
    output.with_name("away").rename(output)
    assert the_numbers(post) == (1, 0)


@contextmanager
def hanging():
    """A subscriber that agrees to everything, and hangs when it is sent what it wanted.

    Yields its address, and which paths it was sent something at; at `/quick` it answers.
    """
    sent = []

    def behave(connection):
        request = read_request(connection)
        target = request.split(b" ")[1].decode()
        path, _, query = target.partition("?")
        if request.startswith(b"POST"):
            sent.append(path)
            if path != "/quick":
                threading.Event().wait(30)
        body = query_of(query).get("hub.challenge", [""])[0]
        head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\n\r\n"
        connection.sendall((head + body).encode())

    with stranger(behave, "127.0.0.2") as port:
        yield f"http://127.0.0.2:{port}", sent


def test_a_host_that_hangs_does_not_hold_up_the_others(post, reader, monkeypatch):
    """Twelve subscriptions at a host that never answers: it is waited for, but not for long."""
    monkeypatch.setattr(fan_out, "SERVER_TIMEOUT", 1.6)
    with hanging() as (address, sent):
        for number in range(12):
            post.ask(f"{address}/{number}")
        post.subscribe(reader.callback())
        assert post.numbers().subscriptions == 13
        post.hub = quick(post)
        post.publish("second")
        report = post.run()
        assert (report.delivered, report.failed) == (1, 2)
        assert post.numbers().failing == 2  # of the others nothing is known
        assert post.run().failed == 2
    assert len(set(sent)) == 4


def test_a_callback_that_hangs_fails_alone(post):
    with hanging() as (address, sent):
        post.ask(f"{address}/hangs")
        post.subscribe(f"{address}/quick")
        post.hub = quick(post)
        post.publish("second")
        report = post.run()
    assert sent == ["/hangs", "/quick"]
    assert (report.delivered, report.failed) == (1, 1)


def test_who_names_a_port_where_nobody_is_stops_nobody_elsewhere_at_that_host(post, reader):
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]
    for number in range(3):
        post.ask(f"http://127.0.0.1:{port}/{number}")
    assert post.subscribe(reader.callback()).verified == 1
    post.publish("second")
    assert post.run().delivered == 1


def test_two_processes_send_it_once(post, reader):
    post.subscribe(reader.callback())
    post.publish("second")
    threads = [threading.Thread(target=quick(post).run, args=(post.at + MINUTE,)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(reader.received) == 1


def test_what_is_stopped_goes_on_later(post, reader):
    post.subscribe(reader.callback())
    post.publish("second")
    stop = threading.Event()
    stop.set()
    post.hub.run(post.at, stop)
    assert reader.received == []
    assert post.run().delivered == 1


def test_who_takes_long_makes_way_and_goes_on_in_the_next_turn(post, reader, monkeypatch):
    post.subscribe(reader.callback())
    post.publish("second")
    monkeypatch.setattr(hub, "_PHASE_TIMEOUT", -1)
    report = post.run()
    assert report.unfinished
    assert reader.received == []
    monkeypatch.undo()
    report = post.run()
    assert (report.delivered, report.unfinished) == (1, False)


def test_with_a_mirror_a_feed_is_sent_when_it_lies_there(
    sqlite_store, publication, reader, tmp_path
):
    with station(sqlite_store, publication, mirror=f"file://{tmp_path}/mirror") as post:
        mirror = Mirror.of(post.newsroom.config)
        assert mirror is not None
        mirror.update()
        post.subscribe(reader.callback())
        post.publish("second")
        assert post.run().delivered == 0
        mirror.update()
        assert post.run().delivered == 1


def test_who_subscribes_while_the_mirror_is_behind_is_sent_what_it_does_not_have_yet(
    sqlite_store, publication, reader, tmp_path
):
    with station(sqlite_store, publication, mirror=f"file://{tmp_path}/mirror") as post:
        mirror = Mirror.of(post.newsroom.config)
        assert mirror is not None
        mirror.update()
        post.publish("second")
        assert post.subscribe(reader.callback()).delivered == 0
        mirror.update()
        assert post.run().delivered == 1
        assert b"Second" in reader.received[0].body
        assert post.run(HOUR).delivered == 0


def test_a_build_of_a_time_to_come_is_a_trial_and_sent_to_nobody(post, reader):
    post.subscribe(reader.callback())
    post.newsroom.file("second")
    post.newsroom.build(at=post.at + 365 * DAY)
    assert post.run().delivered == 0


# what is refused


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
    assert the_numbers(post) == (0, 0)


def test_before_anything_is_published_it_is_too_early(post, reader):
    output = post.newsroom.config.output
    output.rename(output.with_name("away"))
    answer = post.ask(reader.callback())
    output.with_name("away").rename(output)
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "60")
    assert the_numbers(post) == (0, 0)


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
        assert the_numbers(post) == (0, 0)


def test_a_name_that_leads_into_our_own_network_is_not_called(sqlite_store, publication, reader):
    with station(sqlite_store, publication, private_callbacks=[]) as post:
        assert post.ask(f"http://localhost:{reader.port}/").status_code == 202
        for later in (MINUTE, 10 * MINUTE, HOUR, DAY):
            post.run(later)
        assert reader.questions == []
        assert the_numbers(post) == (0, 0)


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
    assert the_numbers(post) == (0, 0)


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
