"""Finds the delivery that feedback is about, by what nobody can forge, the safest first.

    VERP token → Original-Envelope-Id → Message-ID → List-Unsubscribe → provider's id → address

What is found by an address alone is for a person to decide: anybody can send a bounce.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import unquote, urlsplit

from syndicate.deliver.message.links import SignedLinks
from syndicate.errors import EventTooEarly
from syndicate.model.deliveries import Delivery, DeliveryState
from syndicate.model.feedback import DeliveryReference, Feedback, FeedbackKind, MatchedBy
from syndicate.store import Transaction
from syndicate.text import one_line

PROVIDER_WINDOW = timedelta(days=7)
"""How old an edition may be whose delivery is found by the id that a provider gave it."""
_BY_READERS = frozenset({FeedbackKind.COMPLAINT, FeedbackKind.UNSUBSCRIBED})
RECENT = timedelta(days=30)
"""How old one may be that is found by an unsubscribe link, or an address."""
_LEASE = timedelta(minutes=10)
"""How long a message may be under way; then its sender has died, and the reply is lost."""
_MIN_PROVIDER_ID = 8
"""Characters of an id of a provider: a shorter one may be any word of a reply."""
_MAX_REFERENCES = 20
"""Of each kind; a report has one or two, and a hostile one may have thousands."""


@dataclass(frozen=True, slots=True)
class DeliveryMatch:
    """The delivery that feedback is about, and how it was found."""

    edition: int
    subscriber: int
    """The reader's number in the ledger, of that time."""
    by: MatchedBy


def find_delivery(
    tx: Transaction, links: SignedLinks, feedback: Feedback, at: datetime
) -> DeliveryMatch | None:
    """Return the delivery that feedback is about; None where nothing in it names one.

    Raise EventTooEarly for an event of a provider that has to be asked for again.
    """
    reference = feedback.reference
    if feedback.kind is FeedbackKind.UNSUBSCRIBED and not feedback.event_id:
        # by mail, only the address that is in the reader's own copy unsubscribes
        found = next(_by_unsubscribe_token(links, reference), None)
        return found or _by_address(tx, reference, at)
    return (
        next(_by_signature(links, reference), None)
        or _by_unsubscribe_link(tx, links, reference, at)
        or _by_provider_id(tx, feedback, at)
        or _by_address(tx, reference, at)
    )


def _by_signature(links: SignedLinks, reference: DeliveryReference) -> Iterator[DeliveryMatch]:
    """Yield what signed references name, without a look into the store."""
    for token in reference.tokens[:_MAX_REFERENCES]:
        if found := links.read_bounce_token(token):
            yield DeliveryMatch(*found, MatchedBy.RETURN_PATH)
    for id_ in reference.envelope_ids[:_MAX_REFERENCES]:
        if found := links.read_message_id(id_) or links.read_bounce_token(id_):
            yield DeliveryMatch(*found, MatchedBy.ENVELOPE_ID)
    for id_ in reference.message_ids[:_MAX_REFERENCES]:
        if found := links.read_message_id(id_):
            yield DeliveryMatch(*found, MatchedBy.MESSAGE_ID)


def _by_unsubscribe_token(
    links: SignedLinks, reference: DeliveryReference
) -> Iterator[DeliveryMatch]:
    for token in reference.tokens[:_MAX_REFERENCES]:
        if found := links.read_unsubscribe_token(token):
            yield DeliveryMatch(*found, MatchedBy.UNSUBSCRIBE_LINK)


def _by_unsubscribe_link(
    tx: Transaction, links: SignedLinks, reference: DeliveryReference, at: datetime
) -> DeliveryMatch | None:
    """Find the delivery whose List-Unsubscribe was returned.

    The mailto in it names the edition, the URL only reader and newsletter: that is of their
    newest delivery. The link in the text of a mail is no evidence: readers forward it.
    """
    for url in reference.unsubscribe_urls[:_MAX_REFERENCES]:
        try:
            parts = urlsplit(url.strip("<> "))
        except ValueError:
            continue
        if parts.scheme.lower() == "mailto":
            token = unquote(parts.path).rpartition("@")[0].partition("+")[2]
            if found := links.read_unsubscribe_token(token):
                return DeliveryMatch(*found, MatchedBy.UNSUBSCRIBE_LINK)
        elif named := links.read_unsubscribe(parts.path.rpartition("/")[2]):
            subscriber, newsletter = named
            newsletter = tx.newsletters.current_name(newsletter)
            for delivery in tx.deliveries.recent([subscriber], at - RECENT, newsletter=newsletter):
                if delivery.attempt:
                    return _match(delivery, MatchedBy.UNSUBSCRIBE_LINK)
    return None


def _by_provider_id(tx: Transaction, feedback: Feedback, at: datetime) -> DeliveryMatch | None:
    """Find the delivery in whose reply the provider named the message so.

    Readers take longer to complain than servers to bounce a message. Raise EventTooEarly where
    the reply to a message may not be recorded yet.
    """
    reference, is_bounce = feedback.reference, feedback.kind not in _BY_READERS
    ids = [id_.strip("<> ") for id_ in reference.provider_ids[:_MAX_REFERENCES]]
    ids = [id_ for id_ in ids if len(id_) >= _MIN_PROVIDER_ID]
    if not ids:
        return None
    words = re.compile(rf"(?<![\w-])({'|'.join(map(re.escape, ids))})(?![\w-])")
    happened_at = max(feedback.at or at, at - RECENT)
    since = happened_at - (PROVIDER_WINDOW if is_bounce else RECENT)
    sent = deliveries_to(tx, reference.recipient, since)
    for delivery in sent:
        if words.search(delivery.reply):
            return _match(delivery, MatchedBy.PROVIDER_ID)
    under_way = (delivery for delivery in sent if delivery.state is DeliveryState.SENDING)
    if any(at - delivery.at < _LEASE for delivery in under_way):
        raise EventTooEarly("a message to that address is being sent at this moment")
    return None


def _by_address(
    tx: Transaction, reference: DeliveryReference, at: datetime
) -> DeliveryMatch | None:
    for delivery in deliveries_to(tx, reference.recipient, at - RECENT):
        if delivery.attempt:
            return _match(delivery, MatchedBy.ADDRESS)
    return None


def deliveries_to(tx: Transaction, address: str, since: datetime) -> list[Delivery]:
    """Return the deliveries of editions since then, newest first, to whom an address belongs."""
    address = one_line(address)  # a database can't look for a zero byte
    reader = tx.subscribers.by_any_email(address) if address else None
    if reader is None:
        return []
    return tx.deliveries.recent(tx.merges.all_numbers(reader.key), since)


def _match(delivery: Delivery, by: MatchedBy) -> DeliveryMatch:
    return DeliveryMatch(delivery.edition, delivery.subscriber, by)
