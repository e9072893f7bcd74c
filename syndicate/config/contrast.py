"""The contrast ratio between text and background (WCAG 2.2).

https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio
"""

TEXT = 4.5
"""The minimum for text (WCAG 1.4.3, AA)."""
BODY = 7.0
"""The minimum for long text (WCAG 1.4.6, AAA)."""


def ratio(text: str, background: str) -> float:
    """Return the contrast of two colours such as "#1B1B1B": 1 for the same, 21 at most."""
    dark, light = sorted((_luminance(text), _luminance(background)))
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: str) -> float:
    red, green, blue = (_linear(int(colour[start : start + 2], 16) / 255) for start in (1, 3, 5))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(channel: float) -> float:
    dark = 0.04045
    return channel / 12.92 if channel <= dark else ((channel + 0.055) / 1.055) ** 2.4
