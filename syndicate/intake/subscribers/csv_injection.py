"""Escape cells that a spreadsheet would run as a formula (OWASP, "CSV injection").

A `'` before such a cell makes it text, and is removed again when the file is imported.
"""

import re

_DANGEROUS = re.compile(r"'*[=+\-@\t\r]")
"""Cells with a `'` already get another, so that unescaping restores them."""
_ESCAPED = re.compile(r"'+[=+\-@\t\r]")


def escape_formula(text: str) -> str:
    """Return a cell's text so that no spreadsheet runs it."""
    return f"'{text}" if _DANGEROUS.match(text) else text


def unescape_formula(text: str) -> str:
    """Undo `escape_formula`; other text stays as it is."""
    return text[1:] if text.startswith("'") and _ESCAPED.match(text) else text
