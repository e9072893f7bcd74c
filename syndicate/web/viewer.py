"""The viewer of mail: as HTML at two widths in each colour scheme, as text, and so on.

The outbox shows messages in it, a reviewer's page an edition, `syndicate preview` a template.
"""

from dataclasses import dataclass, replace
from typing import ClassVar, Self
from urllib.parse import urlencode

from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import Response

from syndicate.config import Config
from syndicate.model.urls import url_origin
from syndicate.render.mail.context import MAX_BYTES
from syndicate.render.mail.insertion import insert_in_head
from syndicate.render.mail.preflight import CLIPPED_AT
from syndicate.web.forced_dark import force_dark

_LINKS_OPEN_ELSEWHERE = '<base target="_blank">'
FRAMES = ("frame-src 'self'",)
"""What a page with the viewer needs in its Content-Security-Policy."""
MAIL_SANDBOX = "allow-popups allow-popups-to-escape-sandbox"
"""What a mail may do in its frame: open links."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ViewOptions:
    """The options in an address; the defaults apply without a query."""

    choices: ClassVar[dict[str, tuple[str, ...]]] = {
        "view": ("html", "text"),
        "width": ("both", "phone", "desktop"),
        "theme": ("both", "light", "dark", "forced"),
        "pictures": ("shown", "blocked"),
    }
    """What each can be; the first one is the default."""

    path: str = ""
    """The address of the page, without a query."""
    view: str = "html"
    """The part of a message that is shown."""
    width: str = "both"
    """The simulated width of the reader's screen."""
    theme: str = "both"
    """Its simulated colour scheme; `forced` is that of a program with colours of its own."""
    pictures: str = "shown"
    """Whether the simulated mail program loads remote pictures."""

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
        return ("light", "dark") if self.theme == "both" else (self.theme,)

    def frame(self, address: str, theme: str) -> str:
        """Return the address of a mail's HTML in one colour scheme, for a frame."""
        shown = {"theme": theme} if theme == "forced" else {}
        if self.pictures == "blocked":
            shown["pictures"] = self.pictures
        return f"{address}?{urlencode(shown)}" if shown else address

    def link(self, **changes: str) -> str:
        """Return the address with some options changed, its path among them."""
        options = replace(self, **changes)
        query = {
            key: value
            for key, any_of in self.choices.items()
            if (value := getattr(options, key)) != any_of[0]
        }
        return f"{options.path}?{urlencode(query)}" if query else options.path


@dataclass(frozen=True, slots=True)
class MailWeight:
    """How much HTML a mail has, compared with what Gmail shows of one."""

    size: int
    """Bytes of HTML."""
    limit: ClassVar[int] = CLIPPED_AT
    """KB of HTML after which Gmail hides the rest."""

    @classmethod
    def of(cls, html: str) -> Self:
        """Measure the HTML of a mail."""
        return cls(len(html.encode()))

    @property
    def kilobytes(self) -> int:
        """Its size in KB, rounded up."""
        return -(-self.size // 1000)

    @property
    def is_near(self) -> bool:
        """Whether it is close to the limit: an edition is kept below this size."""
        return self.size > MAX_BYTES

    @property
    def is_clipped(self) -> bool:
        """Whether Gmail hides the end of it, which has the link to unsubscribe."""
        return self.size > self.limit * 1000


def framed_html(
    html: str,
    request: Request,
    config: Config,
    *,
    sandbox: str = MAIL_SANDBOX,
    is_page: bool = False,
) -> Response:
    """Return the HTML of a mail for a sandboxed frame, as `ViewOptions.frame` asks for it.

    It loads pictures from the publication only, or none; a page also its style sheets. Its links
    open in windows of their own.
    """
    query = request.query_params
    own = f"{url_origin(config.url)} {url_origin(str(request.base_url))}"
    pictures = "'none'" if query.get("pictures") == "blocked" else own
    policy = (
        "default-src 'none'; "
        f"img-src {pictures}; "
        f"style-src 'unsafe-inline'{f' {own}' if is_page else ''}; base-uri 'none'; "
        f"form-action 'none'; frame-ancestors 'self'; sandbox {sandbox}"
    )
    if query.get("theme") == "forced":
        html = force_dark(html)
    html = insert_in_head(html, _LINKS_OPEN_ELSEWHERE)
    headers = {"content-security-policy": policy, "x-robots-tag": "noindex"}
    return Response(html, headers=headers, media_type="text/html")
