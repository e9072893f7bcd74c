"""Translation with gettext: texts are English in the code, other languages are in catalogues.

A catalogue is `locale/<language>/LC_MESSAGES/syndicate.mo`, which `make words` compiles
from the `.po` beside it. A language or text that has no translation stays English.
"""

import gettext
from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, TypeVar, cast

FOLDER = Path(__file__).parent / "locale"
_CONTEXT = "\4"
"""Gettext's separator between the context of a text and the text."""
_UNTRANSLATED = gettext.NullTranslations()
_Table = TypeVar("_Table")


@dataclass(frozen=True, slots=True)
class PluralText:
    """A text that depends on a number; `format` fills it in like `str.format`."""

    singular: str
    plural: str
    catalogue: gettext.NullTranslations = _UNTRANSLATED

    def format(self, *, count: int, **values: object) -> str:
        """Return the form for a number of things, filled in."""
        form = self.catalogue.ngettext(self.singular, self.plural, count)
        return form.format(count=count, **values)


def msgid(text: str, context: str = "") -> str:
    """Mark a text for translation.

    A context is for an English text that is translated differently in two places.
    """
    return f"{context}{_CONTEXT}{text}" if context else text


def plural(singular: str, other: str) -> PluralText:
    """Mark a text that depends on `{count}`, which the singular may leave out."""
    return PluralText(singular, other)


def translate(table: _Table, language: str) -> _Table:
    """Return a table of marked texts in the best available language for a BCP 47 tag.

    A table is a frozen dataclass that is compared by identity (`eq=False`), which makes the
    cache fast. Its `language` becomes the language of the result.
    """
    return cast("_Table", _translate(table, _find_catalogue(language)))


def available_languages() -> list[str]:
    """Return the languages of all catalogues and English, as BCP 47 tags."""
    return sorted({catalogue.language for catalogue in (_ENGLISH, *_catalogues().values())})


@dataclass(frozen=True, slots=True, eq=False)
class _Catalogue:
    language: str
    texts: gettext.NullTranslations

    def translate(self, value: Any) -> Any:
        """Return the value of a table's field in this language."""
        if isinstance(value, str):
            return self.texts.gettext(value).rpartition(_CONTEXT)[2]
        if isinstance(value, PluralText):
            return replace(value, catalogue=self.texts)
        if isinstance(value, Mapping):
            return {key: self.translate(text) for key, text in value.items()}
        if is_dataclass(value) and not isinstance(value, type):
            names = [field.name for field in fields(value) if field.name != "language"]
            return replace(value, **{name: self.translate(getattr(value, name)) for name in names})
        raise TypeError(f"{value!r} is not a text and contains none")


_ENGLISH = _Catalogue("en", _UNTRANSLATED)


@cache
def _translate(table: Any, catalogue: _Catalogue) -> Any:
    return replace(catalogue.translate(table), language=catalogue.language)


@lru_cache(maxsize=256)
def _find_catalogue(language: str) -> _Catalogue:
    """Find a catalogue by the lookup of RFC 4647: `zh-Hant-TW`, `zh-Hant`, `zh`."""
    catalogues = _catalogues()
    tag = language.lower()
    while tag and tag not in catalogues:
        tag = tag.rpartition("-")[0]
    return catalogues.get(tag, _ENGLISH)


@cache
def _catalogues() -> Mapping[str, _Catalogue]:
    """Load all catalogues, by tag in lower case."""
    catalogues = {}
    for compiled in FOLDER.glob("*/LC_MESSAGES/syndicate.mo"):
        tag = compiled.parts[-3].replace("_", "-")
        with compiled.open("rb") as file:
            catalogues[tag.lower()] = _Catalogue(tag, gettext.GNUTranslations(file))
    return catalogues
