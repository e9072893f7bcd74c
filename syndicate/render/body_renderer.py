"""Compiled bodies as HTML, for one channel: placeholders become addresses and UI strings."""

import re
from functools import cache
from html import escape

from markupsafe import Markup

from syndicate.body.compiler import compile_body, is_current
from syndicate.config import Config
from syndicate.language import Translator, translator
from syndicate.model.articles import BASE, ORIGIN, UI_STRING, Article, Channel, CompiledBody, Part
from syndicate.render import addresses

_UI_STRING = re.compile(f"{UI_STRING}(\\w+){UI_STRING}")


class BodyRenderer:
    """Renders the bodies of a publication's articles for one channel.

    Web pages alone use addresses without a host.
    """

    def __init__(self, config: Config, channel: Channel) -> None:
        self._channel = channel
        self._language = config.publication.language
        self._base = addresses.base(config)
        self._origin = "" if channel == "page" else config.url.removesuffix(self._base)

    def render(
        self, article: Article, compiled: CompiledBody | None = None
    ) -> tuple[Markup, Markup]:
        """Return lead figure and body; the body is compiled first unless `compiled` is current."""
        compiled = ensure_current(article, compiled)
        words = translator(article.language or self._language)
        return self._join(compiled.opening, words), self._join(compiled.body, words)

    def _join(self, parts: tuple[Part, ...], words: Translator) -> Markup:
        channel = self._channel
        html = "".join(part if isinstance(part, str) else part[channel] for part in parts)
        if UI_STRING in html:
            strings = _ui_strings(words)
            html = _UI_STRING.sub(lambda match: escape(strings[match[1]]), html)
        html = html.replace(BASE, self._origin + self._base).replace(ORIGIN, self._origin)
        return Markup(html)  # noqa: S704 - sanitised at import


@cache
def _ui_strings(words: Translator) -> dict[str, str]:
    """Return the texts of the placeholders that `syndicate.body` writes."""
    return {
        "table": words.gettext("Table"),
        "media": words.gettext("Open the recording"),
        "on_the_web": words.gettext("Open what is shown here"),
        "video": words.gettext("Video"),
        "embedded": words.gettext("Embedded content"),
    }


def ensure_current(article: Article, compiled: CompiledBody | None) -> CompiledBody:
    """Return `compiled` if it is current, else compile the article's body."""
    if compiled is not None and is_current(compiled):
        return compiled
    return compile_body(article, slug=article.slug)
