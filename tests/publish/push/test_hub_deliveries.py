"""Deliveries of our own hub: who gets a new version, when it fails, and who waits for whom."""

import socket
import threading
import time
from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace

import pytest

from syndicate.errors import CallFailed
from syndicate.publish.mirror import Mirror
from syndicate.publish.push import hub
from syndicate.publish.push.http_client import HttpClient
from tests.publish.push.hostile_servers import read_request, stranger
from tests.publish.push.subscriber import query_of, station

pytestmark = pytest.mark.neighbours

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


class HangingHost(HttpClient):
    """Calls by a clock of each thread: at 127.0.0.2, each delivery but `/quick` takes 15 seconds."""

    def __init__(self, post, monkeypatch):
        super().__init__(allowed=post.newsroom.config.websub.private_callbacks)
        self.sent = []
        self._thread = threading.local()
        monkeypatch.setattr(hub, "time", SimpleNamespace(monotonic=self._now))

    def _now(self):
        return time.monotonic() + getattr(self._thread, "hung", 0)

    def post(self, url, body, headers):
        if "127.0.0.2" in url:
            self.sent.append(url.rpartition("/")[2])
            if not url.endswith("/quick"):
                self._thread.hung = getattr(self._thread, "hung", 0) + 15
                raise CallFailed("no reply within 15 s")
        return super().post(url, body, headers)


def test_who_is_gone_is_no_subscriber_any_more(post, reader):
    post.subscribe(reader.callback())
    reader.receiving = [410]
    post.publish("second")
    assert post.run().ended == 1
    assert post.open_counts() == (0, 0)


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
    assert post.open_counts() == (1, 0)
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
    assert post.open_counts() == (1, 0)


@pytest.fixture
def agreeing():
    """The address of a host that agrees to everything."""

    def behave(connection):
        target = read_request(connection).split(b" ")[1].decode()
        body = query_of(target.partition("?")[2]).get("hub.challenge", [""])[0]
        head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\n\r\n"
        connection.sendall((head + body).encode())

    with stranger(behave, "127.0.0.2") as port:
        yield f"http://127.0.0.2:{port}"


def test_a_host_that_hangs_does_not_hold_up_the_others(post, reader, agreeing, monkeypatch):
    """Twelve subscriptions at a host that never answers: it is waited for, but not for long."""
    for number in range(12):
        post.ask(f"{agreeing}/{number}")
    post.subscribe(reader.callback())
    assert post.numbers().subscriptions == 13
    client = HangingHost(post, monkeypatch)
    post.hub = replace(post.hub, client=client)
    post.publish("second")
    report = post.run()
    assert (report.delivered, report.failed) == (1, 2)
    assert post.numbers().failing == 2  # of the others nothing is known
    assert post.run().failed == 2
    assert len(set(client.sent)) == 4


def test_a_callback_that_hangs_fails_alone(post, agreeing, monkeypatch):
    post.ask(f"{agreeing}/hangs")
    post.subscribe(f"{agreeing}/quick")
    client = HangingHost(post, monkeypatch)
    post.hub = replace(post.hub, client=client)
    post.publish("second")
    report = post.run()
    assert client.sent == ["hangs", "quick"]
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
    threads = [threading.Thread(target=post.hub.run, args=(post.at + MINUTE,)) for _ in range(4)]
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
