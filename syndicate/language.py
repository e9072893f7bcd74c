"""The languages we speak: texts stand in English in the code, and in a catalogue otherwise.

A catalogue is `locale/<language>/LC_MESSAGES/syndicate.mo`, which `make words` compiles
from the `.po` beside it. What has none, language or single text, is said in English.
"""

import gettext
from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, TypeVar, cast

FOLDER = Path(__file__).parent / "locale"
"""Where the catalogues are."""
_CONTEXT = "\4"
"""What gettext puts between a text and what tells it from the same text elsewhere."""
_AS_WRITTEN = gettext.NullTranslations()
_Table = TypeVar("_Table")


@dataclass(frozen=True, slots=True)
class PluralText:
    """A text that depends on a number; it is filled in as `str.format` does."""

    one: str
    many: str
    catalogue: gettext.NullTranslations = _AS_WRITTEN

    def format(self, *, count: int, **places: object) -> str:
        """Say it of so many things."""
        said = self.catalogue.ngettext(self.one, self.many, count)
        return said.format(count=count, **places)


def msgid(text: str, context: str = "") -> str:
    """Mark a text for the catalogues.

    A context is for an English text that has to be told differently in two places.
    """
    return f"{context}{_CONTEXT}{text}" if context else text


def plural(one: str, many: str) -> PluralText:
    """Mark a text that depends on `{count}`; for one thing it may do without."""
    return PluralText(one, many)


def translate(table: _Table, language: str) -> _Table:
    """Return a table of marked texts in the best we have for a BCP 47 language.

    A table is a frozen dataclass that is compared by identity (`eq=False`), so that it
    is looked up and not read. Its `language` becomes the language that it is in.
    """
    return cast("_Table", _translated(table, _best(language)))


def available_languages() -> list[str]:
    """Return the languages that we speak, as BCP 47 tags."""
    return sorted({_ENGLISH.language, *(one.language for one in _catalogues().values())})


@dataclass(frozen=True, slots=True, eq=False)
class _Catalogue:
    """One language's texts."""

    language: str
    texts: gettext.NullTranslations

    def say(self, value: Any) -> Any:
        """Return what a field holds, in this language."""
        if isinstance(value, str):
            return self.texts.gettext(value).rpartition(_CONTEXT)[2]
        if isinstance(value, PluralText):
            return replace(value, catalogue=self.texts)
        if isinstance(value, Mapping):
            return {key: self.say(text) for key, text in value.items()}
        if is_dataclass(value) and not isinstance(value, type):
            names = [field.name for field in fields(value) if field.name != "language"]
            return replace(value, **{name: self.say(getattr(value, name)) for name in names})
        raise TypeError(f"{value!r} is not a text, and holds none")


_ENGLISH = _Catalogue("en", _AS_WRITTEN)


@cache
def _translated(table: Any, catalogue: _Catalogue) -> Any:
    return replace(catalogue.say(table), language=catalogue.language)


@lru_cache(maxsize=256)
def _best(language: str) -> _Catalogue:
    """Find a catalogue as RFC 4647 looks up: `zh-Hant-TW`, `zh-Hant`, `zh`."""
    there = _catalogues()
    wanted = language.lower()
    while wanted and wanted not in there:
        wanted = wanted.rpartition("-")[0]
    return there.get(wanted, _ENGLISH)


@cache
def _catalogues() -> Mapping[str, _Catalogue]:
    """Read every catalogue; the keys are tags in lower case."""
    found = {}
    for compiled in FOLDER.glob("*/LC_MESSAGES/syndicate.mo"):
        tag = compiled.parts[-3].replace("_", "-")
        with compiled.open("rb") as file:
            found[tag.lower()] = _Catalogue(tag, gettext.GNUTranslations(file))
    return found
