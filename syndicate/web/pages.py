"""Pages that are rendered for each request, with their style inside them.

Unless a page asks for more, its Content-Security-Policy lets it load and run nothing.
"""

import base64
import hashlib
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup
from starlette.responses import Response

from syndicate.config import Config
from syndicate.render.templates import Templates
from syndicate.web.security_headers import NO_STORE
from syndicate.web.ui_strings import web_strings

FORM_POLICY = ("form-action 'self'",)


@dataclass(frozen=True, slots=True)
class WebPage:
    """A rendered page with its headers."""

    body: bytes
    headers: dict[str, str]

    def response(self, status: int = 200) -> Response:
        """Return a response that no cache stores."""
        return Response(self.body, status, headers=self.headers | NO_STORE)


class WebPages:
    """Renders the templates in `templates/web/`."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self._templates = Templates.of(config)

    def not_found(self) -> WebPage:
        """Return the page of a 404."""
        strings = web_strings(self._config.publication.language)
        return self.notice(strings.missing_title, strings.missing)

    def notice(self, title: str, *paragraphs: str, language: str | None = None) -> WebPage:
        """Return a page with a message and a link to the home page."""
        values = {"title": title, "paragraphs": paragraphs}
        return self.render("web/notice.html", values, language=language)

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

        `policy` has further directives of the Content-Security-Policy.
        """
        css = self._templates.render(style, {"theme": self._config.theme})
        context = {
            "style": Markup(css),  # noqa: S704 - rendered from a template
            "publication": self._config.publication,
            "home": f"{self._config.url}/",
            "words": web_strings(language or self._config.publication.language),
        }
        body = self._templates.render(name, context | values).encode()
        return WebPage(body, _headers(css, policy))


def _headers(css: str, policy: tuple[str, ...]) -> dict[str, str]:
    digest = base64.b64encode(hashlib.sha256(css.encode()).digest()).decode()
    directives = [
        "default-src 'none'",
        f"style-src 'sha256-{digest}'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
        *policy,
    ]
    return {
        "content-type": "text/html; charset=utf-8",
        "content-security-policy": "; ".join(directives),
        "referrer-policy": "no-referrer",
        "x-content-type-options": "nosniff",
        "x-robots-tag": "noindex",
    }
