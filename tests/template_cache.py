"""Compiles each template once in a process, since that takes most of the time of a small build.

The result depends only on a template's text and name: all environments have the same options.
"""

from types import CodeType

from syndicate.render.environment import Environment

_Text = tuple[str, str | None, str | None]


def compile_once() -> None:
    """Cache compiled templates for all publications of this process."""
    cache: dict[_Text, CodeType] = {}
    compile_template = Environment.compile

    def compiled(
        environment: Environment, source: str, name: str | None = None, filename: str | None = None
    ) -> CodeType:
        text = source, name, filename
        if text not in cache:
            code = compile_template(environment, source, name, filename)
            assert isinstance(code, CodeType)
            cache[text] = code
        return cache[text]

    Environment.compile = compiled  # type: ignore[assignment, method-assign]
