"""Translation with gettext: sentences are English where they are shown, others in catalogues.

Templates have `gettext("Feeds")`, `ngettext("%(num)s week", "%(num)s weeks", count)`,
`pgettext("over a name", "Author")` for an English text that has two translations, and
`{% trans names=… %}By {{ names }}{% endtrans %}`, which may be wrapped over several lines; like
any block it swallows the line break after it. The renderer of a template passes
`translator(language).for_templates` among its values. A part in another language gets the same
names: `{% set gettext = story.gettext %}`, or a macro's parameter. In `.mjml`, where tags are
marked with their lines, `trans` must not have a tag inside.

Python has the methods of `Translator`, with values as `%(name)s`:
`translator(language).gettext("Go to %(publication)s", publication=title)`.

Babel finds all of them by these names. `make words` adds new texts to the catalogues
`locale/<language>/LC_MESSAGES/syndicate.po`, drops old ones, and compiles. What has no
translation stays English, as does a sentence of a publication's own in its own templates. A
percent sign is written `%%`. Texts are HTML in HTML templates, and values are escaped there.
"""

import gettext
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from functools import cache, cached_property, lru_cache
from pathlib import Path
from typing import Any, TypeVar, cast

from babel import Locale
from babel.lists import format_list
from jinja2 import pass_eval_context
from jinja2.nodes import EvalContext
from markupsafe import Markup, escape

FOLDER = Path(__file__).parent / "locale"
_DOMAIN = "syndicate"
_CONTEXT = "\4"
"""Gettext's separator between the context of a text and the text."""
_Table = TypeVar("_Table")


@dataclass(frozen=True, eq=False)
class Translator:
    """Translates into one language; `%(name)s` in a text becomes the value of that name."""

    language: str
    """A BCP 47 tag."""
    texts: gettext.NullTranslations

    def gettext(self, text: str, /, **values: object) -> str:
        """Translate a text."""
        return self.texts.gettext(text) % values

    def pgettext(self, context: str, text: str, /, **values: object) -> str:
        """Translate an English text that has another translation in another context."""
        return self.texts.pgettext(context, text) % values

    def ngettext(self, singular: str, plural: str, num: int, /, **values: object) -> str:
        """Translate a text that depends on a number, which is its `%(num)s`."""
        return self.texts.ngettext(singular, plural, num) % {"num": num, **values}

    def join(self, names: Sequence[str]) -> str:
        """Join names as in a sentence: "A, B, and C"."""
        return str(format_list(list(names), locale=self.locale))

    @cached_property
    def locale(self) -> Locale:
        """Babel's locale of the language."""
        return Locale.parse(self.language, sep="-")

    @cached_property
    def for_templates(self) -> dict[str, Callable[..., str]]:
        """The functions of templates, which escape values where the template escapes them."""
        functions = (self.gettext, self.pgettext, self.ngettext)
        return {function.__name__: _for_templates(function) for function in functions}


def _for_templates(translate: Callable[..., str]) -> Callable[..., str]:
    @lru_cache(maxsize=1024)
    def translate_constant(autoescape: bool, *texts: Any) -> str:
        return Markup(translate(*texts)) if autoescape else translate(*texts)  # noqa: S704 - ours

    @pass_eval_context
    def translate_in_template(context: EvalContext, /, *texts: Any, **values: object) -> str:
        if not values:
            return translate_constant(context.autoescape, *texts)
        if not context.autoescape:
            return translate(*texts, **values)
        escaped = {name: escape(value) for name, value in values.items()}
        return Markup(translate(*texts, **escaped))  # noqa: S704 - ours, with escaped values

    return translate_in_template


@lru_cache(maxsize=256)
def translator(language: str) -> Translator:
    """Return the translator for a BCP 47 tag, or the English one.

    Languages are found by the lookup of RFC 4647: `zh-Hant-TW`, `zh-Hant`, `zh`.
    """
    known = {tag.lower(): tag for tag in available_languages()}
    tag = language.lower()
    while tag and tag not in known:
        tag = tag.rpartition("-")[0]
    return _load(known.get(tag, "en"))


@cache
def available_languages() -> list[str]:
    """Return the languages of all catalogues and English, as BCP 47 tags."""
    compiled = FOLDER.glob(f"*/LC_MESSAGES/{_DOMAIN}.mo")
    return sorted({"en", *(file.parts[-3].replace("_", "-") for file in compiled)})


@cache
def _load(language: str) -> Translator:
    folders = [language.replace("-", "_")]
    return Translator(language, gettext.translation(_DOMAIN, FOLDER, folders, fallback=True))


# The tables of texts: what follows goes once no module has one.


@dataclass(frozen=True, slots=True)
class PluralText:
    """A text that depends on a number; `format` fills it in like `str.format`."""

    singular: str
    plural: str
    catalogue: gettext.NullTranslations = gettext.NullTranslations()  # noqa: RUF009

    def format(self, *, count: int, **values: object) -> str:
        """Return the form for a number of things, filled in."""
        form = self.catalogue.ngettext(self.singular, self.plural, count)
        return form % {"num": count, **values}


def msgid(text: str, context: str = "") -> str:
    """Mark a text for translation.

    A context is for an English text that is translated differently in two places.
    """
    return f"{context}{_CONTEXT}{text}" if context else text


def plural(singular: str, other: str) -> PluralText:
    """Mark a text that depends on `%(num)s`, which the singular may leave out."""
    return PluralText(singular, other)


def translate(table: _Table, language: str) -> _Table:
    """Return a table of marked texts in the best available language for a BCP 47 tag."""
    return cast("_Table", _translate_table(table, translator(language)))


@cache
def _translate_table(table: Any, found: Translator) -> Any:
    return replace(_translate(table, found.texts), language=found.language)


def _translate(value: Any, texts: gettext.NullTranslations) -> Any:
    if isinstance(value, str):
        return re.sub(r"%\((\w+)\)s", r"{\1}", texts.gettext(value).rpartition(_CONTEXT)[2])
    if isinstance(value, PluralText):
        return replace(value, catalogue=texts)
    if isinstance(value, Mapping):
        return {key: _translate(text, texts) for key, text in value.items()}
    names = [field.name for field in fields(value) if field.name != "language"]
    return replace(value, **{name: _translate(getattr(value, name), texts) for name in names})
