"""Judges a sender's good name: whether readers complain too much, and which domains refuse us.

Each question begins with the few complaints or refusals, and counts the mail that they are about
only where they are enough: the alarms ask every half a minute.
"""

from collections.abc import Collection
from datetime import datetime, timedelta

import sqlalchemy as sa

from syndicate.model.deliveries import DeliveryState
from syndicate.model.editions import NEVER_SENT, EditionKind
from syndicate.model.feedback import ComplaintRate, FeedbackKind, PolicyRefusals, format_answer
from syndicate.store.database.repository import Repository
from syndicate.store.database.schema import deliveries, editions, subscribers
from syndicate.store.database.schema_feedback import feedback

RECENT = timedelta(days=7)
"""The mail of this time counts for the share of complaints."""
_REFUSED_WITHIN = timedelta(days=1)
_MAX_DOMAINS = 10
"""The domains that are looked at: those that refused most."""
_ANSWERED = (
    DeliveryState.ACCEPTED,
    DeliveryState.UNKNOWN,
    DeliveryState.FAILED,
    DeliveryState.EXPIRED,
)
_IS_COMPLAINT = feedback.c.kind == FeedbackKind.COMPLAINT
_COMPLAINERS = sa.func.count(feedback.c.subscriber.distinct())


class SenderReputation(Repository):
    """Judges complaints about newsletters, and refusals by mail domains."""

    def complaint_shares(self, at: datetime) -> dict[str, float]:
        """Return the share of complaints in each newsletter's mail of the last week, from 0 to 1.

        This counts all of that mail, so cache the result; the alarms count less.
        """
        accepted = self._by_newsletter(deliveries, DeliveryState.ACCEPTED, at)
        complaints = self._by_newsletter(feedback, FeedbackKind.COMPLAINT, at)
        return {
            newsletter: min(1.0, complaints.get(newsletter, 0) / count)
            for newsletter, count in accepted.items()
        }

    def _by_newsletter(self, table: sa.Table, value: str, at: datetime) -> dict[str, int]:
        """Count the rows with a state or of a kind, of the last week's editions."""
        is_recent = editions.c.created_at > at - RECENT, editions.c.kind != EditionKind.LETTER
        # counted before they are joined, so that an index alone is read
        column = table.c.state if table is deliveries else table.c.kind
        rows = sa.select(table.c.edition, sa.func.count().label("count")).where(
            column == value, table.c.edition.in_(sa.select(editions.c.key).where(*is_recent))
        )
        counted = rows.group_by(table.c.edition).subquery()
        query = sa.select(editions.c.newsletter, sa.func.sum(counted.c.count)).select_from(
            counted.join(editions, editions.c.key == counted.c.edition)
        )
        grouped = query.group_by(editions.c.newsletter)
        return {newsletter: int(count) for newsletter, count in self._execute(grouped)}

    def complaint_rates(self, at: datetime, *, share: float, at_least: int) -> list[ComplaintRate]:
        """Return the newsletters of whose mail of the last week readers called too much spam.

        `at_least` so many readers complained: one alone may do so about each message.
        """
        # what is about mail of a week was received within it
        recent = _IS_COMPLAINT, feedback.c.received_at > at - RECENT
        query = (
            sa.select(editions.c.newsletter)
            .select_from(feedback.join(editions, editions.c.key == feedback.c.edition))
            .where(*recent, editions.c.kind != EditionKind.LETTER)
            .group_by(editions.c.newsletter)
            .having(at_least <= _COMPLAINERS)
            .order_by(editions.c.newsletter)
        )
        rates = (
            self._rate(name, self._recent(name, at), share=share, at_least=at_least)
            for name in self._column(query)
        )
        return [rate for rate in rates if rate is not None]

    def complaint_rate(
        self, newsletter: str, at: datetime, *, share: float, at_least: int
    ) -> ComplaintRate | None:
        """Return how much of a newsletter's mail was called spam; None where it isn't too much.

        That is the mail of the last week; where there was none, of the newest edition.
        """
        of_newsletter = self._recent(newsletter, at)
        if not self._exists(editions, of_newsletter):
            newest = sa.select(sa.func.max(editions.c.key)).where(*_released(newsletter))
            of_newsletter = editions.c.key == newest.scalar_subquery()
        return self._rate(newsletter, of_newsletter, share=share, at_least=at_least)

    def _recent(self, newsletter: str, at: datetime) -> sa.ColumnElement[bool]:
        return sa.and_(*_released(newsletter), editions.c.created_at > at - RECENT)

    def _rate(
        self, newsletter: str, among: sa.ColumnElement[bool], *, share: float, at_least: int
    ) -> ComplaintRate | None:
        """Judge some editions; what was accepted is counted only as far as it matters."""
        keys = sa.select(editions.c.key).where(among)
        complained = (
            sa.select(feedback.c.edition, sa.func.count())
            .where(feedback.c.edition.in_(keys), _IS_COMPLAINT)
            .group_by(feedback.c.edition)
        )
        by_edition: dict[int, int] = dict(self._execute(complained).all())
        complaints = sum(by_edition.values())
        if not complaints:
            return None
        readers = self._scalar(_COMPLAINERS, feedback.c.edition.in_(keys), _IS_COMPLAINT) or 0
        if readers < at_least:
            return None
        accepted = sa.select(sa.literal(1)).where(
            deliveries.c.edition.in_(keys), deliveries.c.state == DeliveryState.ACCEPTED
        )
        enough = int(complaints / share) + 1
        rate = ComplaintRate(
            newsletter=newsletter,
            complaints=complaints,
            readers=readers,
            accepted=self._count(accepted.limit(enough).subquery()),
            edition=max(by_edition, key=lambda key: (by_edition[key], key)),
        )
        return rate if rate.share >= share else None

    def policy_refusals(self, at: datetime, *, share: float, at_least: int) -> list[PolicyRefusals]:
        """Return the domains that refused much of an edition by policy within a day.

        Of each domain the newest edition counts.
        """
        recent = (
            feedback.c.kind == FeedbackKind.BLOCKED,
            feedback.c.received_at > (at - _REFUSED_WITHIN),
        )
        columns = feedback.c.edition, feedback.c.domain
        query = sa.select(*columns, sa.func.count()).where(*recent).group_by(*columns)
        query = query.having(sa.func.count() >= at_least).order_by(feedback.c.edition)
        newest = {row.domain: row for row in self._execute(query)}
        most = sorted(newest.values(), key=lambda row: -row[2])[:_MAX_DOMAINS]
        found = []
        for edition in sorted({row.edition for row in most}):
            refused = {row.domain: row[2] for row in most if row.edition == edition}
            tried = self._count_answered(edition, refused)
            found += [
                PolicyRefusals(
                    edition=edition,
                    domain=domain,
                    refused=count,
                    tried=tried[domain],
                    answer=self._newest_answer(edition, domain),
                )
                for domain, count in refused.items()
                if count >= share * tried[domain]
            ]
        return sorted(found, key=lambda refusals: refusals.domain)

    def _count_answered(self, edition: int, domains: Collection[str]) -> dict[str, int]:
        """Count an edition's deliveries to some domains that a server answered, by domain."""
        # a domain at the end is found three times faster than all domains are cut out
        rows = deliveries.join(subscribers, subscribers.c.key == deliveries.c.subscriber)
        counts = (
            sa.func.count().filter(subscribers.c.address.endswith(f"@{domain}", autoescape=True))
            for domain in domains
        )
        query = sa.select(*counts).select_from(rows)
        query = query.where(deliveries.c.edition == edition, deliveries.c.state.in_(_ANSWERED))
        return dict(zip(domains, self._execute(query).one(), strict=True))

    def _newest_answer(self, edition: int, domain: str) -> str:
        """Return the newest refusal by a domain, with the server that it came from."""
        query = sa.select(*(feedback.c[name] for name in ("code", "status", "text", "host"))).where(
            *_of(edition, FeedbackKind.BLOCKED), feedback.c.domain == domain
        )
        row = self._execute(query.order_by(feedback.c.received_at.desc()).limit(1)).one()
        by = f"by {row.host}" if row.host else ""
        return ", ".join(filter(None, (format_answer(row.code, row.status, row.text), by)))


def _of(edition: int, kind: FeedbackKind) -> tuple[sa.ColumnElement[bool], ...]:
    return feedback.c.edition == edition, feedback.c.kind == kind


def _released(newsletter: str) -> tuple[sa.ColumnElement[bool], ...]:
    return editions.c.newsletter == newsletter, editions.c.state.not_in(NEVER_SENT)
