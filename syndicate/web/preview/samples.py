"""Composes what a template, or an edition file, makes of stored articles.

Nothing is stored and nobody is mailed: links of readers are of the right length and lead nowhere.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

from syndicate.clock import EPOCH
from syndicate.config import Config, EditionFilter, Newsletter, Schedule
from syndicate.config.sections.newsletters import Style
from syndicate.deliver.message.links import SignedLinks, TrackedLinks
from syndicate.deliver.message.personalisation import Personalisation, PersonalLinks
from syndicate.errors import Refused
from syndicate.intake.articles.article_files import is_markdown_file
from syndicate.intake.articles.source_file import readable_path, stored_path
from syndicate.intake.authors.author_files import AuthorFiles
from syndicate.intake.editions.edition_fields import read_edition_fields
from syndicate.intake.editions.edition_import import editions_folder
from syndicate.intake.editions.edition_names import NamedSlot, find_named_slot
from syndicate.intake.editions.named_stories import find_stories
from syndicate.model.article_selection import Selection
from syndicate.model.articles import Article
from syndicate.model.edition_files import EditionBrief, EditionFile
from syndicate.model.editions import Content, EditionKind
from syndicate.model.reviews import ReviewDecision
from syndicate.render.mail.digest import STYLE_TEMPLATES
from syndicate.render.mail.edition_content import compose_edition, edition_kind, mark_links
from syndicate.render.mail.letter import Letter, compose_letter
from syndicate.render.mail.preflight import check_edition
from syndicate.render.mail.review import CodeDetails, ProofDetails, compose_code, compose_proof
from syndicate.render.pages import ArticlePages, ListPages, PageFrame
from syndicate.render.templates import Templates
from syndicate.schedule.edition_plan import EditionPlan
from syndicate.store import Store, Transaction
from syndicate.text import closest_match

CANDIDATES = 40
"""How many of the newest articles an edition chooses from where none is named."""
_HEADLINES = 3
"""How many further articles a digest names in a line."""
_NOBODY = 0
_SECRET = b"preview"
_READER = "Ada Lind", "ada@example.org"


@dataclass(frozen=True, slots=True, kw_only=True)
class PreviewOrder:
    """What is to be shown."""

    name: str
    """A template, such as `digest` or `email/digest.mjml`, or an edition file."""
    slugs: tuple[str, ...] = ()
    """The articles to show, in this order; without any, the newest ones."""
    newsletter: str | None = None
    """The newsletter whose name, language and style it has. Default: the first one, or that of an
    edition file.
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class PreviewSample:
    """What became of it."""

    source: str
    """The template or edition file."""
    title: str
    """The subject of a mail, or the name of a page."""
    html: str
    text: str = ""
    """The text part of a mail; pages have none."""
    preheader: str = ""
    findings: Sequence[str] = ()
    """What the pre-flight checks, or the edition file, would have somebody look at."""
    assets: Mapping[str, bytes] = field(default_factory=dict)
    """Files that a page loads, by their path in the output."""
    is_mail: bool = True


