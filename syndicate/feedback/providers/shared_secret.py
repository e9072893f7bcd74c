"""The secret of providers that sign nothing: they send it with each call.

It is the password of HTTP Basic, a bearer token, or `?token=` in the address. Everything is
compared in constant time.
"""

import base64
import hmac
from collections.abc import Sequence
from contextlib import suppress

from syndicate.errors import WebhookForged
from syndicate.feedback.providers.webhook_request import WebhookRequest


def verify(request: WebhookRequest, secret: str) -> None:
    """Look for the secret in a call; raise WebhookForged without it.

    In HTTP Basic the user name may be any, or else the secret is `user:password`.
    """
    expected = _bytes(secret)
    matches = [hmac.compare_digest(_bytes(given), expected) for given in _given(request)]
    if not (secret and any(matches)):
        raise WebhookForged("the secret is missing or wrong")


def _given(request: WebhookRequest) -> Sequence[str]:
    """Return everything in a call that may be the secret."""
    scheme, _, credentials = request.header("authorization").partition(" ")
    given = [request.token]
    if scheme.casefold() == "bearer":
        given.append(credentials)
    elif scheme.casefold() == "basic":
        with suppress(ValueError):
            pair = base64.b64decode(credentials, validate=True).decode()
            given += [pair, pair.partition(":")[2]]
    return [secret for secret in given if secret]


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
