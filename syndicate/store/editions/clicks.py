"""Clicks: which links of an edition people and machines followed."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, case, distinct, func, insert, select, update

from syndicate.store.database.repository import Repository, columns_of
from syndicate.store.database.schema import clicks, edition_links, subscribers


@dataclass(slots=True, kw_only=True)
class LinkClick:
    """One click on a link; it may turn out to be a machine's later."""

    edition: int
    link: int
    """Its number in the edition; 0 is the hidden link that only machines follow."""
    subscriber: int | None
    """The reader whose mail had the link, where that is recorded."""
    at: datetime
    machine: bool
    agent: str
    """The user agent, at most 80 characters; only a machine's is stored."""
    key: int | None = None
    """Its number in the store, once it is stored."""


@dataclass(frozen=True, slots=True)
class LinkClicks:
    """How often a link was followed."""

    link: int
    address: str
    """Empty for the hidden link."""
    people: int
    machines: int
    readers: int
    """How many different readers, where readers are recorded; else 0."""


class Clicks(Repository):
    """Links of editions, and their clicks."""

    def links(self, edition: int) -> tuple[str, ...]:
        """Return the targets of an edition's links, from number 1."""
        query = select(edition_links.c.address).where(edition_links.c.edition == edition)
        return tuple(self._column(query.order_by(edition_links.c.position)))

    def add(self, click: LinkClick) -> int:
        """Record a click, without a reader who was erased; return its number."""
        row = columns_of(click) | {"agent": click.agent if click.machine else ""}
        del row["key"]
        if not self._exists(subscribers, subscribers.c.key == click.subscriber):
            row["subscriber"] = None
        return int(self._execute(insert(clicks).returning(clicks.c.key), row).scalar_one())

    def mark_as_machine(self, reclassified: Iterable[LinkClick]) -> None:
        """Mark those of the clicks that are stored as made by machines, with their user agents."""
        mark = update(clicks).where(clicks.c.key == bindparam("number"))
        self._run_each(
            mark.values(machine=True, agent=bindparam("user_agent")),
            [{"number": c.key, "user_agent": c.agent} for c in reclassified if c.key is not None],
        )

    def counts(self, edition: int) -> list[LinkClicks]:
        """Count clicks by link, in order; the hidden link comes first, if it was followed."""
        person = clicks.c.machine.is_(False)
        query = select(
            clicks.c.link,
            func.count(case((person, 1))),
            func.count(case((~person, 1))),
            func.count(distinct(case((person, clicks.c.subscriber)))),
        ).where(clicks.c.edition == edition)
        counts = {link: rest for link, *rest in self._execute(query.group_by(clicks.c.link))}
        addresses = dict(enumerate(self.links(edition), 1))
        if 0 in counts:
            addresses = {0: "", **addresses}
        return [
            LinkClicks(link, address, *counts.get(link, (0, 0, 0)))
            for link, address in addresses.items()
        ]
