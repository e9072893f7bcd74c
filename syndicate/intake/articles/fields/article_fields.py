"""Read all the fields of an article from its front matter."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import tzinfo
from pathlib import PurePath

from syndicate.errors import Refused
from syndicate.intake.articles.fields import attachments, publishing
from syndicate.intake.articles.fields.front_matter_keys import MAX_LINE_LENGTH, FrontMatterKeys
from syndicate.intake.articles.fields.old_addresses import read_old_addresses
from syndicate.intake.articles.frontmatter.front_matter import FrontMatter
from syndicate.intake.articles.frontmatter.value import FrontMatterValue
from syndicate.intake.articles.slugify import article_name, slugify, split_dated_name
from syndicate.model.articles import Person, Revision
from syndicate.model.urls import http_url
from syndicate.text import one_line

MAX_ID_LENGTH = 200
SLUG_KEYS = ("slug", "permalink")
"""The keys that may name an article's slug."""
_ID = re.compile(r"[^\s\x00-\x20\x7f-\xa0]+")
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*")


@dataclass(frozen=True, slots=True, kw_only=True)
class ArticleFields:
    """The fields of an article: its identity, and a revision without a body."""

    id: str | None
    slug: str
    revision: Revision
    """Without body, excerpt and figures; `image.src` is as written."""
    warnings: tuple[str, ...]


def read_fields(front: FrontMatter, file: PurePath, zone: tzinfo, site: str = "") -> ArticleFields:
    """Read front matter; slug and date default to those in the name of `file`.

    `site` is the publication's URL, for absolute old addresses. Raise Refused for an invalid
    value, with its line and what was expected.
    """
    keys = FrontMatterKeys(front)
    date, name = split_dated_name(article_name(file))
    section, tags = _section_and_tags(keys)
    canonical = keys.get("canonical_url")
    revision = Revision(
        title=_title(keys),
        body="",
        status=publishing.read_status(keys, file),
        date=publishing.read_date(keys, date, zone),
        updated=publishing.read_updated(keys, zone),
        section=section,
        tags=tags,
        authors=_people(keys, "authors", "author"),
        contributors=_people(keys, "contributors"),
        breaking=keys.flag("breaking") or False,
        summary=keys.first_line("summary", "description", "excerpt", longest=5 * MAX_LINE_LENGTH),
        image=attachments.read_image(keys),
        canonical_url=keys.address("canonical_url", canonical) if canonical else None,
        comments=attachments.read_comments(keys),
        language=_language(keys),
        audio=attachments.read_audio(keys),
        translations=_translations(keys),
        old_addresses=read_old_addresses(keys, file, site),
        extra=keys.extra(),
    )
    slug = _slug(keys, name)
    return ArticleFields(id=_id(keys), slug=slug, revision=revision, warnings=tuple(keys.warnings))


def _title(keys: FrontMatterKeys) -> str:
    title = keys.line("title")
    if not title:
        line = keys.values["title"].line if "title" in keys.values else 1
        raise Refused(f"{keys.path}:{line}: no title — expected a line such as `title: …`")
    return title


def _id(keys: FrontMatterKeys) -> str | None:
    value = keys.get("id")
    if value is None:
        return None
    if value.text is None or len(value.text) > MAX_ID_LENGTH or not _ID.fullmatch(value.text):
        keys.refuse("id", value, f"at most {MAX_ID_LENGTH} characters without white space")
    return value.text


def _slug(keys: FrontMatterKeys, name: str) -> str:
    value = keys.get("slug")
    if value is None:
        return _permalink_slug(keys) or slugify(name)
    if not value.text or not value.text.strip():
        keys.refuse("slug", value, "lower-case letters, digits and hyphens")
    slug = slugify(value.text.strip())
    if slug != value.text.strip():
        keys.warn(value, f"slug {value} becomes {slug}")
    return slug


def _permalink_slug(keys: FrontMatterKeys) -> str | None:
    """Return the last part of a Jekyll permalink, unless it is a pattern or a named style."""
    value = keys.get("permalink")
    if value is None or value.text is None or "/" not in value.text or ":" in value.text:
        return None
    path = re.sub(r"/(index\.html?)?$|\.html?$", "", value.text.strip())
    name = path.rpartition("/")[2]
    return slugify(name) if name else None


def _section_and_tags(keys: FrontMatterKeys) -> tuple[str | None, tuple[str, ...]]:
    """Return section and tags; Jekyll's first category is the default section, others are tags."""
    categories = keys.words("categories")
    section = keys.line("section") or keys.line("category") or next(iter(categories), None)
    others = (name for name in categories if name != section)
    return section, tuple(dict.fromkeys((*keys.words("tags"), *keys.words("tag"), *others)))


def _language(keys: FrontMatterKeys) -> str | None:
    value = keys.get("language")
    if value is None or value.text == "":
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
    if value.text is not None:
        name, table = one_line(value.text), {}
    elif value.table is not None:
        table = keys.table(key, value, ("name", "place", "url", "email"))
        name = table.get("name", "")
    else:
        name, table = "", {}
    if not name or len(name) > MAX_LINE_LENGTH:
        keys.refuse(key, value, "a name, or a table with name, place, url, email")
    url = keys.address(f"{key}.url", (value.table or {})["url"]) if table.get("url") else None
    email = table.get("email") or None
    if email is not None:
        from email_validator import EmailNotValidError, validate_email  # noqa: PLC0415 - start-up

        try:
            validate_email(email, check_deliverability=False, test_environment=True)
        except EmailNotValidError:
            keys.refuse(f"{key}.email", (value.table or {})["email"], "an email address")
    return Person(name=name, place=table.get("place") or None, url=url, email=email)
