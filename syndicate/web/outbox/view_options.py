"""How the person at the outbox wants to see a message: it travels in the address of every page."""

import re
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Self, TypeVar
from urllib.parse import quote, urlencode

from starlette.datastructures import QueryParams


class MessageView(StrEnum):
    """What of a message is shown."""

    HTML = "html"
    TEXT = "text"
    HEADERS = "headers"
    SOURCE = "source"


class ScreenWidth(StrEnum):
    """How wide the reader's screen is."""

    BOTH = "both"
    PHONE = "phone"
    DESKTOP = "desktop"


class ColourScheme(StrEnum):
    """Whether the reader's screen is light or dark."""

    BOTH = "both"
    LIGHT = "light"
    DARK = "dark"


@dataclass(frozen=True, slots=True, kw_only=True)
class ViewOptions:
    """What is shown, and how; the first of each is what a plain address means."""

    view: MessageView = MessageView.HTML
    width: ScreenWidth = ScreenWidth.BOTH
    theme: ColourScheme = ColourScheme.BOTH
    page: int = 1
    """Which hundred of the list, from 1."""

    @classmethod
    def of(cls, query: QueryParams) -> Self:
        """Read a query; what can't be understood is as if it weren't there."""
        return cls(
            view=_parse_choice(MessageView, query.get("view")),
            width=_parse_choice(ScreenWidth, query.get("width")),
            theme=_parse_choice(ColourScheme, query.get("theme")),
            page=_parse_page(query.get("page", "")),
        )

    @property
    def widths(self) -> list[ScreenWidth]:
        """The widths that are shown."""
        return (
            [ScreenWidth.PHONE, ScreenWidth.DESKTOP]
            if self.width is ScreenWidth.BOTH
            else [self.width]
        )

    @property
    def themes(self) -> list[ColourScheme]:
        """The themes that are shown."""
        return (
            [ColourScheme.LIGHT, ColourScheme.DARK]
            if self.theme is ColourScheme.BOTH
            else [self.theme]
        )

    def address(self, name: str | None, **changes: str | int) -> str:
        """Return the address of a message in this look, some of it changed; None: of the list."""
        look = replace(self, **changes)  # type: ignore[arg-type]  # by name, from a template
        plain = ViewOptions()
        query = {
            key: str(value)
            for key in ("view", "width", "theme", "page")
            if (value := getattr(look, key)) != getattr(plain, key)
        }
        path = "/outbox" if name is None else f"/outbox/{quote(name, safe='')}"
        return f"{path}?{urlencode(query)}" if query else path


_OptionT = TypeVar("_OptionT", bound=StrEnum)


def _parse_choice(kind: type[_OptionT], word: str | None) -> _OptionT:
    return next((one for one in kind if one == word), next(iter(kind)))


def _parse_page(number: str) -> int:
    return max(1, int(number)) if re.fullmatch(r"[0-9]{1,6}", number) else 1
