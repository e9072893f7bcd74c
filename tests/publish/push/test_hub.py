"""Our own hub against a subscriber on the real web: subscribing, verification and leases."""

import threading
from datetime import timedelta

import pytest

from syndicate import clock
from syndicate.publish.build.publisher import Publisher
from tests.publish.push.subscriber import query_of

pytestmark = pytest.mark.neighbours

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


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
    assert post.open_counts() == (0, 0)


@pytest.mark.parametrize("status", [404, 403, 301, 302])
def test_who_does_not_agree_is_not_subscribed_nor_asked_again(post, reader, status):
    reader.asking = [status]
    assert post.subscribe(reader.callback()).refused == 1
    post.run(DAY)
    assert len(reader.questions) == 1
    assert post.open_counts() == (0, 0)


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
    assert post.open_counts() == (0, 0)


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
    assert post.open_counts() == (0, 0)


def test_during_a_trial_subscribers_are_asked_and_nobody_is_denied(post, reader):
    post.publish("second", section="City")
    post.ask(reader.callback(), topic="/sections/city/rss.xml")
    newsroom, long_ago = post.newsroom, post.at - 99 * 365 * DAY
    Publisher(newsroom.store, newsroom.config).publish(long_ago, number=False, trial=True)
    assert post.run().verified == 1
    assert [one["hub.mode"] for one in reader.questions] == ["subscribe"]
    newsroom.build()
    post.run()
    assert post.open_counts() == (1, 0)


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
    assert post.open_counts() == (1, 0)
    reader.agrees = True
    assert post.subscribe(reader.callback(), mode="unsubscribe").verified == 1
    assert reader.questions[-1]["hub.mode"] == "unsubscribe"
    assert post.open_counts() == (0, 0)
    post.publish("second")
    assert post.run().delivered == 0


def test_who_is_no_subscriber_is_not_called_by_whoever_unsubscribes_it(post, reader):
    assert post.ask(reader.callback(), mode="unsubscribe").status_code == 202
    assert post.open_counts() == (0, 0)
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
    assert post.open_counts() == (0, 0)
