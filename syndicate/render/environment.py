"""Jinja's environment as we use it: the same language, with less work at every rendering.

A page calls some forty functions and writes a hundred values. Jinja looks at each of them
as if it could be anything; here the common kinds are told by their type, and all others
are left to Jinja.
"""

from collections.abc import MutableMapping
from types import BuiltinMethodType, FunctionType, MethodType
from typing import Any

from jinja2 import Environment as JinjaEnvironment
from jinja2 import Template as JinjaTemplate
from jinja2 import nodes
from jinja2.compiler import CodeGenerator, Frame
from jinja2.runtime import Context as JinjaContext
from jinja2.runtime import Macro
from jinja2.utils import internalcode
from markupsafe import Markup, escape

try:  # what `escape` has text escaped by; it is quick to wrap as `Markup` what is joined at once
    from markupsafe import _escape_inner as _escape_text  # type: ignore[attr-defined]
except ImportError:
    _escape_text = escape

_FUNCTIONS = frozenset({FunctionType, MethodType, BuiltinMethodType})
_EVERYTHING = -1
"""Of the templates that were read, the cache keeps so many: as many as there are files."""


class Environment(JinjaEnvironment):
    """An environment with autoescape; its `globals` are plain values that templates only read."""

    def __init__(self, **options: Any) -> None:
        super().__init__(cache_size=_EVERYTHING, **options)

    def make_globals(self, d: MutableMapping[str, Any] | None) -> MutableMapping[str, Any]:
        """Return a plain dictionary: every rendering copies it."""
        return {**self.globals, **(d or {})}

    @staticmethod
    def escaped(value: Any) -> str:
        """Escape a value that a template writes; what it yields is joined, so `str` will do."""
        kind = type(value)
        if kind is str:
            return _escape_text(value)
        return value if kind is Markup else escape(value)


class _Context(JinjaContext):
    """The values that one rendering sees."""

    @internalcode
    def call(self, obj: Any, /, *args: Any, **kwargs: Any) -> Any:
        """Call a macro, or a function that takes no context, without looking further."""
        kind = type(obj)
        if kind is Macro:
            args = (self.eval_ctx, *args)
        elif kind not in _FUNCTIONS or hasattr(obj, "jinja_pass_arg"):
            return super().call(obj, *args, **kwargs)
        kwargs.pop("_block_vars", None)
        kwargs.pop("_loop_vars", None)
        try:
            return obj(*args, **kwargs)
        except StopIteration:  # it would end the template's generator
            return self.environment.undefined(f"{obj!r} raised StopIteration")


class _Template(JinjaTemplate):
    """A template; what it exports is made once, since all of an environment share its globals."""

    def _get_default_module(self, ctx: JinjaContext | None = None) -> Any:  # noqa: ARG002
        return super()._get_default_module()


class _CodeGenerator(CodeGenerator):
    """Has values escaped by `Environment.escaped`."""

    def _output_child_pre(self, node: nodes.Expr, frame: Frame, finalize: Any) -> None:
        if frame.eval_ctx.autoescape and not frame.eval_ctx.volatile:
            self.write("environment.escaped(")
        else:
            super()._output_child_pre(node, frame, finalize)


Environment.context_class = _Context
Environment.template_class = _Template
Environment.code_generator_class = _CodeGenerator
