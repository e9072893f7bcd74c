"""Renders what an editor wrote around the stories of an edition: opening, closing, sponsor.

The names are those of the variables in `email/parts/opening` and `email/parts/closing`. In HTML
`opening` and `closing` are HTML with inline styles, in text they are text.
"""

from dataclasses import replace
from typing import Any

from markupsafe import Markup

from syndicate.body import markup
from syndicate.config import Config
from syndicate.language import Translator
from syndicate.model import pictures
from syndicate.model.articles import Sponsor
from syndicate.model.edition_files import EditionBrief
from syndicate.render import addresses
from syndicate.render.mail.html_body import render_html_body
from syndicate.render.mail.plain_text import render_plain_text

PORTRAIT_SIDE = 56
"""Pixels of the portrait of the one who signed, as it is displayed."""
NOTHING: dict[str, Any] = {"opening": "", "closing": "", "signature": None, "sponsor": None}
"""The variables of a mail without an edition file."""


def html_values(
    brief: EditionBrief, *, css: str, words: Translator, direction: str, config: Config
) -> dict[str, Any]:
    """Return the variables for the HTML; `direction` is that of the edition's language."""
    home = addresses.absolute(addresses.HOME, config)

    def render(html: str) -> Markup:
        body = render_html_body(
            markup.parse(html),
            page=home,
            figures=brief.figures,
            css=css,
            words=words,
            direction=direction,
            config=config,
        )
        return Markup(body)  # noqa: S704 - sanitised at intake

    opening, closing = (render(html) if html else "" for html in (brief.opening, brief.closing))
    return _values(brief, config) | {"opening": opening, "closing": closing}


def text_values(brief: EditionBrief, *, words: Translator, config: Config) -> dict[str, Any]:
    """Return the variables for the text."""
    home = addresses.absolute(addresses.HOME, config)
    opening, closing = (
        render_plain_text(markup.parse(html), page=home, words=words, config=config) if html else ""
        for html in (brief.opening, brief.closing)
    )
    return _values(brief, config) | {"opening": opening, "closing": closing}


def _values(brief: EditionBrief, config: Config) -> dict[str, Any]:
    return {
        "signature": _signature(brief, config) if brief.signed else None,
        "sponsor": sponsor_values(brief.sponsor, config),
    }


def _signature(brief: EditionBrief, config: Config) -> dict[str, str]:
    """Return the one who signed, with absolute addresses, which may be empty."""
    url = addresses.absolute(addresses.author(brief.signed), config) if brief.has_page else ""
    portrait = ""
    if brief.portrait is not None:
        square = pictures.portrait(brief.portrait, PORTRAIT_SIDE)
        portrait = addresses.absolute(f"/{square.src}", config)
    return {"name": brief.signed, "url": url, "role": brief.role, "portrait": portrait}


def sponsor_values(sponsor: Sponsor | None, config: Config) -> dict[str, Any] | None:
    """Return a sponsor as templates show it; `logo` has the absolute address to load."""
    if sponsor is None:
        return None
    logo = sponsor.logo and pictures.logo(sponsor.logo)
    shown = logo and replace(logo, src=addresses.figure(logo, config))
    return {"name": sponsor.name, "url": sponsor.url or "", "logo": shown}
