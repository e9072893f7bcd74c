"""CSRF protection: forms that act for one reader are accepted from our own pages alone.

Exempt are one-click unsubscription, the WebSub hub and sign-up: they rely on no session, and
forms on other sites may post to them.
"""

from urllib.parse import urlsplit

from starlette.requests import Request


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
