"""The envelope as mail servers get it: who bounces go to, and what a report calls the message."""

import re
from dataclasses import replace
from email import message_from_bytes
from urllib.parse import unquote, urlsplit

import pytest

from syndicate.deliver.message.links import SignedLinks
from syndicate.deliver.message.mime_encoding import field
from syndicate.deliver.outbox import Outbox
from syndicate.deliver.sample_mail import send_sample
from syndicate.deliver.worker import configured_transports
from syndicate.model.editions import EditionKind
from tests.deliver import editions
from tests.deliver.dkim_keys import keys, records, verdicts
from tests.deliver.editions import draft, drain_ledger, freeze, links, readers, subscribe
from tests.deliver.mail_servers import ScriptedServer, real_server

pytestmark = pytest.mark.neighbours

ADDRESS = "bounce@news.example.org"
MAIL_FROM = re.compile(r"MAIL FROM:<([^>]*)>(.*)")


@pytest.fixture
def config(publication):
    def make(*ports: int, bounces=None, **mail):
        given = {"host": "127.0.0.1", "security": "none"}
        names = [(f"relay{number}", port) for number, port in enumerate(ports)]
        servers = [
            {"name": name, "port": port} | given | mail.pop(name, {}) for name, port in names
        ]
        way = {"transport": "smtp", "relays": servers} if ports else {}
        return publication(
            mail={"from": "news@example.org"} | way | mail,
            bounces={"address": ADDRESS, "pipe": True} if bounces is None else bounces,
            web={"url": "https://post.example"},
        )

    return make


def send(store, config, kind: EditionKind = EditionKind.ALERT):
    edition = freeze(store, draft(kind))
    drain_ledger(store, config, configured_transports(config))
    return edition


def mail_from(server: ScriptedServer) -> list[tuple[str, str]]:
    """Return the sender and the parameters of each envelope."""
    matches = [MAIL_FROM.fullmatch(command) for command in server.commands]
    return [(match[1], match[2]) for match in matches if match]


def token(sender: str) -> str:
    local, _, domain = sender.rpartition("@")
    assert domain == "news.example.org"
    return local.removeprefix("bounce+")


@pytest.mark.parametrize("kind", [EditionKind.ALERT, EditionKind.LETTER])
def test_each_message_has_a_sender_that_names_its_delivery(store, config, kind):
    subscribe(store, *readers(3))
    with real_server() as (port, boxes):
        edition = send(store, config(port), kind)

    signed = links(store, config())
    with store.read() as tx:
        people = {person.email: person.key for person in tx.search.find()}
    assert len(boxes.envelopes) == 3
    for sender, [recipient] in boxes.envelopes:
        found = signed.read_bounce_token(token(sender))
        assert found == (edition.key, people[recipient])
        assert signed.read_bounce_token(token(sender).upper()) == found, "some servers change case"


def test_the_longest_address_makes_a_local_part_of_64_octets(sqlite_store, config):
    subscribe(sqlite_store, "ada@example.org")
    with real_server() as (port, boxes):
        send(sqlite_store, config(port, bounces={"address": f"{'b' * 25}@news.example.org"}))

    [(sender, _)] = boxes.envelopes
    assert len(sender.partition("@")[0]) == 64


def test_without_an_address_for_bounces_they_go_to_the_sender(sqlite_store, config):
    subscribe(sqlite_store, "ada@example.org")
    with real_server() as (port, boxes):
        send(sqlite_store, config(port, bounces={}))

    assert boxes.envelopes == [("news@example.org", ["ada@example.org"])]


def test_a_relay_that_takes_no_other_sender_gets_the_usual_one(sqlite_store, config):
    subscribe(sqlite_store, *readers(40))
    with ScriptedServer("PIPELINING") as own, ScriptedServer("PIPELINING") as usual:
        way = config(own.port, usual.port, relay1={"verp": False}, connections=1)
        send(sqlite_store, way)

    own_senders = {sender for sender, _ in mail_from(own)}
    assert len(own_senders) == len(mail_from(own)) > 0
    assert all(sender.startswith("bounce+") for sender in own_senders)
    assert {sender for sender, _ in mail_from(usual)} == {"news@example.org"}
    assert len(own.bodies) + len(usual.bodies) == 40


def test_verp_of_all_mail_is_the_default_of_relays(config):
    servers = config(25, 25, relay1={"verp": True}, verp=False).mail.servers

    assert [server.verp for server in servers] == [False, True]


def test_a_server_with_dsn_gets_the_name_that_its_reports_return(sqlite_store, config):
    subscribe(sqlite_store, "ada@example.org")
    with ScriptedServer("PIPELINING", "DSN", "SIZE 1000000") as server:
        edition = send(sqlite_store, config(server.port))

    [(_, parameters)] = mail_from(server)
    size, returned, name = parameters.split()
    assert size.startswith("SIZE=")
    assert returned == "RET=HDRS"
    number = links(sqlite_store, config()).read_message_id(name.removeprefix("ENVID="))
    assert number is not None
    assert number[0] == edition.key
    message_id = message_from_bytes(server.bodies[0])["Message-ID"]
    assert message_id.startswith(f"<{name.removeprefix('ENVID=')}@")


