"""What the pages behind signed links have in common: a route, and whom a link belongs to.

CSRF protection: their forms, which act for one reader, are accepted from our own pages alone.
Exempt are one-click unsubscription, the WebSub hub and sign-up: they rely on no session, and
forms on other sites may post to them.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar
from urllib.parse import urlsplit

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from syndicate.config import Config, Newsletter
from syndicate.language import Translator, translator
from syndicate.model.subscribers import Subscriber
from syndicate.store import Transaction
from syndicate.web.forms import MAX_CHECKBOX_FIELDS, Form, read_form
from syndicate.web.pages import ReaderPages
from syndicate.web.server.client_address import client_network


@dataclass(frozen=True)
class LinkPages(ReaderPages, ABC):
    """The pages under `/<prefix>/`: a GET only shows, a POST from our own pages acts."""

    prefix: ClassVar[str]

    def routes(self) -> list[Route]:
        """Return the routes."""
        return [Route(f"/{self.prefix}/{{token}}", self.handle, methods=["GET", "POST"])]

    async def handle(self, request: Request) -> Response:
        """Show the page; on a POST, do what the form says."""
        token = request.path_params["token"]
        if request.method != "POST":
            return await run_in_threadpool(self.show, token)
        form = await read_form(request, max_fields=MAX_CHECKBOX_FIELDS) or Form()
        if not (is_same_origin(request, self.config.web_url) or self.is_exempt(form)):
            return self.pages.bad_form(status=403)
        origin = client_network(request, self.config.web.proxies)
        return await run_in_threadpool(self.act, token, form, origin)

    def is_exempt(self, _: Form) -> bool:
        """Return whether a form is accepted from anywhere."""
        return False

    @abstractmethod
    def show(self, token: str) -> Response:
        """Return the page of a link. Raise StoreError."""

    @abstractmethod
    def act(self, token: str, form: Form, origin: str) -> Response:
        """Do what a form from the network `origin` says. Raise StoreError or TemplateError."""


def is_same_origin(request: Request, web_url: str) -> bool:
    """Return whether a form comes from a page of `web_url`, or of the host that was requested.

    Browsers send `Sec-Fetch-Site`; over plain HTTP they don't, and `Origin` decides. Our pages
    send no referrer, so for some browsers their `Origin` is "null". That, or no header at all,
    proves nothing against a form, and the token in its address has to do.
    """
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site in {"same-origin", "none"}
    origin = request.headers.get("origin", "null")
    own_origins = {_origin(web_url), _origin(str(request.base_url))}
    return origin == "null" or _origin(origin) in own_origins


def _origin(url: str) -> tuple[str, str | None, int | None]:
    """Return scheme, host and port of an address; an invalid one equals no other."""
    try:
        parts = urlsplit(url)
        port = parts.port or {"http": 80, "https": 443}.get(parts.scheme)
    except ValueError:
        return "", None, None
    return parts.scheme, parts.hostname, port


def find_reader(tx: Transaction, key: int) -> Subscriber | None:
    """Return the reader that a link was made for, also after a merge; None once erased."""
    return tx.subscribers.by_key(key) or tx.subscribers.by_key(tx.merges.current_number(key))


def find_newsletter(tx: Transaction, name: str, config: Config) -> Newsletter | None:
    """Return the newsletter that a link or letter names, also after it was renamed."""
    return config.newsletter(name) or config.newsletter(tx.newsletters.current_name(name))


def translator_for(reader: Subscriber, config: Config) -> Translator:
    """Return the translator into the reader's language, or the publication's."""
    return translator(reader.language or config.publication.language)


def mask_email(email: str) -> str:
    """Shorten an address so that its owner recognises it and others can't use it."""
    local, _, domain = email.rpartition("@")
    return f"{local[:1]}•••@{domain}"
