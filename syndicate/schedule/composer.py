"""Compose an edition from the new articles, and freeze it if nothing has changed in the meantime.

Rendering runs outside any transaction; freezing is a short one at the end.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import TypeVar

from syndicate.body.figures import without_files
from syndicate.body.file_links import linked_files, with_addresses
from syndicate.clock import to_utc
from syndicate.config import Config, Newsletter
from syndicate.errors import Refused, StoreLocked
from syndicate.model.article_selection import Selection
from syndicate.model.articles import Article
from syndicate.model.corrections import WrongCopies
from syndicate.model.editions import Content, Draft, Edition, EditionKind, Item
from syndicate.publish.output.media import MediaFolder
from syndicate.render import addresses
from syndicate.render.mail.edition_content import compose_edition, mark_links
from syndicate.render.mail.preflight import check_edition
from syndicate.render.templates import Templates
from syndicate.schedule import correction_notes
from syndicate.schedule.edition_outline import EditionOutline, StoreState
from syndicate.schedule.edition_plan import EditionPlan
from syndicate.schedule.own_links import OwnLinks
from syndicate.schedule.schedule_start import SlotRequest
from syndicate.store import Store, Transaction
from syndicate.text import count_of

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
    state: StoreState
    """The store's state that it was composed from."""
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
        return f"{count_of(count, 'article')}{named}{self.selection.left_out}{self.plan.note}"


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
        return is_newest and StoreState.read(tx, draft.newsletter) == proposal.state

    def propose(self, request: SlotRequest) -> ProposedEdition:
        """Compose what a schedule would send at a slot, to a segment of its readers or to all.

        The file that an editor wrote about the slot chooses among the candidates, or others. Raise
        TemplateError, and Refused where the file has mistakes and nothing else is new.
        """
        newsletter, schedule, at = request.newsletter, request.schedule, request.at
        with self._store.read() as tx:
            window = request.window(tx)
            candidates = request.candidates(tx, window)
            upto = tx.articles.covered_until(window, at)
            plan = EditionPlan.read(tx, request)
            notes = correction_notes.due_notes(tx, newsletter, at, schedule=schedule.name)
            state = StoreState.read(tx, newsletter.name)
        selection = plan.select(candidates, schedule.select, at=at)
        if not selection and plan.findings and plan.brief.stories:
            raise Refused("; ".join(plan.findings))
        outline = EditionOutline(
            newsletter=newsletter,
            selection=selection,
            plan=plan,
            notes=notes,
            by_section=schedule.group_by == "section",
            schedule=schedule.name,
            segment=request.segment or schedule.segment,
            upto=upto,
            state=state,
            edition_date=request.slot_at.astimezone(self._config.zone(schedule)),
            at=at,
            coming=request.is_preview,
        )
        return self._compose(outline)

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
            named = [_public_article(tx, slug, at) for slug in slugs]
            notes = correction_notes.due_notes(tx, newsletter, at)
            state = StoreState.read(tx, newsletter.name)
        articles = {article.key: article for article in named}
        outline = EditionOutline(
            newsletter=newsletter,
            selection=Selection(taken=tuple(articles.values())),
            notes=notes,
            segment=segment,
            state=state,
            edition_date=edition_date or at.astimezone(self._config.publication.timezone),
            at=at,
        )
        return self._compose(outline)

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
            first = tx.editions.get(edition.original or edition.key)
            keys = [item.article for item in tx.editions.items(edition.key)]
            carried = [a for a in tx.published.articles(keys) if _is_published(a, at)]
            notes = correction_notes.article_notes(tx, tx.corrections.notes_of(edition.key), at)
            state = StoreState.read(tx, newsletter.name)
            plan = EditionPlan.words(tx, first)
        schedule = self._config.schedule(first.schedule)
        edition_date = edition.slot_at.astimezone(self._config.zone(schedule))
        if slugs:
            return self.propose_articles(newsletter, slugs, edition_date=edition_date, at=at)
        if not carried:
            raise NoArticleLeft(
                f"none of the articles in edition {edition.key} is public any more; "
                "name others with --article SLUG, or cancel it"
            )
        limit = schedule.select.max if schedule else len(carried)
        outline = EditionOutline(
            newsletter=newsletter,
            selection=Selection(taken=tuple(carried[:limit]), more=tuple(carried[limit:])),
            plan=plan,
            notes=notes,
            is_correction=edition.kind is EditionKind.CORRECTION,
            by_section=schedule is not None and schedule.group_by == "section",
            state=state,
            edition_date=edition_date,
            at=at,
        )
        return self._compose(outline)

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
            state = StoreState.read(tx, newsletter.name)
        outline = EditionOutline(
            newsletter=newsletter,
            selection=Selection(taken=(article,)),
            notes=notes,
            corrects=wrong,
            is_correction=True,
            state=state,
            edition_date=at.astimezone(self._config.publication.timezone),
            at=at,
        )
        return self._compose(outline)

    def _compose(self, outline: EditionOutline) -> ProposedEdition:
        """Render an edition and look for mistakes in it, unless there is nothing to send."""
        selection, plan = outline.selection, outline.plan
        if not selection:
            return ProposedEdition(selection=selection, draft=None, state=outline.state, plan=plan)
        self._require_pictures(plan)
        self._require_pages(outline)
        targets = self._link_targets(selection.carried)
        content = compose_edition(
            kind=outline.kind,
            articles=[self._as_mailed(article, targets, outline.at) for article in selection.taken],
            more=[self._as_mailed(article, targets, outline.at) for article in selection.more],
            newsletter=outline.newsletter,
            config=self._config,
            templates=self._templates,
            edition_date=outline.edition_date,
            brief=plan.brief,
            by_section=outline.by_section,
            notes=outline.notes,
        )
        find_dead = partial(self._own_links.find_dead, at=outline.at, coming=outline.coming)
        report = check_edition(content, selection.carried, self._config, find_dead)
        return ProposedEdition(
            selection=selection,
            draft=self._draft(outline, content),
            state=outline.state,
            findings=(*plan.findings, *report.errors),
            warnings=report.warnings,
            plan=plan,
        )

    def _draft(self, outline: EditionOutline, content: Content) -> Draft:
        """Return an edition as it is to be frozen, with its links marked for tracking."""
        content, links = mark_links(content, outline.newsletter, self._config)
        carried, segment = outline.selection.carried, outline.segment
        return Draft(
            newsletter=outline.newsletter.name,
            schedule=outline.schedule,
            kind=outline.kind,
            content=content,
            items=tuple(Item(article=a.key, revision=a.revision) for a in carried),
            upto=outline.state.newest_number if outline.upto is None else outline.upto,
            newest=outline.newest,
            created_at=outline.at,
            expires_at=outline.at + self._config.expire_after(outline.newsletter),
            slot_at=to_utc(outline.edition_date),
            links=links,
            segment=self._config.criteria(segment) if segment is not None else None,
            left_out=outline.plan.left_out(outline.selection),
            file_version=outline.plan.version,
            notes=correction_notes.edition_notes(outline.notes),
            corrects=outline.corrects,
        )

    def _link_targets(self, carried: Sequence[Article]) -> Mapping[str, Article]:
        """Return the articles to which some link by their files, by path."""
        if not linked_files(carried):
            return {}
        with self._store.read() as tx:
            return tx.file_links.find(carried)

    def _as_mailed(self, article: Article, targets: Mapping[str, Article], at: datetime) -> Article:
        """Return an article as of `at`, without the pictures and links that wouldn't work."""
        loadable = without_files(article, self._media.missing_of(article), for_mail=True)
        return with_addresses(loadable, targets, at).as_of(
            at, self._config.publication.breaking_for
        )

    def _require_pictures(self, plan: EditionPlan) -> None:
        """Raise Refused for a picture of an edition file that readers couldn't load."""
        for src in plan.brief.pictures:
            if not self._media.is_published(src) and self._media.read_published(src) is None:
                raise Refused(
                    f"{plan.path}: its picture {src} isn't published yet, so it isn't mailed; "
                    "`syndicate build` says why"
                )

    def _require_pages(self, outline: EditionOutline) -> None:
        """Raise Refused for an article without a page: links in mail must work."""
        for article in outline.selection.carried:
            page = self._config.output / addresses.output_path(article.address)
            if outline.is_numbered(article) and not page.is_file():
                raise Refused(
                    f"{article.slug} has no page yet, so it isn't mailed; "
                    "`syndicate build` says why"
                )


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
