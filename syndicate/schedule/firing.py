"""Deals with the due slots of a schedule: at most one edition, and a fire for each slot.

Whoever records the fire has dealt with the slot. The database lets only one do
so, and the edition is in the same transaction: a loser drops its rendering.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import structlog

from syndicate import clock
from syndicate.config import Config, Newsletter, Schedule
from syndicate.errors import SyndicateError
from syndicate.model.article_window import ScheduleStart
from syndicate.model.due_slots import SlotDecision, decide, schedule_timing
from syndicate.model.schedule_slots import Slot
from syndicate.schedule.beginning import begin, beginning_there_would_be, seen_since
from syndicate.schedule.composer import Composer, ProposedEdition, nobody
from syndicate.store import Store, Transaction
from syndicate.store.editions.fires import Fire, FireOutcome

log = structlog.get_logger()

ATTEMPTS = 5
"""How often an edition is composed again because the store moved on meanwhile."""


@dataclass(frozen=True, slots=True)
class SlotDispatcher:
    """Fires the schedules of one publication."""

    store: Store
    config: Config
    desk: Composer
    node: str
    """This process, for the record."""

    def fire_all(self, at: datetime, *, trial: bool = False) -> list[Fire]:
        """Deal with everything that is due at `at`; one schedule's failure stops no other."""
        return [
            fire
            for schedule in self.config.schedules
            for fire in self.fire(schedule, at, trial=trial)
        ]

    def fire(self, schedule: Schedule, at: datetime, *, trial: bool = False) -> list[Fire]:
        """Deal with one schedule's due slots; return what this process recorded.

        A rendering that fails is recorded, mails nobody, and is tried again at
        the next pass until it is too late. In a `trial`, as of another time than
        now, a new schedule begins where it would, and that is not kept. Raise StoreError.
        """
        with self.store.write() as tx:
            since = seen_since(tx, schedule, self.config, at=at)
            if trial:
                beginning = beginning_there_would_be(tx, schedule.name, at=min(since, at))
            else:
                beginning = begin(tx, schedule.name, at=at)
            last, decision = self._decide(tx, schedule, since, at)
            missed = [f for f in self._missed(schedule, decision) if tx.fires.record_missed(f)]
        if decision.slot is None:
            return missed
        fire = self._deal_with(schedule, decision.slot, beginning, last=last, at=at)
        return [*missed, fire] if fire else missed

    def _decide(
        self, tx: Transaction, schedule: Schedule, since: datetime, at: datetime
    ) -> tuple[datetime | None, SlotDecision]:
        """Say what is due, and when the slot before it was."""
        times = schedule_timing(schedule, self.config.zone(schedule))
        last = tx.fires.last(schedule.name, at)
        return last, decide(times, last=last, since=since, now=at, max_late=schedule.max_late)

    def _missed(self, schedule: Schedule, decision: SlotDecision) -> Iterator[Fire]:
        for position, skip in enumerate(decision.skipped):
            older = decision.older if position == 0 else 0
            counted = f", and {older:,} older {_slots(older)} with it" if older else ""
            fire = self._fire(schedule, skip.slot, FireOutcome.SKIPPED, skip.reason + counted)
            yield replace(fire, older=older)

    def _deal_with(
        self,
        schedule: Schedule,
        slot: Slot,
        beginning: ScheduleStart,
        *,
        last: datetime | None,
        at: datetime,
    ) -> Fire | None:
        """Compose and freeze; return the fire, or None when somebody else was quicker."""
        newsletter = self.config.newsletter(schedule.newsletter)
        assert newsletter is not None, "the configuration was checked"
        for _ in range(ATTEMPTS):
            try:
                proposal = self.desk.propose(
                    newsletter, schedule, beginning=beginning, slot_at=slot.due_at, at=at
                )
            except SyndicateError as error:
                return self._record(self._fire(schedule, slot, FireOutcome.FAILED, str(error)))
            except Exception as error:
                log.exception("failed, and it is our mistake", schedule=schedule.name)
                return self._record(self._fire(schedule, slot, FireOutcome.FAILED, repr(error)))
            if proposal.draft is None:
                since = self._since(schedule, beginning, last=last, at=at)
                nothing = f"0 new{since}{proposal.selection.left_out}"
                return self._record(self._fire(schedule, slot, FireOutcome.SKIPPED, nothing))
            done, fire = self._freeze(schedule, newsletter, slot, proposal)
            if done:
                return fire
        moved_on = "new articles kept coming in while it was composed; the next pass tries again"
        return self._record(self._fire(schedule, slot, FireOutcome.FAILED, moved_on))

    def _freeze(
        self, schedule: Schedule, newsletter: Newsletter, slot: Slot, proposal: ProposedEdition
    ) -> tuple[bool, Fire | None]:
        """Freeze the edition and record the fire, together; not done when the store moved on."""
        with self.store.write() as tx:
            edition = self.desk.freeze(tx, proposal)
            if edition is None:
                tx.rollback()
                return False, None
            reason = f"edition {edition.key}, {proposal.summary}"
            fire = self._fire(schedule, slot, FireOutcome.EDITION, reason)
            if not tx.fires.record(fire):
                tx.rollback()
                return True, None
            audience = tx.deliveries.totals(edition.key).audience
        frozen = log.bind(edition=edition.key, newsletter=newsletter.name, audience=audience)
        if audience:
            frozen.info("edition frozen")
        else:
            frozen.warning("edition frozen", reason=nobody(newsletter.name, schedule.segment))
        return True, fire

    def _record(self, fire: Fire) -> Fire | None:
        with self.store.write() as tx:
            return fire if tx.fires.record(fire) else None

    def _since(
        self, schedule: Schedule, beginning: ScheduleStart, *, last: datetime | None, at: datetime
    ) -> str:
        """Say since when nothing is new: since the last slot, or the schedule's beginning."""
        zone = self.config.zone(schedule)
        if last is not None:
            recent = at - last < timedelta(hours=24)
            written = last.astimezone(zone)
            return f" since {written:%H:%M %Z}" if recent else f" since {written:%Y-%m-%d %H:%M %Z}"
        if not beginning.number or schedule.begin_with is not None:
            return ""
        begun = beginning.at.astimezone(zone)
        return f" since the schedule was first seen, {begun:%Y-%m-%d %H:%M %Z} (begin_with)"

    def _fire(self, schedule: Schedule, slot: Slot, outcome: FireOutcome, reason: str) -> Fire:
        return Fire(
            schedule=schedule.name,
            slot=slot.key,
            due_at=slot.due_at,
            outcome=outcome,
            reason=reason,
            node=self.node,
            at=clock.now(),
        )


def _slots(count: int) -> str:
    return "slot" if count == 1 else "slots"
