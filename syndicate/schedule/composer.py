"""Compose an edition from the new articles, and freeze it if nothing has changed in the meantime.

Rendering runs outside any transaction; freezing is a short one at the end.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import TypeVar

from syndicate.body.figures import without_files
from syndicate.clock import to_utc
from syndicate.config import Config, Newsletter, Schedule
from syndicate.errors import Refused, StoreLocked
from syndicate.model.article_selection import ArticleWindow, ScheduleStart, Selection
from syndicate.model.articles import Article
from syndicate.model.corrections import ArticleNote, WrongCopies
from syndicate.model.editions import EVERYBODY, Draft, Edition, EditionKind, Item
from syndicate.publish.output.media import MediaFolder
from syndicate.render import addresses
from syndicate.render.mail.edition_content import compose_edition, edition_kind, mark_links
from syndicate.render.mail.preflight import check_edition
from syndicate.render.templates import Templates
from syndicate.schedule import correction_notes
from syndicate.schedule.edition_plan import EditionPlan
from syndicate.schedule.own_links import OwnLinks
from syndicate.store import Store, Transaction

ATTEMPTS = 5
"""How often an edition is composed when the store keeps changing in the meantime."""
Frozen = TypeVar("Frozen")


class NoArticleLeft(Refused):
    """None of the articles of an edition is public any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposedEdition:
    """An edition that is ready to be frozen."""

    selection: Selection
    draft: Draft | None
    """None when there is nothing new."""
    state: tuple[int, ...]
    """The store's state that it was composed from, as `_state` returns it."""
    findings: tuple[str, ...] = ()
    """Mistakes for which it has to wait for a person."""
    warnings: tuple[str, ...] = ()
    """What somebody may want to know before it is sent."""
    plan: EditionPlan = field(default_factory=EditionPlan)
    """What its editor wrote about it."""

    @property
    def summary(self) -> str:
        """Summarise the selection: "7 articles, 4 of them in a line, 3 older than 24 h"."""
        count = len(self.selection.carried)
        named = f", {len(self.selection.more)} of them in a line" if self.selection.more else ""
        return f"{article_count(count)}{named}{self.selection.left_out}{self.plan.note}"


def no_audience_reason(newsletter: str, segment: str | None) -> str:
    """Explain why an edition has no audience."""
    who = f"nobody in the segment {segment}" if segment else "nobody"
    return f"no recipients: {who} was subscribed to {newsletter} before it became public"


