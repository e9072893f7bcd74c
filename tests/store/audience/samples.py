"""One reader for the tests of the audience, and what the store has of her."""

from datetime import UTC, datetime

from syndicate.model.editions import Content
from tests.causes import by_reader, by_test

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
HER = "ada@example.org"
BUTTON = by_reader("button", NOW)
LETTER = Content(subject="Please confirm", preheader="", html="<p>?</p>", text="?", nonce="0")


def key_of(tx, email=HER):
    return tx.subscribers.by_email(email).key


def subscribe(tx, email=HER, newsletter="news", **values):
    return tx.subscribers.subscribe(email, newsletter, **{"cause": by_test(NOW), **values})


def stands(tx, email=HER):
    person = tx.subscribers.by_email(email)
    return {one.newsletter: one.state.value for one in person.subscriptions}


def trail(tx, email=HER):
    return [
        (change.action.value, change.newsletter)
        for change in tx.audit_log.changes(key_of(tx, email))
    ]
