"""Clicks: which links of an edition were followed, by people and by machines."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import Connection, bindparam, case, distinct, func, insert, select, update

from syndicate.store.database.schema import clicks, edition_links, subscribers


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkClick:
    """Somebody, or something, followed a link."""

    edition: int
    link: int
    """Its number in the edition; 0 is the hidden one."""
    subscriber: int | None
    """Whose mail it stood in, where that is to be known."""
    at: datetime
    machine: bool
    agent: str
    """What program a machine said it is, at most 80 characters; empty for people."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkClicks:
    """How often one link was followed."""

    link: int
    address: str
    """Empty for the hidden link."""
    people: int
    machines: int
    readers: int
    """How many of those whom we know; 0 where nobody is known."""


class Clicks:
    """Links of editions, and who followed them."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def links(self, edition: int) -> tuple[str, ...]:
        """Return where the numbered links of an edition lead, from number 1."""
        query = select(edition_links.c.address).where(edition_links.c.edition == edition)
        return tuple(self._connection.execute(query.order_by(edition_links.c.position)).scalars())

    def add(self, click: LinkClick) -> int:
        """Record a click and return its number; a reader who was erased is nobody in it."""
        row = asdict(click) | {"subscriber": self._known(click.subscriber)}
        key: int = self._connection.execute(
            insert(clicks).returning(clicks.c.key), row
        ).scalar_one()
        return key

    def mark_as_machine(self, found_out: Mapping[int, str]) -> None:
        """Note of clicks, by number, that a machine made them, and which."""
        if found_out:
            mark = update(clicks).where(clicks.c.key == bindparam("number"))
            self._connection.execute(
                mark.values(machine=True, agent=bindparam("said")),
                [{"number": key, "said": agent} for key, agent in found_out.items()],
            )

    def counts(self, edition: int) -> list[LinkClicks]:
        """Count by link, in their order; the hidden link comes first, if it was followed."""
        person = clicks.c.machine.is_(False)
        query = select(
            clicks.c.link,
            func.sum(case((person, 1), else_=0)).label("people"),
            func.sum(case((person, 0), else_=1)).label("machines"),
            func.count(distinct(case((person, clicks.c.subscriber)))).label("readers"),
        ).where(clicks.c.edition == edition)
        found = {row.link: row for row in self._connection.execute(query.group_by(clicks.c.link))}
        addresses = dict(enumerate(self.links(edition), 1))
        hidden = {0: ""} if 0 in found else {}
        return [
            LinkClicks(
                link=link,
                address=address,
                people=int(found[link].people) if link in found else 0,
                machines=int(found[link].machines) if link in found else 0,
                readers=found[link].readers if link in found else 0,
            )
            for link, address in (hidden | addresses).items()
        ]

    def _known(self, subscriber: int | None) -> int | None:
        query = select(subscribers.c.key).where(subscribers.c.key == subscriber)
        return None if subscriber is None else self._connection.execute(query).scalar()
