"""`[theme]`: the colours, fonts and masthead of pages, AMP pages and mail.

Templates write them for their medium: custom properties in `page/tokens.css`, inline styles
in mail.
"""

from enum import StrEnum
from pathlib import Path
from typing import Any

from pydantic import Field, StrictInt

from syndicate.config import contrast
from syndicate.config.values import Colour, FontStack, Table


class Masthead(StrEnum):
    """What the head of every page shows."""

    TITLE = "title"
    LOGO = "logo"


class Colours(Table):
    """The colours on a light background."""

    paper: Colour = Field(default="#FFFDF9", description="The background of everything.")
    ink: Colour = Field(default="#1B1B1B", description="Headlines and text.")
    muted: Colour = Field(default="#5A564E", description="Captions, times and summaries.")
    rule: Colour = Field(default="#DDD7C9", description="The lines between things.")
    shade: Colour = Field(
        default="#F5F1E8", description="The background of code, and of pictures not yet loaded."
    )
    accent: Colour = Field(default="#0B5C8A", description="Links, section names and buttons.")
    breaking: Colour = Field(
        default="#B3261E", description="The word that says “breaking” over a headline."
    )
    breaking_ground: Colour = Field(
        default="#B3261E", description="The background of the strip of breaking news."
    )
    on_breaking: Colour = Field(default="#FFFFFF", description="The text on that background.")


def _dark(key: str, default: str) -> Any:
    return Field(default=default, description=Colours.model_fields[key].description)


class DarkColours(Colours):
    """The colours on a dark background, for readers whose device asks for it."""

    paper: Colour = _dark("paper", "#14161A")
    ink: Colour = _dark("ink", "#ECE8E1")
    muted: Colour = _dark("muted", "#A9A49A")
    rule: Colour = _dark("rule", "#2F333A")
    shade: Colour = _dark("shade", "#1D2026")
    accent: Colour = _dark("accent", "#86C5EC")
    breaking: Colour = _dark("breaking", "#FF8A80")
    breaking_ground: Colour = _dark("breaking_ground", "#8C1D18")
    on_breaking: Colour = _dark("on_breaking", "#FFFFFF")


PAIRS = (
    ("ink", "paper", contrast.BODY),
    ("ink", "shade", contrast.BODY),
    ("muted", "paper", contrast.TEXT),
    ("accent", "paper", contrast.TEXT),
    ("breaking", "paper", contrast.TEXT),
    ("on_breaking", "breaking_ground", contrast.TEXT),
)
"""Colour of text, colour of its background, and the minimum contrast between them."""

_SERIF = "Charter, 'Bitstream Charter', 'Sitka Text', Cambria, Georgia, serif"
_SANS = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif"
_MONO = "ui-monospace, 'SF Mono', Menlo, Consolas, 'Liberation Mono', monospace"


class ThemeSettings(Table):
    """How the publication looks, on pages, AMP pages and in mail."""

    masthead: Masthead = Field(
        default=Masthead.TITLE, description="What the head of every page shows."
    )
    logo: Path | None = Field(
        default=None,
        description="The picture in the masthead of pages. Default: publication.logo.",
        examples=["logo.svg"],
    )
    logo_dark: Path | None = Field(
        default=None,
        description="The same on a dark background. Default: the logo, on a light background.",
        examples=["logo-dark.svg"],
    )
    headlines: FontStack = Field(
        default=_SERIF, description="The fonts of headlines, the first that a device has."
    )
    body: FontStack = Field(default=_SERIF, description="The fonts of the text.")
    labels: FontStack = Field(default=_SANS, description="The fonts of times, captions and forms.")
    code: FontStack = Field(default=_MONO, description="The fonts of code.")
    measure: StrictInt = Field(
        default=66, ge=45, le=90, description="How many characters a line of text has on pages."
    )
    light: Colours = Field(default=Colours(), description="The colours on a light background.")
    dark: DarkColours = Field(
        default=DarkColours(),
        description="The colours on a dark background, for readers whose device asks for it.",
    )
