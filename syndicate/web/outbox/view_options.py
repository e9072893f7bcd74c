"""How the person at the outbox wants to see a message: it travels in the address of every page."""

import re
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Self, TypeVar
from urllib.parse import quote, urlencode

from starlette.datastructures import QueryParams


class View(StrEnum):
    """What of a message is shown."""

    HTML = "html"
    TEXT = "text"
    HEADERS = "headers"
    SOURCE = "source"


class Width(StrEnum):
    """How wide the reader's screen is."""

    BOTH = "both"
    PHONE = "phone"
    DESKTOP = "desktop"


class Theme(StrEnum):
    """Whether the reader's screen is light or dark."""

    BOTH = "both"
    LIGHT = "light"
    DARK = "dark"


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What is shown, and how; the first of each is what a plain address means."""

    view: View = View.HTML
    width: Width = Width.BOTH
    theme: Theme = Theme.BOTH
    page: int = 1
    """Which hundred of the list, from 1."""

    @classmethod
    def of(cls, query: QueryParams) -> Self:
        """Read a query; what can't be understood is as if it weren't there."""
        return cls(
            view=_choice(View, query.get("view")),
            width=_choice(Width, query.get("width")),
            theme=_choice(Theme, query.get("theme")),
            page=_page(query.get("page", "")),
        )

    @property
    def widths(self) -> list[Width]:
        """The widths that are shown."""
        return [Width.PHONE, Width.DESKTOP] if self.width is Width.BOTH else [self.width]

    @property
    def themes(self) -> list[Theme]:
        """The themes that are shown."""
        return [Theme.LIGHT, Theme.DARK] if self.theme is Theme.BOTH else [self.theme]

    def address(self, name: str | None, **changes: str | int) -> str:
        """Return the address of a message in this look, some of it changed; None: of the list."""
        look = replace(self, **changes)  # type: ignore[arg-type]  # by name, from a template
        plain = Look()
        query = {
            key: str(value)
            for key in ("view", "width", "theme", "page")
            if (value := getattr(look, key)) != getattr(plain, key)
        }
        path = "/outbox" if name is None else f"/outbox/{quote(name, safe='')}"
        return f"{path}?{urlencode(query)}" if query else path


_Choice = TypeVar("_Choice", bound=StrEnum)


def _choice(kind: type[_Choice], word: str | None) -> _Choice:
    return next((one for one in kind if one == word), next(iter(kind)))


def _page(number: str) -> int:
    return max(1, int(number)) if re.fullmatch(r"[0-9]{1,6}", number) else 1
