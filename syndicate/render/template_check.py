"""Renders every template with sample articles, so that `check` finds mistakes beforehand.

A template can compile and still fail when it is rendered.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import get_args

from syndicate.config import Config, Newsletter
from syndicate.config.sections.newsletters import Style
from syndicate.errors import TemplateError
from syndicate.model.articles import Article, Comments, Correction, Figure, Person, Sponsor
from syndicate.model.edition_files import EditionBrief
from syndicate.model.editions import Content, EditionKind
from syndicate.model.front_page import SectionStories
from syndicate.model.own_pages import OwnPage
from syndicate.model.people import AuthorProfile, People
from syndicate.model.reviews import ReviewDecision
from syndicate.render import addresses
from syndicate.render.feeds.formats import Feed
from syndicate.render.mail.edition_content import compose_edition
from syndicate.render.mail.letter import Letter, compose_letter
from syndicate.render.mail.review import CodeDetails, ProofDetails, compose_code, compose_proof
from syndicate.render.pages import ArticlePages, ListPages, PageFrame
from syndicate.render.templates import Templates
from syndicate.render.topics import ListPage, Topic, TopicKind, everything

AT = datetime(2026, 1, 1, 12, tzinfo=UTC)
FIGURE = Figure(
    src="https://example.org/harbour.jpg",
    alt="The harbour",
    caption="The harbour at dawn.",
    credit="Syndicate",
    width=1600,
    height=900,
)
BRIEF = EditionBrief(
    signed="Ada Lind",
    has_page=True,
    role="Editor",
    portrait=replace(FIGURE, src="media/portrait.jpg"),
    opening="<p>Good morning.</p>",
    closing="<p>Until tomorrow.</p>",
    sponsor=Sponsor(name="Orsk", url="https://example.org/", logo=FIGURE),
)

PEOPLE = People(
    (
        AuthorProfile(
            file="authors/ada-lind.md",
            name="Ada Lind",
            stem="ada-lind",
            role="Editor",
            portrait=replace(FIGURE, src="media/portrait.jpg"),
            mail="ada@example.org",
            networks=("https://example.org/@ada",),
            text="<p>She has a boat.</p>",
            summary="She has a boat.",
        ),
    )
)


def check_templates(config: Config) -> list[TemplateError]:
    """Render every template with sample articles; return the errors, each once."""
    templates = Templates(config.templates)
    errors = templates.check()
    for render in _renderings(config, templates):
        try:
            render()
        except TemplateError as error:
            errors.append(error)
    return list({str(error): error for error in errors}.values())


def _renderings(config: Config, templates: Templates) -> Iterator[Callable[[], object]]:
    articles = [_article(number) for number in range(5)]
    newsletter = config.newsletters[0] if config.newsletters else Newsletter(name="sample")

    def edition(
        kind: EditionKind, count: int, brief: EditionBrief | None = None, style: Style = "digest"
    ) -> object:
        return compose_edition(
            kind=kind,
            articles=articles[:count],
            more=articles[count : 2 * count - 1],
            newsletter=newsletter.model_copy(update={"style": style}),
            config=config,
            templates=templates,
            edition_date=AT.astimezone(config.publication.timezone),
            brief=brief,
            by_section=brief is not None,
        )

    yield lambda: edition(EditionKind.ALERT, 1)
    yield lambda: edition(EditionKind.ALERT, 1, BRIEF)
    for style in get_args(Style):
        yield partial(edition, EditionKind.DIGEST, 3, style=style)
        yield partial(edition, EditionKind.DIGEST, 3, BRIEF, style)
    for letter in Letter:
        yield partial(
            compose_letter,
            letter,
            language=config.publication.language,
            config=config,
            templates=templates,
            newsletters=(newsletter,),
        )
    yield from _review_mail(newsletter, config, templates)
    yield from _pages(PageFrame(config, templates, PEOPLE), articles)


def _pages(frame: PageFrame, articles: Sequence[Article]) -> Iterator[Callable[[], object]]:
    pages, lists, config = ArticlePages(frame), ListPages(frame), frame.config
    yield lambda: pages.article(articles[0], cards=[lists.card(articles[0])])
    city = Topic(kind=TopicKind.SECTION, name="City", home="/sections/city/")
    blocks = [
        SectionStories(title=name, address=addresses.section(name), stories=articles)
        for name in ("City", "Port")
    ]
    many = [replace(articles[0], key=number) for number in range(10, 30)]
    yield lambda: lists.home(many, articles[0], sections=blocks, older="/a/", at=AT)
    yield lambda: lists.home([], None, at=AT)
    page = ListPage(topic=city, address=city.numbered(2), number=2, older="/a/")
    yield lambda: lists.listing(page, [lists.teaser(articles[0])])
    (ada,) = articles[0].authors
    author = Topic(kind=TopicKind.AUTHOR, name=ada.name, home=addresses.author(ada.name))
    newest = ListPage(topic=author, address=author.page)
    yield lambda: lists.listing(newest, [], ada, lead=lists.teaser(articles[0], lead=True))
    yield lambda: lists.breaking(articles[0], articles)
    offered = [Feed.of(everything(), config), Feed.of(city, config)]
    yield lambda: lists.subscribe(offered)
    about = OwnPage(file="pages/about.md", title="About", slug="about", body="<p>News.</p>")
    yield lambda: lists.own_page(about)
    yield lambda: lists.not_found(articles)
    yield lambda: pages.withdrawn(articles[0])
    yield lambda: pages.redirect(articles[0].address)
    yield lambda: pages.amp(articles[0], cards=[lists.card(articles[0])])


def _review_mail(
    newsletter: Newsletter, config: Config, templates: Templates
) -> Iterator[Callable[[], object]]:
    content = Content(
        subject="", preheader="", html="<head></head><body></body>", text="", nonce=""
    )
    details = ProofDetails(
        url=config.url,
        newsletter=newsletter,
        approve_by=AT,
        hold=timedelta(minutes=5),
        findings=("It has no subject",),
        warnings=("It has no picture",),
    )
    yield lambda: compose_proof(content, details, config=config, templates=templates)
    code = CodeDetails(
        code="123456",
        decision=ReviewDecision.SEND_BACK,
        note="Sample",
        newsletter=newsletter,
        subject="Sample",
    )
    yield lambda: compose_code(code, config=config, templates=templates)


def _article(number: int) -> Article:
    full = number % 2 == 0
    return Article(
        key=number,
        id=f"urn:sample:{number}",
        slug=f"sample-{number}",
        first_seen=AT - timedelta(minutes=number),
        saved_at=AT,
        title="The harbour tram opens",
        body="<h2>Stops</h2><p>It has <b>nine</b> stops.</p><ul><li>Pier</li></ul>",
        section="City" if full else None,
        tags=("tram",) if full else (),
        authors=(Person(name="Ada Lind"),) if full else (),
        contributors=(Person(name="Bo Falk", place="Hanoi"),) if full else (),
        breaking=full,
        corrections=(Correction(at=AT, text="It has nine stops, not eight."),) if full else (),
        summary="After eleven years." if full else "",
        excerpt="After eleven years.",
        image=FIGURE if full else None,
        sponsor=BRIEF.sponsor if full else None,
        comments=Comments(count=3, url="https://example.org/talk") if full else None,
    )
