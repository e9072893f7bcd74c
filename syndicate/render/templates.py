"""Finds and renders Jinja templates, and reports errors with template and line.

A publication's own file in `templates/` takes precedence over the package's, file by file.
Only template files are compiled, never text of articles.

A page calls some forty functions and writes a hundred values, and Jinja checks each for every
possibility. In our environment the common types take a short path, with the same results; all
others are left to Jinja.

MJML is checked after Jinja has rendered it, when its line numbers mean nothing. So each tag of
an `.mjml` template gets its line as an attribute when the template is compiled: `<mj-text>`
becomes `<mj-text template-line="email/alert.mjml:31">`. `render.mail.mjml` removes it.
"""

import re
import traceback
from collections.abc import Iterator, MutableMapping, Sequence
from functools import cached_property
from pathlib import Path
from types import BuiltinMethodType, FunctionType, MethodType
from typing import Any

import jinja2
from jinja2 import nodes, runtime
from jinja2.compiler import CodeGenerator, Frame
from jinja2.ext import Extension
from jinja2.lexer import Token, TokenStream
from jinja2.utils import internalcode
from lxml import etree
from markupsafe import Markup, escape

from syndicate.errors import TemplateError
from syndicate.render.formatting import FILTERS

try:  # what `escape` uses for text, without wrapping each result as `Markup`
    from markupsafe import _escape_inner as _escape_text  # type: ignore[attr-defined]
except ImportError:
    _escape_text = escape

_FUNCTIONS = frozenset({FunctionType, MethodType, BuiltinMethodType})
_TAKES_EVAL_CONTEXT = jinja2.pass_eval_context(lambda _: None).jinja_pass_arg  # type: ignore[attr-defined]
_UNLIMITED = -1
"""The size of Jinja's template cache."""
_CSS_STRING = r"""("(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')"""
_CSS_COMMENT = re.compile(rf"{_CSS_STRING}|/\*.*?\*/", re.DOTALL)
_CSS_SPACE = re.compile(rf"{_CSS_STRING}|\s*([{{}};])\s*|\s+", re.DOTALL)

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

    def stylesheet(self, name: str, values: dict[str, Any]) -> str:
        """Render a style sheet without its comments and the spaces that have no meaning."""
        return _minified(self.render(name, values))

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
        if isinstance(error, jinja2.TemplateNotFound):
            return TemplateError(str(error.name or name), None, self._not_found())
        if isinstance(error, jinja2.TemplateSyntaxError):
            return TemplateError(error.name or name, error.lineno, error.message or "")
        template, line = self._place(error, name)
        if isinstance(error, UnicodeDecodeError):
            return TemplateError(template, line, "expected text in UTF-8")
        if isinstance(error, OSError):
            return TemplateError(template, line, f"{error.filename}: {error.strerror}")
        return TemplateError(
            template, line, str(error) if isinstance(error, jinja2.TemplateError) else repr(error)
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
    def _environment(self) -> "Environment":
        environment = Environment(
            loader=jinja2.FileSystemLoader(self.folders),
            undefined=jinja2.StrictUndefined,
            autoescape=lambda name: str(name).endswith((".html", ".mjml")),
            trim_blocks=True,
            lstrip_blocks=True,
            keep_trailing_newline=True,
            auto_reload=not self._frozen,
            extensions=[TemplateLines],
        )
        environment.filters.update(FILTERS)
        return environment


class Environment(jinja2.Environment):
    """An environment with autoescape; its `globals` are values that templates only read.

    `gettext` and its kin come with the values of a template, see `syndicate.language`.
    """

    newstyle_gettext: bool

    def __init__(self, **options: Any) -> None:
        super().__init__(cache_size=_UNLIMITED, **options)
        self.add_extension("jinja2.ext.i18n")
        self.newstyle_gettext = True
        self.policies["ext.i18n.trimmed"] = True
        del self.globals["_"]  # would not find a `gettext` that a template sets for a part of it

    def make_globals(self, d: MutableMapping[str, Any] | None) -> MutableMapping[str, Any]:
        """Return a plain dictionary, which is faster to copy at every rendering than a ChainMap."""
        return {**self.globals, **(d or {})}

    @staticmethod
    def escaped(value: Any) -> str:
        """Escape a value that a template writes; `str` is enough, since the output is joined."""
        kind = type(value)
        if kind is str:
            return _escape_text(value)
        return value if kind is Markup else escape(value)


class _Context(runtime.Context):
    """The context of one rendering."""

    @internalcode
    def call(self, obj: Any, /, *args: Any, **kwargs: Any) -> Any:
        """Call a macro, or a function that takes no `Context`, without further checks."""
        kind = type(obj)
        if kind is runtime.Macro:
            args = (self.eval_ctx, *args)
        elif kind not in _FUNCTIONS:
            return super().call(obj, *args, **kwargs)
        elif hasattr(obj, "jinja_pass_arg"):
            if obj.jinja_pass_arg is not _TAKES_EVAL_CONTEXT:
                return super().call(obj, *args, **kwargs)
            args = (self.eval_ctx, *args)
        kwargs.pop("_block_vars", None)
        kwargs.pop("_loop_vars", None)
        try:
            return obj(*args, **kwargs)
        except StopIteration:  # would end the template's generator
            return self.environment.undefined(f"{obj!r} raised StopIteration")


class _Template(jinja2.Template):
    """A template whose exports are made once, since an environment's globals never change."""

    def _get_default_module(self, ctx: runtime.Context | None = None) -> Any:  # noqa: ARG002
        return super()._get_default_module()


class _CodeGenerator(CodeGenerator):
    """Generates code that escapes values by `Environment.escaped`."""

    def _output_child_pre(self, node: nodes.Expr, frame: Frame, finalize: Any) -> None:
        if frame.eval_ctx.autoescape and not frame.eval_ctx.volatile:
            self.write("environment.escaped(")
        else:
            super()._output_child_pre(node, frame, finalize)

    def visit_Call(  # noqa: N802 - Jinja's name
        self, node: nodes.Call, frame: Frame, forward_caller: bool = False
    ) -> None:
        """Have a constant text looked up in `gettext`, which is quicker than to call it."""
        is_gettext = isinstance(node.node, nodes.Name) and node.node.name == "gettext"
        is_constant = len(node.args) == 1 and isinstance(node.args[0], nodes.Const)
        if not (is_gettext and is_constant) or node.kwargs or frame.eval_ctx.volatile:
            super().visit_Call(node, frame, forward_caller=forward_caller)
            return
        self.visit(node.node, frame)
        self.write(".html[" if frame.eval_ctx.autoescape else ".text[")
        self.visit(node.args[0], frame)
        self.write("]")


Environment.context_class = _Context
Environment.template_class = _Template
Environment.code_generator_class = _CodeGenerator


def _minified(css: str) -> str:
    css = _CSS_COMMENT.sub(lambda found: found[1] or " ", css)
    return _CSS_SPACE.sub(lambda found: found[1] or found[2] or " ", css).strip()


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
