"""Counts what came back: by edition, newsletter and domain, and whether it is too much.

A delivery counts as bounced once, by its worst report, and only while the ledger has it as accepted
or unknown: what a server refused at hand-over, or took too long to accept, is failed or expired
there, whatever was reported about it later. All queries begin with an index that leaves out what
was merely delivered.
"""

from collections import Counter, defaultdict
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from syndicate.model.deliveries import DeliveryState
from syndicate.model.editions import NEVER_SENT, EditionKind
from syndicate.model.feedback import (
    BOUNCES,
    ComplaintRate,
    FeedbackGroup,
    FeedbackKind,
    FeedbackTotals,
    MatchedBy,
    PolicyRefusals,
    format_answer,
)
from syndicate.model.subscribers import SuppressionKind
from syndicate.store.database.repository import Repository
from syndicate.store.database.schema import deliveries, editions, subscribers
from syndicate.store.database.schema_feedback import feedback, suppressions
from syndicate.store.ledger.feedback import HeldReports

RECENT = timedelta(days=7)
"""The mail of this time counts for the share of complaints."""
_REFUSED_WITHIN = timedelta(days=1)
_MAX_DOMAINS = 10
"""The domains that are looked at and named: those with the most."""
_LEFT = (DeliveryState.ACCEPTED, DeliveryState.UNKNOWN)
"""The states of deliveries that can bounce."""
_ANSWERED = (*_LEFT, DeliveryState.FAILED, DeliveryState.EXPIRED)
_IS_DELIVERY = sa.and_(
    deliveries.c.edition == feedback.c.edition, deliveries.c.subscriber == feedback.c.subscriber
)


def _is_bounce() -> sa.ColumnElement[bool]:
    """Match a delivery's worst report of a bounce."""
    worse = feedback.alias()
    of_delivery = (
        worse.c.edition == feedback.c.edition,
        worse.c.subscriber == feedback.c.subscriber,
    )
    return sa.or_(
        *(
            sa.and_(
                feedback.c.kind == kind,
                *(~sa.exists().where(*of_delivery, worse.c.kind == w) for w in BOUNCES[:rank]),
            )
            for rank, kind in enumerate(BOUNCES)
        )
    )


_IS_BOUNCE = sa.and_(feedback.c.kind.in_(BOUNCES), _is_bounce())


