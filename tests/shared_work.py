"""Work with the same result for all tests of a process, done once."""

import functools
from types import CodeType

import httpx

from syndicate.render.environment import Environment

_Text = tuple[str, str | None, str | None]


def share_work() -> None:
    """Compile each template once, and load the certificates of HTTP clients once."""
    Environment.compile = _compile_once(Environment.compile)  # type: ignore[method-assign]
    transport = httpx._transports.default
    transport.create_ssl_context = functools.cache(httpx.create_ssl_context)  # type: ignore[attr-defined]


def _compile_once(compile_template):
    """Cache compiled templates for all publications: that is most of the time of a small build.

    The result depends only on a template's text and name: all environments have the same options.
    """
    cache: dict[_Text, CodeType] = {}

    @functools.wraps(compile_template)
    def compiled(
        environment: Environment, source: str, name: str | None = None, filename: str | None = None
    ) -> CodeType:
        text = source, name, filename
        if text not in cache:
            cache[text] = compile_template(environment, source, name, filename)
        return cache[text]

    return compiled
