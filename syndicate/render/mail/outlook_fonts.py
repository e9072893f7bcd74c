"""The fonts that Outlook on Windows displays in place of those that it doesn't have.

Word, which renders its mail, looks at the first font of a stack alone; where it is missing, Word
takes Times New Roman. A name that a style sheet declares with `mso-font-alt` is displayed in that
other font: it is Word's own "alternative name" of a font.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

_INSTALLED = frozenset({
    "arial", "arial black", "book antiqua", "bookman old style", "calibri", "cambria", "candara",
    "century gothic", "comic sans ms", "consolas", "constantia", "corbel", "courier new",
    "franklin gothic medium", "garamond", "georgia", "impact", "lucida console",
    "lucida sans unicode", "palatino linotype", "segoe ui", "tahoma", "times new roman",
    "trebuchet ms", "verdana",
})  # fmt: skip
"""The fonts that Windows or Office have in every version since 2007."""
_GENERIC = {"serif": "roman", "sans-serif": "swiss", "monospace": "modern"}
"""Word's names for the generic families of CSS."""
_DEFAULTS = {"roman": "Georgia", "swiss": "Arial", "modern": "Courier New", "auto": "Arial"}


@dataclass(frozen=True, slots=True)
class FontSubstitute:
    """What Word displays for a font."""

    font: str
    substitute: str
    family: str
    """Word's generic family: roman, swiss, modern or auto."""


def list_substitutes(stacks: Iterable[str]) -> Iterator[FontSubstitute]:
    """Yield the substitutes for the first fonts of some stacks, each once.

    It is the next font of the stack that Windows has, else a usual one of its generic family.
    """
    for stack in dict.fromkeys(stacks):
        fonts = [font.strip().strip("\"'") for font in stack.split(",")]
        family = _GENERIC.get(fonts[-1].lower(), "auto")
        if fonts[0].lower() in _INSTALLED | _GENERIC.keys() or "--" in fonts[0]:
            continue  # a conditional comment can't contain two hyphens
        known = (font for font in fonts if font.lower() in _INSTALLED)
        yield FontSubstitute(fonts[0], next(known, _DEFAULTS[family]), family)
