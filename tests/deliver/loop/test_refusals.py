"""What is refused at hand-over, or put off until it expires, and whom that counts against."""

from datetime import timedelta

import pytest

from syndicate import clock
from syndicate.config.sections.feedback import BounceSettings
from syndicate.deliver.loop import outcomes
from syndicate.deliver.loop.ledger import Ledger, LedgerBatch
from syndicate.deliver.loop.refusals import RefusalRecorder
from syndicate.deliver.worker import configured_transports
from syndicate.errors import NoVerdict, PermanentFailure, Refused, TemporaryFailure
from syndicate.model.deliveries import Claim, ClaimRequest, DeliveryOutcome, DeliveryState
from syndicate.model.feedback import FeedbackKind, MatchedBy
from syndicate.model.subscribers import Action, Actor, SuppressionKind
from tests.causes import by_test
from tests.deliver.editions import NOON, drain_ledger, freeze, readers, rows, states, subscribe
from tests.deliver.mail_servers import CUT, ScriptedServer

HARD, SOFT, BLOCKED = FeedbackKind.HARD_BOUNCE, FeedbackKind.SOFT_BOUNCE, FeedbackKind.BLOCKED
HER = "ada@Example.org"


@pytest.fixture
def config(publication):
    def make(port: int, bounces=None, **mail):
        way = {"transport": "smtp", "host": "127.0.0.1", "port": port, "security": "none"}
        given = way | {"from": "news@example.org", "connections": 1} | mail
        return publication(mail=given, bounces=bounces or {})

    return make


def refuse(store, error, *, settings=None):
    """Send her one more edition, which ends so; return the edition and her number."""
    subscribe(store, HER)
    edition = freeze(store)
    ledger = Ledger(
        store,
        name="here:1:1:x",
        at=NOON,
        sending_lease=timedelta(minutes=5),
        bounces=settings or BounceSettings(),
    )
    wanted = ClaimRequest(edition=edition.key, limit=1, after=0, excluded_domains=frozenset())
    [claim] = ledger.record(LedgerBatch(claim_request=wanted)).claims
    ledger.record(LedgerBatch(intents=[claim]))
    outcome = outcomes.classify(error, claim, edition, NOON)
    ledger.record(LedgerBatch(outcomes=[outcome]))
    ledger.record(LedgerBatch(outcomes=[outcome]))
    return edition.key, claim.subscriber


def refused(reply: str) -> PermanentFailure:
    return PermanentFailure(reply, int(reply[:3]))


def feedback(store, edition, subscriber=None):
    with store.read() as tx:
        if subscriber is not None:
            return tx.feedback.by_delivery(edition, subscriber)
        numbers = {row.subscriber: row.email for row in tx.deliveries.by_edition(edition)}
        found = tx.feedback.by_edition(edition)
        return {numbers[record.subscriber]: record.kind for record in found}


def suppression(store, email=HER):
    with store.read() as tx:
        return tx.subscribers.suppression(email)


@pytest.mark.sql
@pytest.mark.parametrize(
    ("reply", "kind", "suppressed"),
    [
        ("550 5.1.1 no such user", HARD, True),
        ("556 5.1.10 null MX", HARD, True),
        ("551 user not local", HARD, True),
        ("550 5.7.1 no such user: 5.1.1 is what a spammer hears", BLOCKED, False),
        ("552 5.2.2 mailbox full", SOFT, False),
        ("550 no", SOFT, False),
        ("550", SOFT, False),
        ("554 rejected by policy", BLOCKED, False),
    ],
)
def test_a_refusal_is_judged_as_a_report_is(store, reply, kind, suppressed):
    edition, number = refuse(store, refused(reply))

    [record] = feedback(store, edition, number)
    assert (record.kind, record.code, record.text) == (kind, int(reply[:3]), reply[4:])
    assert (record.source, record.matched_by) == ("smtp", MatchedBy.HAND_OVER)
    assert record.domain == "example.org"
    assert (suppression(store) is not None) is suppressed


@pytest.mark.parametrize(
    "error",
    [TemporaryFailure("450 5.1.1 odd", 450), NoVerdict("the server answered '250 5.1.1'", 0)],
)
def test_what_no_server_refused_for_good_is_not_recorded(sqlite_store, error):
    assert feedback(sqlite_store, *refuse(sqlite_store, error)) == []
    assert suppression(sqlite_store) is None


