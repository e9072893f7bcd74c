"""What front matter says of an article, checked key by key. Jekyll's keys are understood."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, tzinfo
from pathlib import PurePath
from typing import Any, NoReturn

from syndicate.errors import Refused
from syndicate.intake.frontmatter import FrontMatter, Value
from syndicate.intake.moments import EXPECTED, read_moment
from syndicate.intake.recordings import read_duration
from syndicate.intake.slugs import slug_of, split_name
from syndicate.intake.text import one_line
from syndicate.model.addresses import web_address
from syndicate.model.articles import Comments, Figure, Person, Recording, Revision, Status

LONGEST_ID = 200
LONGEST_LINE = 1000
_ID = re.compile(r"[^\s\x00-\x20\x7f-\xa0]+")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*")
_COUNT = re.compile("[0-9]{1,9}")
_AUDIO = re.compile(r"audio/[a-z0-9][a-z0-9.+-]{0,60}")
_TRUE, _FALSE = ("true", "yes", "on"), ("false", "no", "off")
_UNDERSTOOD = frozenset({
    "title", "id", "slug", "permalink", "date", "updated", "status", "published", "section",
    "category", "categories", "tags", "author", "authors", "contributors", "breaking", "summary",
    "image", "canonical_url", "comments", "language", "audio", "translations",
})  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Fields:
    """What an article's head says: its identity, and a revision that has no body yet."""

    id: str | None
    slug: str
    revision: Revision
    """Without body, excerpt and figures; `image.src` is as written."""
    warnings: tuple[str, ...]


def read_fields(front: FrontMatter, file: PurePath, zone: tzinfo) -> Fields:
    """Read front matter; `file` gives slug and date where it doesn't.

    Raise Refused with the line, what was read and what was expected.
    """
    return _Head(front, file, zone).fields()


