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
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, cached_property, lru_cache
from pathlib import Path
from typing import Any

from jinja2 import pass_eval_context
from jinja2.nodes import EvalContext
from markupsafe import Markup, escape

FOLDER = Path(__file__).parent / "locale"
_DOMAIN = "syndicate"


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

    @cached_property
    def for_templates(self) -> dict[str, Callable[..., str]]:
        """The functions of templates, which escape values where the template escapes them."""
        functions = (self.gettext, self.pgettext, self.ngettext)
        return {function.__name__: _for_templates(function) for function in functions}


class _Constants(dict[str, str]):
    """What becomes of texts without values, as templates look it up."""

    def __init__(self, translate: Callable[..., str], kind: type[str]) -> None:
        self._translate = translate
        self._kind = kind

    def __missing__(self, text: str) -> str:
        self[text] = self._kind(self._translate(text))
        return self[text]


def _for_templates(translate: Callable[..., str]) -> Callable[..., str]:
    """Return a function for templates; `render.templates` looks up constant texts in it."""

    @pass_eval_context
    def translate_in_template(context: EvalContext, /, *texts: Any, **values: object) -> str:
        if not context.autoescape:
            return translate(*texts, **values)
        escaped = {name: escape(value) for name, value in values.items()}
        return Markup(translate(*texts, **escaped))  # noqa: S704 - ours, with escaped values

    vars(translate_in_template).update(
        html=_Constants(translate, Markup), text=_Constants(translate, str)
    )
    return translate_in_template


@lru_cache(maxsize=256)
def translator(*languages: str) -> Translator:
    """Return the translator for the first of some BCP 47 tags that has one, or the English one.

    Languages are found by the lookup of RFC 4647: `zh-Hant-TW`, `zh-Hant`, `zh`.
    """
    known = {tag.lower(): tag for tag in available_languages()}
    for language in languages:
        tag = language.lower()
        while tag and tag not in known:
            tag = tag.rpartition("-")[0]
        if tag:
            return _load(known[tag])
    return _load("en")


@cache
def available_languages() -> list[str]:
    """Return the languages of all catalogues and English, as BCP 47 tags."""
    compiled = FOLDER.glob(f"*/LC_MESSAGES/{_DOMAIN}.mo")
    return sorted({"en", *(file.parts[-3].replace("_", "-") for file in compiled)})


@cache
def _load(language: str) -> Translator:
    folders = [language.replace("-", "_")]
    return Translator(language, gettext.translation(_DOMAIN, FOLDER, folders, fallback=True))
