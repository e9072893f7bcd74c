"""Browsers in which a reviewer has typed a code, and which need none for a while: by a cookie."""

import hmac
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import Response

from syndicate.config import Config

TRUSTED_FOR = timedelta(hours=12)
_SEPARATOR = "."


class TrustedBrowsers:
    """Signs and verifies the cookies: each is for one reviewer, and no other."""

    def __init__(self, config: Config, secret: bytes) -> None:
        web = urlsplit(config.web_url)
        self._secret = secret
        self._secure = web.scheme == "https"
        self._path = f"{web.path}/review"

    def trust(self, response: Response, reviewer: int, at: datetime) -> None:
        """Trust the browser that gets a response with this reviewer's decisions."""
        expires = str(int((at + TRUSTED_FOR).timestamp()))
        response.set_cookie(
            _name(reviewer),
            f"{expires}{_SEPARATOR}{self._sign(reviewer, expires)}",
            max_age=int(TRUSTED_FOR.total_seconds()),
            path=self._path,
            secure=self._secure,
            httponly=True,
            samesite="lax",
        )

    def is_trusted(self, request: Request, reviewer: int, at: datetime) -> bool:
        """Whether a request comes from a browser that this reviewer has opened."""
        value = request.cookies.get(_name(reviewer), "")
        expires, _, tag = value.partition(_SEPARATOR)
        if not hmac.compare_digest(tag.encode(), self._sign(reviewer, expires).encode()):
            return False
        return int(expires) > at.timestamp()

    def _sign(self, reviewer: int, expires: str) -> str:
        signed = f"trusted\0{reviewer}\0{expires}".encode()
        return hmac.digest(self._secret, signed, "sha256").hex()


def _name(reviewer: int) -> str:
    return f"reviewer_{reviewer:016x}"
