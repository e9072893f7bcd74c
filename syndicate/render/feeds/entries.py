"""An article as an entry of a feed, for all formats.

Its values need no further processing: text is plain, on one line and valid in XML, every
address is absolute, and a body is HTML with its figures.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from types import MappingProxyType
from urllib.parse import quote

from markupsafe import Markup, escape

from syndicate.body import markup
from syndicate.clock import to_utc
from syndicate.config import Config
from syndicate.language import Translator, translator
from syndicate.model.articles import (
    Article,
    Comments,
    CompiledBody,
    Correction,
    Figure,
    Person,
    Recording,
    Sponsor,
)
from syndicate.model.people import NOBODY, People
from syndicate.model.urls import http_url
from syndicate.render import addresses, authors
from syndicate.render.article_view import BodyRenderer
from syndicate.render.formatting import FILTERS
from syndicate.text import one_line, printable, to_utf8

_LANGUAGE = re.compile(r"[A-Za-z]{1,8}(-[A-Za-z0-9]{1,8})*")
_EMAIL = re.compile(r"[^@\s<>()]+@[^@\s<>()]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelEntry:
    """One article in a feed."""

    id: str
    url: str
    title: str
    summary: str
    """Plain text."""
    content: bytes | None
    """The full text as HTML in UTF-8; None in feeds of summaries."""
    published: datetime
    modified: datetime
    authors: tuple[Person, ...]
    """Never empty."""
    avatars: Mapping[str, str] = field(default_factory=dict)
    """Addresses of portraits, by the authors' names."""
    contributors: tuple[Person, ...] = ()
    categories: Mapping[str, str | None] = field(default_factory=dict)
    """The section, with the address of all sections as its scheme, then the tags, with none."""
    image: Figure | None = None
    audio: Recording | None = None
    """A recording of known length."""
    corrections: tuple[Correction, ...] = ()
    """Oldest first; `content` has them too."""
    sponsor: Sponsor | None = None
    """Who paid for it; summary and content begin with a label that says so."""
    comments: Comments = field(default_factory=Comments)
    original: str | None = None
    """Where it was first published, if on another site."""
    translations: Mapping[str, str] = field(default_factory=dict)
    """Addresses of other languages by tag, each language once, in order."""
    rights: str | None = None
    language: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Tombstone:
    """The notice of a retracted entry (RFC 6721)."""

    ref: str
    """The entry's id."""
    when: datetime
    url: str
    """The page with the notice."""
    by: str
    comment: str


@dataclass(frozen=True, slots=True)
class EntryFragments:
    """An article in feeds."""

    fragments: dict[str, bytes]
    """By the file name of the format."""
    modified: datetime
    has_audio: bool
    tombstone: Tombstone | None


def build_entry(
    config: Config,
    article: Article,
    compiled: CompiledBody | None = None,
    *,
    full_text: bool | None = None,
    people: People = NOBODY,
) -> ChannelEntry:
    """Return an article as an entry; its body is compiled first unless `compiled` is current.

    `full_text` is whether it has the full text or only a summary; None for `syndication.full_text`.
    Authors among `people` have a portrait, and their page where they name no other.
    """
    avatars, pages = _about_authors(config, article, people)
    full = config.syndication.full_text if full_text is None else full_text
    url = f"{config.url}{quote(article.address)}"
    language = _language(article, config)
    words = translator(language)
    return ChannelEntry(
        id=printable(article.id),
        url=url,
        title=one_line(article.title) or article.slug,
        summary=" ".join(filter(None, (_paid_for(article, words), one_line(article.excerpt)))),
        content=_content(config, article, compiled) if full else None,
        published=to_utc(article.published),
        modified=to_utc(article.modified),
        authors=_people(article.authors, pages) or (publisher(config),),
        avatars=avatars,
        contributors=_people(article.contributors),
        categories=_categories(config, article),
        image=_image(config, article.lead, url),
        comments=_comments(article.comments or Comments()),
        audio=_audio(config, article.audio, url),
        corrections=tuple(map(_correction, article.corrections)),
        sponsor=_sponsor(article.sponsor),
        original=_original(article, url),
        translations=_translations(config, article, language),
        rights=rights_line(config),
        language=language,
    )


def _content(config: Config, article: Article, compiled: CompiledBody | None) -> bytes:
    """Return the body with its figures as HTML in UTF-8.

    Above it is who paid for it, below it are the corrections.
    """
    language = article.language or config.publication.language
    words, zone = translator(language), config.publication.timezone
    parts = [
        *_sponsor_line(_sponsor(article.sponsor), words),
        *BodyRenderer(config, "feed").render(article, compiled),
    ]
    for correction in article.corrections:
        date = FILTERS["date"](correction.at, zone, language)
        label = words.gettext("Correction, %(date)s:", date=date)
        paragraph = Markup("<p><strong>{}</strong> {}</p>")
        parts.append(paragraph.format(label, printable(correction.text)))
    return to_utf8("".join(parts))


def _original(article: Article, url: str) -> str | None:
    """Return where an article was first published; None if that is its page at `url`."""
    original = _http_url(article.canonical_url)
    return original if original and original.rstrip("/") != url.rstrip("/") else None


def _comments(comments: Comments) -> Comments:
    return replace(comments, url=_http_url(comments.url), feed=_http_url(comments.feed))


def _correction(correction: Correction) -> Correction:
    return Correction(at=to_utc(correction.at), text=one_line(correction.text))


def _sponsor(sponsor: Sponsor | None) -> Sponsor | None:
    """Return a sponsor as feeds name it, without the logo; None without a name."""
    if sponsor is None or not (name := one_line(sponsor.name)):
        return None
    return Sponsor(name=name, url=_http_url(sponsor.url))


