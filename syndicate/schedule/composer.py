"""The desk: composes an edition of what is new, and freezes it if nothing changed meanwhile.

Rendering happens outside any transaction; `freeze` is the short one at the end.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Self

from syndicate.body.missing_media import without_files
from syndicate.config import Config, Newsletter, Schedule
from syndicate.errors import Refused
from syndicate.model.article_selection import Selection, select_articles
from syndicate.model.article_window import ArticleWindow, ScheduleStart
from syndicate.model.articles import Article
from syndicate.model.editions import Draft, Edition, EditionKind, Item
from syndicate.publish.output.media import MediaFolder
from syndicate.render import addresses
from syndicate.render.mail.context import EditionDate
from syndicate.render.mail.edition_content import compose_edition
from syndicate.render.mail.link_markers import mark_links
from syndicate.render.templates import Templates
from syndicate.store import Store, Transaction


@dataclass(frozen=True, slots=True)
class CompositionState:
    """What changes when an article becomes public or is taken back, or an edition is frozen."""

    articles: tuple[int, int]
    newest_edition: int

    @classmethod
    def of(cls, tx: Transaction, newsletter: str) -> Self:
        """Read how things stand for a newsletter."""
        return cls(tx.articles.publication_marker(), tx.editions.newest_key(newsletter))


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposedEdition:
    """An edition that could be frozen now, and the state of the store it was made from."""

    selection: Selection
    draft: Draft | None
    """None when there is nothing new."""
    seen: CompositionState
    """How the store stood then."""

    @property
    def summary(self) -> str:
        """Say what it holds: "7 articles, 4 of them in a line, 3 older than 24 h"."""
        count = len(self.selection.carried)
        named = f", {len(self.selection.more)} of them in a line" if self.selection.more else ""
        return f"{counted(count)}{named}{self.selection.left_out}"


def nobody(newsletter: str, segment: str | None) -> str:
    """Say why an edition has no audience."""
    who = f"nobody in the segment {segment}" if segment else "nobody"
    return f"nobody gets it: {who} was subscribed to {newsletter} before it became public"


class Composer:
    """Composes the editions of one publication."""

    def __init__(self, store: Store, config: Config, templates: Templates) -> None:
        self._store = store
        self._config = config
        self._templates = templates
        self._media = MediaFolder(config)

    def propose(
        self,
        newsletter: Newsletter,
        schedule: Schedule,
        *,
        beginning: ScheduleStart,
        segment: str | None = None,
        slot_at: datetime,
        at: datetime,
    ) -> ProposedEdition:
        """Compose what a schedule would send now, to a segment of its readers or to all of them.

        Its window is every public number above the one its last edition went up to,
        and nothing from before its beginning. Raise TemplateError when it can't be rendered.
        """
        with self._store.read() as tx:
            last = tx.editions.newest_of(schedule.name)
            window = ArticleWindow.of(
                beginning, schedule.begin_with, last=last.upto if last is not None else None
            )
            found = tx.articles.candidates(newsletter.name, window, at)
            upto = tx.articles.covered_until(window, at)
            seen = CompositionState.of(tx, newsletter.name)
        selection = select_articles(found, schedule.select, at=at)
        newest = max((article.number or 0 for article in selection.carried), default=0)
        draft = self._draft(
            newsletter,
            selection,
            schedule=schedule.name,
            segment=segment or schedule.segment,
            window=(upto, newest),
            edition_date=EditionDate(at=slot_at, zone=self._config.zone(schedule)),
            at=at,
        )
        return ProposedEdition(selection=selection, draft=draft, seen=seen)

    def propose_these(
        self,
        newsletter: Newsletter,
        slugs: Sequence[str],
        *,
        segment: str | None = None,
        edition_date: EditionDate | None = None,
        at: datetime,
    ) -> ProposedEdition:
        """Compose exactly these articles, in this order, for everybody subscribed by now.

        Raise Refused for one that isn't public.
        """
        with self._store.read() as tx:
            named = [_public(tx, slug, at) for slug in slugs]
            upto = tx.articles.newest_number()
            seen = CompositionState.of(tx, newsletter.name)
        selection = Selection(taken=tuple({article.key: article for article in named}.values()))
        draft = self._draft(
            newsletter,
            selection,
            segment=segment,
            window=(upto, upto + 1),
            edition_date=edition_date or EditionDate(at=at, zone=self._config.publication.timezone),
            at=at,
        )
        return ProposedEdition(selection=selection, draft=draft, seen=seen)

    def propose_corrected(
        self, edition: Edition, slugs: Sequence[str] = (), *, at: datetime
    ) -> ProposedEdition:
        """Compose an edition again of what its articles say by now, or of those named.

        It keeps the day that it is of. What was retracted since is left out. Raise
        Refused when nothing is left.
        """
        newsletter = self._config.newsletter(edition.newsletter)
        if newsletter is None:
            raise Refused(f"the newsletter {edition.newsletter} is no longer in the configuration")
        with self._store.read() as tx:
            first = edition if edition.original is None else tx.editions.by_key(edition.original)
            keys = [item.article for item in tx.editions.items(edition.key)]
            carried = [one for one in tx.published.articles(keys) if _is_public(one, at)]
            upto = tx.articles.newest_number()
            seen = CompositionState.of(tx, newsletter.name)
        schedule = self._config.schedule(first.schedule if first else None)
        zone = self._config.zone(schedule) if schedule else self._config.publication.timezone
        edition_date = EditionDate(at=edition.slot_at, zone=zone)
        if slugs:
            return self.propose_these(newsletter, slugs, edition_date=edition_date, at=at)
        if not carried:
            raise Refused(
                f"nothing that edition {edition.key} carried is public any more; "
                "name articles with --article SLUG, or cancel it"
            )
        most = schedule.select.max if schedule else len(carried)
        selection = Selection(taken=tuple(carried[:most]), more=tuple(carried[most:]))
        draft = self._draft(
            newsletter, selection, window=(upto, upto + 1), edition_date=edition_date, at=at
        )
        return ProposedEdition(selection=selection, draft=draft, seen=seen)

    def freeze(self, tx: Transaction, proposal: ProposedEdition) -> Edition | None:
        """Freeze a proposal, or return None when the store has moved on since it was made."""
        draft = proposal.draft
        assert draft is not None
        if not self.stands(tx, proposal):
            return None
        return tx.editions.add(draft)

    def stands(self, tx: Transaction, proposal: ProposedEdition) -> bool:
        """Whether the store is as it was when a proposal was made; it is until `tx` ends."""
        assert proposal.draft is not None
        tx.lock_numbers()
        return CompositionState.of(tx, proposal.draft.newsletter) == proposal.seen

    def _draft(
        self,
        newsletter: Newsletter,
        selection: Selection,
        *,
        schedule: str | None = None,
        segment: str | None = None,
        window: tuple[int, int],
        edition_date: EditionDate,
        at: datetime,
    ) -> Draft | None:
        """Compose a selection; `window` is where it ends, and whose subscriptions are too new."""
        if not selection:
            return None
        self._must_be_published(selection.carried)
        kind = EditionKind.ALERT if len(selection.carried) == 1 else EditionKind.DIGEST
        content = compose_edition(
            kind=kind,
            articles=[self._as_mailed(article, at) for article in selection.taken],
            more=[self._as_mailed(article, at) for article in selection.more],
            newsletter=newsletter,
            config=self._config,
            templates=self._templates,
            edition_date=edition_date,
        )
        content, links = mark_links(content, newsletter, self._config)
        upto, newest = window
        return Draft(
            newsletter=newsletter.name,
            schedule=schedule,
            kind=kind,
            content=content,
            items=tuple(Item(article=a.key, revision=a.revision) for a in selection.carried),
            upto=upto,
            newest=newest,
            created_at=at,
            expires_at=at + self._config.expire_after(newsletter),
            slot_at=edition_date.at,
            links=links,
            segment=self._config.criteria(segment) if segment is not None else None,
        )

    def _as_mailed(self, article: Article, at: datetime) -> Article:
        """Return an article as readers see it at `at`, without pictures they couldn't load."""
        loadable = without_files(article, self._media.missing_of(article))
        return loadable.as_of(at, self._config.publication.breaking_for)

    def _must_be_published(self, articles: Iterable[Article]) -> None:
        """Raise Refused for an article whose page isn't there: mail must not lead to nowhere."""
        for article in articles:
            page = addresses.output_path(addresses.page(article))
            if not (self._config.output / page).is_file():
                raise Refused(
                    f"{article.slug} has no page yet, so it isn't mailed; "
                    "`syndicate build` says why"
                )


def _public(tx: Transaction, slug: str, at: datetime) -> Article:
    article = tx.articles.by_slug(slug)
    if article is None:
        raise Refused(f"no article has the slug {slug}; `syndicate articles` lists them")
    if not _is_public(article, at):
        state = "retracted" if article.retracted_at else "not public yet"
        raise Refused(f"{slug} is {state}, so it can't go into an edition")
    return article


def _is_public(article: Article, at: datetime) -> bool:
    there = article.retracted_at is None and article.number is not None
    return there and article.published <= at


def counted(count: int) -> str:
    """Write "1 article", "7 articles"."""
    return f"{count} article" if count == 1 else f"{count} articles"
