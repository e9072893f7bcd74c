"""Finds the template line of a tag in rendered MJML, through loops, partials and macros.

MJML is checked after Jinja has rendered it, when its line numbers mean nothing. So each tag of
an `.mjml` template gets its line as an attribute when the template is compiled: `<mj-text>`
becomes `<mj-text template-line="email/alert.mjml:31">`. `render.mail.mjml` removes it.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self

from jinja2.ext import Extension
from jinja2.lexer import Token, TokenStream
from lxml import etree

MARK = "template-line"

_TAG = re.compile(r"<[A-Za-z][\w.-]*")
_MARKED = re.compile(rf' {MARK}="([^"<>]*):(\d+)"')


class TemplateLines(Extension):
    """A Jinja extension that marks the tags of `.mjml` templates with their lines."""

    def filter_stream(self, stream: TokenStream) -> Iterator[Token]:
        """Mark the tags outside Jinja's own delimiters."""
        name = stream.name or ""
        for token in stream:
            if token.type == "data" and name.endswith(".mjml"):
                yield Token(token.lineno, "data", _mark(token.value, name, token.lineno))
            else:
                yield token


@dataclass(frozen=True, slots=True)
class TemplateLine:
    """A line of a template."""

    template: str
    line: int | None

    @classmethod
    def of(cls, element: etree._Element, *, template: str) -> Self:
        """Return the line of an element or its nearest marked ancestor; else `template` alone."""
        for candidate in (element, *element.iterancestors()):
            name, _, line = candidate.get(MARK, "").rpartition(":")
            if name:
                return cls(name, int(line))
        return cls(template, None)

    @classmethod
    def at(cls, source: str, offset: int, *, template: str) -> Self:
        """Return the line of an `offset` in rendered MJML, counted from the last mark before it."""
        marks = list(_MARKED.finditer(source, 0, offset))
        if not marks:
            return cls(template, None)
        name, line = marks[-1].groups()
        return cls(name, int(line) + source.count("\n", marks[-1].end(), offset))


def remove_marks(root: etree._Element) -> None:
    """Remove the marks from a tree, including those in conditional comments."""
    for element in root.iter():
        if isinstance(element.tag, str):
            element.attrib.pop(MARK, None)
        elif element.text:
            element.text = _MARKED.sub("", element.text)


def _mark(text: str, name: str, first_line: int) -> str:
    def marked(match: re.Match[str]) -> str:
        line = first_line + text.count("\n", 0, match.start())
        return f'{match[0]} {MARK}="{name}:{line}"'

    return _TAG.sub(marked, text)
