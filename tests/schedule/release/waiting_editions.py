"""Editions that wait: what they are, and an editor who approves them."""

from datetime import timedelta

from syndicate.model.subscribers import Actor, Cause
from tests.schedule.conftest import NOW

SLOT = timedelta(minutes=10)
ADA, BO = "ada@example.org", "bo@example.org"


def by_editor(at=NOW):
    return Cause(who=Actor.REVIEWER, how="approved by Maren Tolk", at=at)


def editions(harness):
    with harness.store.read() as tx:
        return {one.key: one.state for one in tx.editions.all()}


def waiting(harness):
    with harness.store.read() as tx:
        return tx.waiting.all()


def last_fire(harness):
    with harness.store.read() as tx:
        return tx.fires.recent("breaking")[0]


def approve(harness, key, at=NOW):
    harness.services.release.approve(key, by_editor(at))
    harness.tick(at)
