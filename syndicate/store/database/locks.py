"""Advisory locks, kept until the transaction ends; SQLite needs none: it has one writer."""

from collections.abc import Sequence

from sqlalchemy import Connection, text

LOCK_NUMBERS = 7_370_001
"""Needed to store articles, assign public numbers and freeze editions."""
LOCK_MIGRATION = 7_370_002
LOCK_AUDIENCE = 7_370_003
"""Under it readers are added and erased: neither may miss what the other does."""
_EDITIONS = 7_370_004
"""The first of the two numbers of an edition's lock; the second is the edition's own."""


def lock(connection: Connection, number: int) -> None:
    """Wait for one of the locks above."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": number})


def lock_editions_shared(connection: Connection, editions: Sequence[int]) -> None:
    """Lock editions against being stopped; other senders can have the lock at the same time.

    The next statement's snapshot is taken when nobody can stop the editions any more.
    """
    if connection.dialect.name == "postgresql":
        shared = "SELECT pg_advisory_xact_lock_shared(%s, e) FROM unnest(%s::int[]) AS e"
        # not through SQLAlchemy, so that a pipeline sends it together with what follows
        connection.connection.cursor().execute(shared, (_EDITIONS, sorted(editions)))


def lock_edition(connection: Connection, edition: int) -> None:
    """Keep everybody else from moving deliveries of an edition."""
    if connection.dialect.name == "postgresql":
        exclusive = text("SELECT pg_advisory_xact_lock(:all, :edition)")
        connection.execute(exclusive, {"all": _EDITIONS, "edition": edition})
