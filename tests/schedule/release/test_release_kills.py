"""Killed at any moment while editions wait, are released, sent and replaced."""

import json
import random
import time
from collections import Counter

import pytest

from bench.fork_server import ForkServer
from bench.sink import Manner, running
from syndicate.config import Config
from syndicate.model.deliveries import DeliveryState
from syndicate.model.editions import ControlAction, EditionState
from syndicate.store import Store
from tests.causes import by_test
from tests.schedule.release.release_processes import NOON, save_article

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("forks_for_pythons")]
READERS = 30
SLOTS, MOST_SLOTS = 10, 100
KILLS = 4
"""There are more slots until so many processes were killed in time."""
GOT = {DeliveryState.ACCEPTED, DeliveryState.UNKNOWN}


class Newsroom:
    """A publication of which each process may be killed, and its server."""

    def __init__(self, url, folder, sink, seed):
        self.sink = sink
        self.url, self.chance = url, random.Random(seed)
        self.tables = {
            "publication": {"id": "6ba7b810-9dad-11d1-80b4-00c04fd430c8", "title": "Post"},
            "newsletters": [{"name": "breaking", "expire_after": "30d"}],
            "schedules": [
                {
                    "name": "breaking",
                    "newsletter": "breaking",
                    "every": "10m",
                    "begin_with": "all",
                    "approve": True,
                    "approve_by": "25m",
                    "hold": "1m",
                }
            ],
            "amp": {"enabled": False},
            "mail": {
                "transport": "smtp",
                "host": "127.0.0.1",
                "port": sink.port,
                "security": "none",
                "from": "news@example.org",
                "connections": 3,
            },
            "root": str(folder),
        }
        Config.model_validate(self.tables)
        self.store = Store.open(url)
        with self.store.write() as tx:
            for number in range(READERS):
                address = f"reader{number}@example.org"
                tx.subscribers.subscribe(address, "breaking", cause=by_test(NOON))
        self.kills = 0
        self.lasts = {"tick": 1.0, "approve": 0.5, "replace": 1.0}
        """Seconds that the last process of each kind took, if nobody killed it."""
        self.fork_server = ForkServer("tests.schedule.release.release_processes")

    def run(self, function, minute, *arguments, may_be_killed=True):
        """Run a process; kill every second one, anywhere in its work or while it sends."""
        how = self.chance.choice((None, None, "anywhere", "sending")) if may_be_killed else None
        self.fork_server.start(function, self.url, json.dumps(self.tables), minute, *arguments)
        began, enough = time.monotonic(), self.sink.count() + self.chance.randint(1, READERS)
        if how == "anywhere":
            self.fork_server.has_exited(self.chance.uniform(0, self.lasts[function]))
        while (
            how == "sending"
            and self.sink.count() < enough
            and not self.fork_server.has_exited(0.001)
        ):
            pass
        if how is not None:
            self.kills += self.fork_server.kill()
        else:
            self.fork_server.wait()
            self.lasts[function] = time.monotonic() - began

    def waiting(self):
        with self.store.read() as tx:
            return [one.edition.key for one in tx.waiting.all()]

    def under_way(self):
        with self.store.read() as tx:
            unfinished = tx.editions.unfinished()
        return [one.key for one in unfinished if one.state is EditionState.SENDING]

    def slot(self, number):
        """File or change an article, and let processes compose, approve and send, each killed."""
        minute = 10 * number
        if number % 3 != 2:
            save_article(self.store, f"story-{number}", minute)
        self.run("tick", minute)
        if number % 3 == 1:  # what a reviewer has seen is no longer what stands
            save_article(self.store, f"story-{number}", minute + 1, version=2)
        for edition in self.waiting():
            self.run("approve", minute + 2, edition)
        self.run("tick", minute + 4)
        for edition in self.under_way()[:1]:
            self.run("replace", minute + 5, edition)
            self.run("tick", minute + 6)

    def finish(self, number):
        """Approve and send what is left, with nobody killed, from the slot of this number."""
        for minute in range(10 * number, 10 * number + 2000, 10):
            self.run("tick", minute, may_be_killed=False)
            for edition in self.waiting():
                self.run("approve", minute + 2, edition, may_be_killed=False)
            paused = self._paused()
            for edition in paused:
                with self.store.write() as tx:
                    tx.control.resume(edition, by_test(NOON))
            self.run("tick", minute + 4, may_be_killed=False)
            if not (self.waiting() or self.under_way() or self._paused()):
                return
        raise AssertionError("something never ends")

    def _paused(self):
        with self.store.read() as tx:
            return [one.key for one in tx.editions.unfinished() if one.state is EditionState.PAUSED]

    def close(self):
        self.fork_server.__exit__(None, None, None)
        self.store.close()


def test_nobody_twice_nobody_lost_and_nothing_before_it_is_approved(store_url, tmp_path):
    with running(tmp_path / "sink.log", Manner(wait=(1, 20))) as sink:
        newsroom = Newsroom(store_url, tmp_path, sink, seed=7)
        try:
            for number in range(MOST_SLOTS):
                if number >= SLOTS and newsroom.kills >= KILLS:
                    break
                newsroom.slot(number)
            newsroom.finish(number)
            arrivals = Counter((each.edition, each.number) for each in sink.arrivals())
            assert not sink.faults()
        finally:
            newsroom.close()
    assert newsroom.kills >= KILLS
    store = Store.open(store_url)
    with store.read() as tx:
        editions = {one.key: one for one in tx.editions.all()}
        decided = {key: [each.act for each in tx.control.decisions(key)] for key in editions}
        items = {key: [item.article for item in tx.editions.items(key)] for key in editions}
        rows = {key: list(tx.deliveries.by_edition(key)) for key in editions}
        articles = [one.key for one in tx.articles.all()]
    store.close()
    assert set(arrivals.values()) == {1}
    got: Counter[tuple[int, int]] = Counter()
    for key, deliveries in rows.items():
        first = editions[key].original or key
        if deliveries:
            assert ControlAction.APPROVED in decided[first], "nothing leaves before approval"
        for row in deliveries:
            arrived = (key, row.subscriber) in arrivals
            assert arrived or row.state is not DeliveryState.ACCEPTED
            assert not arrived or row.state in GOT
            if row.state in GOT:
                got.update((row.subscriber, article) for article in items[key])
    assert {key for key, _ in arrivals} <= {key for key, one in rows.items() if one}
    assert got == {(n, article): 1 for n in range(1, READERS + 1) for article in articles}
