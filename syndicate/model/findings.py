"""What is found in an edition before it is sent: clauses in English that can be translated."""

from collections.abc import Iterable
from typing import Any, Self

from syndicate.language import Translator


class EditionFinding(str):
    """A clause such as "its subject is empty", which knows the text that it was made of.

    It is a text for operators, to be logged and joined like any other. Reviewers read it in the
    language of the publication.
    """

    __slots__ = ("_text", "_values")
    _text: tuple[str, ...]
    """The text for gettext; for one that depends on a number, singular and plural."""
    _values: dict[str, Any]

    @classmethod
    def of(cls, text: str, **values: object) -> Self:
        """Make a finding of a text with `%(name)s` for its values."""
        return cls._make((text,), text, values)

    @classmethod
    def counted(cls, singular: str, plural: str, num: int, **values: object) -> Self:
        """Make a finding of a text that depends on a number, which is its `%(num)s`."""
        return cls._make(
            (singular, plural), singular if num == 1 else plural, {"num": num} | values
        )

    @classmethod
    def _make(cls, text: tuple[str, ...], english: str, values: dict[str, Any]) -> Self:
        self = cls(english % values)
        self._text, self._values = text, values
        return self

    @classmethod
    def load(cls, stored: Any) -> str:
        """Return a finding, or a text of another origin, as `dump` stored it."""
        if isinstance(stored, str):
            return stored
        make = cls.of if len(stored["text"]) == 1 else cls.counted
        return make(*stored["text"], **stored["values"])

    def dump(self) -> Any:
        """Return it as JSON."""
        return {"text": [*self._text], "values": self._values}

    def in_language(self, translator: Translator) -> str:
        """Return it as a sentence in another language."""
        if len(self._text) == 1:
            text = translator.gettext(*self._text, **self._values)
        else:
            singular, plural = self._text
            text = translator.ngettext(singular, plural, self._values["num"], **self._values)
        return f"{text[:1].upper()}{text[1:]}"


def dump_findings(findings: Iterable[str]) -> list[Any]:
    """Return findings, and texts of another origin, as JSON."""
    return [text.dump() if isinstance(text, EditionFinding) else text for text in findings]


def translate_findings(findings: Iterable[str], translator: Translator) -> list[str]:
    """Return findings as sentences in another language; other texts stay as they are."""
    return [
        text.in_language(translator) if isinstance(text, EditionFinding) else text
        for text in findings
    ]
