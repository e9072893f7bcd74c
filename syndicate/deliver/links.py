"""Signed links and Message-IDs: what a reader's mail carries that comes back to us.

Both name a reader by numbers of the store and carry an HMAC-SHA256 of them, so
that nobody can make one up. Neither ever expires, and neither holds an address.
"""

import base64
import binascii
import hmac
import re
from urllib.parse import quote

import idna

from syndicate.config import Config

_VERSION = b"\x01"
_TAG = 16
"""Bytes of the HMAC that a link carries: 128 bits."""
_KEY = 8
"""Bytes of a subscriber's number."""
_MESSAGE_ID = re.compile(r"<?(\d{1,18})\.(\d{1,18})\.([0-9a-f]{16})@[^@<>\s]+>?")


class Links:
    """Makes and reads what is signed with one publication's secret."""

    def __init__(self, config: Config, secret: bytes) -> None:
        self._web = _in_ascii(config.web_url)
        self._secret = secret

    def unsubscribe(self, subscriber_key: int, newsletter: str) -> str:
        """Return the address at which this reader leaves this newsletter (RFC 8058)."""
        return f"{self._web}/unsubscribe/{self.token(subscriber_key, newsletter)}"

    def token(self, subscriber_key: int, newsletter: str) -> str:
        """Return the last part of that address: letters, digits, `-` and `_` alone."""
        said = _VERSION + subscriber_key.to_bytes(_KEY, "big") + newsletter.encode()
        return _encode(said + self._sign(b"unsubscribe", said)[:_TAG])

    def read(self, token: str) -> tuple[int, str] | None:
        """Return (subscriber_key, newsletter), or None for anything we did not sign."""
        raw = _decode(token)
        if raw is None or len(raw) < len(_VERSION) + _KEY + _TAG:
            return None
        said, tag = raw[:-_TAG], raw[-_TAG:]
        if not hmac.compare_digest(tag, self._sign(b"unsubscribe", said)[:_TAG]):
            return None
        if said[:1] != _VERSION:
            return None
        return int.from_bytes(said[1 : 1 + _KEY], "big"), said[1 + _KEY :].decode()

    def message_id(self, edition: int, subscriber: int, domain: str) -> str:
        """Return `<edition.subscriber.check@domain>`, the same for every attempt."""
        return f"<{edition}.{subscriber}.{self._check(edition, subscriber)}@{domain}>"

    def read_message_id(self, message_id: str) -> tuple[int, int] | None:
        """Return (edition, subscriber) of a Message-ID of ours, or None."""
        match = _MESSAGE_ID.fullmatch(message_id.strip())
        if match is None:
            return None
        edition, subscriber = int(match[1]), int(match[2])
        if not hmac.compare_digest(match[3], self._check(edition, subscriber)):
            return None
        return edition, subscriber

    def _check(self, edition: int, subscriber: int) -> str:
        return self._sign(b"message", f"{edition}.{subscriber}".encode())[:8].hex()

    def _sign(self, purpose: bytes, said: bytes) -> bytes:
        return hmac.digest(self._secret, purpose + b"\0" + said, "sha256")


def _in_ascii(url: str) -> str:
    """Write an address so that it can stand in a header: its host by IDNA, the rest quoted."""
    scheme, _, rest = url.partition("://")
    host, slash, path = rest.partition("/")
    if not host.isascii():
        host = idna.encode(host, uts46=True).decode()
    return f"{scheme}://{host}{slash}" + quote(path, safe="/%:@!$&'()*+,;=-._~")


def _encode(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _decode(token: str) -> bytes | None:
    """Read a token; only the one spelling that `_encode` writes is read."""
    try:
        raw = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
    except (binascii.Error, ValueError):
        return None
    return raw if _encode(raw) == token else None
