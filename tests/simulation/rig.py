"""The real newsroom in a simulation: store, composer, slots, release, ledger; time is an argument.

Two processes are two `Services` on connections of their own to one store. Pages are empty files,
so that days take seconds.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from threading import Barrier, Thread
from typing import Any

from syndicate.config import Config
from syndicate.errors import Refused
from syndicate.model.articles import Correction, Revision, Status
from syndicate.model.deliveries import DeliveryState
from syndicate.model.editions import Edition, EditionState
from syndicate.model.subscribers import Actor, Cause
from syndicate.publish.build.build import BuildSummary
from syndicate.schedule.explanation import CandidateOutcome, explain_edition
from syndicate.schedule.wiring import Services
from syndicate.store import NewArticle, Store, Transaction
from tests.causes import by_reader, by_test
from tests.sample_articles import add_article
from tests.simulation import events

STATES = {
    EditionState.SENDING: "sent",
    EditionState.WAITING: "waiting",
    EditionState.REJECTED: "rejected",
}


@dataclass(frozen=True, kw_only=True)
class ObservedEdition:
    """An edition, as the store has it."""

    schedule: str
    slot: datetime
    stories: tuple[str, ...]
    notes: frozenset[str]
    """The articles whose corrections it names."""
    state: str
    sent_at: datetime | None = None
    audience: frozenset[str] = frozenset()
    reached: frozenset[str] = frozenset()


class NumbersAlone:
    """A publisher that gives numbers and builds nothing."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def publish(self, at: datetime, *, number: bool, trial: bool = False) -> BuildSummary:
        """Give public numbers to what has become public."""
        assert number
        assert not trial
        with self._store.write() as tx:
            tx.articles.assign_numbers(at)
        return BuildSummary()