def _paid_for(article: Article, words: Translator) -> str:
    """Return the label of a summary that somebody paid for, as a sentence."""
    sponsor = _sponsor(article.sponsor)
    return f"{words.gettext('Paid for by %(sponsor)s', sponsor=sponsor.name)}." if sponsor else ""


def _sponsor_line(sponsor: Sponsor | None, words: Translator) -> Iterator[Markup]:
    """Yield the label above a text that somebody paid for."""
    if sponsor is not None:
        name = escape(sponsor.name)
        if sponsor.url:
            link = Markup('<a href="{}" rel="sponsored">{}</a>')
            name = link.format(sponsor.url, sponsor.name)
        label = words.gettext("Paid for by %(sponsor)s", sponsor=name)
        yield Markup(f"<p><strong>{label}</strong></p>")  # noqa: S704 - escaped above


def build_withdrawn_entry(config: Config, article: Article) -> ChannelEntry:
    """Return the notice of a retracted article, for formats without tombstones.

    It has the article's id and is newer, so it replaces the article in feed readers.
    """
    language = _language(article, config)
    words, title = translator(language), one_line(article.title) or article.slug
    at = to_utc(article.retracted_at or article.modified)
    return ChannelEntry(
        id=printable(article.id),
        url=f"{config.url}{quote(article.address)}",
        title=words.gettext("[withdrawn] %(title)s", title=title),
        summary=words.gettext("This article has been withdrawn") + ".",
        content=None,
        published=to_utc(article.published),
        modified=max(at, to_utc(article.published)),
        authors=_people(article.authors) or (publisher(config),),
        rights=rights_line(config),
        language=language,
    )


def build_tombstone(config: Config, article: Article) -> Tombstone:
    """Return the tombstone of a retracted article."""
    words = translator(config.publication.language)
    return Tombstone(
        ref=printable(article.id),
        when=to_utc(article.retracted_at or article.modified),
        url=f"{config.url}{quote(article.address)}",
        by=publisher(config).name,
        comment=words.gettext("This article has been withdrawn"),
    )


def _image(config: Config, figure: Figure | None, page: str) -> Figure | None:
    if figure is None or not figure.src:
        return None
    src = _http_url(markup.absolute_address(printable(figure.src), config.url, page))
    alt, caption, credit = one_line(figure.alt), one_line(figure.caption), one_line(figure.credit)
    return replace(figure, src=src, alt=alt, caption=caption, credit=credit) if src else None


def publisher(config: Config) -> Person:
    """Return the publication's author, who stands in for authors that an article lacks."""
    return Person(
        name=one_line(config.publication.author or "") or one_line(config.publication.title)
    )


def _people(
    people: Sequence[Person], pages: Mapping[str, str] = MappingProxyType({})
) -> tuple[Person, ...]:
    """Return people with the properties that every format supports: name, URL, mail address.

    `pages` are addresses by the names of those who may have none themselves.
    """
    return tuple(
        Person(
            name=name,
            url=_http_url(person.url) or pages.get(name),
            email=_mail_address(person.email or ""),
        )
        for person in people
        if (name := one_line(person.name))
    )


def _about_authors(
    config: Config, article: Article, people: People
) -> tuple[dict[str, str], dict[str, str]]:
    """Return the addresses of the portraits and the pages of authors that have a file, by name."""
    avatars, pages = {}, {}
    for person, profile in authors.profiles_of(article.authors, people):
        name = one_line(person.name)
        pages[name] = addresses.absolute(addresses.author(person.name), config)
        if portrait := authors.portrait_address(profile, config):
            avatars[name] = portrait
    return avatars, pages


def _mail_address(address: str) -> str | None:
    """Return a mail address unchanged; None if it is invalid or XML can't contain it."""
    is_valid = _EMAIL.fullmatch(address) and printable(address) == address
    return address if is_valid else None


def _categories(config: Config, article: Article) -> dict[str, str | None]:
    section = one_line(config.section_title(article.section))
    categories: dict[str, str | None] = {section: f"{config.url}/sections/"}
    for tag in article.tags:
        categories.setdefault(one_line(tag), None)
    return {name: scheme for name, scheme in categories.items() if name}


def _audio(config: Config, recording: Recording | None, page: str) -> Recording | None:
    """Return a recording of known length, which podcast clients rely on; otherwise None."""
    if recording is None or not recording.length:
        return None
    src = _http_url(markup.absolute_address(printable(recording.src), config.url, page))
    type_, title = one_line(recording.type), one_line(recording.title)
    return replace(recording, src=src, type=type_, title=title) if src else None


def _translations(config: Config, article: Article, own: str) -> dict[str, str]:
    """Return the addresses of other languages, one for each, as Atom requires."""
    links: dict[str, tuple[str, str]] = {}
    for tag, target in article.translations.items():
        href = _http_url(target) or f"{config.url}/articles/{quote(one_line(target))}/"
        if _LANGUAGE.fullmatch(tag):
            links.setdefault(tag.lower(), (tag, href))
    return dict(link for lower, link in sorted(links.items()) if lower != own.lower())


def rights_line(config: Config) -> str | None:
    """Return the copyright line of a publication; None if it has none."""
    return one_line(config.publication.rights or "") or None


def _language(article: Article, config: Config) -> str:
    """Return the language of an article, where its tag is valid, or the publication's."""
    tag = article.language or ""
    return tag if _LANGUAGE.fullmatch(tag) else config.publication.language


def _http_url(address: str | None) -> str | None:
    return http_url(one_line(address)) if address else None
