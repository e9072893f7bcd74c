"""The share card: the picture that previews of links show where a page has none of its own.

It has the publication's name, description and logo on its own colours, and is drawn when
everything is built. Fonts of the theme are those of readers' devices, so the card takes a font of
this machine: the first that has every letter of a text, serifs before others. A text for which
there is no font is left out, rather than drawn as boxes.
"""

import hashlib
import unicodedata
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache, cached_property, lru_cache
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

from syndicate.config import Config
from syndicate.render.formatting import text_direction
from syndicate.text import one_line, shorten

if TYPE_CHECKING:
    from PIL.Image import Image
    from PIL.ImageFont import FreeTypeFont

WIDTH, HEIGHT = 1200, 630
SHARE_CARD = {"width": WIDTH, "height": HEIGHT, "type": "image/png"}
"""What pages say of the picture, beside its address."""
_DRAWING = 1
"""Raised when the drawing changes, so that the card gets another address."""
_MARGIN = 88
_COLUMN = WIDTH - 2 * _MARGIN
_LOGO = (480, 120)
_STRIP = 14
_TITLE_SIZES = range(124, 44, -8)
_TITLE_LINES, _DESCRIPTION_LINES = 3, 2
_DESCRIPTION_SIZE, _DESCRIPTION_LENGTH = 36, 140
_LEADING = 1.18

_FOLDERS = (
    "/usr/share/fonts", "/usr/local/share/fonts", "~/.local/share/fonts", "~/.fonts",
    "/Library/Fonts", "/System/Library/Fonts", "C:/Windows/Fonts",
)  # fmt: skip
_SERIFS = (
    "Charter-Bold", "SourceSerif4-Bold", "NotoSerif-Bold", "Georgia Bold", "georgiab",
    "LiberationSerif-Bold", "DejaVuSerif-Bold", "NotoNaskhArabic-Bold", "NotoSerifHebrew-Bold",
    "NotoSerifCJK-Bold",
)  # fmt: skip
_SANS = (
    "NotoSans-Regular", "SegoeUI", "segoeui", "Helvetica", "LiberationSans-Regular", "DejaVuSans",
    "NotoSansArabic-Regular", "NotoSansCJK-Regular",
)  # fmt: skip
_UNSUITABLE = ("italic", "oblique", "mono", "condensed", "emoji", "symbol", "math")
_COLLECTIONS = {"ko": 1, "zh": 2, "zh-hant": 3, "zh-tw": 3, "zh-hk": 4}
"""The font of a language in the collections of Noto CJK; Japanese comes first."""
_NO_LETTER = "\U0010fffe"
_SHAPED = ((0x0900, 0x0DFF), (0x1000, 0x109F), (0x1780, 0x17FF))
"""Letters of India, Burma and Cambodia: as those of Arabic and Hebrew they need a layout engine."""


@dataclass(frozen=True)
class ShareCard:
    """The share card of one publication."""

    title: str
    description: str
    language: str
    colours: tuple[str, str, str, str]
    """Of paper, ink, muted text and accent."""
    logo: bytes
    """A picture in a raster format, or none."""

    @classmethod
    def of(cls, config: Config) -> "ShareCard":
        """Describe the card of a publication; its logo is read."""
        publication, light = config.publication, config.theme.light
        logo = b""
        if picture := config.theme.logo or publication.logo:
            with suppress(OSError):
                logo = config.path(picture).read_bytes()
        return cls(
            title=one_line(publication.title),
            description=shorten(publication.description, _DESCRIPTION_LENGTH),
            language=publication.language,
            colours=(light.paper, light.ink, light.muted, light.accent),
            logo=logo,
        )

    @cached_property
    def digest(self) -> str:
        """The digest of all that the card shows."""
        return hashlib.sha256(repr((_DRAWING, self)).encode("utf-8", "replace")).hexdigest()

    @property
    def address(self) -> str:
        """Where it is published, from the root; the address changes with the content."""
        return f"/assets/share-card.{self.digest[:8]}.png"

    def draw(self) -> bytes:
        """Return the card as a PNG."""
        return _draw(self)


@lru_cache(maxsize=8)
def _draw(card: ShareCard) -> bytes:
    from PIL import Image, ImageDraw  # noqa: PLC0415 - few builds draw the card

    paper, ink, muted, accent = card.colours
    image = Image.new("RGB", (WIDTH, HEIGHT), paper)
    pen = ImageDraw.Draw(image)
    pen.rectangle((0, HEIGHT - _STRIP, WIDTH, HEIGHT), fill=accent)
    logo = _read_logo(card.logo)
    texts = [
        (_set_title(card.title, card.language), ink),
        (_set_description(card.description, card.language), muted),
    ]
    blocks = [(text, colour) for text, colour in texts if text]
    is_rtl = text_direction(card.language) == "rtl"
    gap = 40
    heights = [text.height for text, _ in blocks]
    heights += [logo.height] if logo is not None else []
    y = (HEIGHT - _STRIP - sum(heights) - gap * max(len(heights) - 1, 0)) / 2
    if logo is not None:
        x = WIDTH - _MARGIN - logo.width if is_rtl else _MARGIN
        image.paste(logo, (round(x if blocks else (WIDTH - logo.width) / 2), round(y)), logo)
        y += logo.height + gap
    for text, colour in blocks:
        for line in text.lines:
            x = WIDTH - _MARGIN if is_rtl else _MARGIN
            anchor = "ra" if is_rtl else "la"
            pen.text((x, y), line, fill=colour, font=text.font, anchor=anchor)
            y += text.font.size * _LEADING
        y += gap
    file = BytesIO()
    image.save(file, "PNG", optimize=True)
    return file.getvalue()


