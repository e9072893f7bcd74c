"""Killed at any moment while they poll a mailbox: no report is lost, and none counts twice."""

import json
import random

import pytest

from bench.fork_server import ForkServer
from syndicate import clock
from syndicate.config import Config
from syndicate.deliver.message.links import SignedLinks
from syndicate.model.feedback import FeedbackKind
from syndicate.store import Store
from tests.feedback.doors.imap_servers import PASSWORD, dovecot
from tests.feedback.reported import Newsroom
from tests.feedback.sample_reports import report

pytestmark = [pytest.mark.slow, pytest.mark.neighbours]
READERS = 100
ENOUGH = 3


@pytest.mark.parametrize("lacking", ["", "MOVE UIDPLUS"], ids=["moves", "copies and deletes"])
def test_each_bounce_in_a_mailbox_lands_once_however_often_its_reader_is_killed(
    lacking, tmp_path, monkeypatch
):
    monkeypatch.setenv("BOUNCES", PASSWORD)
    chance, kills = random.Random(20), 0

    def poll_until_empty() -> int:
        kills = 0
        while left := server.count("bounce"):
            assert kills < 1000
            fork_server.start("poll", url, json.dumps(tables))
            enough = left - chance.randint(0, 12)
            if chance.random() < 1 / 4:  # while messages are being moved
                while server.count("bounce") >= enough and not fork_server.has_exited(0.001):
                    pass
            else:
                before = _processed(newsroom.store) + chance.randint(1, 12)
                while _processed(newsroom.store) < before and not fork_server.has_exited(0.001):
                    pass
            kills += fork_server.kill()
        return kills

    with (
        dovecot(lacking=lacking) as server,
        ForkServer("tests.feedback.poller_processes") as fork_server,
    ):
        mailbox = {
            "host": "127.0.0.1",
            "port": server.port,
            "security": "none",
            "username": "bounce",
            "password_env": "BOUNCES",
        }
        tables = {
            "publication": {"id": "6ba7b810-9dad-11d1-80b4-00c04fd430c8", "title": "Post"},
            "newsletters": [{"name": "breaking"}],
            "bounces": {"address": "bounce@news.example.org", "imap": mailbox},
            "root": str(tmp_path),
        }
        url, config = f"sqlite:///{tmp_path}/syndicate.db", Config.model_validate(tables)
        newsroom = Newsroom(Store.open(url), config)
        newsroom.links = SignedLinks(config, newsroom.store.secret("links"))
        tokens: list[str] = []
        while kills < ENOUGH:  # how far each poll comes until it is killed is up to the machine
            assert len(tokens) < 20 * READERS
            more = range(len(tokens), len(tokens) + READERS)
            readers = [newsroom.subscribe(f"reader{n}@example.org") for n in more]
            edition = newsroom.send(clock.now())
            asked = [newsroom.links.bounce_token(edition, reader) for reader in readers]
            server.deliver("bounce", *(report(token) for token in asked))
            tokens += asked
            kills += poll_until_empty()
            kinds = [newsroom.kinds(edition, reader) for reader in readers]
            assert kinds == [[FeedbackKind.HARD_BOUNCE.value]] * READERS
        done = server.content("bounce", "Processed")
    with newsroom.store.read() as tx:
        assert tx.held_reports.count() == 0
        assert tx.held_reports.counts()[("imap", "recorded")] == len(tokens)
    assert {message.partition(b"\nFrom:")[0] for message in done} == {
        report(token).partition(b"\nFrom:")[0] for token in tokens
    }
    newsroom.store.close()


def _processed(store: Store) -> int:
    with store.read() as tx:
        return sum(tx.held_reports.counts().values())
