"""What every page that acts keeps to: who may post to it, and what its answers forbid.

Behind a form with a token there is one person's subscription, so it is taken from our
own pages alone. Not guarded are one-click unsubscription, webhooks and sign-up: nobody is
logged in there, and a form elsewhere is meant to work.
"""

from urllib.parse import urlsplit

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from syndicate.web.pages import WebPage

NO_STORE = {"cache-control": "no-store"}
_DEFAULT_HEADERS = {
    **NO_STORE,
    "content-security-policy": "default-src 'none'; base-uri 'none'; frame-ancestors 'none'",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
}


def is_same_origin(request: Request, web_url: str) -> bool:
    """Tell whether a form was sent from a page of ours: from `web_url`, or the host asked.

    Browsers say so by `Sec-Fetch-Site`; where they don't, as over plain HTTP, by
    `Origin`. Our pages send no referrer, which makes their `Origin` "null" to some
    browsers: that, or nothing at all, is no evidence against a form, and then
    its token alone has to do.
    """
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site in {"same-origin", "none"}
    origin = request.headers.get("origin", "null")
    ours = {_origin(web_url), _origin(str(request.base_url))}
    return origin == "null" or _origin(origin) in ours


def answer(page: WebPage, status: int = 200) -> Response:
    """Answer with a page that nobody keeps."""
    return Response(page.body, status, headers={**page.headers, **NO_STORE})


class SecurityHeaders:
    """An ASGI application around another, whose answers are all at least this strict."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on, and add what an answer says nothing about."""

        async def strictly(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _DEFAULT_HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        await self._app(scope, receive, strictly)


def _origin(url: str) -> tuple[str, str | None, int | None]:
    """Return scheme, host and port of an address; nothing equals what is none."""
    try:
        parts = urlsplit(url)
        port = parts.port or {"http": 80, "https": 443}.get(parts.scheme)
    except ValueError:
        return "", None, None
    return parts.scheme, parts.hostname, port
