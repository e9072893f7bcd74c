"""Release of editions that wait: when their hold is over, or when a person has approved them.

Every decision is one transaction in the store, so a killed process neither loses nor repeats it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import structlog

from syndicate.config import Config, Criteria, Schedule
from syndicate.errors import Refused, SyndicateError
from syndicate.model.editions import (
    ControlAction,
    Draft,
    Edition,
    EditionState,
    ReleaseTerms,
    WaitingEdition,
)
from syndicate.model.schedule_slots import FireOutcome
from syndicate.model.subscribers import Actor, Cause
from syndicate.schedule.alarms.reputation import find_complaints
from syndicate.schedule.composer import Composer, NoArticleLeft, ProposedEdition
from syndicate.schedule.edition_plan import findings_have_changed
from syndicate.schedule.own_links import OwnLinks
from syndicate.schedule.schedule_start import SlotRequest, schedule_start
from syndicate.store import Store, Transaction

APPROVE_WITHIN = timedelta(hours=2)
"""How long an edition waits for a person where the schedule says nothing."""
APPROVE_CORRECTION_WITHIN = timedelta(hours=24)
"""How long a correction waits, which no slot is kept for: over a night."""

_log = structlog.get_logger(__name__)


def release_terms(
    schedule: Schedule | None,
    proposal: ProposedEdition,
    draft: Draft,
    *,
    complaints: Sequence[str] = (),
) -> ReleaseTerms | None:
    """Return what an edition waits for; None where it is sent at once.

    A finding makes it wait for a person, whatever the schedule says, and so does a correction, and
    so do `complaints` about the newsletter.
    """
    hold = (schedule.hold if schedule else None) or timedelta()
    findings = (*proposal.findings, *complaints)
    needs_person = bool(findings or draft.corrects) or (schedule is not None and schedule.approve)
    if not (needs_person or hold):
        return None
    within = (schedule.approve_by or schedule.max_late) if schedule else None
    since = draft.slot_at if schedule and within and draft.slot_at else draft.created_at
    default = APPROVE_WITHIN if draft.corrects is None else APPROVE_CORRECTION_WITHIN
    approve_by = since + (within or default) if needs_person else None
    return ReleaseTerms(
        hold=hold, approve_by=approve_by, findings=findings, warnings=proposal.warnings
    )


def add_edition(
    tx: Transaction,
    config: Config,
    schedule: Schedule | None,
    proposal: ProposedEdition,
    *,
    at: datetime,
) -> tuple[Edition, ReleaseTerms | None]:
    """Freeze a proposed edition, and queue it for its readers unless it has to wait.

    It takes over the articles of an edition of its schedule that still waits.
    """
    draft = proposal.draft
    assert draft is not None, "there is something to send"
    before = tx.waiting.of_schedule(schedule.name) if schedule is not None else None
    complaints = find_complaints(tx, config, draft.newsletter, at)
    terms = release_terms(schedule, proposal, draft, complaints=complaints)
    edition = tx.editions.add(draft) if terms is None else tx.waiting.add(draft, terms)
    if before is not None:
        cause = _by_schedule("the next edition takes over its articles", at)
        reject_edition(tx, before, cause, successor=edition.key)
    return edition, terms


@dataclass(frozen=True, slots=True)
class EditionRelease:
    """Decides about the waiting editions of one publication."""

    store: Store
    config: Config
    composer: Composer
    _reported: dict[int, str] = field(default_factory=dict)
    """The last error of each edition that could not be decided, by its number."""

    def settle(self, at: datetime) -> list[str]:
        """Release, reject or compose again what is due; return what was done, for the log.

        One that can't be composed or released keeps waiting, and is tried again. While all mail is
        paused nothing is released, but what nobody approves in time is still rejected.
        """
        with self.store.read() as tx:
            editions, pause = tx.waiting.all(), tx.mail_pause.current()
            outdated = {
                waiting.edition.key
                for waiting in editions
                if tx.waiting.is_outdated(waiting.edition.key)
                # without its schedule it is made of the stories that it had, whatever its file says
                or (self._schedule(waiting) and findings_have_changed(tx, waiting, at=at))
            }
        done: list[str | None] = []
        for waiting in editions:
            key, terms, release_at = waiting.edition.key, waiting.terms, waiting.release_at
            try:
                if terms.approve_by is not None and terms.approve_by <= at:
                    done.append(self._give_up(waiting, at))
                elif key in outdated:
                    done.append(self._compose_again(waiting, at))
                elif pause is None and release_at is not None and release_at <= at:
                    done.append(self._release_due(waiting, at))
            except SyndicateError as error:
                if self._is_news(key, str(error)):
                    _log.warning("not released", edition=key, reason=str(error))
            except Exception as error:  # noqa: BLE001 - other editions don't wait for this one
                if self._is_news(key, repr(error)):
                    _log.exception("internal error", edition=key)
        return [message for message in done if message]

    def _is_news(self, key: int, error: str) -> bool:
        """Whether an edition's last error was another one: it is tried each second."""
        before, self._reported[key] = self._reported.get(key), error
        return before != error

    def approve(self, key: int, cause: Cause) -> str:
        """Approve an edition, and release it unless it is held; return what was done.

        Raise Refused where it doesn't wait, or has changed: then another edition takes its place,
        which has to be approved.
        """
        with self.store.write() as tx:
            approved = tx.waiting.approve(key, cause)
            outdated = tx.waiting.find(key) if approved is None else None
            pause = tx.mail_pause.current()
        if outdated is not None:
            message = self._compose_again(outdated, cause.at)
            raise Refused(f"it has changed since it was composed: {message}")
        assert approved is not None
        if pause is not None:
            return f"edition {key} is approved; all mail is paused until `syndicate resume --all`"
        if approved.release_at is not None and approved.release_at > cause.at:
            return f"edition {key} is approved; it is sent at {approved.release_at:%H:%M:%S} UTC"
        try:
            released = self._release(approved, cause)
        except Refused:
            with self.store.read() as tx:
                state = tx.editions.get(key).state
            if state is not EditionState.SENDING:
                raise
            released = f"edition {key} is approved and released"  # by a process that sends
        return released or (
            f"edition {key} is approved, and isn't sent yet: an article has changed meanwhile, or "
            "a copy that it corrects is still in flight"
        )

    def reject(self, key: int, cause: Cause) -> str:
        """Drop an edition, whose articles are new for the next slot; return what was done.

        Raise Refused where it doesn't wait.
        """
        with self.store.write() as tx:
            waiting = tx.waiting.find(key)
            if waiting is None:
                tx.waiting.reject(key, cause)  # raises Refused with the reason
            else:
                reject_edition(tx, waiting, cause)
        if waiting is not None and waiting.corrects is not None:
            return f"edition {key} is rejected; nobody gets the correction as a mail of its own"
        return f"edition {key} is rejected; its articles are new for the next slot"

    def _release_due(self, waiting: WaitingEdition, at: datetime) -> str | None:
        """Release an edition since a person has approved it, or its hold is over.

        What no person has seen is composed again if a link in it leads nowhere by now.
        """
        with self.store.read() as tx:
            decisions = tx.control.decisions(waiting.edition.key)
        approvals = [record for record in decisions if record.act is ControlAction.APPROVED]
        if not approvals and OwnLinks(self.store, self.config).has_dead_link(waiting.edition, at):
            return self._compose_again(waiting, at, why="a link in it leads nowhere by now")
        if approvals and not waiting.terms.hold:
            return self._release(waiting, replace(approvals[-1].cause, at=at))
        over = "its hold is over" if waiting.terms.hold else "nothing keeps it any more"
        return self._release(waiting, _by_schedule(over, at))

    def _give_up(self, waiting: WaitingEdition, at: datetime) -> str | None:
        """Reject what nobody has approved in time; return what was done."""
        until = waiting.terms.approve_by
        assert until is not None, "it waits for a person"
        local = until.astimezone(self.config.zone(self._schedule(waiting)))
        cause = _by_schedule(f"nobody had approved it by {local:%H:%M %Z}", at)
        with self.store.write() as tx:
            tx.lock_numbers()
            now = tx.waiting.find(waiting.edition.key)
            if now is None or now.terms.approve_by is None:  # somebody has just decided
                return None
            reject_edition(tx, now, cause)
        return f"edition {waiting.edition.key} is rejected: {cause.why}"

    def _release(self, waiting: WaitingEdition, cause: Cause) -> str | None:
        """Queue an edition for its readers; return what was done, None where it is outdated."""
        edition = waiting.edition
        segment = self._segment(waiting)
        with self.store.write() as tx:
            released = tx.waiting.release(edition.key, cause, segment=segment)
            if released is None:
                return None
            audience = tx.deliveries.totals(edition.key).audience
            by = cause.why or cause.how
            _amend_fire(tx, edition, FireOutcome.EDITION, f"edition {edition.key}, released: {by}")
        readers = "reader" if audience == 1 else "readers"
        return f"edition {edition.key} is released to {audience} {readers}: {by}"

    def _compose_again(self, waiting: WaitingEdition, at: datetime, *, why: str = "") -> str:
        """Compose an edition whose articles or file have changed; return what was done."""
        key = waiting.edition.key
        try:
            message = self.composer.freeze(
                lambda: self._propose_again(waiting, at),
                lambda tx, proposal: self._supersede(tx, waiting, proposal, why=why),
            )
        except NoArticleLeft:
            message = None
        if message is None:
            why = "none of its articles is public any more"
            with self.store.write() as tx:
                reject_edition(tx, waiting, _by_schedule(why, at))
            message = f"edition {key} is rejected: {why}"
        return message

    def _propose_again(self, waiting: WaitingEdition, at: datetime) -> ProposedEdition:
        """Compose an edition as it would be now, for whom it was before."""
        edition, schedule = waiting.edition, self._schedule(waiting)
        newsletter = self.config.newsletter(edition.newsletter)
        if newsletter is not None and waiting.corrects is not None:
            with self.store.read() as tx:
                wrong = tx.corrections.still_wrong(edition.newsletter, waiting.corrects)
            return self.composer.propose_corrected(newsletter, wrong, at=at)
        if schedule is None or newsletter is None:
            return self._without_schedule(waiting, at)
        self._segment(waiting)  # raises Refused
        with self.store.read() as tx:
            start = schedule_start(tx, schedule.name, at=at, keep=False)
        request = SlotRequest(
            newsletter=newsletter,
            schedule=schedule,
            start=start,
            slot_at=edition.slot_at,
            at=at,
            segment=waiting.segment,
        )
        return self.composer.propose(request)

    def _without_schedule(self, waiting: WaitingEdition, at: datetime) -> ProposedEdition:
        """Compose an edition of no schedule, or of one that is gone, for whom it was before."""
        edition, segment = waiting.edition, self._segment(waiting)
        proposal = self.composer.propose_correction(edition, at=at)
        assert proposal.draft is not None, "a correction is never empty"
        draft = replace(proposal.draft, segment=segment)
        if edition.schedule is not None:
            draft = replace(draft, schedule=edition.schedule, upto=edition.upto)
        return replace(proposal, draft=draft)

    def _supersede(
        self, tx: Transaction, waiting: WaitingEdition, proposal: ProposedEdition, *, why: str
    ) -> str:
        """Freeze what takes the place of an edition; return what was done."""
        draft, key = proposal.draft, waiting.edition.key
        assert draft is not None, "there is something to send"
        terms = self._terms_again(tx, waiting, proposal, draft)
        again = tx.waiting.add(draft, terms)
        if not why:
            is_mended = tx.waiting.is_file_outdated(key)
            why = "its file has changed" if is_mended else "its articles have changed"
        cause = _by_schedule(why, draft.created_at)
        tx.waiting.reject(key, cause, successor=again.key)
        reason = f"edition {again.key}, {proposal.summary}{waiting_for(terms)}"
        left_out = proposal.selection.slugs_left_out
        _amend_fire(tx, waiting.edition, FireOutcome.EDITION, reason, left_out)
        return f"edition {again.key} takes the place of edition {key}: {why}"

    def _terms_again(
        self, tx: Transaction, waiting: WaitingEdition, proposal: ProposedEdition, draft: Draft
    ) -> ReleaseTerms:
        """Return what an edition waits for that takes the place of one."""
        edition, schedule, at = waiting.edition, self._schedule(waiting), draft.created_at
        complaints: Sequence[str] = ()
        if waiting.corrects is None:  # a correction waits for a person anyway
            complaints = find_complaints(tx, self.config, edition.newsletter, at)
        terms = release_terms(schedule, proposal, draft, complaints=complaints) or ReleaseTerms()
        needs_person = terms.approve_by is not None or tx.waiting.is_sent_back(edition.key)
        if schedule is None and edition.schedule is not None:
            # it is no longer in the config, and what it asked for still counts
            terms = replace(terms, hold=waiting.terms.hold)
            needs_person |= waiting.terms.approve_by is not None
            needs_person |= tx.waiting.is_approved(edition.key)
        if not needs_person:
            return terms
        until = waiting.terms.approve_by or terms.approve_by or at + APPROVE_WITHIN
        return replace(terms, approve_by=until)

    def _schedule(self, waiting: WaitingEdition) -> Schedule | None:
        return self.config.schedule(waiting.edition.schedule)

    def _segment(self, waiting: WaitingEdition) -> Criteria | None:
        """Return whom an edition is for; raise Refused for a segment that is gone."""
        if waiting.segment is None:
            return None
        if waiting.segment not in {segment.name for segment in self.config.segments}:
            raise Refused(
                f"edition {waiting.edition.key} is for the segment {waiting.segment}, which is no "
                "longer in the config: put it back, or reject the edition"
            )
        return self.config.criteria(waiting.segment)


