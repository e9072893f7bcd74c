"""Formulas in CSV: a cell that begins as one is run by the spreadsheet that opens the file.

What people say of themselves must never be (OWASP, "CSV injection"). A `'` before such a
cell makes it text; files with it lose it again when they are read.
"""

import re

_DANGEROUS = re.compile(r"'*[=+\-@\t\r]")
"""Those that have a `'` already get another, or reading would take away what was there before."""
_ESCAPED = re.compile(r"'+[=+\-@\t\r]")


def escape_formula(text: str) -> str:
    """Return the text of a cell as no spreadsheet runs it."""
    return f"'{text}" if _DANGEROUS.match(text) else text


def unescape_formula(text: str) -> str:
    """Return the text that `escape_formula` was given; what nobody guarded stays as it is."""
    return text[1:] if text.startswith("'") and _ESCAPED.match(text) else text
