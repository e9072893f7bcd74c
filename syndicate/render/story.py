"""An article as a page tells it: what page and AMP share before they part.

Times are shown in the publication's zone, words in the article's language.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Self
from zoneinfo import ZoneInfo

from lxml import etree
from markupsafe import Markup, escape

from syndicate.config import Config
from syndicate.model.articles import Article, Figure, Person
from syndicate.render import markup, words

WORTH_SAYING = timedelta(minutes=5)
"""An update sooner after publication than this is not told."""

_HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """One article, ready to be set.

    `opening` and `body` are trees (see `render.markup`) that the channel may
    change as it likes: the children of `opening` are the lead figure, if any.
    """

    article: Article
    language: str
    zone: ZoneInfo
    words: words.Words
    opening: etree._Element
    body: etree._Element
    byline: Markup
    credit: str
    comments: str
    """What is said of the comments; empty where nothing is known."""
    comments_address: str | None

    @classmethod
    def of(cls, article: Article, config: Config) -> Self:
        """Prepare an article of a publication."""
        language = article.language or config.publication.language
        said = words.of(language)
        opening, body = _open(article)
        house = [Person(name=config.publication.author)] if config.publication.author else []
        return cls(
            article=article,
            language=language,
            zone=config.publication.timezone,
            words=said,
            opening=opening,
            body=body,
            byline=_byline(article.authors or house, said),
            credit=said.credit(article.contributors),
            comments=_comments(article, said),
            comments_address=article.comments if isinstance(article.comments, str) else None,
        )

    @property
    def direction(self) -> str:
        """`ltr` or `rtl`, by the language."""
        return direction(self.language)

    @property
    def updated(self) -> datetime | None:
        """When it last changed, if readers should be told."""
        article = self.article
        if article.modified - article.published < WORTH_SAYING:
            return None
        return article.modified

    @property
    def updated_same_day(self) -> bool:
        """Whether it changed on the day it appeared, so that the time alone will do."""
        published = self.article.published.astimezone(self.zone)
        return published.date() == self.article.modified.astimezone(self.zone).date()


def direction(language: str) -> str:
    """Return `ltr` or `rtl` for a BCP 47 language."""
    return str(words.locale(language).text_direction)


def is_web(address: str | None) -> bool:
    """Whether an address may be linked to: nothing but http and https."""
    return address is not None and address.lower().startswith(("http://", "https://"))


def _open(article: Article) -> tuple[etree._Element, etree._Element]:
    """Part the lead figure from the body.

    The figure that the body begins with is the lead, unless the article names
    another picture; a picture that comes first in the body is not shown twice.
    """
    opening, body = markup.parse(""), markup.parse(article.body)
    _mend(body)
    first = next(iter(body.iter("figure")), None)
    image = article.image
    shown = first is not None and (image is None or not image.src or _source(first) == image.src)
    if not shown and image is not None:
        opening.append(_figure(image))
    elif first is not None and _begins(body, first):
        tail, first.tail = first.tail, None
        body.remove(first)
        body.text = tail
        opening.append(first)
    return opening, body


def _mend(body: etree._Element) -> None:
    """Drop pictures that aren't there, and let headings follow the headline without a gap."""
    for picture in [*body.iter("img")]:
        if not picture.get("src"):
            holder = next(picture.iterancestors("figure"), picture)
            holder.drop_tree()
        elif picture.get("alt") is None:
            picture.set("alt", "")
    above: list[str] = []
    for heading in [*body.iter(*_HEADINGS)]:
        level = str(heading.tag)
        above = [*(higher for higher in above if higher < level), level]
        heading.tag = f"h{min(len(above) + 1, 6)}"


def _begins(body: etree._Element, first: etree._Element) -> bool:
    return first is next(iter(body), None) and not (body.text or "").strip()


def _source(figure: etree._Element) -> str:
    picture = figure.find(".//img")
    return "" if picture is None else str(picture.get("src", ""))


def _figure(figure: Figure) -> etree._Element:
    """Set a figure as it stands in bodies."""
    element = etree.Element("figure")
    alt = markup.printable(figure.alt)
    if figure.src:
        picture = etree.SubElement(element, "img", src=markup.printable(figure.src), alt=alt)
    elif alt:
        etree.SubElement(element, "p", {"class": "missing-picture"}).text = alt
    if figure.src and figure.width and figure.height:
        picture.set("width", str(figure.width))
        picture.set("height", str(figure.height))
    caption, credit = markup.printable(figure.caption), markup.printable(figure.credit)
    if caption or credit:
        line = etree.SubElement(element, "figcaption")
        line.text = f"{caption} " if caption and credit else caption
        if credit:
            etree.SubElement(line, "cite").text = credit
    return element


def _byline(authors: Sequence[Person], said: words.Words) -> Markup:
    if not authors:
        return Markup("")
    names = [
        f'<a rel="author" href="{escape(author.url)}">{escape(author.name)}</a>'
        if is_web(author.url)
        else str(escape(author.name))
        for author in authors
    ]
    return Markup(said.by.format(names=said.all_of(names)))  # noqa: S704 - escaped above


def _comments(article: Article, said: words.Words) -> str:
    if isinstance(article.comments, int):
        return said.count_comments(article.comments)
    return said.comments if is_web(article.comments) else ""
