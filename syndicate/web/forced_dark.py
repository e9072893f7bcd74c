"""Rewrites the colours of a mail, as programs do that make light mail dark by themselves.

Outlook.com inverts the lightness of each colour, in CIELAB, and keeps its hue: white becomes
#333333, black becomes white (`getDarkColor` in github.com/microsoft/roosterjs). Gmail's apps do
something similar and publish nothing about it. All of them ignore the dark colours that a mail
brings along, and leave pictures as they are. So this is an approximation.
"""

import re
from functools import lru_cache

from PIL import ImageColor

from syndicate.render.mail.insertion import insert_in_head

_BASE = 21.247
"""The lightness of #333333, that white gets."""
_GROUND = "<style>html { background: #333333; color: #FFFFFF; }</style>"
_OWN_DARK = re.compile(r"@media[^{}]*prefers-color-scheme[^{}]*", re.IGNORECASE)
_OUTLOOK = re.compile(r"\[data-ogs[cb]\]", re.IGNORECASE)
_TAG = re.compile(r"""<[a-z](?:[^"'>]|"[^"]*"|'[^']*')*>""", re.IGNORECASE)
_STYLE = re.compile(r"(<style[^>]*>)(.*?)(</style>)", re.IGNORECASE | re.DOTALL)
_STYLE_ATTRIBUTE = re.compile(r"""(\sstyle=)("[^"]*"|'[^']*')""", re.IGNORECASE)
_COLOR_ATTRIBUTE = re.compile(r"""(\s(?:bgcolor|color)=["']?)([#\w]+)""", re.IGNORECASE)
_DECLARATION = re.compile(
    r"([\w-]*(?:color|background|border|outline|shadow|fill|stroke|decoration)[\w-]*\s*:)"
    r"([^;{}\"']*)",
    re.IGNORECASE,
)
_COLOR = re.compile(
    r"url\([^()]*\)|(?<![\w#&/.-])(?:#[0-9a-f]{3,8}\b|rgba?\([^()]*\)|[a-z]{3,20}\b(?![-(]))",
    re.IGNORECASE,
)
"""Colours, words that may be their names, and addresses, of which no part is one."""
_MATRIX = (
    (0.4124564, 0.3575761, 0.1804375),
    (0.2126729, 0.7151522, 0.0721750),
    (0.0193339, 0.1191920, 0.9503041),
)
"""Linear sRGB to XYZ, by D65 (IEC 61966-2-1)."""
_INVERSE = (
    (3.2404542, -1.5371385, -0.4985314),
    (-0.9692660, 1.8760108, 0.0415560),
    (0.0556434, -0.2040259, 1.0572252),
)
_WHITE = (0.95047, 1.0, 1.08883)
_Triple = tuple[float, float, float]


def force_dark(html: str) -> str:
    """Return the HTML of a mail with its colours inverted, and without its own dark ones."""
    html = _STYLE.sub(lambda style: style[1] + _invert_sheet(style[2]) + style[3], html)
    html = _TAG.sub(lambda tag: _invert_tag(tag[0]), html)
    return insert_in_head(html, _GROUND)


def _invert_sheet(css: str) -> str:
    """Invert a style sheet, and switch off what it has for dark mode."""
    css = _OWN_DARK.sub("@media not all ", css)
    return _invert_css(_OUTLOOK.sub("[data-never]", css))


def _invert_tag(tag: str) -> str:
    tag = _STYLE_ATTRIBUTE.sub(lambda style: style[1] + _invert_quoted(style[2]), tag)
    return _COLOR_ATTRIBUTE.sub(lambda color: color[1] + invert_color(color[2]), tag)


def _invert_quoted(value: str) -> str:
    return value[0] + _invert_css(value[1:-1]) + value[-1]


def _invert_css(css: str) -> str:
    return _DECLARATION.sub(
        lambda found: found[1] + _COLOR.sub(lambda color: invert_color(color[0]), found[2]), css
    )


@lru_cache(maxsize=1024)
def invert_color(written: str) -> str:
    """Return a CSS colour with its lightness inverted; anything else as it is."""
    if written.lower() == "transparent":
        return written
    try:
        red, green, blue, *alpha = ImageColor.getrgb(_without_fraction(written))
    except ValueError:
        return written
    lightness, a, b = _to_lab((red, green, blue))
    inverted = (100 - lightness) * (100 - _BASE) / 100 + _BASE
    channels = "".join(f"{channel:02X}" for channel in _from_lab((inverted, a, b)))
    return f"#{channels}{alpha[0]:02X}" if alpha else f"#{channels}"


def _without_fraction(written: str) -> str:
    """Return `rgba(0,0,0,.5)` with an alpha from 0 to 255, as Pillow takes it."""
    parts = written.rstrip(")").split(",")
    if not written.lower().startswith("rgba(") or len(parts) != 4:  # noqa: PLR2004 - with alpha
        return written
    return f"{','.join(parts[:3])},{round(float(parts[3]) * 255)})"


def _to_lab(color: tuple[int, int, int]) -> _Triple:
    linear = [
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4  # noqa: PLR2004 - sRGB
        for c in (channel / 255 for channel in color)
    ]
    x, y, z = (
        _compress(sum(weight * c for weight, c in zip(row, linear, strict=True)) / white)
        for row, white in zip(_MATRIX, _WHITE, strict=True)
    )
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


def _from_lab(lab: _Triple) -> list[int]:
    lightness, a, b = lab
    y = (lightness + 16) / 116
    xyz = [
        _expand(value) * white
        for value, white in zip((y + a / 500, y, y - b / 200), _WHITE, strict=True)
    ]
    linear = [sum(weight * c for weight, c in zip(row, xyz, strict=True)) for row in _INVERSE]
    return [
        round(255 * min(1, max(0, 12.92 * c if c <= 0.0031308 else 1.055 * c ** (1 / 2.4) - 0.055)))  # noqa: PLR2004 - sRGB
        for c in linear
    ]


def _compress(value: float) -> float:
    return value ** (1 / 3) if value > 0.008856 else (903.3 * value + 16) / 116  # noqa: PLR2004 - CIE


def _expand(value: float) -> float:
    cube: float = value**3
    return cube if cube > 0.008856 else (116 * value - 16) / 903.3  # noqa: PLR2004 - CIE
