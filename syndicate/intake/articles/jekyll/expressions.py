"""Evaluate Liquid expressions: a value and the filters applied to it."""

import re
from collections.abc import Callable, Mapping, MutableMapping
from html import escape

_PARTS = re.compile(r"""(?:"[^"]*"|'[^']*'|[^|"'])+|["']""")
_ASSIGNMENT = re.compile(r"([\w-]+)\s*=(.*)", re.DOTALL)
_PARAMETER = re.compile(r"""([\w-]+)\s*=\s*("[^"]*"|'[^']*'|[^\s"']+)""")
_NUMBER = re.compile(r"-?\d+(\.\d+)?")


class Expressions:
    """The variables of a page; expressions that are not understood evaluate to None."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self._values: MutableMapping[str, str] = dict(values)

    def evaluate(self, text: str) -> str | None:
        """Return the value of an expression such as `"/path" | relative_url`."""
        first, *filters = [part.strip() for part in _PARTS.findall(text)] or [""]
        value = self._operand(first)
        for name in filters:
            if value is None:
                return None
            value = self._filtered(value, name)
        return value

    def assign(self, text: str) -> bool:
        """Assign `name = value`; return whether it was understood."""
        parts = _ASSIGNMENT.fullmatch(text)
        if parts is None:
            return False
        value = self.evaluate(parts[2])
        if value is None:
            self._values.pop(parts[1], None)
            return False
        self._values[parts[1]] = value
        return True

    def parameters(self, text: str) -> Mapping[str, str]:
        """Return the values of `key="value"` and `key=page.value` that are understood."""
        parameters = ((name, self._operand(value)) for name, value in _PARAMETER.findall(text))
        return {name.lower(): value for name, value in parameters if value is not None}

    def _operand(self, text: str) -> str | None:
        if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'":
            return text[1:-1]
        if _NUMBER.fullmatch(text):
            return text
        return self._values.get(text)

    def _filtered(self, value: str, text: str) -> str | None:
        name, _, argument = (part.strip() for part in text.partition(":"))
        if name in ("prepend", "append"):
            other = self._operand(argument)
            if other is None:
                return None
            return other + value if name == "prepend" else value + other
        base = self._values.get("site.baseurl", "")
        if name in ("relative_url", "absolute_url"):
            value = f"{base}/{value.lstrip('/')}"
            return value if name == "relative_url" else self._values.get("site.url", "") + value
        plain = _FILTERS.get(name)
        return None if plain is None or argument else plain(value)


_FILTERS: Mapping[str, Callable[[str], str]] = {
    "escape": escape,
    "xml_escape": escape,
    "escape_once": escape,
    "strip": str.strip,
    "upcase": str.upper,
    "downcase": str.lower,
    "capitalize": str.capitalize,
}
