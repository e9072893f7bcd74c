"""Finds and renders Jinja templates, and reports errors with template and line.

A publication's own file in `templates/` takes precedence over the package's, file by file.
Only template files are compiled, never text of articles.
"""

import traceback
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from jinja2 import FileSystemLoader, StrictUndefined, TemplateNotFound
from jinja2 import TemplateError as JinjaError
from jinja2 import TemplateSyntaxError as JinjaSyntaxError

from syndicate.config import Config
from syndicate.errors import TemplateError
from syndicate.render.environment import Environment
from syndicate.render.formatting import FILTERS
from syndicate.render.template_lines import TemplateLines

PACKAGED = Path(__file__).parent.parent / "templates"


class Templates:
    """The templates of one publication: its `own` folder first, then the package's."""

    def __init__(self, own: Path | None = None, *, frozen: bool = False) -> None:
        """Reload templates when their files change, unless they are `frozen`."""
        self._frozen = frozen
        self.folders = [folder for folder in (own, PACKAGED) if folder is not None]

    @classmethod
    def of(cls, config: Config, *, frozen: bool = False) -> "Templates":
        """Return the templates of a publication."""
        return cls(config.templates, frozen=frozen)

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
