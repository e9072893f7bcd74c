"""The pages of the outbox: every message as a mail program shows it, for the operator alone."""

import re
from dataclasses import dataclass, replace
from typing import ClassVar, Self
from urllib.parse import quote

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
from syndicate.web.viewer import FRAMES, MailWeight, ViewOptions, framed_html

_PAGE = re.compile("[0-9]{1,6}")
PAGE_SIZE = 100
"""Messages on a page of the list."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboxOptions(ViewOptions):
    """The options of the outbox, which also shows a page of its list."""

    choices: ClassVar[dict[str, tuple[str, ...]]] = {
        **ViewOptions.choices,
        "view": ("html", "text", "headers", "source"),
        "page": ("1",),
    }

    page: str = "1"
    """The page of the list, from 1."""

    @classmethod
    def of(cls, query: QueryParams, path: str = "") -> Self:
        """Parse a query; invalid options get their default."""
        page = query.get("page", "")
        options = super(OutboxOptions, cls).of(query, path)
        return replace(options, page=str(int(page) or 1)) if _PAGE.fullmatch(page) else options

    def address(self, name: str | None, **changes: str) -> str:
        """Return the address of a message, or of the list, with some options changed."""
        return self.link(path=_path(name), **changes)


def _path(name: str | None) -> str:
    return "/outbox" if name is None else f"/outbox/{quote(name, safe='')}"


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
        options = OutboxOptions.of(request.query_params)
        messages = self._outbox.messages()
        last_page = max(1, -(-len(messages) // PAGE_SIZE))
        page = min(int(options.page), last_page)
        listed = messages[(page - 1) * PAGE_SIZE : page * PAGE_SIZE]
        shown = name or (listed[0].name if listed else None)
        message = self._get(shown) if shown else None
        values = {
            "message_list": {
                "messages": list(map(_summary, listed)),
                "total": len(messages),
                "page": page,
                "newer": str(page - 1) if page > 1 else None,
                "older": str(page + 1) if page < last_page else None,
            },
            "options": replace(options, page=str(page), path=_path(shown)),
            "name": shown,
            "selected": name is not None,
            "message": message,
            "mail_weight": MailWeight.of(message.html) if message and message.html else None,
            "sender": message.sender if message else None,
            "folder": self._config.mail.outbox,
            "newsletters": self._config.newsletters,
        }
        return self._pages.render("web/outbox.html", values, style="web/outbox.css", policy=FRAMES)

    def body(self, request: Request) -> Response:
        """Return the HTML of a message, for a sandboxed frame."""
        self._check_access(request)
        message = self._get(request.path_params["name"])
        return framed_html(message.html, request, self._config)

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
