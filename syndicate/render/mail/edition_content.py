"""Composes the content of an edition, as HTML and text, once for all of its readers.

An alert is one article in full, as on its page; `digest` composes editions of several. Pure: the
same articles, newsletter, configuration, templates and date make the same content, and the same
content has the same hash.

For newsletters that count clicks or tag links (UTM), links are then replaced with numbered markers,
so that they can differ per reader. Placeholders and addresses other than http(s) never are.
"""

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from html import unescape
from typing import Any
from urllib.parse import urlsplit

from lxml import etree
from markupsafe import Markup

from syndicate.body import figures, markup
from syndicate.config import Config, Newsletter
from syndicate.language import Translator
from syndicate.model.articles import Article, Correction
from syndicate.model.corrections import ArticleNote
from syndicate.model.edition_files import EditionBrief
from syndicate.model.editions import CANARY, Content, EditionKind, link_marker
from syndicate.render import addresses
from syndicate.render.article_view import ArticleView
from syndicate.render.formatting import text_direction
from syndicate.render.mail.context import MAX_BYTES, MailContext
from syndicate.render.mail.digest import compose_digest
from syndicate.render.mail.editors_words import sponsor_values
from syndicate.render.mail.html_body import limit_pictures, render_html_body, split_body, truncate
from syndicate.render.mail.plain_text import render_plain_text
from syndicate.render.mail.subject_line import PREHEADER_LENGTH, edition_subject, story_preheader
from syndicate.render.templates import Templates
from syndicate.text import isolate, one_line, shorten

_CORRECTION_SUBJECT = 200
"""Characters."""
_BEGINNING = 1_500
"""Characters of an article whose first paragraph alone exceeds the limit."""
_BEFORE_AD = 3
"""Paragraphs of a story before an advertisement."""
_HREF = re.compile(r"""(<a(?:\s+(?!href=)[^\s=>"']+(?:="[^"]*")?)*\s+href=")([^"]*)(?=")""")
_ADDRESS = re.compile(r"https?://[^\s<>\"]+")
_PUNCTUATION = ".,;:!?)]}'\u2019\u201d»…"
"""Characters after an address that don't belong to it."""
_TOKEN_LENGTH = 60
"""About how much longer a tracked address is than that of the web server, in characters."""
_MAX_GROWTH = 8_000
"""Bytes by which an edition may grow: with `MAX_BYTES` it is below Gmail's limit."""


def compose_edition(
    *,
    kind: EditionKind,
    articles: Sequence[Article],
    more: Sequence[Article],
    newsletter: Newsletter,
    config: Config,
    templates: Templates,
    edition_date: datetime,
    brief: EditionBrief | None = None,
    by_section: bool = False,
    notes: Sequence[ArticleNote] = (),
) -> Content:
    """Compose an alert (the first article in full) or a digest; raise TemplateError.

    `articles` are in order, the lead first; `more` are those beyond the maximum, of which a digest
    has the headlines, as of articles beyond the size that mail clients show. `edition_date` is when
    the slot was due, in the zone of the schedule; for an edition sent by hand, when it is composed.
    `brief` is what an editor wrote around the stories. With `by_section` a digest has its stories
    under the names of their sections; an order of the editor's own stays. `notes` are corrections
    of other articles; a correction is an alert that begins with its only note.
    """
    brief = brief or EditionBrief()
    context = MailContext(
        config=config,
        templates=templates,
        newsletter=newsletter,
        language=config.language_of(newsletter),
        edition_date=edition_date,
        seed=repr([*articles, *more, brief, *notes]),
        brief=brief,
        notes=_other_notes(kind, articles, notes),
    )
    if kind is EditionKind.CORRECTION:
        return _alert(articles[0], context, corrected=notes[0].corrections)
    if kind is EditionKind.ALERT:
        return _alert(articles[0], context)
    return _fitting_digest(articles, more, context, by_section=by_section)


def edition_kind(newsletter: Newsletter, count: int) -> EditionKind:
    """Return the kind of a newsletter's edition of some articles."""
    in_full = count == 1 and newsletter.style == "digest"
    return EditionKind.ALERT if in_full else EditionKind.DIGEST


def _other_notes(
    kind: EditionKind, articles: Sequence[Article], notes: Sequence[ArticleNote]
) -> Sequence[ArticleNote]:
    """Return the notes on articles that an edition doesn't have in full, with their corrections."""
    in_full = set() if kind is EditionKind.DIGEST else {article.key for article in articles}
    return [note for note in notes if note.article.key not in in_full]


