"""What front matter says of an article, checked key by key.

head         the keys while they are read: texts, lists, flags, tables
spelling     which key a misspelt one was meant to be
publishing   drafts, status, dates
former       where the article was before
people       authors and contributors
attachments  lead picture, recording, comments

Jekyll's and Hugo's keys are understood, and known keys in any case.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import tzinfo
from pathlib import PurePath

from syndicate.errors import Refused
from syndicate.intake.articles.fields import attachments, publishing
from syndicate.intake.articles.fields.front_matter_keys import MAX_LINE_LENGTH, FrontMatterKeys
from syndicate.intake.articles.fields.old_addresses import read_old_addresses
from syndicate.intake.articles.fields.people import read_people
from syndicate.intake.articles.frontmatter import FrontMatter
from syndicate.intake.articles.slugify import article_name, slugify, split_dated_name
from syndicate.model.articles import Revision
from syndicate.model.urls import http_url

MAX_ID_LENGTH = 200
SLUG_KEYS = ("slug", "permalink")
"""The keys that may name an article's slug."""
_ID = re.compile(r"[^\s\x00-\x20\x7f-\xa0]+")
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*")


@dataclass(frozen=True, slots=True, kw_only=True)
class ArticleFields:
    """What an article's head says: its identity, and a revision that has no body yet."""

    id: str | None
    slug: str
    revision: Revision
    """Without body, excerpt and figures; `read_image.src` is as written."""
    warnings: tuple[str, ...]


def read_fields(front: FrontMatter, file: PurePath, zone: tzinfo, site: str = "") -> ArticleFields:
    """Read front matter; `file` gives slug and date where it doesn't.

    `site` is the publication's url, where old addresses are absolute.

    Raise Refused with the line, what was read and what was expected.
    """
    head = FrontMatterKeys(front)
    date, name = split_dated_name(article_name(file))
    section, tags = _topics(head)
    revision = Revision(
        title=_title(head),
        body="",
        status=publishing.read_status(head, file),
        date=publishing.read_date(head, date, zone),
        updated=publishing.read_updated(head, zone),
        section=section,
        tags=tags,
        authors=read_people(head, "authors", "author"),
        contributors=read_people(head, "contributors"),
        breaking=head.flag("breaking") or False,
        summary=head.first_line("summary", "description", "excerpt", longest=5 * MAX_LINE_LENGTH),
        image=attachments.read_image(head),
        canonical_url=_canonical_url(head),
        comments=attachments.read_comments(head),
        language=_language(head),
        audio=attachments.read_audio(head),
        translations=_translations(head),
        old_addresses=read_old_addresses(head, file, site),
        extra=head.extra(),
    )
    slug = _slug(head, name)
    return ArticleFields(id=_id(head), slug=slug, revision=revision, warnings=tuple(head.warnings))


def _title(head: FrontMatterKeys) -> str:
    title = head.line("title")
    if not title:
        line = head.values["title"].line if "title" in head.values else 1
        raise Refused(f"{head.where}:{line}: no title — expected a line such as `title: …`")
    return title


def _id(head: FrontMatterKeys) -> str | None:
    value = head.get("id")
    if value is None:
        return None
    if value.text is None or len(value.text) > MAX_ID_LENGTH or not _ID.fullmatch(value.text):
        head.refuse("id", value, f"at most {MAX_ID_LENGTH} characters without white space")
    return value.text


def _slug(head: FrontMatterKeys, name: str) -> str:
    value = head.get("slug")
    if value is None:
        return _permalink_slug(head) or slugify(name)
    if not value.text or not value.text.strip():
        head.refuse("slug", value, "lower-case letters, digits and hyphens")
    slug = slugify(value.text.strip())
    if slug != value.text.strip():
        head.warn(value, f"slug {value} is written {slug}")
    return slug


def _permalink_slug(head: FrontMatterKeys) -> str | None:
    """Return the last part of a Jekyll permalink, unless it is a pattern or a style's name."""
    value = head.get("permalink")
    if value is None or value.text is None or "/" not in value.text or ":" in value.text:
        return None
    path = re.sub(r"/(index\.html?)?$|\.html?$", "", value.text.strip())
    last = path.rpartition("/")[2]
    return slugify(last) if last else None


def _topics(head: FrontMatterKeys) -> tuple[str | None, tuple[str, ...]]:
    """Return section and tags; Jekyll's categories are a section, and more tags."""
    categories = head.words("categories")
    section = head.line("section") or head.line("category") or next(iter(categories), None)
    rest = (name for name in categories if name != section)
    return section, tuple(dict.fromkeys((*head.words("tags"), *head.words("tag"), *rest)))


def _canonical_url(head: FrontMatterKeys) -> str | None:
    value = head.get("canonical_url")
    return None if value is None else head.address("canonical_url", value)


def _language(head: FrontMatterKeys) -> str | None:
    value = head.get("language")
    if value is None or value.text == "":
        return None
    if value.text is None or not _LANGUAGE.fullmatch(value.text.strip()):
        head.refuse("language", value, "a language as in BCP 47, such as en or pt-BR")
    return value.text.strip()


def _translations(head: FrontMatterKeys) -> Mapping[str, str]:
    value = head.get("translations")
    if value is None:
        return {}
    if value.table is None:
        head.refuse("translations", value, "a table such as {de: slug-or-address}")
    found = {}
    for tag, item in value.table.items():
        where = (item.text or "").strip()
        if not _LANGUAGE.fullmatch(tag):
            head.refuse(f"translations.{tag}", item, "a language as in BCP 47, such as pt-BR")
        address = where if where and slugify(where) == where else http_url(where)
        if address is None:
            head.refuse(f"translations.{tag}", item, "a slug, or an http or https address")
        found[tag] = address
    return found