def test_a_server_without_dsn_gets_no_parameter_that_it_may_not_know(sqlite_store, config):
    def strict(line: str) -> bytes:
        return b"250 ok\r\n" if line.endswith(">") else b"555 5.5.4 unknown parameter\r\n"

    subscribe(sqlite_store, "ada@example.org")
    with ScriptedServer("PIPELINING", mail=strict) as server:
        way = config(server.port)
        freeze(sqlite_store)
        assert drain_ledger(sqlite_store, way, configured_transports(way)).accepted == 1


def test_a_relay_that_refuses_the_sender_names_the_key_that_helps(sqlite_store, config):
    subscribe(sqlite_store, *readers(2))
    refusal = b"553 5.7.1 sender not owned by user\r\n"
    with ScriptedServer("PIPELINING", mail=refusal) as server:
        way = config(server.port)
        freeze(sqlite_store)
        report = drain_ledger(sqlite_store, way, configured_transports(way))

    [reason] = report.unavailable
    assert "takes nothing from bounce+…@news.example.org: 553 5.7.1 sender not owned" in reason
    assert "verp (false: the relay gets mail.from instead)" in reason


# unsubscribing by mail


def test_readers_can_leave_by_mail_and_the_signature_covers_it(sqlite_store, config, tmp_path):
    subscribe(sqlite_store, "ada@example.org")
    with real_server() as (port, boxes):
        way = config(port, dkim=keys(tmp_path, "rsa", "ed25519"))
        edition = send(sqlite_store, way)

    [body] = boxes.bodies
    offered = message_from_bytes(body)["List-Unsubscribe"]
    web, mailto = re.split(r",\s+", offered)
    assert re.fullmatch(r"<https://post\.example/unsubscribe/[\w-]+>", web)
    match = re.fullmatch(
        r"<mailto:bounce\+([0-9a-f]{38})@news\.example\.org\?subject=unsubscribe>", mailto
    )
    assert match
    signed = links(sqlite_store, way)
    number = signed.read_unsubscribe_token(match[1])
    assert number is not None
    assert number[0] == edition.key
    assert signed.read_bounce_token(match[1]) is None, "a bounce never unsubscribes, nor vice versa"
    assert verdicts(body, records(way, "example.org")) == [True, True]
    spoilt = body.replace(match[1].encode(), b"0" * 38)
    assert verdicts(spoilt, records(way, "example.org")) == [False, False]


@pytest.mark.parametrize("bounces", [{}, {"address": ADDRESS}])
def test_nobody_is_asked_to_write_where_nobody_reads(sqlite_store, config, bounces):
    subscribe(sqlite_store, "ada@example.org")
    with real_server() as (port, boxes):
        send(sqlite_store, config(port, bounces=bounces))

    assert "mailto:" not in message_from_bytes(boxes.bodies[0])["List-Unsubscribe"]


def test_a_letter_offers_nothing_to_leave(sqlite_store, config):
    subscribe(sqlite_store, "ada@example.org")
    with real_server() as (port, boxes):
        send(sqlite_store, config(port), EditionKind.LETTER)

    assert message_from_bytes(boxes.bodies[0])["List-Unsubscribe"] is None


def test_a_test_copy_looks_the_same_but_bounces_to_its_sender(sqlite_store, config):
    way = config()
    signed = links(sqlite_store, way)
    send_sample(
        draft(), "me@example.org", config=way, transports=configured_transports(way), links=signed
    )

    [kept] = Outbox.of(way).messages()
    headers = dict(kept.headers)
    assert headers["Return-Path"] == "<news@example.org>"
    [number] = re.findall(r"<mailto:bounce\+(\w+)@", headers["List-Unsubscribe"])
    assert signed.read_unsubscribe_token(number) == (0, 0)


@pytest.mark.parametrize("address", ["b@x.org", "o'neil{1}#@news.example.org", ADDRESS])
def test_the_offer_is_folded_and_encoded_as_header_fields_are(publication, address):
    way = publication(
        mail={"from": "news@x.org"},
        bounces={"address": address, "pipe": True},
        web={"url": "https://a.org"},
    )
    headers = editions.edition(way)
    token = SignedLinks(way, editions.SECRET).unsubscribe_token(1, 2)
    mailto = headers.unsubscribe_mailto(token)
    who = replace(editions.reader(way), unsubscribe_mailto=mailto)

    link = f"<{who.links['one_click']}>,"
    assert who.list_unsubscribe == field("List-Unsubscribe", link, f"<{mailto}>")
    split = urlsplit(mailto)
    assert (split.scheme, split.query) == ("mailto", "subject=unsubscribe")
    local, _, domain = address.partition("@")
    assert unquote(split.path) == f"{local}+{token}@{domain}"
    assert re.fullmatch(r"[\w.~%@+-]+", split.path)
