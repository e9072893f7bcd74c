"""The viewer of mail: as HTML at two widths in two colour schemes, as text, and so on.

The outbox shows messages in it, a reviewer's page an edition.
"""

import re
from dataclasses import dataclass, replace
from typing import ClassVar, Self
from urllib.parse import urlencode

from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import Response

from syndicate.config import Config

_HEAD = re.compile(r"<head(?:\s[^>]*)?>", re.IGNORECASE)
_LINKS_OPEN_ELSEWHERE = '<base target="_blank">'
FRAMES = ("frame-src 'self'",)
"""What a page with the viewer needs in its Content-Security-Policy."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ViewOptions:
    """The options in an address; the defaults apply without a query."""

    choices: ClassVar[dict[str, tuple[str, ...]]] = {
        "view": ("html", "text"),
        "width": ("both", "phone", "desktop"),
        "theme": ("both", "light", "dark"),
    }
    """What each can be; the first one is the default."""

    path: str = ""
    """The address of the page, without a query."""
    view: str = "html"
    """The part of a message that is shown."""
    width: str = "both"
    """The simulated width of the reader's screen."""
    theme: str = "both"
    """Its simulated colour scheme."""

    @classmethod
    def of(cls, query: QueryParams, path: str = "") -> Self:
        """Parse the query of a page's address; invalid options get their default."""
        chosen = {
            name: query[name] for name, any_of in cls.choices.items() if query.get(name) in any_of
        }
        return cls(path=path, **chosen)

    @property
    def widths(self) -> tuple[str, ...]:
        """The widths to show side by side."""
        return self.choices["width"][1:] if self.width == "both" else (self.width,)

    @property
    def themes(self) -> tuple[str, ...]:
        """The colour schemes to show."""
        return self.choices["theme"][1:] if self.theme == "both" else (self.theme,)

    def link(self, **changes: str) -> str:
        """Return the address with some options changed, its path among them."""
        options = replace(self, **changes)
        query = {
            key: value
            for key, any_of in self.choices.items()
            if (value := getattr(options, key)) != any_of[0]
        }
        return f"{options.path}?{urlencode(query)}" if query else options.path


def framed_html(html: str, request: Request, config: Config) -> Response:
    """Return the HTML of a mail for a sandboxed frame: it loads pictures from the publication only.

    Its links open in windows of their own.
    """
    policy = (
        "default-src 'none'; "
        f"img-src {_origin(config.url)} {_origin(str(request.base_url))}; "
        "style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'self'; sandbox allow-popups allow-popups-to-escape-sandbox"
    )
    html = _HEAD.sub(lambda head: head[0] + _LINKS_OPEN_ELSEWHERE, html, count=1)
    headers = {"content-security-policy": policy, "x-robots-tag": "noindex"}
    return Response(html, headers=headers, media_type="text/html")


def _origin(url: str) -> str:
    return "/".join(url.split("/")[:3])
