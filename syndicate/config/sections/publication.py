"""`[publication]` and `[theme]`: what is published, and how it presents itself and looks.

Templates write the theme for their medium: custom properties in `page/tokens.css`, inline styles
in mail.
"""

from datetime import timedelta
from pathlib import Path
from typing import Literal
from uuid import UUID
from zoneinfo import ZoneInfo

from pydantic import Field, StrictInt

from syndicate.config.values import Colour, Duration, FontStack, Language, Line, Table, Url, Zone


class PublicationSettings(Table):
    """What is published, and how it presents itself."""

    id: UUID
    """A UUID that never changes: every article's id is made from it."""
    title: Line = Field(min_length=1)
    """The name of the publication."""
    url: Url = Field("", validate_default=False, examples=["https://news.example.org"])
    """The public address, without a slash at the end. Default: http://127.0.0.1:PORT."""
    language: Language = "en"
    """The language of the publication, as in BCP 47. Dates, numbers and direction follow it.
    Our sentences are in Arabic, Dutch, English, French, German, Italian, Japanese, Polish,
    Portuguese, Spanish and Turkish; for any other language in English."""
    timezone: Zone = ZoneInfo("UTC")
    """The zone of dates without one, and of the times that readers see."""
    description: str = Field("", examples=["What happened, and what it means."])
    """One sentence about the publication."""
    author: Line | None = Field(None, examples=["The editors"])
    """The author of articles that name none."""
    logo: Path | None = Field(None, examples=["logo.png"])
    """A picture file, for feeds and mail."""
    rights: Line | None = Field(None, examples=["© Morning Post, all rights reserved"])
    """The copyright or licence line of feeds."""
    icon: Path | None = Field(None, examples=["icon.png"])
    """A square picture, 512 pixels wide or more, for feeds and browsers."""
    postal_address: str = Field("", examples=["Morning Post, 1 Example Street, 10115 Berlin"])
    """At the foot of every mail, as the law requires; needed to send by SMTP."""
    breaking_for: Duration = timedelta(hours=24)
    """How long after its date a breaking article is marked as such, on pages, in lists and in mail,
    and is in the strip.
    """


class Colours(Table):
    """The colours on a light background."""

    paper: Colour = "#FFFDF9"
    """The background of everything."""
    ink: Colour = "#1B1B1B"
    """Headlines and text."""
    muted: Colour = "#5A564E"
    """Captions, times and summaries."""
    rule: Colour = "#DDD7C9"
    """The lines between things."""
    shade: Colour = "#F5F1E8"
    """The background of code, and of pictures not yet loaded."""
    accent: Colour = "#0B5C8A"
    """Links, section names and buttons."""
    breaking: Colour = "#B3261E"
    """The word that says “breaking” over a headline."""
    breaking_ground: Colour = "#B3261E"
    """The background of the strip of breaking news."""
    on_breaking: Colour = "#FFFFFF"
    """The text on that background."""


class DarkColours(Colours):
    """The colours on a dark background, for readers whose device asks for it."""

    paper: Colour = "#14161A"
    ink: Colour = "#ECE8E1"
    muted: Colour = "#A9A49A"
    rule: Colour = "#2F333A"
    shade: Colour = "#1D2026"
    accent: Colour = "#86C5EC"
    breaking: Colour = "#FF8A80"
    breaking_ground: Colour = "#8C1D18"
    on_breaking: Colour = "#FFFFFF"


_TEXT = 4.5
"""The minimum contrast of text (WCAG 1.4.3, AA)."""
_LONG_TEXT = 7.0
"""The minimum contrast of long text (WCAG 1.4.6, AAA)."""
PAIRS = (
    ("ink", "paper", _LONG_TEXT),
    ("ink", "shade", _LONG_TEXT),
    ("muted", "paper", _TEXT),
    ("accent", "paper", _TEXT),
    ("breaking", "paper", _TEXT),
    ("on_breaking", "breaking_ground", _TEXT),
)
"""Colour of text, colour of its background, and the minimum contrast between them."""

_SERIF = "Charter, 'Bitstream Charter', 'Sitka Text', Cambria, Georgia, serif"
_SANS = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif"
_MONO = "ui-monospace, 'SF Mono', Menlo, Consolas, 'Liberation Mono', monospace"


class ThemeSettings(Table):
    """How the publication looks, on pages, AMP pages and in mail."""

    masthead: Literal["title", "logo"] = "title"
    """What the head of every page shows."""
    logo: Path | None = Field(None, examples=["logo.svg"])
    """The picture in the masthead of pages. Default: publication.logo."""
    logo_dark: Path | None = Field(None, examples=["logo-dark.svg"])
    """The same on a dark background. Default: the logo, on a light background."""
    headlines: FontStack = _SERIF
    """The fonts of headlines, the first that a device has."""
    body: FontStack = _SERIF
    """The fonts of the text."""
    labels: FontStack = _SANS
    """The fonts of times, captions and forms."""
    code: FontStack = _MONO
    """The fonts of code."""
    measure: StrictInt = Field(66, ge=45, le=90)
    """How many characters a line of text has on pages."""
    light: Colours = Colours()
    dark: DarkColours = DarkColours()


def contrast(text: str, background: str) -> float:
    """Return the contrast of two colours such as "#1B1B1B": 1 for the same, 21 at most.

    https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio
    """
    dark, light = sorted((_luminance(text), _luminance(background)))
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: str) -> float:
    red, green, blue = (_linear(int(colour[start : start + 2], 16) / 255) for start in (1, 3, 5))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(channel: float) -> float:
    dark = 0.04045
    return channel / 12.92 if channel <= dark else ((channel + 0.055) / 1.055) ** 2.4
