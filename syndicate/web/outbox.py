"""The pages of the outbox: every message as a mail program shows it, for the operator alone."""

import re
from dataclasses import dataclass, replace
from typing import Self
from urllib.parse import quote, urlencode

from starlette.datastructures import QueryParams
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from syndicate.config import Config
from syndicate.config.loopback import is_loopback
from syndicate.config.values import split_mailbox
from syndicate.deliver.outbox import Outbox, OutboxMessage
from syndicate.web.operator_access import OperatorAccess
from syndicate.web.pages import WebPages

_HEAD = re.compile(r"<head(?:\s[^>]*)?>", re.IGNORECASE)
PAGE_SIZE = 100
"""Messages on a page of the list."""
_CHOICES = {
    "view": ("html", "text", "headers", "source"),
    "width": ("both", "phone", "desktop"),
    "theme": ("both", "light", "dark"),
}
"""The options of a page that say how a message is shown; the first one is the default."""


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


def is_outbox_served(config: Config) -> bool:
    """Return whether mail goes to the outbox and anybody has access to it."""
    access = OperatorAccess(config)
    local = access.is_local_allowed and is_loopback(config.web.host)
    return config.mail.transport == "outbox" and (local or access.is_remote_allowed)


class OutboxPages:
    """The pages under /outbox."""

    def __init__(self, config: Config, pages: WebPages) -> None:
        self._config = config
        self._outbox = Outbox.of(config)
        self._access = OperatorAccess(config)
        self._pages = pages

    def routes(self) -> list[Route]:
        """Return the routes."""
        return [
            Route("/outbox", self.show),
            Route("/outbox/", self.show),
            Route("/outbox/{name}", self.show),
            Route("/outbox/{name}/body", self.body),
            Route("/outbox/{name}/file", self.file),
        ]

    def show(self, request: Request) -> Response:
        """Show the list and one message, by default the newest."""
        self._check_access(request)
        name = request.path_params.get("name")
        options = ViewOptions.of(request.query_params)
        messages = self._outbox.messages()
        last_page = max(1, -(-len(messages) // PAGE_SIZE))
        page = min(options.page, last_page)
        listed = messages[(page - 1) * PAGE_SIZE : page * PAGE_SIZE]
        shown = name or (listed[0].name if listed else None)
        message = self._get(shown) if shown else None
        values = {
            "message_list": {
                "messages": list(map(_summary, listed)),
                "total": len(messages),
                "page": page,
                "newer": page - 1 if page > 1 else None,
                "older": page + 1 if page < last_page else None,
            },
            "options": replace(options, page=page),
            "name": shown,
            "selected": name is not None,
            "message": message,
            "sender": message.sender if message else None,
            "folder": self._config.mail.outbox,
            "newsletters": self._config.newsletters,
        }
        return self._pages.render(
            "web/outbox.html", values, style="web/outbox.css", policy=("frame-src 'self'",)
        )

    def body(self, request: Request) -> Response:
        """Return the HTML of a message, for a sandboxed frame."""
        self._check_access(request)
        message = self._get(request.path_params["name"])
        # it may load pictures from the publication only
        policy = (
            "default-src 'none'; "
            f"img-src {_origin(self._config.url)} {_origin(str(request.base_url))}; "
            "style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; "
            "frame-ancestors 'self'; sandbox allow-popups allow-popups-to-escape-sandbox"
        )
        headers = {"content-security-policy": policy}
        links_open_elsewhere = '<base target="_blank">'
        html = _HEAD.sub(lambda head: head[0] + links_open_elsewhere, message.html, count=1)
        return Response(html, headers=headers, media_type="text/html")

    def file(self, request: Request) -> Response:
        """Return the file of a message, for a mail program."""
        self._check_access(request)
        message = self._get(request.path_params["name"])
        headers = {"content-disposition": 'attachment; filename="message.eml"'}
        return Response(message.path.read_bytes(), headers=headers, media_type="message/rfc822")

    def _check_access(self, request: Request) -> None:
        self._access.require(request)
        if not self._access.is_host_trusted(request):
            raise HTTPException(404)

    def _get(self, name: str) -> OutboxMessage:
        message = self._outbox.get(name)
        if message is None:
            raise HTTPException(404)
        return message


def _origin(url: str) -> str:
    return "/".join(url.split("/")[:3])


def _summary(message: OutboxMessage) -> dict[str, object]:
    """Return a message as the list shows it: a name without an address, or an address alone."""
    name, address = split_mailbox(message.sender)
    return {
        "name": message.name,
        "sender": name or address,
        "recipient": split_mailbox(message.to)[1],
        "subject": message.subject,
        "at": message.date,
    }