class Composer:
    """Composes the editions of one publication."""

    def __init__(self, store: Store, config: Config) -> None:
        self._store = store
        self._config = config
        self._templates = Templates(config.templates)
        self._media = MediaFolder(config)
        self._own_links = OwnLinks(store, config)

    def freeze(
        self,
        propose: Callable[[], ProposedEdition],
        add: Callable[[Transaction, ProposedEdition], Frozen],
    ) -> Frozen | None:
        """Compose an edition, and add it if nothing has changed in the meantime, else once more.

        Return None when there is nothing new. Raise StoreLocked when articles keep changing.
        """
        for _ in range(ATTEMPTS):
            proposal = propose()
            if proposal.draft is None:
                return None
            with self._store.write() as tx:
                if self.is_current(tx, proposal):
                    return add(tx, proposal)
        raise StoreLocked("articles kept changing while the edition was composed; try again")

    def is_current(self, tx: Transaction, proposal: ProposedEdition) -> bool:
        """Whether the store hasn't changed since a proposal; it can't until `tx` ends."""
        draft = proposal.draft
        assert draft is not None
        tx.lock_numbers()
        if draft.schedule is not None and draft.slot_at is not None:
            version = tx.edition_files.version_of_slot(draft.schedule, draft.slot_at)
            if version != proposal.plan.version:
                return False
        revisions = {item.article: item.revision for item in draft.items}
        is_newest = tx.articles.revisions(revisions) == revisions
        return is_newest and _state(tx, draft.newsletter) == proposal.state

    def propose(
        self,
        newsletter: Newsletter,
        schedule: Schedule,
        *,
        start: ScheduleStart,
        segment: str | None = None,
        slot_at: datetime,
        at: datetime,
        preview_after: datetime | None = None,
    ) -> ProposedEdition:
        """Compose what a schedule would send now, to a segment of its readers or to all of them.

        The candidates are the public articles numbered above the last edition's window, and
        never any from before the schedule's start; the file that an editor wrote about the slot
        chooses among them, or others. With `preview_after`, they include what would
        have its number and its page by `at`, and nothing that is public by `preview_after`, when
        an earlier slot takes it. Raise TemplateError, and Refused where the file has mistakes and
        nothing else is new.
        """
        is_preview = preview_after is not None
        with self._store.read() as tx:
            last = tx.editions.newest_of(schedule.name)
            window = ArticleWindow.of(
                start, schedule.begin_with, last=last.upto if last is not None else None
            )
            candidates = tx.articles.candidates(
                newsletter.name, window, at, schedule=schedule.name, unnumbered=is_preview
            )
            if preview_after is not None:
                candidates = [a for a in candidates if a.published > preview_after]
            upto = tx.articles.covered_until(window, at)
            numbered = tx.articles.newest_number()
            plan = EditionPlan.read(
                tx, schedule.name, newsletter.name, slot_at, at=at, coming=is_preview
            )
            notes = correction_notes.due_notes(tx, newsletter, at, schedule=schedule.name)
            state = _state(tx, newsletter.name)
        selection = plan.select(candidates, schedule.select, at=at)
        if not selection and plan.findings and plan.brief.stories:
            raise Refused("; ".join(plan.findings))
        newest = max((article.number or numbered + 1 for article in selection.carried), default=0)
        if plan.stories:  # an editor may choose from the archive: everybody gets it
            newest = EVERYBODY
        return self._compose(
            newsletter,
            selection,
            state,
            schedule=schedule.name,
            by_section=schedule.group_by == "section",
            segment=segment or schedule.segment,
            window=(upto, newest),
            edition_date=slot_at.astimezone(self._config.zone(schedule)),
            at=at,
            numbered=numbered,
            coming=is_preview,
            plan=plan,
            notes=notes,
        )

    def propose_articles(
        self,
        newsletter: Newsletter,
        slugs: Sequence[str],
        *,
        segment: str | None = None,
        edition_date: datetime | None = None,
        at: datetime,
    ) -> ProposedEdition:
        """Compose exactly these articles, in this order, for everybody subscribed by now.

        Raise Refused for an article that isn't public.
        """
        with self._store.read() as tx:
            articles = [_public_article(tx, slug, at) for slug in slugs]
            upto = tx.articles.newest_number()
            notes = correction_notes.due_notes(tx, newsletter, at)
            state = _state(tx, newsletter.name)
        return self._compose(
            newsletter,
            Selection(taken=tuple({article.key: article for article in articles}.values())),
            state,
            segment=segment,
            window=(upto, upto + 1),
            edition_date=edition_date or at.astimezone(self._config.publication.timezone),
            at=at,
            notes=notes,
        )

    def propose_correction(
        self, edition: Edition, slugs: Sequence[str] = (), *, at: datetime
    ) -> ProposedEdition:
        """Compose an edition again from its articles' current revisions, or from other articles.

        It keeps the original's date, and its notes on corrections. Articles retracted since then
        are left out. Raise NoArticleLeft when that is all of them.
        """
        newsletter = self._config.newsletter(edition.newsletter)
        if newsletter is None:
            raise Refused(f"the newsletter {edition.newsletter} is no longer in the configuration")
        with self._store.read() as tx:
            first = edition if edition.original is None else tx.editions.by_key(edition.original)
            keys = [item.article for item in tx.editions.items(edition.key)]
            carried = [a for a in tx.published.articles(keys) if _is_published(a, at)]
            notes = correction_notes.article_notes(tx, tx.corrections.notes_of(edition.key), at)
            upto = tx.articles.newest_number()
            state = _state(tx, newsletter.name)
            plan = EditionPlan()
            if first is not None and first.schedule is not None:
                plan = EditionPlan.words(tx, first.schedule, first.slot_at)
        schedule = self._config.schedule(first.schedule if first else None)
        zone = self._config.zone(schedule) if schedule else self._config.publication.timezone
        edition_date = edition.slot_at.astimezone(zone)
        if slugs:
            return self.propose_articles(newsletter, slugs, edition_date=edition_date, at=at)
        if not carried:
            raise NoArticleLeft(
                f"none of the articles in edition {edition.key} is public any more; "
                "name others with --article SLUG, or cancel it"
            )
        limit = schedule.select.max if schedule else len(carried)
        selection = Selection(taken=tuple(carried[:limit]), more=tuple(carried[limit:]))
        return self._compose(
            newsletter,
            selection,
            state,
            by_section=schedule is not None and schedule.group_by == "section",
            window=(upto, upto + 1),
            edition_date=edition_date,
            at=at,
            plan=plan,
            kind=edition.kind if edition.kind is EditionKind.CORRECTION else None,
            notes=notes,
        )

    def propose_corrected(
        self, newsletter: Newsletter, wrong: WrongCopies, *, at: datetime
    ) -> ProposedEdition:
        """Compose an article for those who have it in a wrong revision; it waits for a person.

        Raise NoArticleLeft where it isn't public.
        """
        with self._store.read() as tx:
            [article] = tx.published.articles([wrong.article])
            if not _is_published(article, at):
                raise NoArticleLeft(f"{article.slug} is not public any more")
            notes = (correction_notes.article_note(tx, article, since=min(wrong.revisions)),)
            upto = tx.articles.newest_number()
            state = _state(tx, newsletter.name)
        return self._compose(
            newsletter,
            Selection(taken=(article,)),
            state,
            window=(upto, upto + 1),
            edition_date=at.astimezone(self._config.publication.timezone),
            at=at,
            kind=EditionKind.CORRECTION,
            notes=notes,
            corrects=wrong,
        )

    def _compose(
        self,
        newsletter: Newsletter,
        selection: Selection,
        state: tuple[int, ...],
        *,
        schedule: str | None = None,
        by_section: bool = False,
        segment: str | None = None,
        window: tuple[int, int],
        edition_date: datetime,
        at: datetime,
        numbered: int | None = None,
        coming: bool = False,
        plan: EditionPlan | None = None,
        kind: EditionKind | None = None,
        notes: Sequence[ArticleNote] = (),
        corrects: WrongCopies | None = None,
    ) -> ProposedEdition:
        """Compose a selection, unless it is empty; its `kind` depends on its size unless given.

        `window` is the number that it covers up to, and the newest one that it carries:
        people who subscribed after that article was published are not in the audience.
        Articles numbered above `numbered` have no page yet. `plan` is what an editor wrote, and
        `coming` as in `OwnLinks.find_dead`.
        """
        plan = plan or EditionPlan()
        if not selection:
            return ProposedEdition(selection=selection, draft=None, state=state, plan=plan)
        self._require_pictures(plan)
        self._require_pages(
            article
            for article in selection.carried
            if numbered is None or (article.number or numbered + 1) <= numbered
        )
        kind = kind or edition_kind(newsletter, len(selection.carried))
        content = compose_edition(
            kind=kind,
            articles=[self._as_mailed(article, at) for article in selection.taken],
            more=[self._as_mailed(article, at) for article in selection.more],
            newsletter=newsletter,
            config=self._config,
            templates=self._templates,
            edition_date=edition_date,
            brief=plan.brief,
            by_section=by_section,
            notes=notes,
        )
        find_dead = partial(self._own_links.find_dead, at=at, coming=coming)
        report = check_edition(content, selection.carried, self._config, find_dead)
        content, links = mark_links(content, newsletter, self._config)
        upto, newest = window
        draft = Draft(
            newsletter=newsletter.name,
            schedule=schedule,
            kind=kind,
            content=content,
            items=tuple(Item(article=a.key, revision=a.revision) for a in selection.carried),
            upto=upto,
            newest=newest,
            created_at=at,
            expires_at=at + self._config.expire_after(newsletter),
            slot_at=to_utc(edition_date),
            links=links,
            segment=self._config.criteria(segment) if segment is not None else None,
            left_out=plan.left_out(selection),
            file_version=plan.version,
            notes=correction_notes.edition_notes(notes),
            corrects=corrects,
        )
        return ProposedEdition(
            selection=selection,
            draft=draft,
            state=state,
            findings=(*plan.findings, *report.errors),
            warnings=report.warnings,
            plan=plan,
        )

    def _as_mailed(self, article: Article, at: datetime) -> Article:
        """Return an article as of `at`, without the pictures that readers couldn't load."""
        loadable = without_files(article, self._media.missing_of(article), for_mail=True)
        return loadable.as_of(at, self._config.publication.breaking_for)

    def _require_pictures(self, plan: EditionPlan) -> None:
        """Raise Refused for a picture of an edition file that readers couldn't load."""
        for src in plan.brief.pictures:
            if not self._media.is_published(src) and self._media.read_published(src) is None:
                raise Refused(
                    f"{plan.path}: its picture {src} isn't published yet, so it isn't mailed; "
                    "`syndicate build` says why"
                )

    def _require_pages(self, articles: Iterable[Article]) -> None:
        """Raise Refused for an article without a page: links in mail must work."""
        for article in articles:
            if not (self._config.output / addresses.output_path(article.address)).is_file():
                raise Refused(
                    f"{article.slug} has no page yet, so it isn't mailed; "
                    "`syndicate build` says why"
                )


def _state(tx: Transaction, newsletter: str) -> tuple[int, ...]:
    """Return what changes when an article is published or retracted, or an edition is frozen.

    It changes when an edition that waits is decided, too: its articles are new, or no longer.
    """
    waiting = tx.waiting.keys_of(newsletter)
    return (*tx.articles.publication_marker(), tx.editions.newest_key(newsletter), *waiting)


def _public_article(tx: Transaction, slug: str, at: datetime) -> Article:
    article = tx.articles.by_slug(slug)
    if article is None:
        raise Refused(f"no article has the slug {slug}; `syndicate articles` lists them")
    if not _is_published(article, at):
        state = "retracted" if article.retracted_at else "not public yet"
        raise Refused(f"{slug} is {state}, so it can't go into an edition")
    return article


def _is_published(article: Article, at: datetime) -> bool:
    return article.number is not None and article.is_public(at)


def article_count(count: int) -> str:
    """Format a number of articles: "1 article", "7 articles"."""
    return f"{count} article" if count == 1 else f"{count} articles"
