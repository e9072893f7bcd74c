"""Counts what came back: by edition, newsletter and domain.

A delivery counts as bounced once, by its worst report, and only while the ledger has it as accepted
or unknown: what a server refused at hand-over, or took too long to accept, is failed or expired
there, whatever was reported about it later. All queries begin with an index that leaves out what
was merely delivered.
"""

from collections import Counter, defaultdict
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from syndicate.model.deliveries import DeliveryState
from syndicate.model.editions import EditionKind
from syndicate.model.feedback import BOUNCES, FeedbackGroup, FeedbackKind, FeedbackTotals, MatchedBy
from syndicate.model.subscribers import SubscriptionState, SuppressionKind
from syndicate.store.database.repository import Repository
from syndicate.store.database.schema import deliveries, editions, subscribers, subscriptions
from syndicate.store.database.schema_feedback import feedback, suppressions
from syndicate.store.ledger.feedback import HeldReports
from syndicate.store.ledger.sender_reputation import RECENT, SenderReputation

_NAMED_DOMAINS = 10
"""The domains that metrics name: those with most bounces and complaints."""
_LEFT = (DeliveryState.ACCEPTED, DeliveryState.UNKNOWN)
"""The states of deliveries that can bounce."""
_AT_HAND_OVER = feedback.c.matched_by == MatchedBy.HAND_OVER
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
            sa.select(
                *(feedback.c[name] for name in names),
                refused.label("at_hand_over"),
                sa.case((_AT_HAND_OVER, feedback.c.host), else_="").label("relay"),
            )
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
            "feedback_recent": _in_one_word(self.by_domain(at, most=_NAMED_DOMAINS)),
            "refusals_recent": _in_one_word(self.by_relay(at)),
            "complaint_share": SenderReputation(self._connection).complaint_shares(at),
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

    def recent(self, at: datetime, *, within: timedelta = RECENT) -> dict[str, FeedbackTotals]:
        """Count what came back within a time, by newsletter, as `totals` does for an edition.

        Nothing is said of what was merely delivered.
        """
        columns = editions.c.newsletter, feedback.c.kind
        rows = feedback.join(editions, editions.c.key == feedback.c.edition)
        others = FeedbackKind.COMPLAINT, FeedbackKind.UNSUBSCRIBED
        bounced = sa.and_(_IS_BOUNCE, deliveries.c.state.in_(_LEFT))
        query = (
            sa.select(*columns, sa.func.count())
            .select_from(rows.outerjoin(deliveries, _IS_DELIVERY))
            .where(
                feedback.c.kind.in_((*BOUNCES, *others)),
                feedback.c.received_at > at - within,
                editions.c.kind != EditionKind.LETTER,
                sa.or_(bounced, feedback.c.kind.in_(others)),
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

    def by_relay(self, at: datetime) -> dict[tuple[str, FeedbackKind], int]:
        """Count refusals at hand-over of the last week by the relay's host and kind."""
        columns = feedback.c.host, feedback.c.kind
        query = sa.select(*columns, sa.func.count()).where(
            feedback.c.kind.in_(BOUNCES),
            feedback.c.received_at > at - RECENT,
            _AT_HAND_OVER,
            feedback.c.host != "",
        )
        rows = self._execute(query.group_by(*columns))
        return {(host, FeedbackKind(kind)): count for host, kind, count in rows}

    def suppressions(self) -> dict[str, int]:
        """Count suppressed addresses by kind."""
        query = sa.select(suppressions.c.kind, sa.func.count()).group_by(suppressions.c.kind)
        return {str(kind): count for kind, count in self._execute(query)}

    def suppressed_readers(self) -> dict[str, Counter[SuppressionKind]]:
        """Count the confirmed readers of each newsletter whose address is suppressed, by kind."""
        columns = subscriptions.c.newsletter, suppressions.c.kind
        readers = suppressions.join(subscribers, subscribers.c.address == suppressions.c.address)
        readers = readers.join(subscriptions, subscriptions.c.subscriber == subscribers.c.key)
        query = sa.select(*columns, sa.func.count()).select_from(readers)
        query = query.where(subscriptions.c.state == SubscriptionState.CONFIRMED)
        counts: defaultdict[str, Counter[SuppressionKind]] = defaultdict(Counter)
        for newsletter, kind, count in self._execute(query.group_by(*columns)):
            counts[newsletter][kind] = count
        return dict(counts)


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