class Rig:
    """Two processes of one publication."""

    now: datetime
    """What the clock of the machine says."""

    def __init__(self, config: Config, open_store: Callable[[], Store], now: datetime) -> None:
        self.now = now
        self.config = config
        self._open_store = open_store
        self._slugs: dict[int, str] = {}
        self._pageless: set[str] = set()
        config.output.mkdir()
        (config.output / "index.html").touch()  # mail leads there
        self.services = [self._start(), self._start()]

    def close(self) -> None:
        """Stop both processes."""
        for services in self.services:
            services.store.close()

    def apply(self, event: events.Event) -> None:
        """Let something happen."""
        self.now = event.at
        match event:
            case events.Passed(at=at, processes=(process,)):
                self.services[process].tick(at)
            case events.Passed(at=at):
                self._race(at)
            case events.Restarted(process=process):
                self.services[process].store.close()
                self.services[process] = self._start()
            case events.PageLost() | events.PageMended():
                self._change_page(event)
            case events.Planned() | events.PlanDropped():
                self._change_plan(event)
            case events.Approved(schedule=schedule) | events.Rejected(schedule=schedule):
                self._decide(event, schedule)
            case _:
                with self.services[0].store.write() as tx:
                    self._change(tx, event)

    def _start(self) -> Services:
        store = self._open_store()
        services = Services(store, self.config)
        services._publisher = NumbersAlone(store)  # type: ignore[assignment]
        services.ring = lambda _: None  # type: ignore[method-assign,assignment]  # they have their own tests
        return services

    def _race(self, at: datetime) -> None:
        """Let all processes do what is due at the same moment."""
        barrier, crashes = Barrier(len(self.services)), []

        def work(services: Services) -> None:
            barrier.wait()
            try:
                services.tick(at)
            except BaseException as crash:
                crashes.append(crash)
                raise

        threads = [Thread(target=work, args=[services]) for services in self.services]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert not crashes

    def _decide(self, event: events.Event, schedule: str) -> None:
        release = self.services[0].release
        cause = Cause(who=Actor.REVIEWER, how="in the simulation", at=event.at)
        with self.services[0].store.read() as tx:
            waiting = tx.waiting.of_schedule(schedule)
        if waiting is None:
            return
        decide = release.approve if isinstance(event, events.Approved) else release.reject
        try:
            decide(waiting.edition.key, cause)
        except Refused:
            assert isinstance(event, events.Approved), "what waits can be rejected"

    def _change(self, tx: Transaction, event: events.Event) -> None:
        match event:
            case events.Filed():
                self._file(tx, event)
            case events.Retracted() | events.Restored():
                article = tx.articles.by_slug(event.slug)
                assert article is not None
                if isinstance(event, events.Retracted):
                    tx.articles.retract(article, event.at)
                else:
                    tx.articles.restore(article)
            case events.Joined() | events.Returned() | events.Suppressed():
                self._join(tx, event)
            case _:
                self._change_reader(tx, event)

    def _file(self, tx: Transaction, event: events.Filed) -> None:
        revision = Revision(
            title=event.title,
            body=f"<p>About {event.slug}.</p>",
            excerpt=event.slug,
            status=Status.DRAFT if event.draft else Status.PUBLISHED,
            date=event.date,
            section=event.section,
            tags=event.tags,
            breaking=event.breaking,
            corrections=tuple(
                Correction(at=at, text=f"Not {number}.")
                for number, at in enumerate(event.corrections)
            ),
        )
        slug = event.slug
        names: dict[str, Any] = {"id": slug, "slug": slug, "path": f"{slug}.md", "source": slug}
        article = tx.articles.by_id(slug)
        if article is not None:
            tx.articles.revise(article, NewArticle(revision=revision, **names), event.at)
            return
        article = add_article(tx, revision, at=event.at, **names)
        self._slugs[article.key] = slug
        self._page(slug).parent.mkdir(parents=True)
        self._page(slug).touch()

    def _change_page(self, event: events.PageLost | events.PageMended) -> None:
        page = self._page(event.slug)
        if isinstance(event, events.PageLost):
            page.unlink(missing_ok=True)
        else:
            page.touch()

    def _change_plan(self, event: events.Planned | events.PlanDropped) -> None:
        file = self.config.root / "editions" / event.name
        file.parent.mkdir(exist_ok=True)
        if isinstance(event, events.PlanDropped):
            file.unlink(missing_ok=True)
            return
        lines = [f"stories: [{', '.join(event.stories)}]"] if event.stories else []
        lines += [f"leave_out: [{', '.join(event.leave_out)}]"] if event.leave_out else []
        lines += ["status: draft"] if event.draft else []
        lines += ["subjekt: Ferry"] if event.misspelt else []
        file.write_text("\n".join(["---", *lines, "---", ""]))

    def _page(self, slug: str) -> Path:
        return self.config.output / "articles" / slug / "index.html"

    def _join(
        self, tx: Transaction, event: events.Joined | events.Returned | events.Suppressed
    ) -> None:
        email, cause = event.reader, by_test(event.at)
        match event:
            case events.Joined(newsletter=newsletter):
                tx.subscribers.subscribe(email, newsletter, cause=cause)
            case events.Returned(newsletter=newsletter):
                key = tx.subscribers.add_pending(email, [newsletter], cause=cause)
                if key is not None:
                    tx.subscribers.confirm(key, [newsletter], cause=cause)
            case events.Suppressed():
                tx.subscribers.suppress(email, "complained", cause=cause)

    def _change_reader(self, tx: Transaction, event: events.Event) -> None:
        cause = by_test(event.at)
        reader = tx.subscribers.by_email(event.reader)  # type: ignore[attr-defined]
        if reader is None:
            return
        key = reader.key
        match event:
            case events.Left(newsletter=newsletter):
                tx.subscribers.unsubscribe(key, newsletter, cause=by_reader("link", event.at))
            case events.Undone(newsletter=newsletter):
                tx.subscribers.resubscribe(key, newsletter, cause=cause)
            case events.Rested(until=until):
                tx.subscribers.pause(key, until, cause=cause)
            case events.Tagged(member=True):
                tx.subscribers.tag(key, ["member"], cause=cause)
            case events.Tagged():
                tx.subscribers.untag(key, ["member"], cause=cause)
            case _:
                raise AssertionError(event)

    # what there is now

    def explain(self, schedule: str) -> tuple[tuple[str, ...], int] | None:
        """Return the articles that a schedule's next slot would send, and to how many."""
        rule = self.config.schedule(schedule)
        assert rule is not None
        store = self.services[0].store
        explained = explain_edition(store, self.config, rule, at=None, now=self.now)
        if explained.draft is None or not explained.is_due:
            return None
        carried = [one for one in explained.articles if one.outcome is not CandidateOutcome.OUT]
        return tuple(one.article.slug for one in carried), explained.audience

    def editions(self, first: int) -> list[tuple[int, ObservedEdition]]:
        """Return the editions numbered from `first` on, with their numbers."""
        with self.services[0].store.read() as tx:
            newest = max(tx.editions.newest_key(one.name) for one in self.config.newsletters)
            found = (tx.editions.by_key(key) for key in range(first, newest + 1))
            return [(edition.key, self._observe(tx, edition)) for edition in found if edition]

    def fires(self, schedule: str, limit: int) -> dict[tuple[str, datetime], str]:
        """Return the outcomes of a schedule's newest slots."""
        with self.services[0].store.read() as tx:
            recent = tx.fires.recent(schedule, limit)
        return {(schedule, fire.due_at): str(fire.outcome) for fire in recent}

    def _observe(self, tx: Transaction, edition: Edition) -> ObservedEdition:
        rows = list(tx.deliveries.by_edition(edition.key))
        is_sent = edition.state is EditionState.SENDING
        newsletter = self.config.newsletter(edition.newsletter)
        assert newsletter is not None
        assert is_sent or not rows, "nobody is in the ledger of an edition that isn't released"
        return ObservedEdition(
            schedule=edition.schedule or "",
            slot=edition.slot_at,
            stories=tuple(self._slugs[item.article] for item in tx.editions.items(edition.key)),
            notes=frozenset(
                self._slugs[note.article] for note in tx.corrections.notes_of(edition.key)
            ),
            state=STATES[edition.state],
            sent_at=edition.expires_at - self.config.expire_after(newsletter) if is_sent else None,
            audience=frozenset(row.email for row in rows),
            reached=frozenset(row.email for row in rows if row.state is DeliveryState.ACCEPTED),
        )
