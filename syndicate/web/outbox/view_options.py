"""How a message in the outbox is shown; every link of the page carries the options."""

import re
from dataclasses import dataclass, replace
from typing import Self
from urllib.parse import quote, urlencode

from starlette.datastructures import QueryParams

_CHOICES = {
    "view": ("html", "text", "headers", "source"),
    "width": ("both", "phone", "desktop"),
    "theme": ("both", "light", "dark"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ViewOptions:
    """The options in an address; the defaults apply without a query."""

    view: str = "html"
    """The part of a message that is shown."""
    width: str = "both"
    """The simulated width of the reader's screen."""
    theme: str = "both"
    """Its simulated colour scheme."""
    page: int = 1
    """The page of the list, from 1."""

    @classmethod
    def of(cls, query: QueryParams) -> Self:
        """Parse a query; invalid options get their default."""
        chosen = {
            name: query[name] for name, any_of in _CHOICES.items() if query.get(name) in any_of
        }
        page = query.get("page", "")
        return cls(**chosen, page=max(1, int(page)) if re.fullmatch("[0-9]{1,6}", page) else 1)

    @property
    def widths(self) -> tuple[str, ...]:
        """The widths to show side by side."""
        return _CHOICES["width"][1:] if self.width == "both" else (self.width,)

    @property
    def themes(self) -> tuple[str, ...]:
        """The colour schemes to show."""
        return _CHOICES["theme"][1:] if self.theme == "both" else (self.theme,)

    def address(self, name: str | None, **changes: str | int) -> str:
        """Return the address of a message, or of the list, with some options changed."""
        options = replace(self, **changes)  # type: ignore[arg-type]  # by name, from a template
        defaults = ViewOptions()
        query = {
            key: str(value)
            for key in (*_CHOICES, "page")
            if (value := getattr(options, key)) != getattr(defaults, key)
        }
        path = "/outbox" if name is None else f"/outbox/{quote(name, safe='')}"
        return f"{path}?{urlencode(query)}" if query else path
