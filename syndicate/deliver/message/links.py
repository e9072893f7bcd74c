"""Signed links and Message-IDs: what a reader's mail carries that comes back to us.

They name a reader by numbers of the store and carry an HMAC-SHA256 of them, so
that nobody can make one up. None ever expires by itself, and none holds an address.
"""

import base64
import binascii
import hmac
import re
from hashlib import sha256

from syndicate.config import Config

_VERSION = b"\x01"
_TAG = 16
"""Bytes of the HMAC that a link carries: 128 bits."""
_BLOCK = 64
"""Bytes that SHA-256 takes in at once."""
_KEY = 8
"""Bytes of a subscriber's number."""
_MESSAGE_ID = re.compile(r"<?(\d{1,18})\.(\d{1,18})\.([0-9a-f]{16})@[^@<>\s]+>?")


class SignedLinks:
    """Makes and reads what is signed with one publication's secret."""

    def __init__(self, config: Config, secret: bytes) -> None:
        self._web = config.web_url
        # RFC 2104, both hashes with the key already in them: a copy of each makes a signature
        # in half the time that the package takes
        key = (sha256(secret).digest() if len(secret) > _BLOCK else secret).ljust(_BLOCK, b"\0")
        self._inner = sha256(bytes(byte ^ 0x36 for byte in key))
        self._outer = sha256(bytes(byte ^ 0x5C for byte in key))

    def unsubscribe(self, subscriber_key: int, newsletter: str) -> str:
        """Return the address at which this reader leaves this newsletter (RFC 8058)."""
        return f"{self._web}/unsubscribe/{self.token(subscriber_key, newsletter)}"

    def token(self, subscriber_key: int, newsletter: str) -> str:
        """Return the last part of that address: letters, digits, `-` and `_` alone."""
        return self._seal(b"unsubscribe", _number(subscriber_key) + newsletter.encode())

    def read(self, token: str) -> tuple[int, str] | None:
        """Return (subscriber_key, newsletter), or None for anything we did not sign."""
        said = self._open(b"unsubscribe", token)
        if said is None or len(said) < _KEY:
            return None
        return int.from_bytes(said[:_KEY], "big"), said[_KEY:].decode()

    def preferences(self, subscriber_key: int) -> str:
        """Return the address at which this reader decides about everything."""
        return f"{self._web}/preferences/{self.preferences_token(subscriber_key)}"

    def preferences_token(self, subscriber_key: int) -> str:
        """Return the last part of that address."""
        return self._seal(b"preferences", _number(subscriber_key))

    def read_preferences(self, token: str) -> int | None:
        """Return the subscriber's key, or None for anything we did not sign."""
        numbers = self._numbers(b"preferences", token, 1)
        return numbers[0] if numbers else None

    def view(self, edition: int, subscriber_key: int) -> str:
        """Return the address at which this reader sees this edition in the browser."""
        token = self._seal(b"view", _number(edition) + _number(subscriber_key))
        return f"{self._web}/view/{token}"

    def read_view(self, token: str) -> tuple[int, int] | None:
        """Return (edition, subscriber_key), or None for anything we did not sign."""
        numbers = self._numbers(b"view", token, 2)
        return (numbers[0], numbers[1]) if numbers else None

    def click(self, edition: int, link: int, subscriber_key: int | None) -> str:
        """Return the address that counts a click and leads on; None: nobody is named in it."""
        numbers = [edition, link] if subscriber_key is None else [edition, link, subscriber_key]
        return f"{self._web}/c/{self._seal(b'click', b''.join(map(_number, numbers)))}"

    def read_click(self, token: str) -> tuple[int, int, int | None] | None:
        """Return (edition, link, subscriber_key or None), or None for anything we did not sign."""
        if numbers := self._numbers(b"click", token, 3):
            return numbers[0], numbers[1], numbers[2]
        if numbers := self._numbers(b"click", token, 2):
            return numbers[0], numbers[1], None
        return None

    def confirm(self, letter: int, subscriber_key: int) -> str:
        """Return the address at which this reader answers the question of a letter.

        When it expires stands with the question, in the store.
        """
        token = self._seal(b"confirm", _number(letter) + _number(subscriber_key))
        return f"{self._web}/confirm/{token}"

    def read_confirm(self, token: str) -> tuple[int, int] | None:
        """Return (letter, subscriber_key), or None for anything we did not sign."""
        numbers = self._numbers(b"confirm", token, 2)
        return (numbers[0], numbers[1]) if numbers else None

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

    def _numbers(self, purpose: bytes, token: str, count: int) -> list[int] | None:
        said = self._open(purpose, token)
        if said is None or len(said) != count * _KEY:
            return None
        return [
            int.from_bytes(said[start : start + _KEY], "big") for start in range(0, len(said), _KEY)
        ]

    def _seal(self, purpose: bytes, said: bytes) -> str:
        """Sign for one purpose: a token of another one is no token."""
        said = _VERSION + said
        return _encode(said + self._sign(purpose, said)[:_TAG])

    def _open(self, purpose: bytes, token: str) -> bytes | None:
        """Return what was signed; None for anything that we did not sign."""
        raw = _decode(token)
        if raw is None or len(raw) < len(_VERSION) + _TAG:
            return None
        said, tag = raw[:-_TAG], raw[-_TAG:]
        genuine = hmac.compare_digest(tag, self._sign(purpose, said)[:_TAG])
        return said[len(_VERSION) :] if genuine and said.startswith(_VERSION) else None

    def _sign(self, purpose: bytes, said: bytes) -> bytes:
        inner, outer = self._inner.copy(), self._outer.copy()
        inner.update(purpose + b"\0" + said)
        outer.update(inner.digest())
        return outer.digest()


def _number(key: int) -> bytes:
    return key.to_bytes(_KEY, "big")


def _encode(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _decode(token: str) -> bytes | None:
    """Read a token; only the one spelling that `_encode` writes is read."""
    try:
        raw = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
    except (binascii.Error, ValueError):
        return None
    return raw if _encode(raw) == token else None
