"""Pages that are rendered for each request, with their style inside them.

Unless a page asks for more, its Content-Security-Policy lets it load and run nothing.
"""

import base64
import hashlib
import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, TypeVar

from markupsafe import Markup
from starlette.responses import Response

from syndicate.config import Config, Newsletter
from syndicate.deliver.message.links import SignedLinks
from syndicate.intake.pages.page_files import PageFiles, PageReading
from syndicate.language import translator
from syndicate.model.urls import url_origin
from syndicate.render import addresses
from syndicate.render.formatting import text_direction
from syndicate.render.site_frame import SiteFrame
from syndicate.render.templates import Templates
from syndicate.store import Store

T = TypeVar("T")
OWN_SCRIPTS = ("script-src 'self'", "connect-src 'self'")
"""Added to the policy of a page that runs a script of ours."""


class BadLink(Exception):  # noqa: N818 - the reader's error
    """A link that we didn't sign, or whose reader is gone; `app` responds with `bad_link`."""


def linked(found: T | None) -> T:
    """Return what a link leads to; raise BadLink when there is nothing."""
    if found is None:
        raise BadLink
    return found


class WebPages:
    """Renders the templates in `templates/web/`; error pages reveal nothing about readers."""

    def __init__(self, config: Config) -> None:
        self.config = config
        self._templates = Templates(config.templates)
        self._own_pages = PageFiles(config=config, save_media=False)
        self._reading: PageReading | None = None
        self._shown = PageReading().pages
        self._frames: dict[tuple[str, bool], SiteFrame] = {}
        self._authors_page = config.output / addresses.output_path(addresses.AUTHORS)

    @property
    def contact(self) -> str:
        """The address to write to for what no page can do."""
        return (self.config.mail.reply_to or self.config.mail.sender).address

    @property
    def privacy_url(self) -> str | None:
        """The address of the publication's own page about privacy; None where it has none."""
        self._frame(self.config.publication.language)  # reads the own pages
        page = next((page for page in self._shown if page.slug == "privacy"), None)
        return addresses.absolute(page.address, self.config) if page else None

    def signup_url(self, newsletter: Newsletter | None = None) -> str | None:
        """Return the address of the sign-up form, for one newsletter or any; None without one."""
        is_offered = newsletter.offered if newsletter else bool(self.config.offered)
        if not (self.config.signup.enabled and is_offered):
            return None
        return addresses.signup(self.config, newsletter.name if newsletter else None)

    def not_found(self) -> Response:
        """Return the page of a 404."""
        return self.render("web/not_found.html", status=404)

    def bad_link(self) -> Response:
        """Return the page for a link that we didn't sign, or whose reader is gone."""
        return self.render("web/bad_link.html", {"contact": self.contact}, status=404)

    def bad_form(self, language: str | None = None, *, status: int = 400) -> Response:
        """Return the page for a form that isn't one of ours."""
        return self.render("web/bad_form.html", language=language, status=status)

    def busy(self) -> Response:
        """Return the page for a store that can't be used."""
        return self.render("web/busy.html", status=503)

    def render(
        self,
        name: str,
        values: Mapping[str, Any] | None = None,
        *,
        language: str | None = None,
        style: str = "web/notice.css",
        policy: tuple[str, ...] = (),
        status: int = 200,
    ) -> Response:
        """Return a page, a template with its style, which no cache stores; raise TemplateError.

        `policy` has further directives of the Content-Security-Policy.
        """
        css = self.render_part(style)
        values = {"style": Markup(css), **(values or {})}  # noqa: S704 - rendered from a template
        body = self.render_part(name, values, language)
        # the publication's logo and icons may be on another site
        pictures = f"img-src 'self' {url_origin(self.config.url)}"
        return Response(body, status, headers=_headers(css, (pictures, *policy)))

    def render_part(
        self, name: str, values: Mapping[str, Any] | None = None, language: str | None = None
    ) -> str:
        """Render a template that is no page of its own; raise TemplateError."""
        translation = translator(language or self.config.publication.language)
        context = {
            "publication": self.config.publication,
            "theme": self.config.theme,
            "home": f"{self.config.url}/",
            "language": translation.language,
            "direction": text_direction(translation.language),
            "frame": self._frame(translation.language),
            **translation.for_templates,
        }
        return self._templates.render(name, {**context, **(values or {})})

    def _frame(self, language: str) -> SiteFrame:
        """Return head and foot in a language that readers may have chosen."""
        reading = self._own_pages.read()
        if reading is not self._reading:  # the foot links to other pages now
            self._shown = reading.with_earlier(self._shown)
            self._reading = reading
            self._frames.clear()
        key = language, self._authors_page.is_file()
        if key not in self._frames:
            self._frames[key] = SiteFrame(
                self.config,
                self._templates,
                self._shown,
                authors=key[1],
                medium="web",
                language=language,
            )
        return self._frames[key]


@dataclass(frozen=True)
class ReaderPages:
    """What the pages behind the signed links of mails work with."""

    store: Store
    config: Config
    links: SignedLinks
    pages: WebPages


def too_many_requests(response: Response, wait: timedelta) -> Response:
    """Turn a response into a 429 that says when to try again."""
    response.status_code = 429
    response.headers["retry-after"] = str(max(1, math.ceil(wait.total_seconds())))
    return response


def _headers(css: str, policy: tuple[str, ...]) -> dict[str, str]:
    digest = base64.b64encode(hashlib.sha256(css.encode()).digest()).decode()
    directives = [
        "default-src 'none'",
        f"style-src 'sha256-{digest}'",
        "form-action 'self'",
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
