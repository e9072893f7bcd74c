"""Read all the fields of an article from its front matter."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import tzinfo
from pathlib import PurePath
from typing import Any, get_args

from syndicate.intake.articles import front_matter, markdown, publishing
from syndicate.intake.articles.front_matter import MAX_LINE_LENGTH, FrontMatter, FrontMatterKeys
from syndicate.intake.articles.front_matter_formats import FrontMatterValue
from syndicate.intake.articles.slugify import article_name, slugify, split_dated_name
from syndicate.model.articles import (
    Comments,
    Figure,
    Person,
    Placement,
    Recording,
    Revision,
    Sponsor,
)
from syndicate.model.old_addresses import InvalidOldAddress, is_reserved, parse_old_address
from syndicate.model.urls import http_url
from syndicate.text import is_email, one_line

MAX_ID_LENGTH = 200
SLUG_KEYS = ("slug", "permalink")
"""The keys that may name an article's slug."""
_ID = re.compile(r"[^\s\x00-\x20\x7f-\xa0]+")
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_COUNT = re.compile("[0-9]{1,9}")
_AUDIO = re.compile(r"audio/[a-z0-9][a-z0-9.+-]{0,60}")
_CLOCK = re.compile(r"(?:(\d{1,3}):)?(\d{1,3}):([0-5]\d)")
_ADDRESS_KEYS = ("permalink", "url", "path", "aliases", "redirect_from")
_STYLES = ("date", "pretty", "ordinal", "weekdate", "none")
"""Jekyll's named permalink patterns."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ArticleFields:
    """The fields of an article: its identity, and a revision without a body."""

    id: str | None
    slug: str
    revision: Revision
    """Without body, excerpt and figures; `src` of picture and logo are as written."""
    warnings: tuple[str, ...]


def read_fields(front: FrontMatter, file: PurePath, zone: tzinfo, site: str = "") -> ArticleFields:
    """Read front matter; slug and date default to those in the name of `file`.

    `site` is the publication's URL, for absolute old addresses. Raise Refused for an invalid
    value, with its line and what was expected.
    """
    keys = FrontMatterKeys(front)
    date, name = split_dated_name(article_name(file))
    section, tags = _section_and_tags(keys)
    place, other_place = _place(keys)
    canonical = keys.get("canonical_url")
    revision = Revision(
        title=keys.required_line("title", "…"),
        body="",
        status=publishing.read_status(keys, file),
        date=publishing.read_date(keys, date, zone),
        updated=publishing.read_updated(keys, zone),
        section=section,
        tags=tags,
        authors=_people(keys, "authors", "author"),
        contributors=_people(keys, "contributors"),
        breaking=keys.flag("breaking") or False,
        place=place,
        summary=markdown.to_text(
            keys.first_line("summary", "description", "excerpt", longest=5 * MAX_LINE_LENGTH)
        ),
        image=_read_image(keys),
        canonical_url=keys.address("canonical_url", canonical) if canonical else None,
        comments=_read_comments(keys),
        language=_language(keys),
        audio=_read_audio(keys),
        sponsor=read_sponsor(keys),
        translations=_translations(keys),
        old_addresses=_read_old_addresses(keys, file, site),
        corrections=publishing.read_corrections(keys, zone),
        extra={**keys.extra(), **other_place},
    )
    slug = _slug(keys, name)
    return ArticleFields(id=_id(keys), slug=slug, revision=revision, warnings=tuple(keys.warnings))


def _id(keys: FrontMatterKeys) -> str | None:
    value = keys.get("id")
    if value is None:
        return None
    if value.text is None or len(value.text) > MAX_ID_LENGTH or not _ID.fullmatch(value.text):
        keys.refuse("id", value, f"at most {MAX_ID_LENGTH} characters without white space")
    return value.text


def _slug(keys: FrontMatterKeys, name: str) -> str:
    value, link = keys.get("slug"), keys.get("permalink")
    if value is None:
        # the last part of a Jekyll permalink, unless it is a pattern or a named style
        if link is not None and link.text and "/" in link.text and ":" not in link.text:
            path = re.sub(r"/(index\.html?)?$|\.html?$", "", link.text.strip())
            name = path.rpartition("/")[2] or name
        return slugify(name)
    if not value.text or not value.text.strip():
        keys.refuse("slug", value, "lower-case letters, digits and hyphens")
    slug = slugify(value.text.strip())
    if slug != value.text.strip():
        keys.warn(value, f"slug {value} becomes {slug}")
    return slug


def _section_and_tags(keys: FrontMatterKeys) -> tuple[str | None, tuple[str, ...]]:
    """Return section and tags; Jekyll's first category is the default section, others are tags."""
    categories = keys.words("categories")
    section = keys.line("section") or keys.line("category") or next(iter(categories), None)
    others = (name for name in categories if name != section)
    return section, tuple(dict.fromkeys((*keys.words("tags"), *keys.words("tag"), *others)))


