"""Finds and renders Jinja templates, and reports errors with template and line.

A publication's own file in `templates/` takes precedence over the package's, file by file.
Only template files are compiled, never text of articles.

MJML is checked after Jinja has rendered it, when its line numbers mean nothing. So each tag of
an `.mjml` template gets its line as an attribute when the template is compiled: `<mj-text>`
becomes `<mj-text template-line="email/alert.mjml:31">`. `render.mail.mjml` removes it.
"""

import re
import traceback
from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from jinja2 import FileSystemLoader, StrictUndefined, TemplateNotFound
from jinja2 import TemplateError as JinjaError
from jinja2 import TemplateSyntaxError as JinjaSyntaxError
from jinja2.ext import Extension
from jinja2.lexer import Token, TokenStream
from lxml import etree

from syndicate.errors import TemplateError
from syndicate.render.environment import Environment
from syndicate.render.formatting import FILTERS

PACKAGED = Path(__file__).parent.parent / "templates"


class Templates:
    """The templates of one publication: its `own` folder first, then the package's."""

    def __init__(self, own: Path | None = None, *, frozen: bool = False) -> None:
        """Reload templates when their files change, unless they are `frozen`."""
        self._frozen = frozen
        self.folders = [folder for folder in (own, PACKAGED) if folder is not None]

    def with_globals(self, values: dict[str, Any]) -> "Templates":
        """Return the same templates with values that are the same for every rendering.

        Macros see them too, so that a template of macros is evaluated once.
        """
        templates = Templates(frozen=self._frozen)
        templates.folders = self.folders
        templates._environment = self._environment.overlay()
        templates._environment.globals = {**self._environment.globals, **values}
        return templates

    def render(self, name: str, values: dict[str, Any]) -> str:
        """Render a template; raise TemplateError with its name and line."""
        try:
            return self._environment.get_template(name).render(values)
        except Exception as error:
            raise self._error(error, name) from error

    def find(self, name: str) -> Path:
        """Return the file of a template; raise TemplateError if there is none."""
        for folder in self.folders:
            if (folder / name).is_file():
                return folder / name
        raise TemplateError(name, None, self._not_found())

    def names(self, suffixes: Sequence[str] = ()) -> list[str]:
        """Return the names of all templates, sorted."""
        names = {
            str(path.relative_to(folder))
            for folder in self.folders
            for path in folder.rglob("*")
            if path.is_file() and (not suffixes or path.suffix in suffixes)
        }
        return sorted(names)

    def check(self) -> list[TemplateError]:
        """Compile every template; return the errors."""
        errors = []
        for name in self.names((".html", ".mjml", ".txt", ".css", ".js")):
            try:
                self._environment.get_template(name)
            except Exception as error:  # noqa: BLE001 - files may be unreadable or binary
                errors.append(self._error(error, name))
        return errors

    def _error(self, error: Exception, name: str) -> TemplateError:
        """Return an error of template `name`, or of one that it includes, with its line."""
        if isinstance(error, TemplateError):  # from a template that it renders
            return error
        if isinstance(error, TemplateNotFound):
            return TemplateError(str(error.name or name), None, self._not_found())
        if isinstance(error, JinjaSyntaxError):
            return TemplateError(error.name or name, error.lineno, error.message or "")
        template, line = self._place(error, name)
        if isinstance(error, UnicodeDecodeError):
            return TemplateError(template, line, "expected text in UTF-8")
        if isinstance(error, OSError):
            return TemplateError(template, line, f"{error.filename}: {error.strerror}")
        return TemplateError(
            template, line, str(error) if isinstance(error, JinjaError) else repr(error)
        )

    def _place(self, error: BaseException, name: str) -> tuple[str, int | None]:
        """Return template and line of the innermost stack frame in a template."""
        for frame in reversed(traceback.extract_tb(error.__traceback__)):
            for folder in self.folders:
                if frame.filename.startswith(f"{folder}/"):
                    return frame.filename.removeprefix(f"{folder}/"), frame.lineno
        return name, None

    def _not_found(self) -> str:
        return "no such template in " + " or ".join(str(folder) for folder in self.folders)

    @cached_property
    def _environment(self) -> Environment:
        environment = Environment(
            loader=FileSystemLoader(self.folders),
            undefined=StrictUndefined,
            autoescape=lambda name: str(name).endswith((".html", ".mjml")),
            trim_blocks=True,
            lstrip_blocks=True,
            keep_trailing_newline=True,
            auto_reload=not self._frozen,
            extensions=[TemplateLines],
        )
        environment.filters.update(FILTERS)
        return environment


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


def line_of(element: etree._Element, template: str) -> tuple[str, int | None]:
    """Return template and line of an element or its nearest marked ancestor; else `template`."""
    for candidate in (element, *element.iterancestors()):
        name, _, line = candidate.get(MARK, "").rpartition(":")
        if name:
            return name, int(line)
    return template, None


def line_at(source: str, offset: int, template: str) -> tuple[str, int | None]:
    """Return the line of an `offset` in rendered MJML, counted from the last mark before it."""
    marks = list(_MARKED.finditer(source, 0, offset))
    if not marks:
        return template, None
    name, line = marks[-1].groups()
    return name, int(line) + source.count("\n", marks[-1].end(), offset)


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
