"""Pre-flight: what an editor may have overlooked in an edition, found before anybody gets it.

Pure: it looks at the content as it is composed, before links are numbered, and at the articles in
it. Which pages of ours exist is asked of `find_dead`; nobody else's links are followed.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from lxml import etree, html

from syndicate.body.markup import PHRASING
from syndicate.config import Config
from syndicate.model.articles import Article
from syndicate.model.editions import Content, placeholder
from syndicate.model.findings import EditionFinding
from syndicate.render import addresses
from syndicate.render.mail.context import MAX_BYTES
from syndicate.text import one_line, shorten

MAX_SUBJECT = 90
"""Characters."""
MIN_TEXT = 200
"""Characters of text that a mail with pictures has at least, beside its footer."""
CLIPPED_AT = 102
"""KB of HTML from which Gmail hides the rest."""
_NAMED = 3
"""How many links or stories a finding names."""
_CONTEXT = 24
"""Characters that are quoted before and after a word."""
_TK = re.compile(r"(?<![\w-])(?:TK)+(?![\w-])")
_LOREM = re.compile(r"\blorem\s+ipsum\b", re.IGNORECASE)
_TEMPLATE_CODE = re.compile(r"\{\{|\{%|%7B(?:%7B|%25)", re.IGNORECASE)
_UNSEEN = frozenset({"head", "script", "style", "title"})
_CODE = frozenset({"code", "kbd", "pre", "samp", "var"})
gettext, ngettext = EditionFinding.of, EditionFinding.counted
"""Texts for Babel, which are English here and translated for reviewers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PreflightReport:
    """What was found in an edition, in clauses: "its subject is empty"."""

    errors: tuple[str, ...] = ()
    """What it has to wait for a person for."""
    warnings: tuple[str, ...] = ()


FindDead = Callable[[Iterable[str]], Sequence[str]]
"""Returns those of some addresses that are our own and lead nowhere."""


def check_edition(
    content: Content, articles: Sequence[Article], config: Config, find_dead: FindDead
) -> PreflightReport:
    """Check an edition of these articles by the rules of `[preflight]`."""
    mail = _ComposedMail(content, tuple(articles), config, find_dead)
    found: dict[str, list[str]] = {"error": [], "warning": []}
    for rule, find in _RULES.items():
        level = getattr(config.preflight, rule)
        if level != "off":
            found[level] += find(mail)
    return PreflightReport(errors=tuple(found["error"]), warnings=tuple(found["warning"]))


def list_links(content: Content) -> list[str]:
    """Return the addresses that links lead to, each once, but no personal or numbered ones."""
    return _links_in(html.document_fromstring(content.html), content.nonce)


@dataclass(frozen=True)
class _ComposedMail:
    """An edition as its readers see it."""

    content: Content
    articles: tuple[Article, ...]
    config: Config
    find_dead: FindDead

    @cached_property
    def root(self) -> etree._Element:
        """The HTML as a tree."""
        return html.document_fromstring(self.content.html)

    @cached_property
    def prose(self) -> str:
        """The visible text, but no code; a line for each block."""
        return _visible_text(self.root, _CODE)

    @cached_property
    def pictures(self) -> list[etree._Element]:
        """The pictures, but neither our logo nor those that are marked as ornaments."""
        logo = addresses.logo(self.config)
        return [
            picture
            for picture in self.root.iter("img")
            if picture.get("src") != logo and picture.get("role") not in {"presentation", "none"}
        ]

    @cached_property
    def links(self) -> list[str]:
        """The addresses that links lead to, each once; personal ones are left out."""
        return _links_in(self.root, self.content.nonce)

    @property
    def unsubscribe(self) -> str:
        """The placeholder of the unsubscribe link."""
        return placeholder(self.content.nonce, "unsubscribe")

    def quote(self, pattern: re.Pattern[str]) -> list[str]:
        """Quote the first place that a pattern matches, with the words around it.

        Subject and preheader mostly repeat what follows, so they are looked at last.
        """
        for text in (self.prose, self.content.subject, self.content.preheader):
            if places := [*pattern.finditer(text)]:
                return [_quotation(text, places[0], len(places))]
        return []


def _quotation(text: str, place: re.Match[str], count: int) -> str:
    before = text[: place.start()].rpartition("\n")[2]
    after = text[place.end() :].partition("\n")[0]
    if len(before) > _CONTEXT:
        before = "…" + before[-_CONTEXT:].partition(" ")[2]
    if len(after) > _CONTEXT:
        after = after[:_CONTEXT].rpartition(" ")[0] + "…"
    return ngettext(
        "“%(found)s” is in it: “%(quote)s”",
        "“%(found)s” is in it %(num)s times, first in “%(quote)s”",
        count,
        found=one_line(place[0]),
        quote=one_line(f"{before}{place[0]}{after}"),
    )


def _empty_subject(mail: _ComposedMail) -> Iterator[str]:
    if not one_line(mail.content.subject):
        yield gettext("its subject is empty")


def _dead_link(mail: _ComposedMail) -> Iterator[str]:
    dead = mail.find_dead(mail.links)
    if dead:
        yield ngettext(
            "a link of our own leads nowhere: %(links)s",
            "%(num)s links of our own lead nowhere: %(links)s",
            len(dead),
            links=_some(dead),
        )


def _repeated_story(mail: _ComposedMail) -> Iterator[str]:
    keys = Counter(article.key for article in mail.articles)
    texts = Counter(map(_text_of, {article.key: article for article in mail.articles}.values()))
    repeated = [
        f"“{shorten(article.title, MAX_SUBJECT)}”"
        for article in mail.articles
        if keys[article.key] > 1 or texts[_text_of(article)] > 1
    ]
    if repeated:
        titles = _some(list(dict.fromkeys(repeated)))
        yield gettext("a story is in it twice: %(titles)s", titles=titles)


