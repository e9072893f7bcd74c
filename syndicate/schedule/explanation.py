"""Explains an edition before its slot: what a schedule would send, to how many, and why.

It composes as the slot would, in a snapshot of the store: nothing is mailed, numbered or stored.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import partial
from zoneinfo import ZoneInfo

from syndicate.clock import format_duration
from syndicate.config import Config, EditionFilter, Schedule
from syndicate.errors import SyndicateError
from syndicate.model.article_selection import ArticleWindow, ScheduleStart, unmet_condition
from syndicate.model.articles import Article, Status
from syndicate.model.editions import Draft, Edition, ReleaseTerms, WaitingEdition
from syndicate.model.schedule_slots import FixedInterval, Slot, Timing, decide, schedule_timing
from syndicate.schedule.alarms.reputation import find_complaints
from syndicate.schedule.composer import Composer, ProposedEdition
from syndicate.schedule.release import release_terms
from syndicate.schedule.schedule_start import SlotRequest, schedule_start
from syndicate.store import Store, Transaction

_RECENT = timedelta(days=7)
"""Articles dated up to this long before a slot are explained, although their turn is over."""
_INSTANT = timedelta(microseconds=1)
_EVER = datetime.min.replace(tzinfo=UTC)


class CandidateOutcome(StrEnum):
    """What an edition has of an article."""

    FULL = "in"
    LINE = "in a line"
    OUT = "out"


@dataclass(frozen=True, slots=True, kw_only=True)
class ExplainedArticle:
    """An article that an edition could have, and why it has it or not."""

    article: Article
    outcome: CandidateOutcome
    reason: str
    """For operators; empty for one that is in the edition in full."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EditionExplanation:
    """What a schedule would send at a slot."""

    schedule: Schedule
    slot: Slot
    at: datetime
    """When it would be composed: at its slot, or now if that is due already."""
    draft: Draft | None
    """None if nothing would be sent."""
    terms: ReleaseTerms | None
    """What it would wait for; None if it would be sent at once."""
    warnings: tuple[str, ...]
    """What was found in it that doesn't make it wait."""
    failure: str
    """Why it can't be composed; empty if it can."""
    audience: int
    """How many readers it would have now."""
    latecomers: int
    """Further readers, who subscribed after its newest story became public."""
    articles: tuple[ExplainedArticle, ...]
    """What it has, in order, and what it doesn't, newest first."""
    waiting: WaitingEdition | None
    """The schedule's edition that waits, whose articles it takes over."""

    @property
    def is_due(self) -> bool:
        """Whether its slot is due already, so that the next pass sends it."""
        return self.at > self.slot.due_at

    @property
    def is_repeated(self) -> bool:
        """Whether the edition that waits says the same, so that it stays and none is made."""
        if self.waiting is None or self.draft is None:
            return False
        return self.draft.content.hash == self.waiting.edition.content

    @property
    def kilobytes(self) -> float:
        """The size of its HTML, in thousands of bytes."""
        return len(self.draft.content.html.encode()) / 1000 if self.draft is not None else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Snapshot:
    """What the store says about a schedule's next edition."""

    request: SlotRequest
    slot: Slot
    slot_before: Slot | None
    """A slot that is due earlier, and takes what is public then."""
    last: Edition | None
    waiting: WaitingEdition | None
    window: ArticleWindow
    carriers: dict[int, int]
    considered: list[Article]


def explain_edition(
    store: Store, config: Config, schedule: Schedule, *, at: datetime | None, now: datetime
) -> EditionExplanation:
    """Explain what a schedule would send at its next slot, or at the first one from `at` on.

    `now` is the real time: what is public and who reads is as of now, or will be by the slot.
    Raise StoreError.
    """
    with store.read() as tx:
        found = _read(tx, config, schedule, at=at, now=now)
    proposal, failure = None, ""
    try:
        proposal = Composer(store, config).propose(found.request)
    except SyndicateError as error:
        failure = str(error)
    draft = proposal.draft if proposal is not None else None
    audience, latecomers, terms = 0, 0, None
    if proposal is not None and draft is not None:
        with store.read() as tx:
            count = partial(
                tx.editions.count_readers, draft.newsletter, segment=draft.segment, at=now
            )
            audience = count(newest=draft.newest)
            latecomers = count(newest=None) - audience
            complaints = find_complaints(tx, config, draft.newsletter, now)
        terms = release_terms(schedule, proposal, draft, complaints=complaints)
    return EditionExplanation(
        schedule=schedule,
        slot=found.slot,
        at=found.request.at,
        draft=draft,
        terms=terms,
        warnings=proposal.warnings if proposal is not None else (),
        failure=failure,
        audience=audience,
        latecomers=latecomers,
        articles=tuple(_explained(config, schedule, found, proposal)),
        waiting=found.waiting,
    )


