"""The digest: several stories, each told in a few lines, the first one as lead."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self

from syndicate.body import markup
from syndicate.config import Config
from syndicate.model import pictures
from syndicate.model.articles import Article, Figure
from syndicate.model.editions import Content
from syndicate.render import addresses
from syndicate.render.article_view import text_direction
from syndicate.render.mail.context import MAX_BYTES, MailContext
from syndicate.render.mail.html_body import COLUMN, shown_height
from syndicate.render.mail.subject import digest_preheader, digest_subject

NAMED = 20
"""So many headlines past the last story are named; what is left, two at least, is counted."""

_LEAD, _STORY = 360, 220
"""Characters of summary for the lead and for the others."""
_THUMB = 184
"""How wide a picture beside a story is, in pixels."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DigestTeaser:
    """One article as a digest tells it."""

    title: str
    url: str
    section: str
    breaking: bool
    summary: str
    picture: Figure | None
    """The rendition that mail loads, with an absolute address."""
    width: int
    """How wide the picture is shown, in pixels."""
    height: int | None
    """How high it is then; None where that is unknown."""
    language: str
    direction: str

    @classmethod
    def of(cls, article: Article, config: Config, *, length: int, room: int) -> Self:
        """Summarise an article in at most `length` characters, its picture `room` pixels wide."""
        language = article.language or config.publication.language
        picture = article.lead
        width = min((picture.width if picture else None) or room, room)
        return cls(
            title=article.title,
            url=addresses.absolute(addresses.page(article), config),
            section=article.section or "",
            breaking=article.breaking,
            summary=markup.shorten(article.summary or article.excerpt, length),
            picture=_loaded(picture, width, config) if picture else None,
            width=width,
            height=shown_height(picture, width) if picture else None,
            language=language,
            direction=text_direction(language),
        )


def _loaded(picture: Figure, width: int, config: Config) -> Figure:
    loaded = pictures.mail_rendition(picture, width)
    return replace(loaded, src=addresses.figure(loaded, config))


def compose_digest(
    articles: Sequence[Article], more: Sequence[Article], press: MailContext
) -> Content:
    """Compose a digest; stories past the size that mail clients show whole are named only."""
    told = len(articles)
    content = _digest(articles, more, press)
    while (size := len(content.html.encode())) > MAX_BYTES and told > 1:
        told = max(min(told - 1, told * MAX_BYTES // size), 1)
        content = _digest(articles[:told], [*articles[told:], *more], press)
    return content


def _digest(articles: Sequence[Article], more: Sequence[Article], press: MailContext) -> Content:
    others = len(articles) + len(more) - 1
    subject = digest_subject(articles[0], others, press.language)
    preheader = digest_preheader([*articles, *more])
    named = more if len(more) <= NAMED + 1 else more[:NAMED]
    values = {
        "subject": subject,
        "preheader": preheader,
        "lead": DigestTeaser.of(articles[0], press.config, length=_LEAD, room=COLUMN),
        "stories": [
            DigestTeaser.of(a, press.config, length=_STORY, room=_THUMB) for a in articles[1:]
        ],
        "named": [DigestTeaser.of(a, press.config, length=_STORY, room=_THUMB) for a in named],
        "more": len(more),
        "counted": len(more) - len(named),
    }
    return press.content(
        subject=subject,
        preheader=preheader,
        html=press.html("email/digest.mjml", values),
        text=press.text("email/digest.txt", values),
    )