def log_preflight(proposal: ProposedEdition, **edition: object) -> None:
    """Log what was found when an edition was composed; `edition` names it."""
    for finding in proposal.findings:
        _log.warning("preflight", **edition, error=finding)
    for warning in proposal.warnings:
        _log.warning("preflight", **edition, warning=warning)


def waiting_for(terms: ReleaseTerms | None) -> str:
    """Write what an edition waits for, as it goes on after its summary; empty for nothing."""
    if terms is None:
        return ""
    if terms.findings:
        return f"; it waits, since {'; '.join(terms.findings)}"
    return "; it waits for approval" if terms.approve_by else "; it is held before it is sent"


def replacement_of(proposal: ProposedEdition) -> Draft:
    """Return what replaces an edition; raise Refused where it has mistakes itself."""
    assert proposal.draft is not None, "there is something to send"
    if proposal.findings:
        raise Refused(
            f"the corrected edition isn't sent, since {'; '.join(proposal.findings)}: mend its "
            "articles, and replace the edition then"
        )
    return proposal.draft


def reject_edition(
    tx: Transaction, waiting: WaitingEdition, cause: Cause, *, successor: int | None = None
) -> None:
    """Drop an edition, as its fire then says; raise Refused where it doesn't wait any more."""
    edition = tx.waiting.reject(waiting.edition.key, cause, successor=successor)
    by = cause.why or cause.how
    _amend_fire(tx, edition, FireOutcome.SKIPPED, f"edition {edition.key} wasn't sent: {by}")


def send_back(tx: Transaction, key: int, cause: Cause) -> None:
    """Have an edition wait until it is composed again, as its fire then says; raise Refused."""
    edition = tx.waiting.send_back(key, cause).edition
    reason = f"edition {key} waits: {cause.how}: {cause.why}"
    _amend_fire(tx, edition, FireOutcome.EDITION, reason)


def _amend_fire(
    tx: Transaction,
    edition: Edition,
    outcome: FireOutcome,
    reason: str,
    left_out: Sequence[str] | None = None,
) -> None:
    if edition.schedule is not None:
        tx.fires.amend(edition.schedule, edition.slot_at, outcome, reason, left_out)


def _by_schedule(why: str, at: datetime) -> Cause:
    return Cause(who=Actor.SCHEDULE, how="schedule", at=at, why=why)