def _read(
    tx: Transaction, config: Config, schedule: Schedule, *, at: datetime | None, now: datetime
) -> _Snapshot:
    newsletter = config.newsletter(schedule.newsletter)
    assert newsletter is not None, "the configuration was checked"
    timing = schedule_timing(schedule, config.zone(schedule))
    slot = _next_slot(tx, schedule, timing, at=at, now=now)
    before = timing.latest(slot.due_at - _INSTANT)
    slot_before = before if before is not None and before.due_at > now else None
    request = SlotRequest(
        newsletter=newsletter,
        schedule=schedule,
        start=_start(tx, schedule, at=now),
        slot_at=slot.due_at,
        at=max(slot.due_at, now) if at is None else slot.due_at,
        preview_after=slot_before.due_at if slot_before is not None else _EVER,
    )
    window = request.window(tx)
    return _Snapshot(
        request=request,
        slot=slot,
        slot_before=slot_before,
        last=tx.editions.newest_of(schedule.name),
        waiting=tx.waiting.of_schedule(schedule.name),
        window=window,
        carriers=tx.editions.carriers(schedule.newsletter, schedule.name),
        considered=tx.articles.considered(window.after, since=slot.due_at - _RECENT, at=request.at),
    )


def _next_slot(
    tx: Transaction, schedule: Schedule, timing: Timing, *, at: datetime | None, now: datetime
) -> Slot:
    """Return the slot that fires next; with `at`, the first one from then on."""
    if at is not None:
        return timing.upcoming(at - _INSTANT, 1)[0]
    last = tx.fires.last(schedule.name, now)
    since = tx.schedules.timing_since(schedule.name, timing.fingerprint)
    if last is None and since is None and not isinstance(timing.pattern, FixedInterval):
        return timing.upcoming(now, 1)[0]
    due = decide(timing, last=last, since=since or now, now=now, max_late=schedule.max_late)
    return due.slot or timing.upcoming(now, 1)[0]


def _start(tx: Transaction, schedule: Schedule, *, at: datetime) -> ScheduleStart:
    """Return where a schedule starts; a new one, after what would be public and numbered now."""
    if tx.schedules.start(schedule.name) is None and (unnumbered := tx.articles.unnumbered(at)):
        return ScheduleStart(number=tx.articles.newest_number() + unnumbered, at=at)
    return schedule_start(tx, schedule.name, at=at, keep=False)


def _explained(
    config: Config, schedule: Schedule, found: _Snapshot, proposal: ProposedEdition | None
) -> Iterator[ExplainedArticle]:
    """Yield what an edition has, in order, and then what else it could have had."""
    taken = proposal.selection.taken if proposal is not None else ()
    more = proposal.selection.more if proposal is not None else ()
    for article in taken:
        yield ExplainedArticle(article=article, outcome=CandidateOutcome.FULL, reason="")
    for article in more:
        reason = f"beyond the first {schedule.select.max} (max)"
        yield ExplainedArticle(article=article, outcome=CandidateOutcome.LINE, reason=reason)
    carried = {article.key for article in (*taken, *more)}
    omitted = {article.key for article in proposal.selection.omitted} if proposal else set()
    for article in sorted(found.considered, key=lambda a: a.published, reverse=True):
        if article.key not in carried:
            reason = _reason(config, schedule, found, article)
            if proposal is not None and article.key in omitted:
                reason = f"left out by {proposal.plan.path}"
            yield ExplainedArticle(article=article, outcome=CandidateOutcome.OUT, reason=reason)


def _reason(config: Config, schedule: Schedule, found: _Snapshot, article: Article) -> str:
    """Return the first reason why an edition doesn't have an article."""
    zone = config.zone(schedule)
    return (
        _why_not_public(article, found.request.at, zone)
        or _why_not_new(article, schedule.select, found)
        or _why_not_selected(article, schedule.select, found, zone)
        or "left out"
    )


def _why_not_public(article: Article, at: datetime, zone: ZoneInfo) -> str:
    if article.status is Status.DRAFT:
        return "a draft"
    if article.retracted_at is not None:
        return f"retracted {_written(article.retracted_at, zone)}"
    if article.published > at:
        return f"public from {_written(article.published, zone)}"
    return ""


def _why_not_new(article: Article, rule: EditionFilter, found: _Snapshot) -> str:
    if (edition := found.carriers.get(article.key)) is not None:
        return f"in edition {edition}"
    number, last, window = article.number, found.last, found.window
    if number is None:
        return ""
    if number <= window.after and last is not None:
        unmet = unmet_condition(article, rule)
        return f"{unmet} (select)" if unmet else f"left out by edition {last.key}"
    if not window.includes(article):
        return "from before the schedule began (begin_with)"
    return ""


def _why_not_selected(
    article: Article, rule: EditionFilter, found: _Snapshot, zone: ZoneInfo
) -> str:
    if unmet := unmet_condition(article, rule):
        return f"{unmet} (select)"
    before = found.slot_before
    if before is not None and article.published <= before.due_at:
        return f"taken by the slot of {_written(before.due_at, zone)}"
    if rule.max_age is not None and article.published < found.request.at - rule.max_age:
        return f"older than {format_duration(rule.max_age)} (max_age)"
    return ""


def _written(at: datetime, zone: ZoneInfo) -> str:
    return f"{at.astimezone(zone):%Y-%m-%d %H:%M %Z}"