def test_a_message_that_could_not_be_made_says_nothing_about_the_reader(sqlite_store):
    subscribe(sqlite_store, HER)
    edition = freeze(sqlite_store)
    claim = Claim(
        edition=edition.key, subscriber=1, email=HER, name="", newsletter="breaking", attempt=0
    )
    outcome = outcomes.not_rendered(claim, Refused("5.1.1 is no name"))
    with sqlite_store.write() as tx:
        RefusalRecorder(BounceSettings()).record_outcomes(tx, [outcome], clock.now())

    assert feedback(sqlite_store, *claim.key) == []


@pytest.mark.neighbours
def test_the_audit_trail_has_what_the_server_said_and_which(sqlite_store, config):
    subscribe(sqlite_store, *readers(2))
    edition = freeze(sqlite_store)
    with ScriptedServer(
        rcpt=lambda line: b"550 5.1.1 no such user\r\n" if "reader1" in line else b"250 ok\r\n"
    ) as server:
        way = config(server.port)
        drain_ledger(sqlite_store, way, configured_transports(way))

    found = suppression(sqlite_store, "reader1@example.org")
    assert found.kind is SuppressionKind.HARD_BOUNCE
    assert found.reason == "550 5.1.1 no such user, by 127.0.0.1"
    with sqlite_store.read() as tx:
        person = tx.subscribers.by_email("reader1@example.org")
        [change] = [c for c in tx.audit_log.changes(person.key) if c.action is Action.SUPPRESSED]
    assert change.detail == found.reason
    assert change.cause.who is Actor.SERVER
    assert change.cause.how == f"hard bounce of edition {edition.key}, at hand-over"


@pytest.mark.sql
def test_several_soft_refusals_suppress_as_several_reports_do(store):
    for _ in range(2):
        refuse(store, refused("552 5.2.2 full"))
        assert suppression(store) is None
    refuse(store, refused("552 5.2.2 full"))

    found = suppression(store)
    assert found.kind is SuppressionKind.SOFT_BOUNCES
    assert found.reason.startswith("3 soft bounces since ")
    assert found.reason.endswith("552 5.2.2 full")


@pytest.mark.parametrize("reply", ["550 no", "554 5.0.0 rejected"])
def test_refusals_that_do_not_say_why_never_suppress_however_many(sqlite_store, reply):
    for _ in range(4):
        refuse(sqlite_store, refused(reply))
    refuse(sqlite_store, refused("552 5.2.2 full"))

    assert suppression(sqlite_store) is None


def test_of_a_reader_who_was_erased_meanwhile_nothing_is_kept(sqlite_store):
    subscribe(sqlite_store, HER)
    edition = freeze(sqlite_store)
    ledger = Ledger(sqlite_store, name="here:1:1:x", at=NOON, sending_lease=timedelta(minutes=5))
    wanted = ClaimRequest(edition=edition.key, limit=1, after=0, excluded_domains=frozenset())
    [claim] = ledger.record(LedgerBatch(claim_request=wanted)).claims
    ledger.record(LedgerBatch(intents=[claim]))
    with sqlite_store.write() as tx:
        tx.erasures.erase(claim.subscriber, cause=by_test(NOON))
    outcome = outcomes.classify(refused(f"550 5.1.1 <{HER}> unknown"), claim, edition, NOON)
    ledger.record(LedgerBatch(outcomes=[outcome]))

    assert feedback(sqlite_store, *claim.key) == []
    assert suppression(sqlite_store) is None


# what expires


ANSWERS = {
    "ada@full.example": b"452 4.2.2 mailbox full\r\n",
    "bo@policy.example": b"451 4.7.1 too much mail from you\r\n",
    "cy@disk.example": b"451 4.3.0 no space left on device\r\n",
    "di@busy.example": b"450 mailbox busy\r\n",
    "ed@cut.example": CUT,
}
DAY = 24 * 60 + 1


def put_off(line: str) -> bytes:
    return next((answer for name, answer in ANSWERS.items() if name in line), b"250 ok\r\n")