@dataclass(frozen=True, kw_only=True)
class SampleComposer:
    """Composes samples from a store, by one configuration and its templates."""

    store: Store
    config: Config
    templates: Templates
    at: datetime

    def compose(self, order: PreviewOrder) -> PreviewSample:
        """Compose what was ordered; raise SyndicateError, for a template with file and line."""
        file = find_edition_file(order.name, self.config)
        if file is not None:
            return self._edition_file(file, order)
        name = find_template(order.name, self.config)
        if order.newsletter is not None and self.config.newsletter(order.newsletter) is None:
            raise Refused(f"no newsletter is called {order.newsletter}")
        makers: Mapping[str, Callable[[PreviewOrder], PreviewSample]] = {
            "email/alert.mjml": partial(self._edition, EditionKind.ALERT),
            **{
                f"{template}.mjml": partial(self._edition, EditionKind.DIGEST, style=style)
                for style, template in STYLE_TEMPLATES.items()
            },
            "email/proof.html": self._proof,
            "email/code.mjml": self._code,
            "page/article.html": self._article_page,
            "page/home.html": self._home_page,
            "amp/article.html": self._amp_page,
        }
        make = makers.get(name) or partial(self._letter, Letter(name))
        return make(order)

    # mail

    def _edition(
        self, kind: EditionKind, order: PreviewOrder, *, style: Style | None = None
    ) -> PreviewSample:
        """Compose an edition; `style` replaces that of the newsletter."""
        newsletter = self._newsletter(order)
        style = style or newsletter.style
        newsletter = newsletter.model_copy(update={"style": style})
        content, findings = self._newest(kind, order, newsletter)
        template = "email/alert" if kind is EditionKind.ALERT else STYLE_TEMPLATES[style]
        return self._mail(f"{template}.mjml", content, newsletter, findings)

    def _newest(
        self, kind: EditionKind, order: PreviewOrder, newsletter: Newsletter
    ) -> tuple[Content, tuple[str, ...]]:
        """Return an edition of the newest articles, or those that are named, and its findings."""
        schedule = self._schedule_of(newsletter)
        most = schedule.select.max if schedule else EditionFilter().max
        with self.store.read() as tx:
            count = 1 if kind is EditionKind.ALERT else most + _HEADLINES
            articles = self._articles(tx, order.slugs, count)
        if order.slugs:
            most = len(articles)
        selection = Selection(taken=tuple(articles[:most]), more=tuple(articles[most:]))
        return self._compose(kind, selection, newsletter, schedule, date=self.at)

    def _edition_file(self, file: Path, order: PreviewOrder) -> PreviewSample:
        """Compose the edition of a file, with the newest articles where it names none."""
        path = readable_path(stored_path(file, self.config))
        try:
            slot = find_named_slot(file.stem, self.config, at=self.at)
            data = file.read_bytes()
        except Refused as error:
            raise Refused(f"{path}: {error}") from error
        except OSError as error:
            raise Refused(f"{path}: can't be read: {error.strerror}") from error
        date = slot.starts_at or self.at
        with self.store.read() as tx:
            articles = self._articles(tx, order.slugs, CANDIDATES)
            plan = self._plan(tx, data, file, slot, at=max(date, self.at))
        if order.slugs:
            plan = replace(plan, stories=tuple(articles))
        rule = slot.schedule.select.model_copy(update={"max_age": None})
        selection = plan.select(articles, rule, at=self.at)
        if not selection:
            raise Refused(f"{path}: no article is public that {slot.schedule.name} selects")
        newsletter = self._newsletter(order, slot.schedule.newsletter)
        kind = edition_kind(newsletter, len(selection.carried))
        content, findings = self._compose(
            kind, selection, newsletter, slot.schedule, date=date, brief=plan.brief
        )
        return self._mail(path, content, newsletter, (*plan.findings, *findings))

    def _plan(
        self, tx: Transaction, data: bytes, file: Path, slot: NamedSlot, *, at: datetime
    ) -> EditionPlan:
        """Return what the content of an edition file says, and the stories that it names."""
        path = readable_path(stored_path(file, self.config))
        fields = read_edition_fields(data, file, path, self.config, save_media=False)
        known = EditionFile(
            path=path,
            version="",
            schedule=slot.schedule.name,
            is_draft=fields.is_draft,
            brief=fields.brief,
            mistakes=(*((f"{path}: {slot.mistake}",) if slot.mistake else ()), *fields.mistakes),
        )
        named = find_stories(tx, known, at=at, coming=True)
        people = AuthorFiles(config=self.config, save_media=False).read().people
        signed = fields.brief.signed
        brief = fields.brief.by_author(people.find(signed))
        return EditionPlan(
            path=path,
            brief=replace(brief, has_page=signed in tx.edition_files.author_names()),
            stories=named.stories,
            leave_out=named.leave_out,
            findings=(*known.findings, *named.mistakes),
        )

    def _letter(self, letter: Letter, order: PreviewOrder) -> PreviewSample:
        newsletter = self._newsletter(order)
        content = compose_letter(
            letter,
            language=self.config.language_of(newsletter),
            config=self.config,
            templates=self.templates,
            newsletters=(newsletter,),
        )
        return self._mail("email/letter.mjml", content, newsletter)

    def _proof(self, order: PreviewOrder) -> PreviewSample:
        newsletter = self._newsletter(order)
        content, findings = self._newest(EditionKind.DIGEST, order, newsletter)
        details = ProofDetails(
            url=SignedLinks(self.config, _SECRET).review(_NOBODY, _READER[1]),
            newsletter=newsletter,
            approve_by=self.at + timedelta(hours=2),
            hold=timedelta(minutes=5),
            findings=findings,
        )
        proof = compose_proof(content, details, config=self.config, templates=self.templates)
        return self._mail("email/proof.html", proof, newsletter)

    def _code(self, order: PreviewOrder) -> PreviewSample:
        newsletter = self._newsletter(order)
        with self.store.read() as tx:
            [article] = self._articles(tx, order.slugs[:1], 1)
        details = CodeDetails(
            code="123456",
            decision=ReviewDecision.APPROVE,
            note="",
            newsletter=newsletter,
            subject=article.title,
        )
        content = compose_code(details, config=self.config, templates=self.templates)
        return self._mail("email/code.mjml", content, newsletter)

    def _compose(
        self,
        kind: EditionKind,
        selection: Selection,
        newsletter: Newsletter,
        schedule: Schedule | None,
        *,
        date: datetime,
        brief: EditionBrief | None = None,
    ) -> tuple[Content, tuple[str, ...]]:
        """Return an edition, and what the pre-flight checks find in it."""
        breaking_for = self.config.publication.breaking_for
        zone = self.config.zone(schedule)
        taken, more = (
            [article.as_of(self.at, breaking_for) for article in group]
            for group in (selection.taken, selection.more)
        )
        content = compose_edition(
            kind=kind,
            articles=taken,
            more=more,
            newsletter=newsletter,
            config=self.config,
            templates=self.templates,
            edition_date=date.astimezone(zone),
            brief=brief,
            by_section=schedule is not None and schedule.group_by == "section",
        )
        report = check_edition(content, selection.carried, self.config, lambda _: ())
        return content, (*report.errors, *report.warnings)

    def _mail(
        self, source: str, content: Content, newsletter: Newsletter, findings: Sequence[str] = ()
    ) -> PreviewSample:
        """Fill in the personal values of a reader who doesn't exist."""
        content, urls = mark_links(content, newsletter, self.config)
        name, email = _READER
        links = SignedLinks(self.config, _SECRET)
        tracked = TrackedLinks.of(_NOBODY, newsletter.name, urls, self.config)
        reader = Personalisation(
            name=name,
            email=email,
            links=PersonalLinks(links, _NOBODY, _NOBODY, newsletter.name),
            link_urls=tracked.for_reader(links, _NOBODY),
        )
        return PreviewSample(
            source=source,
            title=content.subject,
            preheader=content.preheader,
            html=reader.html(content),
            text=reader.text(content),
            findings=findings,
        )

    def _newsletter(self, order: PreviewOrder, default: str | None = None) -> Newsletter:
        """Return the newsletter that was named, or a default."""
        name = order.newsletter or default
        found = self.config.newsletter(name) if name is not None else None
        if found is not None:
            return found
        return self.config.newsletters[0] if self.config.newsletters else Newsletter(name="sample")

    def _schedule_of(self, newsletter: Newsletter) -> Schedule | None:
        schedules = (s for s in self.config.schedules if s.newsletter == newsletter.name)
        return next(schedules, None)

    # pages

    def _article_page(self, order: PreviewOrder) -> PreviewSample:
        frame, article = self._frame(), self._first(order)
        html = ArticlePages(frame).article(article)
        return self._page("page/article.html", article.title, html, frame)

    def _amp_page(self, order: PreviewOrder) -> PreviewSample:
        frame, article = self._frame(), self._first(order)
        html = ArticlePages(frame).amp(article)
        return self._page("amp/article.html", article.title, html, frame)

    def _home_page(self, order: PreviewOrder) -> PreviewSample:
        frame, window = self._frame(), self.config.publication.breaking_for
        with self.store.read() as tx:
            articles = self._articles(tx, order.slugs, CANDIDATES)
            strip = next(iter(tx.published.breaking(self.at - window, self.at)), None)
        shown = [article.as_of(self.at, window) for article in articles]
        html = ListPages(frame).home(shown, strip, at=self.at)
        return self._page("page/home.html", self.config.publication.title, html, frame)

    def _frame(self) -> PageFrame:
        return PageFrame(self.config, self.templates)

    def _first(self, order: PreviewOrder) -> Article:
        with self.store.read() as tx:
            return self._articles(tx, order.slugs[:1], 1)[0]

    def _page(self, source: str, title: str, html: bytes, frame: PageFrame) -> PreviewSample:
        return PreviewSample(
            source=source, title=title, html=html.decode(), assets=frame.assets(), is_mail=False
        )

    # articles

    def _articles(self, tx: Transaction, slugs: Sequence[str], count: int) -> list[Article]:
        """Return articles by their slugs, whatever their state, or the newest public ones."""
        if slugs:
            return [_article(tx, slug) for slug in dict.fromkeys(slugs)]
        newest = tx.published.since(EPOCH, self.at, limit=count)
        if not newest:
            raise Refused("no article is public yet; take some in with `syndicate import articles`")
        return newest


