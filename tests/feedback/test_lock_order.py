"""A provider's batch and the send loop suppress the same addresses at once, and never deadlock."""

import threading
from datetime import timedelta

import pytest

from syndicate.config.sections.feedback import BounceSettings
from syndicate.deliver.loop.refusals import RefusalRecorder
from syndicate.errors import StoreError
from syndicate.model.deliveries import ClaimRequest, DeliveryOutcome, DeliveryState, Lease
from syndicate.web.telemetry.counters import RequestCounters, WebhookResult
from syndicate.web.webhooks import WebhookReceiver
from tests.feedback.providers.provider_calls import SECRETS, Message, bounced, signed
from tests.feedback.reported import HOUR, NOW, Newsroom

pytestmark = pytest.mark.sql
READERS = [f"R{number:02}@example.org" for number in range(40)]
HOOKS = [{"name": "own", "kind": "standard", "secret_env": "HOOK_SECRET"}]


@pytest.fixture
def newsroom(store, publication, monkeypatch):
    monkeypatch.setenv("HOOK_SECRET", SECRETS["standard"])
    return Newsroom(store, publication(hooks=HOOKS))


@pytest.mark.parametrize("reply", ["5.1.1 no such user", "5.2.2 mailbox full"])
def test_neither_is_chosen_as_the_victim(newsroom, reply):
    numbers = [newsroom.subscribe(email) for email in READERS]
    earlier = [newsroom.send(NOW - 9 * HOUR) for _ in range(3)]
    claims = send_half(newsroom)
    start, failures = threading.Barrier(2), list[str]()

    def refuse():
        refused = {"state": DeliveryState.FAILED, "code": 550, "reply": reply}
        outcomes = [DeliveryOutcome(claim=claim, **refused) for claim in claims]
        start.wait(30)
        for batch in range(0, len(outcomes), 10):
            try:
                settle(newsroom, outcomes[batch:] + outcomes[:batch])
            except StoreError as error:
                failures.append(str(error))

    def report():
        receiver = WebhookReceiver(
            newsroom.store, newsroom.config, newsroom.links, RequestCounters()
        )
        calls = [backwards(newsroom, edition, numbers, reply) for edition in earlier]
        start.wait(30)
        for call in calls:
            outcome = receiver.take(receiver.hooks["own"], call.request(NOW))
            if outcome.result is not WebhookResult.ACCEPTED:
                failures.append(outcome.reason)

    threads = [threading.Thread(target=work) for work in (refuse, report)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(90)
    assert failures == []
    assert all(newsroom.suppressed(email) for email in READERS)


def send_half(newsroom):
    """Send the bodies of an edition, of whose outcomes none is recorded; return its claims."""
    edition, lease = newsroom.freeze(), Lease("test", NOW, NOW + HOUR)
    with newsroom.store.write() as tx:
        claims = tx.claims.claim(ClaimRequest(edition=edition, limit=100), lease)
        tx.claims.settle_and_intend((), claims, lease)
    return claims


def settle(newsroom, outcomes):
    with newsroom.store.write() as tx:
        outcomes = RefusalRecorder(BounceSettings()).record_outcomes(tx, outcomes, NOW)
        tx.claims.settle(outcomes, at=NOW)


def backwards(newsroom, edition, numbers, reply):
    """Return a call with a bounce of each message of an edition, the last reader's first."""
    status, _, text = reply.partition(" ")
    events = [
        bounced(
            "standard",
            Message(
                message_id=newsroom.links.message_id(edition, number, "news.example.org"),
                recipient=email,
                provider_id="0102018f3c2a7b1e-5d2c",
                at=NOW - timedelta(minutes=1),
                id=f"{edition} {number}",
            ),
        )
        | {"code": 550, "status": status, "reason": text}
        for number, email in reversed(list(zip(numbers, READERS, strict=True)))
    ]
    return signed("standard", events, at=NOW, id=f"call {edition}")
