"""What leaves by each way is signed, whoever signs."""

import threading
from email import message_from_bytes

import pytest

from syndicate.deliver.message.dkim import sign_batch
from syndicate.deliver.outbox import Outbox
from syndicate.deliver.sample_mail import send_sample
from syndicate.deliver.worker import configured_transports
from syndicate.errors import Refused
from syndicate.model.deliveries import DeliveryState
from syndicate.model.editions import EditionKind
from tests.deliver.dkim_keys import keys, records, verdicts
from tests.deliver.editions import (
    draft,
    drain_ledger,
    freeze,
    links,
    readers,
    rows,
    states,
    subscribe,
)
from tests.deliver.mail_servers import ScriptedServer, real_server

pytestmark = pytest.mark.neighbours

BOTH = ("rsa", "ed25519")


DOMAIN = "example.org"


@pytest.fixture
def config(publication, tmp_path):
    def make(*kinds: str, sender="Morning Post <news@example.org>", mail=None, **key):
        mail = {"from": sender, "dkim": keys(tmp_path, *kinds, **key), **(mail or {})}
        newsletters = [{"name": "breaking", "title": "Eilmeldungen für Größenwahn"}]
        web = {"url": "https://post.example"}
        return publication(mail=mail, newsletters=newsletters, web=web)

    return make


def test_what_is_put_off_is_the_same_bytes_the_next_time(sqlite_store, config):
    answers = iter([b"451 4.3.0 later\r\n", b"250 taken\r\n"])
    with ScriptedServer("PIPELINING", body=lambda _: next(answers)) as server:
        way = {"transport": "smtp", "host": "127.0.0.1", "port": server.port, "security": "none"}
        given = config(*BOTH, mail=way)
        subscribe(sqlite_store, "ada@x.example")
        freeze(sqlite_store)
        for minutes in (0, 7):
            drain_ledger(sqlite_store, given, configured_transports(given), minutes=minutes)

    first, second = server.bodies
    assert first == second
    assert verdicts(second, records(given, DOMAIN)) == [True, True]


def test_what_goes_out_by_smtp_is_signed(sqlite_store, config):
    with real_server() as (port, boxes):
        way = {"transport": "smtp", "host": "127.0.0.1", "port": port, "security": "none"}
        given = config(*BOTH, mail=way)
        subscribe(sqlite_store, "ada@x.example", "böb@x.example", "cy@x.example")
        freeze(sqlite_store)
        assert drain_ledger(sqlite_store, given, configured_transports(given)).accepted == 3

    assert [verdicts(body, records(given, DOMAIN)) for body in boxes.bodies] == [[True, True]] * 3


@pytest.fixture
def one_by_one(monkeypatch):
    """Have RSA signatures made one by one, in threads, also where more could be made at once."""
    monkeypatch.setattr("syndicate.deliver.message.dkim.BatchRsaSigner.of", lambda *_: None)


@pytest.fixture(params=["together, where that can be done", "in threads"])
def any_way(request):
    """Sign in either way."""
    if request.param == "in threads":
        request.getfixturevalue("one_by_one")


@pytest.mark.usefixtures("any_way")
def test_copies_that_are_signed_together_have_each_their_own_signatures(sqlite_store, config):
    everybody = readers(60)
    with real_server() as (port, boxes):
        way = {"transport": "smtp", "host": "127.0.0.1", "port": port, "security": "none"}
        given = config(*BOTH, mail=way)
        subscribe(sqlite_store, *everybody)
        freeze(sqlite_store)
        assert drain_ledger(sqlite_store, given, configured_transports(given)).accepted == 60

    assert [verdicts(body, records(given, DOMAIN)) for body in boxes.bodies] == [[True, True]] * 60
    named = sorted(message_from_bytes(body)["To"] for body in boxes.bodies)
    assert [one.partition("<")[2].rstrip(">") or one for one in named] == sorted(everybody)


@pytest.mark.usefixtures("any_way")
def test_a_copy_that_can_not_be_signed_fails_alone(sqlite_store, config, monkeypatch):
    def spoilt(messages):
        if any(b"reader7@" in field for each in messages for field in each.message.fields):
            raise Refused("the key is gone")
        return sign_batch(messages)

    monkeypatch.setattr("syndicate.deliver.loop.send_queue.sign_batch", spoilt)
    with real_server() as (port, boxes):
        way = {"transport": "smtp", "host": "127.0.0.1", "port": port, "security": "none"}
        given = config("rsa", mail=way)
        subscribe(sqlite_store, *readers(20))
        edition = freeze(sqlite_store)
        drain_ledger(sqlite_store, given, configured_transports(given))

    assert states(sqlite_store, edition.key) == {
        DeliveryState.ACCEPTED: 19,
        DeliveryState.FAILED: 1,
    }
    assert rows(sqlite_store, edition.key)["reader7@example.org"].reply.endswith("the key is gone")
    assert len(boxes.bodies) == 19


@pytest.mark.usefixtures("one_by_one")
def test_one_thread_signs_where_no_other_can_begin(sqlite_store, config, monkeypatch):
    signing: list[threading.Thread] = []

    def begin(thread):
        if thread.name.endswith("(_sign_batches)"):
            if signing:
                raise RuntimeError("can't start new thread")
            signing.append(thread)
        start(thread)

    start = threading.Thread.start
    monkeypatch.setattr(threading.Thread, "start", begin)
    monkeypatch.setattr("syndicate.deliver.loop.send_queue._MAX_THREADS", 8)
    monkeypatch.setattr(
        "syndicate.deliver.loop.send_queue._SIGN_AHEAD", 1
    )  # so that it is waited for
    with real_server() as (port, boxes):
        way = {"transport": "smtp", "host": "127.0.0.1", "port": port, "security": "none"}
        given = config("rsa", mail=way)
        subscribe(sqlite_store, *readers(20))
        freeze(sqlite_store)
        assert drain_ledger(sqlite_store, given, configured_transports(given)).accepted == 20

    assert len(boxes.bodies) == 20
    assert len(signing) == 1


def test_the_outbox_shows_letters_and_test_copies_signed(sqlite_store, config):
    given = config(*BOTH)
    subscribe(sqlite_store, "ada@x.example")
    freeze(sqlite_store, draft(EditionKind.LETTER))
    drain_ledger(sqlite_store, given, configured_transports(given))
    send_sample(
        draft(),
        "editor@x.example",
        config=given,
        transports=configured_transports(given),
        links=links(sqlite_store, given),
    )

    kept = [one.path.read_bytes() for one in Outbox.of(given).messages()]
    assert [verdicts(raw, records(given, DOMAIN)) for raw in kept] == [[True, True]] * 2


def test_without_keys_nothing_is_signed(sqlite_store, config):
    given = config()
    subscribe(sqlite_store, "ada@x.example")
    freeze(sqlite_store)
    drain_ledger(sqlite_store, given, configured_transports(given))

    (kept,) = Outbox.of(given).messages()
    assert b"DKIM-Signature" not in kept.path.read_bytes()