def _place(keys: FrontMatterKeys) -> tuple[Placement | None, Mapping[str, Any]]:
    """Return where an editor puts the article; any other value is kept as an unknown key's."""
    value = keys.written("place")
    if value is None:
        return None, {}
    for place in get_args(Placement):
        if (value.text or "").strip().lower() == place:
            return place, {}
    keys.warn(value, f"place = {value} means nothing; expected lead, top or hide")
    return None, {"place": value.json_value}


def _language(keys: FrontMatterKeys) -> str | None:
    value = keys.written("language")
    if value is None:
        return None
    if value.text is None or not _LANGUAGE.fullmatch(value.text.strip()):
        keys.refuse("language", value, "a language as in BCP 47, such as en or pt-BR")
    return value.text.strip()


def _translations(keys: FrontMatterKeys) -> Mapping[str, str]:
    value = keys.get("translations")
    if value is None:
        return {}
    if value.table is None:
        keys.refuse("translations", value, "a table such as {de: slug-or-address}")
    translations = {}
    for tag, item in value.table.items():
        target = (item.text or "").strip()
        if not _LANGUAGE.fullmatch(tag):
            keys.refuse(f"translations.{tag}", item, "a language as in BCP 47, such as pt-BR")
        address = target if target and slugify(target) == target else http_url(target)
        if address is None:
            keys.refuse(f"translations.{tag}", item, "a slug, or an http or https address")
        translations[tag] = address
    return translations


def _people(keys: FrontMatterKeys, *names: str) -> tuple[Person, ...]:
    """Return the people in some keys, each once."""
    people: dict[Person, None] = {}
    for name in names:
        value = keys.get(name) or FrontMatterValue(line=1)
        items = (value,) if value.items is None else value.items
        named = (item for item in items if not item.is_null and item.text != "")
        people |= dict.fromkeys(_person(keys, name, item) for item in named)
    return tuple(people)


def _person(keys: FrontMatterKeys, key: str, value: FrontMatterValue) -> Person:
    table = keys.table(key, value, ("name", "place", "url", "email"))
    name = table.get("name", "") if value.text is None else one_line(value.text)
    if not name or len(name) > MAX_LINE_LENGTH:
        keys.refuse(key, value, "a name, or a table with name, place, url, email")
    url = keys.address(f"{key}.url", (value.table or {})["url"]) if table.get("url") else None
    email = table.get("email") or None
    if email is not None and not is_email(email):
        keys.refuse(f"{key}.email", (value.table or {})["email"], "an email address")
    return Person(name=name, place=table.get("place") or None, url=url, email=email)


def _read_image(keys: FrontMatterKeys) -> Figure | None:
    """Return the lead picture; `src` is as written."""
    value = keys.written("image")
    if value is None:
        return None
    src, table = _source(keys, "image", value, ("src", "alt", "caption", "credit"))
    alt, caption, credit = (table.get(key, "") for key in ("alt", "caption", "credit"))
    return Figure(src=src, alt=alt, caption=caption, credit=credit)


def _read_audio(keys: FrontMatterKeys) -> Recording | None:
    """Return the recording; type and length may come from its file later."""
    value = keys.written("audio")
    if value is None:
        return None
    src, table = _source(keys, "audio", value, ("src", "title", "duration", "type", "length"))
    kind, length = table.get("type", ""), table.get("length", "")
    if kind and not _AUDIO.fullmatch(kind):
        keys.refuse("audio.type", value, "a media type such as audio/mpeg")
    if length and not re.fullmatch("[1-9][0-9]{0,12}", length):
        keys.refuse("audio.length", value, "a number of bytes")
    try:
        duration = parse_duration(table["duration"]) if table.get("duration") else None
    except ValueError:
        keys.refuse("audio.duration", value, "seconds, mm:ss or h:mm:ss")
    return Recording(
        src=src,
        type=kind,
        length=int(length) if length else None,
        duration=duration or None,
        title=table.get("title", ""),
    )


def parse_duration(text: str) -> int:
    """Parse a duration in seconds, `mm:ss` or `h:mm:ss`; raise ValueError for anything else."""
    text = text.strip()
    if re.fullmatch("[0-9]{1,6}", text):
        return int(text)
    match = _CLOCK.fullmatch(text)
    if match is None:
        raise ValueError(f"{text!r} is not a duration")
    hours, minutes, seconds = (int(part or 0) for part in match.groups())
    return hours * 3600 + minutes * 60 + seconds