class _Head:
    """One article's front matter while it is read; warnings gather on the way."""

    def __init__(self, front: FrontMatter, file: PurePath, zone: tzinfo) -> None:
        self._where = front.where
        self._values = front.values
        self._zone = zone
        self._name_date, self._name = split_name(file.stem)
        self._warnings: list[str] = []

    def fields(self) -> Fields:
        revision = Revision(
            title=self._title(),
            body="",
            status=self._status(),
            date=self._date(),
            updated=self._updated(),
            section=self._section(),
            tags=self._tags(),
            authors=self._authors(),
            contributors=self._people("contributors"),
            breaking=self._flag("breaking") or False,
            summary=self._line("summary", longest=5 * LONGEST_LINE),
            image=self._image(),
            canonical_url=self._canonical_url(),
            comments=self._comments(),
            language=self._language(),
            audio=self._audio(),
            translations=self._translations(),
            extra=self._extra(),
        )
        slug = self._slug()
        return Fields(id=self._id(), slug=slug, revision=revision, warnings=tuple(self._warnings))

    # identity

    def _title(self) -> str:
        title = self._line("title")
        if not title:
            line = self._values["title"].line if "title" in self._values else 1
            raise Refused(f"{self._where}:{line}: no title — expected a line such as `title: …`")
        return title

    def _id(self) -> str | None:
        value = self._given("id")
        if value is None:
            return None
        if value.text is None or len(value.text) > LONGEST_ID or not _ID.fullmatch(value.text):
            self._refuse("id", value, f"at most {LONGEST_ID} characters without white space")
        return value.text

    def _slug(self) -> str:
        value = self._given("slug")
        if value is None:
            return self._permalink_slug() or slug_of(self._name)
        if not value.text or not value.text.strip():
            self._refuse("slug", value, "lower-case letters, digits and hyphens")
        slug = slug_of(value.text.strip())
        if slug != value.text.strip():
            self._warn(value, f"slug {value} is written {slug}")
        return slug

    def _permalink_slug(self) -> str | None:
        """Return the last part of a Jekyll permalink, unless it is a pattern or a style's name."""
        value = self._given("permalink")
        if value is None or value.text is None or "/" not in value.text or ":" in value.text:
            return None
        last = re.sub(r"\.html?$", "", value.text.strip().rstrip("/").rpartition("/")[2])
        return slug_of(last) if last and last != "index" else None

    # state and time

    def _status(self) -> Status:
        value, published = self._given("status"), self._flag("published")
        if value is None:
            return Status.DRAFT if published is False else Status.PUBLISHED
        try:
            status = Status((value.text or "").strip().lower())
        except ValueError:
            self._refuse("status", value, "draft, published or retracted")
        if published is not None and published != (status is not Status.DRAFT):
            self._refuse("published", self._values["published"], "it to agree with status")
        return status

    def _date(self) -> datetime | None:
        value = self._given("date")
        named = self._named_date()
        if value is None:
            if self._name_date and named is None:
                said = f"{self._name_date} of the file's name is no date; give it a date: line"
                self._warnings.append(f"{self._where}: {said}")
            return named
        try:
            return read_moment(value.text or "", self._zone)
        except (ValueError, OverflowError):
            if named is None:
                self._refuse("date", value, EXPECTED)
            self._warn(value, f"date {value} can't be read; {self._name_date} of the file's name")
            return named

    def _named_date(self) -> datetime | None:
        try:
            return read_moment(self._name_date, self._zone) if self._name_date else None
        except (ValueError, OverflowError):
            return None

    def _updated(self) -> datetime | None:
        value = self._given("updated")
        if value is None:
            return None
        try:
            return read_moment(value.text or "", self._zone)
        except (ValueError, OverflowError):
            self._refuse("updated", value, EXPECTED)

    # where it belongs

    def _section(self) -> str | None:
        own = self._line("section") or self._line("category")
        return own or next(iter(self._words("categories")), None)

    def _tags(self) -> tuple[str, ...]:
        """Return the tags, and Jekyll's categories that are not the section."""
        section = self._section()
        rest = (name for name in self._words("categories") if name != section)
        return tuple(dict.fromkeys((*self._words("tags"), *rest)))

    def _words(self, key: str) -> tuple[str, ...]:
        """Read a list of words, or Jekyll's one string: at commas, else at blanks."""
        value = self._given(key)
        if value is None:
            return ()
        if value.text is not None:
            texts: list[str] = value.text.split("," if "," in value.text else None)
        elif value.items is not None:
            texts = [self._item_text(key, item) for item in value.items if not item.null]
        else:
            self._refuse(key, value, "a list of words")
        return tuple(dict.fromkeys(filter(None, map(one_line, texts))))

    def _item_text(self, key: str, item: Value) -> str:
        if item.text is None or len(item.text) > LONGEST_LINE:
            self._refuse(key, item, "a word or a few")
        return item.text

    # people

    def _authors(self) -> tuple[Person, ...]:
        return tuple(dict.fromkeys((*self._people("authors"), *self._people("author"))))

    def _people(self, key: str) -> tuple[Person, ...]:
        value = self._given(key)
        if value is None:
            return ()
        items = (value,) if value.items is None else value.items
        return tuple(self._person(key, item) for item in items if not item.null and item.text != "")

    def _person(self, key: str, value: Value) -> Person:
        if value.text is not None:
            name, table = one_line(value.text), {}
        elif value.table is not None:
            table = self._table(key, value, ("name", "place", "url", "email"))
            name = table.get("name", "")
        else:
            name, table = "", {}
        if not name or len(name) > LONGEST_LINE:
            self._refuse(key, value, "a name, or a table with name, place, url, email")
        person = Person(name=name, place=table.get("place") or None)
        url, email = table.get("url"), table.get("email")
        if url and not web_address(url):
            self._refuse(f"{key}.url", (value.table or {})["url"], "an http or https address")
        if email and not _is_email(email):
            self._refuse(f"{key}.email", (value.table or {})["email"], "an email address")
        return replace(person, url=web_address(url) if url else None, email=email or None)

    # the rest

    def _image(self) -> Figure | None:
        value = self._given("image")
        if value is None or value.text == "":
            return None
        keys = ("src", "alt", "caption", "credit")
        table = {} if value.table is None else self._table("image", value, keys)
        src = (table.get("src", "") if value.text is None else value.text).strip()
        scheme = _SCHEME.match(src)
        if not src or (scheme and scheme[0].lower() not in ("http:", "https:")):
            self._refuse("image", value, "a file, an http(s) address, or a table with src")
        alt, caption, credit = (table.get(key, "") for key in keys[1:])
        return Figure(src=src, alt=alt, caption=caption, credit=credit)

    def _canonical_url(self) -> str | None:
        value = self._given("canonical_url")
        return None if value is None else self._address("canonical_url", value)

    def _comments(self) -> Comments | None:
        value = self._given("comments")
        if value is None or value.text == "":
            return None
        if value.table is not None:
            return self._discussion(value.table)
        text = (value.text or "").strip()
        if text.lower() in _FALSE:
            return None
        if text.lower() in _TRUE:  # Jekyll's switch
            self._warn(value, "comments says neither how many nor where; left out")
            return None
        if _COUNT.fullmatch(text):
            return Comments(count=int(text))
        if (url := web_address(text)) is None:
            expected = "a count, an http or https address, or a table with count, url, feed"
            self._refuse("comments", value, expected)
        return Comments(url=url)

    def _discussion(self, table: Mapping[str, Value]) -> Comments | None:
        """Read all that can be said of comments."""
        said = {name: value for name, value in table.items() if not value.null and value.text != ""}
        for name, value in said.items():
            if name not in ("count", "url", "feed"):
                self._warn(value, f"comments.{name} is not understood; count, url, feed are")
        count = said.get("count")
        if count is not None and not _COUNT.fullmatch(count.text or ""):
            self._refuse("comments.count", count, "how many there are, in digits")
        url, feed = (
            self._address(f"comments.{name}", said[name]) if name in said else None
            for name in ("url", "feed")
        )
        told = Comments(count=int(count.text or "") if count else None, url=url, feed=feed)
        return told if told != Comments() else None

    def _language(self) -> str | None:
        value = self._given("language")
        if value is None or value.text == "":
            return None
        if value.text is None or not _LANGUAGE.fullmatch(value.text.strip()):
            self._refuse("language", value, "a language as in BCP 47, such as en or pt-BR")
        return value.text.strip()

    def _audio(self) -> Recording | None:
        """Read what is said of a recording; type and length may come from the file."""
        value = self._given("audio")
        if value is None or value.text == "":
            return None
        keys = ("src", "title", "duration", "type", "length")
        table = {} if value.table is None else self._table("audio", value, keys)
        src = (table.get("src", "") if value.text is None else value.text).strip()
        scheme = _SCHEME.match(src)
        if not src or (scheme and scheme[0].lower() not in ("http:", "https:")):
            self._refuse("audio", value, "a file, an http(s) address, or a table with src")
        kind, length = table.get("type", ""), table.get("length", "")
        if kind and not _AUDIO.fullmatch(kind):
            self._refuse("audio.type", value, "a media type such as audio/mpeg")
        if length and not re.fullmatch("[1-9][0-9]{0,12}", length):
            self._refuse("audio.length", value, "a number of bytes")
        return Recording(
            src=src,
            type=kind,
            length=int(length) if length else None,
            duration=self._duration(value, table.get("duration", "")),
            title=table.get("title", ""),
        )

    def _duration(self, value: Value, text: str) -> int | None:
        try:
            return read_duration(text) or None if text else None
        except ValueError:
            self._refuse("audio.duration", value, "seconds, mm:ss or h:mm:ss")

    def _translations(self) -> Mapping[str, str]:
        value = self._given("translations")
        if value is None:
            return {}
        if value.table is None:
            self._refuse("translations", value, "a table such as {de: slug-or-address}")
        said = {}
        for tag, item in value.table.items():
            where = (item.text or "").strip()
            if not _LANGUAGE.fullmatch(tag):
                self._refuse(f"translations.{tag}", item, "a language as in BCP 47, such as pt-BR")
            address = where if where and slug_of(where) == where else web_address(where)
            if address is None:
                self._refuse(f"translations.{tag}", item, "a slug, or an http or https address")
            said[tag] = address
        return said

    def _extra(self) -> Mapping[str, Any]:
        return {k: v.plain for k, v in self._values.items() if k not in _UNDERSTOOD}

    # how

    def _given(self, key: str) -> Value | None:
        """Return a key's value, unless it is missing or has nothing behind it."""
        value = self._values.get(key)
        return None if value is None or value.null else value

    def _line(self, key: str, longest: int = LONGEST_LINE) -> str:
        value = self._given(key)
        if value is None:
            return ""
        if value.text is None or len(value.text) > longest:
            self._refuse(key, value, f"one text of at most {longest} characters")
        return one_line(value.text)

    def _address(self, key: str, value: Value) -> str | None:
        """Return an address on the web; None where none is given."""
        if value.text == "":
            return None
        address = web_address(value.text or "")
        if address is None:
            self._refuse(key, value, "an http or https address")
        return address

    def _flag(self, key: str) -> bool | None:
        value = self._given(key)
        word = "" if value is None else (value.text or "").strip().lower()
        if value is not None and word not in _TRUE + _FALSE:
            self._refuse(key, value, "true or false")
        return None if value is None else word in _TRUE

    def _table(self, key: str, value: Value, known: tuple[str, ...]) -> dict[str, str]:
        texts = {}
        for name, item in (value.table or {}).items():
            if name not in known:
                self._warn(item, f"{key}.{name} is not understood; {', '.join(known)} are")
            elif item.text is not None:
                texts[name] = one_line(item.text)
            elif not item.null:
                self._refuse(f"{key}.{name}", item, "text")
        return texts

    def _warn(self, value: Value, message: str) -> None:
        self._warnings.append(f"{self._where}:{value.line}: {message}")

    def _refuse(self, key: str, value: Value, expected: str) -> NoReturn:
        raise Refused(f"{self._where}:{value.line}: {key} = {value} — expected {expected}")


def _is_email(text: str) -> bool:
    from email_validator import EmailNotValidError, validate_email  # noqa: PLC0415 - start-up

    try:
        validate_email(text, check_deliverability=False, test_environment=True)
    except EmailNotValidError:
        return False
    return True
