"""How a message in the outbox is shown; every link of the page carries the options."""

import re
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Self, TypeVar
from urllib.parse import quote, urlencode

from starlette.datastructures import QueryParams


class MessageView(StrEnum):
    """The part of a message that is shown."""

    HTML = "html"
    TEXT = "text"
    HEADERS = "headers"
    SOURCE = "source"


class ScreenWidth(StrEnum):
    """The simulated width of the reader's screen."""

    BOTH = "both"
    PHONE = "phone"
    DESKTOP = "desktop"


class ColourScheme(StrEnum):
    """The simulated colour scheme of the reader's screen."""

    BOTH = "both"
    LIGHT = "light"
    DARK = "dark"


@dataclass(frozen=True, slots=True, kw_only=True)
class ViewOptions:
    """The options in an address; the defaults apply without a query."""

    view: MessageView = MessageView.HTML
    width: ScreenWidth = ScreenWidth.BOTH
    theme: ColourScheme = ColourScheme.BOTH
    page: int = 1
    """The page of the list, from 1."""

    @classmethod
    def of(cls, query: QueryParams) -> Self:
        """Parse a query; invalid options get their default."""
        page = query.get("page", "")
        return cls(
            view=_parse_choice(MessageView, query.get("view")),
            width=_parse_choice(ScreenWidth, query.get("width")),
            theme=_parse_choice(ColourScheme, query.get("theme")),
            page=max(1, int(page)) if re.fullmatch("[0-9]{1,6}", page) else 1,
        )

    @property
    def widths(self) -> list[ScreenWidth]:
        """The widths to show side by side."""
        both = [ScreenWidth.PHONE, ScreenWidth.DESKTOP]
        return both if self.width is ScreenWidth.BOTH else [self.width]

    @property
    def themes(self) -> list[ColourScheme]:
        """The colour schemes to show."""
        both = [ColourScheme.LIGHT, ColourScheme.DARK]
        return both if self.theme is ColourScheme.BOTH else [self.theme]

    def address(self, name: str | None, **changes: str | int) -> str:
        """Return the address of a message, or of the list, with some options changed."""
        options = replace(self, **changes)  # type: ignore[arg-type]  # by name, from a template
        defaults = ViewOptions()
        query = {
            key: str(value)
            for key in ("view", "width", "theme", "page")
            if (value := getattr(options, key)) != getattr(defaults, key)
        }
        path = "/outbox" if name is None else f"/outbox/{quote(name, safe='')}"
        return f"{path}?{urlencode(query)}" if query else path


_OptionT = TypeVar("_OptionT", bound=StrEnum)


def _parse_choice(kind: type[_OptionT], text: str | None) -> _OptionT:
    return next((option for option in kind if option == text), next(iter(kind)))