def _read_comments(keys: FrontMatterKeys) -> Comments | None:
    """Return the number of comments and their address."""
    value = keys.written("comments")
    if value is None:
        return None
    if value.table is not None:
        texts = keys.table("comments", value, ("count", "url", "feed"))
        count = texts.get("count")
        if count and not _COUNT.fullmatch(count):
            keys.refuse("comments.count", value.table["count"], "a number in digits")
        url, feed = (
            keys.address(f"comments.{name}", value.table[name]) if texts.get(name) else None
            for name in ("url", "feed")
        )
        found = Comments(count=int(count) if count else None, url=url, feed=feed)
        return found if found != Comments() else None
    text = (value.text or "").strip()
    if text.lower() in front_matter.FALSE:
        return None
    if text.lower() in front_matter.TRUE:  # Jekyll's switch
        keys.warn(value, "comments has neither a count nor an address; ignored")
        return None
    if _COUNT.fullmatch(text):
        return Comments(count=int(text))
    if (url := http_url(text)) is None:
        expected = "a count, an http or https address, or a table with count, url, feed"
        keys.refuse("comments", value, expected)
    return Comments(url=url)


def read_sponsor(keys: FrontMatterKeys) -> Sponsor | None:
    """Return who paid, of an article or an edition; the `src` of the logo is as written."""
    value = keys.get("sponsor")
    text = one_line(value.text or "") if value is not None else ""
    if value is None or (value.text is not None and text.lower() in {"", *front_matter.FALSE}):
        return None
    table = keys.table("sponsor", value, ("name", "logo", "url"))
    name = table.get("name", "") if value.text is None else text
    if not name or len(name) > MAX_LINE_LENGTH or name.lower() in front_matter.TRUE:
        keys.refuse("sponsor", value, "a name, or a table with name, logo and url")
    url = keys.address("sponsor.url", (value.table or {})["url"]) if table.get("url") else None
    logo = Figure(src=table["logo"]) if table.get("logo") else None
    return Sponsor(name=name, url=url, logo=logo)


def _source(
    keys: FrontMatterKeys, key: str, value: FrontMatterValue, known: tuple[str, ...]
) -> tuple[str, Mapping[str, str]]:
    """Return the file or URL of a picture or recording, and the texts of its table."""
    table = keys.table(key, value, known)
    src = (table.get("src", "") if value.text is None else value.text).strip()
    scheme = _SCHEME.match(src)
    if not src or (scheme and scheme[0].lower() not in ("http:", "https:")):
        keys.refuse(key, value, "a file, an http(s) address, or a table with src")
    return src, table


def _read_old_addresses(keys: FrontMatterKeys, file: PurePath, site: str) -> tuple[str, ...]:
    """Return the addresses that redirect to the article.

    Refuse one that the publication uses itself; warn about one that can't redirect.
    """
    found = []
    for key in _ADDRESS_KEYS:
        for value, text in _texts(keys, key):
            is_style = key == "permalink" and "://" not in text and (":" in text or text in _STYLES)
            if is_style or "{{" in text or "{%" in text:
                keys.warn(value, f"{key} {text} is a pattern; for a redirect, write the path")
                continue
            try:
                address = parse_old_address(text, site=site, folder=_folder(file, key))
            except InvalidOldAddress as problem:
                keys.warn(value, f"{key} {value}: can't redirect: {problem}")
                continue
            if is_reserved(address):
                keys.refuse(key, value, f"an old address, and {address} is one of Syndicate's own")
            found.append(address)
    return tuple(dict.fromkeys(found))


def _texts(keys: FrontMatterKeys, key: str) -> Iterator[tuple[FrontMatterValue, str]]:
    """Iterate over the texts of a key: a single one or a list."""
    value = keys.get(key)
    if value is None:
        return
    for item in (value,) if value.items is None else value.items:
        text = (item.text or "").strip()
        if item.text is None and not item.is_null:
            keys.warn(item, f"{key} {item} is not a path such as /2019/05/story/; ignored")
        elif text and text.lower() not in front_matter.TRUE + front_matter.FALSE:
            yield item, text  # to Eleventy, false means no page


def _folder(file: PurePath, key: str) -> str:
    """Return the base of a relative path: in Hugo, that of an alias is the page's folder."""
    if key != "aliases":
        return ""
    folder = PurePath() if file.is_absolute() else file.parent
    if article_name(file) != file.stem:  # a page bundle
        folder = folder.parent
    names = [part for part in folder.parts if part != "/" and not part.startswith(("_", "."))]
    return "/".join(names[1:] if names[:1] == ["content"] else names)