class FeedbackFigures(Repository):
    """Counts feedback."""

    def totals(self, edition: int) -> FeedbackTotals:
        """Count what came back about an edition after it was accepted."""
        rows = feedback.join(deliveries, _IS_DELIVERY)
        bounces = sa.select(feedback.c.kind, sa.func.count()).select_from(rows)
        bounces = bounces.where(
            feedback.c.edition == edition, _IS_BOUNCE, deliveries.c.state.in_(_LEFT)
        )
        kinds = FeedbackKind.COMPLAINT, FeedbackKind.DELIVERED, FeedbackKind.UNSUBSCRIBED
        others = sa.select(feedback.c.kind, sa.func.count()).where(
            feedback.c.edition == edition, feedback.c.kind.in_(kinds)
        )
        counts: Counter[FeedbackKind] = Counter()
        for query in bounces, others:
            counts.update(dict(self._execute(query.group_by(feedback.c.kind)).all()))
        return _totals(counts)

    def groups(self, edition: int) -> list[FeedbackGroup]:
        """Group an edition's bounces, refusals and complaints, the largest group first.

        A delivery is in one group of bounces or refusals, by its worst report.
        """
        groups = self._grouped(edition, _IS_BOUNCE)
        groups += self._grouped(edition, feedback.c.kind == FeedbackKind.COMPLAINT)
        return sorted(groups, key=lambda group: (-group.count, group.domain, group.code))

    def _grouped(self, edition: int, matches: sa.ColumnElement[bool]) -> list[FeedbackGroup]:
        names = ("kind", "domain", "code", "status", "text")
        refused = sa.func.coalesce(deliveries.c.state.not_in(_LEFT), sa.false())
        reports = (
            sa.select(*(feedback.c[name] for name in names), refused.label("at_hand_over"))
            .select_from(feedback.outerjoin(deliveries, _IS_DELIVERY))
            .where(feedback.c.edition == edition, matches)
            .subquery()
        )
        columns = [column for column in reports.c if column.name != "text"]
        count, text = sa.func.count().label("count"), sa.func.max(reports.c.text).label("text")
        query = sa.select(*columns, count, text).group_by(*columns)
        return [
            FeedbackGroup(**{**row, "at_hand_over": bool(row["at_hand_over"])})
            for row in self._execute(query).mappings()
        ]

    def snapshot(self, at: datetime) -> dict[str, Any]:
        """Return the counts for metrics, by the name of their metric; cache the result.

        Kinds have their names in one word.
        """
        suppressed = self.suppressions()
        reports = HeldReports(self._connection)
        return {
            "feedback": _in_one_word(self.by_newsletter()),
            "feedback_recent": _in_one_word(self.by_domain(at, most=_MAX_DOMAINS)),
            "complaint_share": self.complaint_shares(at),
            "suppressions": {
                kind.name.lower(): suppressed.get(kind, 0) for kind in SuppressionKind
            },
            "reports": reports.counts(),
            "held_reports": reports.count(),
        }

    def by_newsletter(self) -> dict[tuple[str, FeedbackKind], int]:
        """Count all that came back, letters left out, by newsletter and kind."""
        counts = sa.select(feedback.c.edition, feedback.c.kind, sa.func.count().label("count"))
        counted = counts.group_by(feedback.c.edition, feedback.c.kind).subquery()
        columns = editions.c.newsletter, counted.c.kind
        query = sa.select(*columns, sa.func.sum(counted.c.count)).select_from(
            counted.join(editions, editions.c.key == counted.c.edition)
        )
        query = query.where(editions.c.kind != EditionKind.LETTER).group_by(*columns)
        return {(row[0], FeedbackKind(row[1])): int(row[2]) for row in self._execute(query)}

    def recent(self, at: datetime) -> dict[str, FeedbackTotals]:
        """Count what came back within a week, by newsletter; each report of a bounce counts."""
        columns = editions.c.newsletter, feedback.c.kind
        rows = feedback.join(editions, editions.c.key == feedback.c.edition)
        kinds = [kind for kind in FeedbackKind if kind is not FeedbackKind.DELIVERED]
        query = (
            sa.select(*columns, sa.func.count())
            .select_from(rows)
            .where(
                feedback.c.kind.in_(kinds),
                feedback.c.received_at > at - RECENT,
                feedback.c.matched_by != MatchedBy.HAND_OVER,
                editions.c.kind != EditionKind.LETTER,
            )
            .group_by(*columns)
            .order_by(editions.c.newsletter)
        )
        counts: defaultdict[str, Counter[FeedbackKind]] = defaultdict(Counter)
        for newsletter, kind, count in self._execute(query):
            counts[newsletter][kind] = count
        return {newsletter: _totals(kinds) for newsletter, kinds in counts.items()}

    def by_domain(self, at: datetime, *, most: int) -> dict[tuple[str, FeedbackKind], int]:
        """Count bounces and complaints of the last week by domain and kind.

        The domains with `most` of them are named; all others are "other".
        """
        columns = feedback.c.domain, feedback.c.kind
        kinds = (*BOUNCES, FeedbackKind.COMPLAINT)
        query = sa.select(*columns, sa.func.count()).where(
            feedback.c.kind.in_(kinds), feedback.c.received_at > at - RECENT
        )
        rows = self._execute(query.group_by(*columns)).all()
        totals: dict[str, int] = {}
        for domain, _, count in rows:
            totals[domain] = totals.get(domain, 0) + count
        named = sorted(totals, key=lambda domain: (-totals[domain], domain))[:most]
        counts: dict[tuple[str, FeedbackKind], int] = {}
        for domain, kind, count in rows:
            key = domain if domain in named else "other", FeedbackKind(kind)
            counts[key] = counts.get(key, 0) + count
        return counts

    def suppressions(self) -> dict[str, int]:
        """Count suppressed addresses by kind."""
        query = sa.select(suppressions.c.kind, sa.func.count()).group_by(suppressions.c.kind)
        return {str(kind): count for kind, count in self._execute(query)}

    def complaint_shares(self, at: datetime) -> dict[str, float]:
        """Return the share of complaints in each newsletter's mail of the last week, from 0 to 1.

        This counts all of that mail, so cache the result; the alarms count less.
        """
        recent = editions.c.created_at > at - RECENT, editions.c.kind != EditionKind.LETTER
        accepted = self._by_newsletter(deliveries.c.state == DeliveryState.ACCEPTED, *recent)
        is_complaint = feedback.c.kind == FeedbackKind.COMPLAINT
        complaints = self._by_newsletter(is_complaint, *recent, table=feedback)
        return {
            newsletter: min(1.0, complaints.get(newsletter, 0) / count)
            for newsletter, count in accepted.items()
        }

    def _by_newsletter(
        self, *conditions: sa.ColumnElement[bool], table: sa.Table = deliveries
    ) -> dict[str, int]:
        rows = editions.join(table, table.c.edition == editions.c.key)
        query = sa.select(editions.c.newsletter, sa.func.count()).select_from(rows)
        query = query.where(*conditions).group_by(editions.c.newsletter)
        return dict(self._execute(query).all())

    def complaint_rates(self, at: datetime, *, share: float, at_least: int) -> list[ComplaintRate]:
        """Return the newsletters of whose mail of the last week readers called too much spam."""
        # what is about mail of a week was received within it
        recent = feedback.c.kind == FeedbackKind.COMPLAINT, feedback.c.received_at > at - RECENT
        query = (
            sa.select(editions.c.newsletter)
            .select_from(feedback.join(editions, editions.c.key == feedback.c.edition))
            .where(*recent, editions.c.kind != EditionKind.LETTER)
            .group_by(editions.c.newsletter)
            .having(sa.func.count() >= at_least)
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
            .where(feedback.c.edition.in_(keys), feedback.c.kind == FeedbackKind.COMPLAINT)
            .group_by(feedback.c.edition)
        )
        by_edition: dict[int, int] = dict(self._execute(complained).all())
        complaints = sum(by_edition.values())
        if not complaints or complaints < at_least:
            return None
        accepted = sa.select(sa.literal(1)).where(
            deliveries.c.edition.in_(keys), deliveries.c.state == DeliveryState.ACCEPTED
        )
        enough = int(complaints / share) + 1
        rate = ComplaintRate(
            newsletter=newsletter,
            complaints=complaints,
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
        return sorted(found, key=lambda one: one.domain)

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
        query = sa.select(feedback.c.code, feedback.c.status, feedback.c.text).where(
            *_of(edition, FeedbackKind.BLOCKED), feedback.c.domain == domain
        )
        row = self._execute(query.order_by(feedback.c.received_at.desc()).limit(1)).one()
        return format_answer(row.code, row.status, row.text)


def _in_one_word(counts: dict[tuple[str, FeedbackKind], int]) -> dict[tuple[str, str], int]:
    """Write `hard bounce` as `hard_bounce`."""
    return {(name, kind.name.lower()): count for (name, kind), count in counts.items()}


def _totals(counts: Counter[FeedbackKind]) -> FeedbackTotals:
    return FeedbackTotals(
        hard=counts[FeedbackKind.HARD_BOUNCE],
        soft=counts[FeedbackKind.SOFT_BOUNCE],
        blocked=counts[FeedbackKind.BLOCKED],
        complained=counts[FeedbackKind.COMPLAINT],
        delivered=counts[FeedbackKind.DELIVERED],
        unsubscribed=counts[FeedbackKind.UNSUBSCRIBED],
    )


def _of(edition: int, kind: FeedbackKind) -> tuple[sa.ColumnElement[bool], ...]:
    return feedback.c.edition == edition, feedback.c.kind == kind


def _released(newsletter: str) -> tuple[sa.ColumnElement[bool], ...]:
    return editions.c.newsletter == newsletter, editions.c.state.not_in(NEVER_SENT)