def _no_unsubscribe(mail: _ComposedMail) -> Iterator[str]:
    if not any(mail.unsubscribe in link.get("href", "") for link in mail.root.iter("a")):
        yield gettext("its HTML has no unsubscribe link")
    if mail.unsubscribe not in mail.content.text:
        yield gettext("its text has no unsubscribe link")


def _too_large(mail: _ComposedMail) -> Iterator[str]:
    size = len(mail.content.html.encode())
    if size > MAX_BYTES:
        yield gettext(
            "its HTML has %(size)s KB, more than %(limit)s: Gmail hides what follows after "
            "%(clipped)s, with the link to unsubscribe",
            size=-(-size // 1000),
            limit=MAX_BYTES // 1000,
            clipped=CLIPPED_AT,
        )


def _missing_alt(mail: _ComposedMail) -> Iterator[str]:
    without = [picture for picture in mail.pictures if not picture.get("alt", "").strip()]
    if not without:
        return
    owners = {
        addresses.figure(figure, mail.config).rpartition("/")[2].partition(".")[0]: article.title
        for article in mail.articles
        for figure in (article.image, *article.figures)
        if figure is not None and figure.src
    }
    names = (picture.get("src", "").rpartition("/")[2] for picture in without)
    titles = (title for name in names for src, title in owners.items() if name.startswith(src))
    title = next(titles, None)
    if title is None:
        yield ngettext(
            "a picture has no alternative text",
            "%(num)s pictures have no alternative text",
            len(without),
        )
        return
    yield ngettext(
        "a picture has no alternative text, as in “%(title)s”",
        "%(num)s pictures have no alternative text, as in “%(title)s”",
        len(without),
        title=shorten(title, MAX_SUBJECT),
    )


def _template_code(mail: _ComposedMail) -> list[str]:
    found = mail.quote(_TEMPLATE_CODE)
    values = (*mail.links, *(picture.get("alt", "") for picture in mail.pictures))
    inside = [value for value in values if _TEMPLATE_CODE.search(value)]
    if not found and inside:
        places = _some(inside)
        found = [gettext("code of a template is in a link or a picture: %(places)s", places=places)]
    # an article's code is in the HTML as well
    if not found and not _TEMPLATE_CODE.search(mail.content.html):
        place = _TEMPLATE_CODE.search(mail.content.text)
        found = [gettext("“%(found)s” is in its text", found=place[0])] if place else []
    return found


def _long_subject(mail: _ComposedMail) -> Iterator[str]:
    length = len(mail.content.subject)
    if length > MAX_SUBJECT:
        yield gettext(
            "its subject has %(length)s characters, more than %(limit)s",
            length=length,
            limit=MAX_SUBJECT,
        )


def _only_pictures(mail: _ComposedMail) -> Iterator[str]:
    footers = [
        next(link.iterancestors("td"), link)
        for link in mail.root.iter("a")
        if mail.unsubscribe in link.get("href", "")
    ]
    length = len(" ".join(_visible_text(mail.root, frozenset(), footers).split()))
    if mail.pictures and length < MIN_TEXT:
        yield ngettext(
            "it is nearly all pictures: a picture, and %(length)s characters of text",
            "it is nearly all pictures: %(num)s pictures, and %(length)s characters of text",
            len(mail.pictures),
            length=length,
        )


_RULES: Mapping[str, Callable[[_ComposedMail], Iterable[str]]] = {
    "empty_subject": _empty_subject,
    "dead_link": _dead_link,
    "repeated_story": _repeated_story,
    "no_unsubscribe": _no_unsubscribe,
    "too_large": _too_large,
    "missing_alt": _missing_alt,
    "tk": lambda mail: mail.quote(_TK),
    "lorem_ipsum": lambda mail: mail.quote(_LOREM),
    "template_code": _template_code,
    "long_subject": _long_subject,
    "only_pictures": _only_pictures,
}
"""What looks for each key of `[preflight]`."""


def _visible_text(
    root: etree._Element, left_out: frozenset[str], removed: Sequence[etree._Element] = ()
) -> str:
    """Return the text that readers see, a line for each block, without some elements."""
    pieces: list[str] = []

    def walk(element: etree._Element) -> None:
        tag = element.tag
        if not isinstance(tag, str) or tag in _UNSEEN | left_out or element in removed:
            return
        if "display:none" in element.get("style", "").replace(" ", ""):
            return
        separator = "" if tag in PHRASING and tag != "br" else "\n"
        pieces.append(separator + (element.text or ""))
        for child in element:
            walk(child)
            pieces.append(child.tail or "")
        pieces.append(separator)

    walk(root)
    return "\n".join(filter(None, map(str.strip, "".join(pieces).splitlines())))


def _links_in(root: etree._Element, nonce: str) -> list[str]:
    found = (link.get("href", "").strip() for link in root.iter("a", "area"))
    return [address for address in dict.fromkeys(found) if nonce not in address]


def _text_of(article: Article) -> tuple[str, str]:
    """Return what two articles that are the same story have in common."""
    return one_line(article.title).casefold(), " ".join(article.body.split())


def _some(names: Sequence[str]) -> str:
    """List a few names; an ellipsis stands for the others."""
    return ", ".join([*names[:_NAMED], *("…" for _ in names[_NAMED : _NAMED + 1])])
