"""Corrections that reach people: a mail to those who had it wrong, and right copies for the others.

`settle` does what articles ask for: it makes correction editions for newsletters that send them,
which wait for a person, and stops what is leaving with an article that was corrected or retracted.
`correct` and `take_back` do it for an operator. An edition under way is paused first, then replaced
in one transaction: a killed process leaves it paused, and the next one goes on.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial

import structlog

from syndicate.config import Config, Newsletter
from syndicate.errors import Refused, SyndicateError
from syndicate.model.articles import Article
from syndicate.model.corrections import CORRECTED_WITHIN, WrongCopies
from syndicate.model.editions import NEVER_SENT, ControlAction, Edition, EditionKind, EditionState
from syndicate.model.subscribers import Actor, Cause
from syndicate.schedule.composer import Composer, ProposedEdition
from syndicate.schedule.release import release_terms, replacement_of
from syndicate.store import Store, Transaction
from syndicate.store.editions.control import STOPPED
from syndicate.text import count_of

_UNTIL_REPLACED = "until it is replaced without what is wrong in it"
"""Why an edition is paused here; it isn't a person's pause, which its successor keeps."""
_STORY_CHANGED = "a story in it was corrected or retracted"
_RETRY = timedelta(seconds=30)

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoppedEdition:
    """What became of an edition that was leaving with an article that is wrong or retracted."""

    edition: int
    had_left: int
    """How many copies had left, or may have."""
    successor: int | None
    """The edition that went to the others; None where it was cancelled."""
    readers: int
    """How many the others are."""
    paused: bool
    """Whether the successor waits for `syndicate resume`."""
    retracted: bool

    def __str__(self) -> str:
        """Write it as "edition 41: 812 had left, 184 get it without the story (edition 42)"."""
        left = f"edition {self.edition}: {self.had_left:,} had left"
        if self.successor is None:
            return f"{left}, and it is cancelled for {self.readers:,}"
        get = "gets" if self.readers == 1 else "get"
        what = "it without the story" if self.retracted else "the corrected one"
        waits = f", once `syndicate resume {self.successor}` lets it go" if self.paused else ""
        return f"{left}, {self.readers:,} {get} {what} (edition {self.successor}){waits}"


@dataclass(frozen=True, slots=True, kw_only=True)
class CorrectionEdition:
    """A correction edition that waits for a person."""

    edition: int
    newsletter: str
    subject: str
    readers: int
    """How many had a wrong copy, or may have, as of now."""

    def __str__(self) -> str:
        return (
            f"edition {self.edition} corrects it for {count_of(self.readers, 'reader')} of "
            f"{self.newsletter}, and waits for `syndicate approve {self.edition}`"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class CorrectionReport:
    """What a correction by hand has done."""

    editions: tuple[CorrectionEdition, ...]
    stopped: tuple[StoppedEdition, ...]
    readers: int
    """How many people the editions are for: a reader of two newsletters gets one."""


class Corrections:
    """Corrects what one publication has mailed."""

    def __init__(self, store: Store, config: Config, composer: Composer) -> None:
        self._store = store
        self._config = config
        self._composer = composer
        self._seen: int | None = None
        """The newest change of articles that was looked at."""
        self._retry_at: datetime | None = None
        self._logged: set[str] = set()
        """The reasons that were logged: each once."""

    def settle(self, at: datetime) -> list[str]:
        """Do what articles that changed ask for; return what was done, for the log.

        What fails is tried again half a minute later.
        """
        with self._store.read() as tx:
            change = tx.articles.newest_change()
        if self._retry_at is None and change == self._seen:
            return []
        if self._retry_at is not None and self._retry_at - _RETRY <= at < self._retry_at:
            return []
        done: list[str] = []
        failed = False
        for act in self._due(at):
            try:
                done += map(str, act())
            except SyndicateError as error:
                failed = True
                reason = str(error)
                if reason not in self._logged:
                    self._logged.add(reason)
                    _log.warning("not corrected", reason=reason)
        self._seen, self._retry_at = change, at + _RETRY if failed else None
        return done

    def correct(self, slug: str, cause: Cause) -> CorrectionReport:
        """Make correction editions for those who had an article wrong, whatever is configured.

        They wait for a person; copies that haven't left are replaced at once. Raise Refused for an
        article that isn't public, or of which nobody has a copy that is out of date.
        """
        with self._store.read() as tx:
            article = tx.articles.by_slug(slug)
        if article is None:
            raise Refused(f"no article has the slug {slug}; `syndicate articles` lists them")
        if article.retracted_at is not None:
            raise Refused(f"{slug} is retracted, so there is nothing to correct in it")
        composed: list[tuple[CorrectionEdition, WrongCopies]] = []
        stopped: list[StoppedEdition] = []
        for newsletter in self._config.newsletters:
            for changed in (False, True):
                wrong = self._wrong_copies(newsletter, article.key, cause.at, changed=changed)
                if wrong is None:
                    continue
                stopped += self._stop_wrong(newsletter, wrong, cause, by_person=True)
                edition = self._compose(newsletter, wrong, cause.at)
                if edition is not None:
                    composed.append((edition, wrong))
                    break
        if not composed and not stopped:
            raise Refused(self._why_nobody(article))
        with self._store.read() as tx:
            readers = tx.corrections.count_readers(
                [(edition.newsletter, wrong) for edition, wrong in composed], cause.at
            )
        editions = tuple(edition for edition, _ in composed)
        return CorrectionReport(editions=editions, stopped=tuple(stopped), readers=readers)

    def take_back(self, leaving: Iterable[Edition], cause: Cause) -> Iterator[StoppedEdition]:
        """Send what is leaving with an article that was retracted without it, or not at all.

        Raise Refused, at the end, for what can't be replaced; it is paused, and tried again by
        `settle`.
        """
        return self._stop_all(leaving, cause, by_person=True, retracted=True)

    def _due(self, at: datetime) -> Iterator[Callable[[], Iterable[object]]]:
        """Yield what is to be done, each to be tried by itself."""
        cause = Cause(who=Actor.SCHEDULE, how=_STORY_CHANGED, at=at)
        with self._store.read() as tx:
            retracted = tx.corrections.leaving_retracted()
            corrected = [
                (newsletter, article)
                for newsletter in self._config.newsletters
                if newsletter.corrections == "send"
                for article in tx.corrections.correctable(
                    newsletter.name, at - CORRECTED_WITHIN, at
                )
            ]
        if retracted:
            yield partial(self._stop_all, retracted, cause, by_person=False, retracted=True)
        for newsletter, article in corrected:
            yield partial(self._correct, newsletter, article, cause)

    def _correct(self, newsletter: Newsletter, article: int, cause: Cause) -> Iterator[object]:
        wrong = self._wrong_copies(newsletter, article, cause.at, changed=False)
        if wrong is None:
            return
        yield from self._stop_wrong(newsletter, wrong, cause, by_person=False)
        with self._store.read() as tx:
            is_composed = tx.corrections.is_composed(newsletter.name, article)
        if not is_composed and (edition := self._compose(newsletter, wrong, cause.at)) is not None:
            yield edition

    def _wrong_copies(
        self, newsletter: Newsletter, article: int, at: datetime, *, changed: bool
    ) -> WrongCopies | None:
        with self._store.read() as tx:
            since = at - CORRECTED_WITHIN
            return tx.corrections.wrong_copies(newsletter.name, article, since, changed=changed)

    def _compose(
        self, newsletter: Newsletter, wrong: WrongCopies, at: datetime
    ) -> CorrectionEdition | None:
        """Compose a correction edition that waits; return the one that waits already, if any.

        Return None where nobody is to get it.
        """
        with self._store.read() as tx:
            waiting = tx.corrections.waiting_for(newsletter.name, wrong.article)
            readers = tx.corrections.count_readers([(newsletter.name, wrong)], at)
            edition = tx.editions.by_key(waiting) if waiting is not None else None
        if edition is None and readers:
            edition = self._composer.freeze(
                lambda: self._propose(newsletter, wrong, at), _add_correction
            )
        if edition is None:
            return None
        return CorrectionEdition(
            edition=edition.key,
            newsletter=newsletter.name,
            subject=edition.subject,
            readers=readers,
        )

    def _propose(self, newsletter: Newsletter, wrong: WrongCopies, at: datetime) -> ProposedEdition:
        """Compose it, unless another process was quicker: then there is no draft."""
        proposal = self._composer.propose_corrected(newsletter, wrong, at=at)
        with self._store.read() as tx:
            if tx.corrections.waiting_for(newsletter.name, wrong.article) is not None:
                return replace(proposal, draft=None)
        return proposal

    def _stop_wrong(
        self, newsletter: Newsletter, wrong: WrongCopies, cause: Cause, *, by_person: bool
    ) -> Iterator[StoppedEdition]:
        """Replace the copies of a newsletter's editions that haven't left and are wrong."""
        with self._store.read() as tx:
            leaving = tx.corrections.leaving(
                wrong.article, newsletter=newsletter.name, numbers=wrong.revisions
            )
        return self._stop_all(leaving, cause, by_person=by_person, retracted=False)

    def _stop_all(
        self, editions: Iterable[Edition], cause: Cause, *, by_person: bool, retracted: bool
    ) -> Iterator[StoppedEdition]:
        """Stop some editions; one that can't be stopped or replaced doesn't keep the others."""
        problems = []
        for edition in editions:
            try:
                yield self._stop(edition, cause, by_person=by_person, retracted=retracted)
            except SyndicateError as error:
                with self._store.read() as tx:
                    state = tx.editions.get(edition.key).state
                if state in STOPPED:  # another process was quicker
                    yield self._outcome(edition.key, paused=False, retracted=retracted)
                else:
                    problems.append(f"edition {edition.key}: {error}")
        if problems:
            raise Refused("; ".join(problems))

    def _stop(
        self, edition: Edition, cause: Cause, *, by_person: bool, retracted: bool
    ) -> StoppedEdition:
        """Replace an edition under way by one of what is public, or cancel it if nothing is.

        A correction edition is cancelled: its readers get the next one. What a person has paused
        stays so, and what a person has to approve waits for one, unless `by_person`.
        """
        key, at = edition.key, cause.at
        pause = self._pause(edition, cause)
        if pause is None and not by_person and self._needs_approval(edition):
            pause = replace(cause, why="a person has to approve what its schedule sends")
        if edition.kind is EditionKind.CORRECTION or not self._has_public_articles(edition, at):
            with self._store.write() as tx:
                tx.control.cancel(key, cause)
            self._store.sweep(at)
            pause = None
        else:
            add = _successor(edition, cause, pause)
            self._composer.freeze(lambda: self._composer.propose_correction(edition, at=at), add)
        return self._outcome(key, paused=pause is not None, retracted=retracted)

    def _needs_approval(self, edition: Edition) -> bool:
        """Whether the schedule that an edition, or the first that it replaces, is of approves."""
        with self._store.read() as tx:
            first = tx.editions.get(edition.original) if edition.original else edition
        schedule = self._config.schedule(first.schedule)
        return schedule is not None and schedule.approve

    def _pause(self, edition: Edition, cause: Cause) -> Cause | None:
        """Pause an edition; return who had done so before, for another reason, as of now.

        Raise Refused where it was stopped meanwhile.
        """
        with self._store.write() as tx:
            now = tx.control.lock_edition(edition.key, STOPPED, "there is nothing to stop")
            if now.state is not EditionState.PAUSED:
                tx.control.pause(edition.key, replace(cause, why=_UNTIL_REPLACED))
                return None
            decisions = tx.control.decisions(edition.key)
        pauses = [record for record in decisions if record.act is ControlAction.PAUSED]
        if not pauses or pauses[-1].detail.endswith(_UNTIL_REPLACED):
            return None
        return replace(pauses[-1].cause, at=cause.at, why=f"as edition {edition.key} was")

    def _has_public_articles(self, edition: Edition, at: datetime) -> bool:
        with self._store.read() as tx:
            keys = [item.article for item in tx.editions.items(edition.key)]
            return any(article.is_public(at) for article in tx.published.articles(keys))

    def _outcome(self, key: int, *, paused: bool, retracted: bool) -> StoppedEdition:
        with self._store.read() as tx:
            edition = tx.editions.get(key)
            left = tx.control.remaining(edition)
            successor = edition.successor
            readers = left.held_back
            if successor is not None:
                readers = tx.deliveries.totals(successor).audience
        return StoppedEdition(
            edition=key,
            had_left=left.accepted + left.in_flight + left.unknown,
            successor=successor,
            readers=readers,
            paused=paused,
            retracted=retracted,
        )

    def _why_nobody(self, article: Article) -> str:
        with self._store.read() as tx:
            carriers = tx.corrections.carriers(article.key)
        days = CORRECTED_WITHIN.days
        if not carriers:
            return f"no edition has carried {article.slug}, so nobody has a wrong copy"
        waiting = [carrier.edition for carrier in carriers if carrier.state in NEVER_SENT]
        carriers = [carrier for carrier in carriers if carrier.state not in NEVER_SENT]
        if not carriers:
            return (
                f"{article.slug} has gone to nobody: edition {waiting[0]} with it still waits; "
                "import the corrected file, and the edition is composed again before it is sent"
            )
        if all(carrier.revision == article.revision for carrier in carriers):
            return (
                f"{article.slug} hasn't changed since edition {carriers[0].edition} carried it: "
                "correct its file, with `corrections:` for what was wrong, and import it"
            )
        return (
            f"nobody is left who got another version of {article.slug} in the last {days} days; "
            f"`syndicate show {article.slug}` lists the editions that carried it"
        )


def _add_correction(tx: Transaction, proposal: ProposedEdition) -> Edition:
    draft = proposal.draft
    assert draft is not None, "there is something to send"
    terms = release_terms(None, proposal, draft)
    assert terms is not None, "a correction waits for a person"
    return tx.waiting.add(draft, terms)


def _successor(
    edition: Edition, cause: Cause, pause: Cause | None
) -> Callable[[Transaction, ProposedEdition], Edition]:
    """Return what freezes the successor of an edition, unless that was stopped meanwhile.

    `pause` is why the successor is paused from the start.
    """

    def add(tx: Transaction, proposal: ProposedEdition) -> Edition:
        tx.control.lock_edition(edition.key, STOPPED, "there is nothing to replace")
        draft = replacement_of(proposal)
        successor, _ = tx.successors.replace(edition.key, draft, cause, in_flight=True)
        if pause is not None:
            tx.control.pause(successor.key, pause)
        return successor

    return add