def _article(tx: Transaction, slug: str) -> Article:
    article = tx.articles.by_slug(slug)
    if article is None:
        raise Refused(f"no article has the slug {slug}; `syndicate articles` lists them")
    return article


_SHORT_NAMES = {
    "alert": "email/alert.mjml",
    **{template.partition("/")[2]: f"{template}.mjml" for template in STYLE_TEMPLATES.values()},
    "proof": "email/proof.html",
    "code": "email/code.mjml",
    "article": "page/article.html",
    "home": "page/home.html",
    "amp": "amp/article.html",
    "letter": Letter.CONFIRM.value,
    **{letter.value: letter.value for letter in Letter},
}
"""What is shown by each name: a template, or a letter, all of which are of one template."""


def find_template(name: str, config: Config) -> str:
    """Return the template of a name, or the letter; raise Refused with those there are."""
    bare = name.removeprefix("./").removeprefix("templates/")
    full = {path.rpartition(".")[0]: path for path in _SHORT_NAMES.values() if "/" in path}
    full["email/letter"] = Letter.CONFIRM.value
    stem = bare.rpartition(".")[0] if "/" in bare else bare
    found = _SHORT_NAMES.get(bare) or full.get(stem)
    if found is not None:
        return found
    if bare in Templates(config.templates).names():
        raise Refused(
            f"{bare} is a part of others, which show it; name one of {', '.join(_SHORT_NAMES)}"
        )
    match = closest_match(bare, _SHORT_NAMES)
    hint = f"did you mean {match}?" if match else f"there are {', '.join(_SHORT_NAMES)}"
    raise Refused(f"no template {name} can be shown; {hint}")


def find_edition_file(name: str, config: Config) -> Path | None:
    """Return the edition file of a name, there or in its folder; None for another name.

    Raise Refused where there is no such file.
    """
    if not is_markdown_file(Path(name)):
        return None
    places = (Path(name), config.path(name), editions_folder(config) / name)
    found = next((place for place in places if place.is_file()), None)
    if found is None:
        raise Refused(f"{name}: no such file, nor in {config.intake.editions}/")
    return found
