"""Fire the due slots of a schedule: at most one edition per pass, and one fire per slot.

A slot is settled by the process that records its fire. The database lets only one
process do so, in the transaction that adds the edition; any other drops its rendering.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import structlog

from syndicate import clock
from syndicate.config import Config, Newsletter, Schedule
from syndicate.errors import SyndicateError
from syndicate.model.article_selection import ScheduleStart
from syndicate.model.schedule_slots import FireOutcome, Slot, SlotDecision, decide, schedule_timing
from syndicate.schedule.composer import ATTEMPTS, Composer, ProposedEdition, no_audience_reason
from syndicate.schedule.release import add_edition, log_preflight, waiting_for
from syndicate.schedule.schedule_start import SlotRequest, first_seen, schedule_start
from syndicate.store import Store
from syndicate.store.editions.fires import Fire
from syndicate.text import count_of

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class SlotDispatcher:
    """Fires the schedules of one publication."""

    store: Store
    config: Config
    composer: Composer
    node: str
    """The identity of this process, recorded with each fire."""

    def fire_all(self, at: datetime, *, trial: bool = False) -> list[Fire]:
        """Fire every schedule's slots that are due at `at`; one failure stops no other schedule."""
        return [
            fire
            for schedule in self.config.schedules
            for fire in self.fire(schedule, at, trial=trial)
        ]

    def fire(self, schedule: Schedule, at: datetime, *, trial: bool = False) -> list[Fire]:
        """Fire one schedule's due slots; return the fires that this process recorded.

        A failed rendering is recorded, sends no mail, and is retried at each pass until
        the slot is past `max_late`. A `trial`, which runs as of another time than now,
        doesn't store where a new schedule starts. Raise StoreError.
        """
        with self.store.write() as tx:
            since = first_seen(tx, schedule, self.config, at=at)
            seen_at = min(since, at) if trial else at
            start = schedule_start(tx, schedule.name, at=seen_at, keep=not trial)
            timing = schedule_timing(schedule, self.config.zone(schedule))
            last = tx.fires.last(schedule.name, at)
            decision = decide(timing, last=last, since=since, now=at, max_late=schedule.max_late)
            missed = [f for f in self._missed(schedule, decision) if tx.fires.record_missed(f)]
        if decision.slot is None:
            return missed
        since_when = self._since(schedule, start, last=last, at=at)
        fire = self._fire_slot(schedule, decision.slot, start, since_when, at=at)
        return [*missed, fire] if fire else missed

    def _missed(self, schedule: Schedule, decision: SlotDecision) -> Iterator[Fire]:
        for position, (slot, reason) in enumerate(decision.skipped):
            older = decision.older if position == 0 else 0
            count = f", and {count_of(older, 'older slot')} with it" if older else ""
            fire = self._new_fire(schedule, slot, FireOutcome.SKIPPED, reason + count)
            yield replace(fire, older=older)

    def _fire_slot(
        self, schedule: Schedule, slot: Slot, start: ScheduleStart, since: str, *, at: datetime
    ) -> Fire | None:
        """Compose and freeze an edition; None if another process recorded the fire first."""
        newsletter = self.config.newsletter(schedule.newsletter)
        assert newsletter is not None, "the configuration was checked"
        request = SlotRequest(
            newsletter=newsletter, schedule=schedule, start=start, slot_at=slot.due_at, at=at
        )
        for _ in range(ATTEMPTS):
            try:
                proposal = self.composer.propose(request)
            except SyndicateError as error:
                return self._record(self._new_fire(schedule, slot, FireOutcome.FAILED, str(error)))
            except Exception as error:
                log.exception("internal error", schedule=schedule.name)
                return self._record(self._new_fire(schedule, slot, FireOutcome.FAILED, repr(error)))
            if proposal.draft is None:
                unused = f"; {proposal.plan.path} has no effect" if proposal.plan.path else ""
                reason = f"0 new{since}{proposal.selection.left_out}{unused}"
                left_out = proposal.selection.slugs_left_out
                skipped = self._new_fire(schedule, slot, FireOutcome.SKIPPED, reason, left_out)
                return self._record(skipped)
            done, fire = self._freeze(schedule, newsletter, slot, proposal)
            if done:
                return fire
        reason = "articles kept changing while it was composed; the next pass tries again"
        return self._record(self._new_fire(schedule, slot, FireOutcome.FAILED, reason))

    def _freeze(
        self, schedule: Schedule, newsletter: Newsletter, slot: Slot, proposal: ProposedEdition
    ) -> tuple[bool, Fire | None]:
        """Freeze the edition and record its fire in one transaction.

        Return whether the slot is settled, which it isn't when the store has changed since
        the proposal; and the fire, unless another process recorded it first.
        """
        with self.store.write() as tx:
            if proposal.draft is None or not self.composer.is_current(tx, proposal):
                tx.rollback()
                return False, None
            before = tx.waiting.of_schedule(schedule.name)
            if before is not None and before.edition.content == proposal.draft.content.hash:
                # to compose it again would void its approval, and begin its hold again
                reason = f"nothing new: edition {before.edition.key} still waits"
                fire = self._new_fire(schedule, slot, FireOutcome.SKIPPED, reason)
                return True, fire if tx.fires.record(fire) else None
            at = proposal.draft.created_at
            edition, terms = add_edition(tx, self.config, schedule, proposal, at=at)
            reason = f"edition {edition.key}, {proposal.summary}{waiting_for(terms)}"
            left_out = proposal.selection.slugs_left_out
            fire = self._new_fire(schedule, slot, FireOutcome.EDITION, reason, left_out)
            if not tx.fires.record(fire):
                tx.rollback()
                return True, None
            audience = tx.deliveries.totals(edition.key).audience
        log_preflight(proposal, edition=edition.key)
        bound = log.bind(edition=edition.key, newsletter=newsletter.name, audience=audience)
        if terms is not None:
            bound.info("edition waits", reason=reason)
        elif audience:
            bound.info("edition frozen")
        else:
            reason = no_audience_reason(newsletter.name, schedule.segment)
            bound.warning("edition frozen", reason=reason)
        return True, fire

    def _record(self, fire: Fire) -> Fire | None:
        with self.store.write() as tx:
            return fire if tx.fires.record(fire) else None

    def _since(
        self, schedule: Schedule, start: ScheduleStart, *, last: datetime | None, at: datetime
    ) -> str:
        """Write since when nothing is new: since the last slot, or the schedule's start."""
        zone = self.config.zone(schedule)
        if last is not None:
            recent = at - last < timedelta(hours=24)
            local = last.astimezone(zone)
            return f" since {local:%H:%M %Z}" if recent else f" since {local:%Y-%m-%d %H:%M %Z}"
        if not start.number or schedule.begin_with is not None:
            return ""
        started = start.at.astimezone(zone)
        return f" since the schedule was first seen, {started:%Y-%m-%d %H:%M %Z} (begin_with)"

    def _new_fire(
        self,
        schedule: Schedule,
        slot: Slot,
        outcome: FireOutcome,
        reason: str,
        left_out: tuple[str, ...] = (),
    ) -> Fire:
        return Fire(
            schedule=schedule.name,
            slot=slot.key,
            due_at=slot.due_at,
            outcome=outcome,
            reason=reason,
            node=self.node,
            at=clock.now(),
            left_out=left_out,
        )
