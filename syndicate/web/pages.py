"""The few pages that are made while somebody waits: each whole in itself, style included.

They load nothing, run nothing, and are framed by nobody; their policy says so.
"""

import base64
import hashlib
from dataclasses import dataclass, field
from typing import Any

from markupsafe import Markup

from syndicate.config import Config
from syndicate.render.templates import Templates
from syndicate.web.ui_strings import web_strings


@dataclass(frozen=True, slots=True)
class WebPage:
    """A page and the headers that belong to it."""

    body: bytes
    headers: dict[str, str] = field(default_factory=dict)


class WebPages:
    """Renders the templates in `templates/web/`."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self._templates = Templates.of(config)

    def missing(self) -> WebPage:
        """Return the page for an address where nothing is."""
        words = web_strings(self._config.publication.language)
        return self.notice(words.missing_title, words.missing)

    def notice(self, title: str, *paragraphs: str, language: str | None = None) -> WebPage:
        """Return a page that says something and leads home."""
        said = {"title": title, "paragraphs": paragraphs}
        return self.render("web/notice.html", said, language=language)

    def render(
        self,
        name: str,
        values: dict[str, Any],
        *,
        language: str | None = None,
        style: str = "web/notice.css",
        policy: tuple[str, ...] = (),
    ) -> WebPage:
        """Render a template with its style; raise TemplateError.

        `policy` adds what the page needs to its Content-Security-Policy.
        """
        css = self._templates.render(style, {"theme": self._config.theme})
        known = {
            "style": Markup(css),  # noqa: S704 - a template of ours
            "publication": self._config.publication,
            "home": f"{self._config.url}/",
            "words": web_strings(language or self._config.publication.language),
        }
        body = self._templates.render(name, known | values).encode()
        return WebPage(body, _headers(css, policy))


def _headers(css: str, policy: tuple[str, ...]) -> dict[str, str]:
    digest = base64.b64encode(hashlib.sha256(css.encode()).digest()).decode()
    rules = [
        "default-src 'none'",
        f"style-src 'sha256-{digest}'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
        *policy,
    ]
    return {
        "content-type": "text/html; charset=utf-8",
        "content-security-policy": "; ".join(rules),
        "referrer-policy": "no-referrer",
        "x-content-type-options": "nosniff",
        "x-robots-tag": "noindex",
    }