@pytest.mark.sql
@pytest.mark.neighbours
def test_what_expires_counts_by_the_last_answer_about_the_reader(store, config, monkeypatch):
    monkeypatch.setattr("syndicate.store.ledger.deliveries._BATCH", 2)
    subscribe(store, *ANSWERS, "fay@example.org")
    edition = freeze(store)
    with ScriptedServer(rcpt=put_off) as server:
        way = config(server.port)
        drain_ledger(store, way, configured_transports(way))
        late = drain_ledger(store, way, configured_transports(way), minutes=DAY)

    assert late.expired == 5
    assert states(store, edition.key)[DeliveryState.EXPIRED] == 5
    assert feedback(store, edition.key) == {
        "ada@full.example": SOFT,
        "bo@policy.example": BLOCKED,
        "di@busy.example": SOFT,
    }
    assert rows(store, edition.key)["ada@full.example"].reply == "4.2.2 mailbox full"


@pytest.mark.neighbours
def test_a_relay_that_puts_off_the_sender_counts_against_no_reader(sqlite_store, config):
    subscribe(sqlite_store, *readers(3))
    edition = freeze(sqlite_store)
    with ScriptedServer("PIPELINING", mail=b"450 not now\r\n") as server:
        way = config(server.port)
        drain_ledger(sqlite_store, way, configured_transports(way))
        late = drain_ledger(sqlite_store, way, configured_transports(way), minutes=DAY)

    assert late.expired == 3
    assert feedback(sqlite_store, edition.key) == {}
    row = rows(sqlite_store, edition.key)["reader0@example.org"]
    assert (row.code, row.reply) == (450, f"127.0.0.1:{server.port}: 450 not now")


@pytest.mark.sql
@pytest.mark.neighbours
def test_whose_mailbox_is_full_three_times_until_it_expires_gets_no_more(store, config):
    subscribe(store, *ANSWERS, "fay@example.org")
    with ScriptedServer(rcpt=put_off) as server:
        way = config(server.port)
        for _ in range(3):
            assert suppression(store, "ada@full.example") is None
            freeze(store)
            drain_ledger(store, way, configured_transports(way))
            drain_ledger(store, way, configured_transports(way), minutes=DAY)

    with store.read() as tx:
        suppressed = {p.email: p.suppressed for p in tx.search.find() if p.suppressed}
    assert sorted(suppressed) == ["ada@full.example", "di@busy.example"]
    assert suppressed["ada@full.example"].endswith("452 4.2.2 mailbox full")


def test_nothing_counts_of_mail_that_never_reached_a_server(sqlite_store, config):
    subscribe(sqlite_store, *readers(3))
    edition = freeze(sqlite_store)
    way = config(1)
    drain_ledger(sqlite_store, way, configured_transports(way))
    late = drain_ledger(sqlite_store, way, configured_transports(way), minutes=DAY)

    assert late.expired == 3
    assert feedback(sqlite_store, edition.key) == {}


def test_a_released_delivery_that_a_server_had_put_off_counts_as_well(sqlite_store):
    edition, number = refuse(sqlite_store, TemporaryFailure("452 4.2.2 full", 452))
    later = NOON + timedelta(minutes=10)
    ledger = Ledger(sqlite_store, name="here:1:1:y", at=later, sending_lease=timedelta(minutes=5))
    wanted = ClaimRequest(edition=edition, limit=1, after=0, excluded_domains=frozenset())
    ledger.release(ledger.record(LedgerBatch(claim_request=wanted)).claims)
    assert states(sqlite_store, edition) == {DeliveryState.QUEUED: 1}
    late = Ledger(
        sqlite_store,
        name="here:1:1:z",
        at=NOON + timedelta(minutes=DAY),
        sending_lease=timedelta(minutes=5),
    )

    assert late.expire() == 1
    assert [record.kind for record in feedback(sqlite_store, edition, number)] == [SOFT]


def test_nothing_is_asked_of_the_store_while_all_is_accepted(sqlite_store):
    accepted = DeliveryOutcome(
        claim=Claim(edition=1, subscriber=1, email=HER, name="", newsletter="breaking", attempt=0),
        state=DeliveryState.ACCEPTED,
        code=250,
    )
    recorder = RefusalRecorder(BounceSettings())
    with sqlite_store.read() as tx:
        assert recorder.record_outcomes(tx, [accepted], NOON) == [accepted]
        assert not {"merges", "subscribers", "bounces"} & vars(tx).keys()
