"""Composes digests: several articles as teasers, the first one as lead."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self

from syndicate.config import Config
from syndicate.model import pictures
from syndicate.model.articles import Article, Figure
from syndicate.model.editions import Content
from syndicate.render import addresses
from syndicate.render.formatting import text_direction
from syndicate.render.mail.alert import PREHEADER, alert_preheader
from syndicate.render.mail.context import MAX_BYTES, MailContext
from syndicate.render.mail.html_body import COLUMN, shown_height
from syndicate.text import one_line, shorten

MAX_HEADLINES = 20
"""How many further articles get a headline; the rest, two or more, are only counted."""

_LEAD_SUMMARY, _SUMMARY = 360, 220
"""Maximum length of the summaries of the lead and of the others, in characters."""
_SUBJECT = 80
"""Maximum length of the subject, in characters."""
_THUMBNAIL = 184
"""The width of the picture beside a summary, in pixels."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DigestTeaser:
    """One article in a digest."""

    title: str
    url: str
    section: str
    breaking: bool
    summary: str
    picture: Figure | None
    """The rendition to load, with an absolute address."""
    width: int
    """The displayed width of the picture, in pixels."""
    height: int | None
    """Its displayed height; None if unknown."""
    language: str
    direction: str

    @classmethod
    def of(
        cls, article: Article, config: Config, *, length: int = _SUMMARY, room: int = _THUMBNAIL
    ) -> Self:
        """Make a teaser with a summary of `length` characters and a picture `room` pixels wide."""
        language = article.language or config.publication.language
        picture = article.lead
        width = min((picture.width if picture else None) or room, room)
        loaded = pictures.mail_rendition(picture, width) if picture else None
        if loaded:
            loaded = replace(loaded, src=addresses.figure(loaded, config))
        return cls(
            title=article.title,
            url=addresses.absolute(article.address, config),
            section=article.section or "",
            breaking=article.breaking,
            summary=shorten(article.summary or article.excerpt, length),
            picture=loaded,
            width=width,
            height=shown_height(picture, width) if picture else None,
            language=language,
            direction=text_direction(language),
        )


def compose_digest(
    articles: Sequence[Article], more: Sequence[Article], context: MailContext
) -> Content:
    """Compose a digest; articles beyond the size that mail clients show become headlines."""
    full = len(articles)
    content = _digest(articles, more, context)
    while (size := len(content.html.encode())) > MAX_BYTES and full > 1:
        full = max(min(full - 1, full * MAX_BYTES // size), 1)
        content = _digest(articles[:full], [*articles[full:], *more], context)
    return content


def _digest(articles: Sequence[Article], more: Sequence[Article], context: MailContext) -> Content:
    others = len(articles) + len(more) - 1
    tail = ""
    if others:
        # Translators: the end of a subject, after its first headline and a comma.
        ending = context.translator.ngettext("and %(num)s more", "and %(num)s more", others)
        tail = f", {ending}"
    subject = shorten(articles[0].title, _SUBJECT - len(tail)) + tail
    headlines = " · ".join(one_line(article.title) for article in [*articles, *more][1:])
    preheader = shorten(headlines, PREHEADER) if others else alert_preheader(articles[0])
    named = more if len(more) <= MAX_HEADLINES + 1 else more[:MAX_HEADLINES]
    values = {
        "subject": subject,
        "preheader": preheader,
        "lead": DigestTeaser.of(articles[0], context.config, length=_LEAD_SUMMARY, room=COLUMN),
        "stories": [DigestTeaser.of(article, context.config) for article in articles[1:]],
        "named": [DigestTeaser.of(article, context.config) for article in named],
        "more": len(more),
        "counted": len(more) - len(named),
    }
    html = context.html("email/digest.mjml", values)
    return context.content(html, "email/digest.txt", values)
