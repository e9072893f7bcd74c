"""What happens in a newsroom that corrects what it mailed, and what its readers have then."""

from datetime import timedelta

from syndicate.deliver.outbox import Outbox
from syndicate.model.articles import Correction
from syndicate.model.subscribers import Actor, Cause
from tests.schedule.conftest import BREAKING, MINUTE, NOW

SLOT = timedelta(minutes=10)
ADA, BO, CY, DI = (f"{name}@example.org" for name in ("ada", "bo", "cy", "di"))
SANK = Correction(at=NOW, text="The ferry had 40 people on board, not 400.")
SUNDAY = Correction(at=NOW + MINUTE, text="It sank on Sunday, not on Monday.")
BRIEFING = {**BREAKING, "name": "briefing", "newsletter": "briefing"}
NOTE = "Correction: In “Ferry” (November 24, 2026): The ferry had 40 people on board, not 400."


def by_editor(at=NOW):
    return Cause(who=Actor.OPERATOR, how="by an editor", at=at)


def correct(harness, *corrections, at=NOW + MINUTE, slug="ferry", **changes):
    return harness.file(slug, corrections=corrections, at=at, **changes)


def editions(harness):
    with harness.store.read() as tx:
        return {one.key: (one.kind.value, one.state.value) for one in tx.editions.all()}


def audience(harness, key):
    with harness.store.read() as tx:
        return sorted(row.email for row in tx.deliveries.by_edition(key))


def approve(harness, key, at):
    message = harness.services.release.approve(key, by_editor(at))
    harness.tick(at)
    return message


def plain(harness, subject):
    """The text of the only mail with a subject, as one line."""
    messages = Outbox.of(harness.config).messages()
    [one] = [kept for kept in messages if kept.subject == subject]
    return " ".join(one.text.split())


def set_state(harness, edition, reader, state):
    """Set what became of a delivery."""
    from sqlalchemy import update

    from syndicate.store.database.schema import deliveries

    with harness.store.write() as tx:
        key = tx.subscribers.by_email(reader).key
        row = deliveries.c.edition == edition, deliveries.c.subscriber == key
        tx._connection.execute(update(deliveries).where(*row).values(state=state))