def _fitting_digest(
    articles: Sequence[Article], more: Sequence[Article], context: MailContext, *, by_section: bool
) -> Content:
    """Compose a digest of as many articles as mail clients show; it has headlines of the rest."""
    content, count = compose_digest(articles, more, context, by_section=by_section), len(articles)
    while (size := len(content.html.encode())) > MAX_BYTES and count > 1:
        count = max(min(count - 1, count * MAX_BYTES // size), 1)
        rest = [*articles[count:], *more]
        content = compose_digest(articles[:count], rest, context, by_section=by_section)
    return content


def _alert(
    article: Article, context: MailContext, *, corrected: Sequence[Correction] | None = None
) -> Content:
    """Compose an alert; a correction where `corrected` is given, which may be empty."""
    page = addresses.absolute(article.address, context.config)
    subject, preheader = edition_subject(article, context), story_preheader(article)
    if corrected is not None:
        around = text_direction(context.translator.language)
        own = text_direction(article.language or context.config.publication.language)
        title = isolate(one_line(article.title), around, own)
        subject = context.translator.gettext("Correction: %(title)s", title=title)
        subject = shorten(subject, _CORRECTION_SUBJECT)
        preheader = shorten(corrected[-1].text, PREHEADER_LENGTH) if corrected else preheader
    story = ArticleView(article, context.config, around=context.language)
    values = {
        "subject": subject,
        "preheader": context.brief.preheader or preheader,
        "corrected": corrected,
        "article": article,
        "story": story,
        "paid_by": sponsor_values(article.sponsor, context.config),
        "url": page,
    }
    html = _alert_html(article, values, context)
    lead, tree = _lead_and_body(article, page, story.translator)
    for element in reversed(lead):
        element.tail, tree.text = tree.text, None
        tree.insert(0, element)
    body = render_plain_text(tree, page=page, words=story.translator, config=context.config)
    return context.content(html, "email/alert.txt", values | {"body": body})


def _alert_html(article: Article, values: dict[str, Any], context: MailContext) -> str:
    """Render the article, truncated after a paragraph if it is too long for a mail."""
    words, config = values["story"].translator, context.config
    body = partial(
        render_html_body,
        page=values["url"],
        figures=[figure for figure in (*article.figures, article.image) if figure],
        css=context.style,
        words=words,
        direction=values["story"].direction,
        config=config,
    )

    def render(text: str, *, whole: bool) -> str:
        has_ad = bool(config.ads.post_top.mail)
        before, after = split_body(text, _BEFORE_AD) if has_ad else (text, "")
        parts = {"lead": opening, "body": before, "rest": after}
        written = {name: Markup(part) for name, part in parts.items()}  # noqa: S704 - sanitised at intake
        return context.html("email/alert.mjml", values | written | {"whole": whole})

    lead, tree = _lead_and_body(article, values["url"], words)
    opening, shown = body(lead), body(tree)
    html = render(shown, whole=True)
    while (excess := len(html.encode()) - MAX_BYTES) > 0 and shown:
        room = len(shown.encode()) - excess - 1_000
        shown = truncate(shown, room) or _beginning(article, room)
        html = render(shown, whole=False)
    return html


def _lead_and_body(
    article: Article, page: str, words: Translator
) -> tuple[etree._Element, etree._Element]:
    """Return lead figure and body as two trees, with as many pictures as a mail has."""
    lead, tree = figures.split_lead_figure(article)
    of_body = {figure.src for figure in article.figures}
    before = sum(1 for picture in lead.iter("img") if picture.get("src") in of_body)
    limit_pictures(tree, page, words, before=before)
    return lead, tree


def _beginning(article: Article, room: int) -> str:
    """Return the beginning of an article without a paragraph short enough, if there is room."""
    if room < 10 * _BEGINNING:
        return ""
    plain = markup.to_text(markup.parse(article.body))
    return str(Markup("<p>{}</p>").format(shorten(plain, _BEGINNING)))


def mark_links(
    content: Content, newsletter: Newsletter, config: Config
) -> tuple[Content, tuple[str, ...]]:
    """Return content with markers for its links, and their addresses, from number 1."""
    is_counted = newsletter.tracking != "none"
    if not is_counted and not newsletter.utm:
        return content, ()
    numbers = _LinkNumbers(content.nonce, len(config.web_url) + _TOKEN_LENGTH)
    html = _HREF.sub(lambda link: link[1] + numbers.of_href(link[2]), content.html)
    text = _ADDRESS.sub(lambda address: numbers.of_text(address[0]), content.text)
    if is_counted and numbers.known:
        head, end, tail = html.rpartition("</body>")
        canary = link_marker(content.nonce, CANARY)
        html = f"{head}{canary}{end}{tail}" if end else html + canary
    return replace(content, html=html, text=text), tuple(numbers.known)


class _LinkNumbers:
    """Numbers addresses, the same address always by the same number."""

    def __init__(self, nonce: str, length: int) -> None:
        self._nonce = nonce
        self._length = length
        self._room = _MAX_GROWTH
        self.known: dict[str, int] = {}

    def of_href(self, written: str) -> str:
        """Return the marker for a `href`, or its value if that is not to be tracked."""
        address = unescape(written).strip()
        if self._nonce in address or not _is_web(address):
            return written
        growth = max(0, self._length - len(written))
        if growth > self._room:
            return written
        self._room -= growth
        return link_marker(self._nonce, self.known.setdefault(address, len(self.known) + 1))

    def of_text(self, written: str) -> str:
        """Return the marker for an address in the text, if it is a link in the HTML."""
        for address in (written, written.rstrip(_PUNCTUATION)):
            if number := self.known.get(address):
                return link_marker(self._nonce, number) + written[len(address) :]
        return written


def _is_web(address: str) -> bool:
    try:
        parts = urlsplit(address)
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and bool(parts.netloc) and address.isprintable()