def _read_logo(data: bytes) -> "Image | None":
    from PIL import Image  # noqa: PLC0415

    if not data:
        return None
    with suppress(Exception):  # of many types; an SVG is none that Pillow reads
        with Image.open(BytesIO(data)) as opened:
            logo = opened.convert("RGBA")
        scale = min(_LOGO[0] / logo.width, _LOGO[1] / logo.height)
        return logo.resize((max(1, round(logo.width * scale)), max(1, round(logo.height * scale))))
    return None


@dataclass(frozen=True)
class _Text:
    """A text in its font, divided into lines."""

    font: "FreeTypeFont"
    lines: tuple[str, ...]

    @property
    def height(self) -> float:
        return len(self.lines) * self.font.size * _LEADING


def _set_title(title: str, language: str) -> _Text | None:
    """Set a title as large as it fits; None without a font."""
    file = find_font(title, language, _SERIFS)
    if file is None:
        return None
    for size in _TITLE_SIZES:
        font = file.at(size)
        lines = _wrap(title, font)
        if len(lines) <= _TITLE_LINES:
            return _Text(font, lines)
    return _Text(font, (*lines[: _TITLE_LINES - 1], lines[_TITLE_LINES - 1][:-1] + "…"))


def _set_description(text: str, language: str) -> _Text | None:
    file = find_font(text, language, _SANS) if text else None
    if file is None:
        return None
    font = file.at(_DESCRIPTION_SIZE)
    return _Text(font, _wrap(text, font)[:_DESCRIPTION_LINES])


def _wrap(text: str, font: "FreeTypeFont") -> tuple[str, ...]:
    """Divide a text into lines of the column: between words, or else between letters."""
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        if font.getlength(longer) <= _COLUMN:
            lines[-1] = longer
            continue
        lines.append("")
        for letter in word:
            if font.getlength(lines[-1] + letter) > _COLUMN:
                lines.append("")
            lines[-1] += letter
    return tuple(line for line in lines if line)


@dataclass(frozen=True)
class FontFile:
    """A font on this machine; None is the one that Pillow brings, with Latin letters."""

    path: Path | None
    index: int = 0

    def at(self, size: int) -> "FreeTypeFont":
        """Load it in a size in pixels; raise OSError for what is no font."""
        from PIL import ImageFont  # noqa: PLC0415

        if self.path is None:
            font = ImageFont.load_default(size)
            if not isinstance(font, ImageFont.FreeTypeFont):
                raise OSError("Pillow has no FreeType")
            return font
        return ImageFont.truetype(self.path, size, index=self.index)

    def covers(self, text: str) -> bool:
        """Whether it has every letter of a text."""
        try:
            font = self.at(20)
            missing = _glyph(font, _NO_LETTER)
            letters = {letter for letter in text if unicodedata.category(letter)[0] not in "CMZ"}
            return all(_glyph(font, letter) not in (missing, None) for letter in letters)
        except (OSError, ValueError):
            return False


def find_font(text: str, language: str, preferred: Sequence[str]) -> FontFile | None:
    """Return the first font that has every letter of a text; None if there is none.

    None also for a text that needs a layout engine where Pillow has none.
    """
    from PIL import features  # noqa: PLC0415

    if _needs_layout(text) and not (features.check("raqm") and features.check("fribidi")):
        return None
    return next((font for font in _candidates(language, preferred) if font.covers(text)), None)


def _candidates(language: str, preferred: Sequence[str]) -> Iterator[FontFile]:
    files = _font_files()
    by_name = {file.stem: file for file in reversed(files)}
    first = [by_name[name] for name in preferred if name in by_name]
    kind, weight = ("Serif", "Bold") if preferred is _SERIFS else ("Sans", "Regular")
    others = [file for file in files if not any(word in file.stem.lower() for word in _UNSUITABLE)]
    others.sort(key=lambda file: (kind not in file.stem, weight not in file.stem, file.name))
    tags = (language.lower(), language.lower().partition("-")[0])
    index = next((_COLLECTIONS[tag] for tag in tags if tag in _COLLECTIONS), 0)
    for file in (*first, *others):
        if file.suffix.lower() == ".ttc" and "CJK" in file.stem:
            yield FontFile(file, index)
        else:
            yield FontFile(file)
    yield FontFile(None)


@cache
def _font_files() -> tuple[Path, ...]:
    """Return the fonts of this machine, sorted by path."""
    found: list[Path] = []
    for folder in _FOLDERS:
        with suppress(OSError, RuntimeError):  # it may not be read; there is no home
            paths = Path(folder).expanduser().rglob("*")
            found += [path for path in paths if path.suffix.lower() in (".ttf", ".otf", ".ttc")]
    return tuple(sorted(found))


def _glyph(font: "FreeTypeFont", letter: str) -> tuple[tuple[int, int], bytes] | None:
    """Return a letter's picture; None for an empty one."""
    mask = font.getmask(letter)
    return (mask.size, bytes(mask)) if mask.getbbox() else None


def _needs_layout(text: str) -> bool:
    return any(
        unicodedata.bidirectional(letter) in ("R", "AL")
        or any(first <= ord(letter) <= last for first, last in _SHAPED)
        for letter in text
    )
