"""Signed links and Message-IDs, by which we recognise a reader.

They contain the reader's key in the store and its HMAC-SHA256, so that nobody can forge
one. None expires by itself, and none contains an address.
"""

import base64
import binascii
import hmac
import re
from hashlib import sha256

from syndicate.config import Config

_VERSION = b"\x01"
_TAG_SIZE = 16
"""Bytes of the HMAC in a link: 128 bits."""
_BLOCK_SIZE = 64
"""Bytes of a block of SHA-256."""
_KEY_SIZE = 8
"""Bytes of a subscriber's key."""
_MESSAGE_ID = re.compile(r"<?(\d{1,18})\.(\d{1,18})\.([0-9a-f]{16})@[^@<>\s]+>?")


class SignedLinks:
    """Signs and verifies with the secret of one publication."""

    def __init__(self, config: Config, secret: bytes) -> None:
        self._web = config.web_url
        # RFC 2104, both hashes with the key already in them: copying them takes half the time
        # of the hmac package
        key = sha256(secret).digest() if len(secret) > _BLOCK_SIZE else secret
        key = key.ljust(_BLOCK_SIZE, b"\0")
        self._inner = sha256(bytes(byte ^ 0x36 for byte in key))
        self._outer = sha256(bytes(byte ^ 0x5C for byte in key))

    def unsubscribe(self, subscriber_key: int, newsletter: str) -> str:
        """Return the URL that unsubscribes this reader from this newsletter (RFC 8058)."""
        return f"{self._web}/unsubscribe/{self.unsubscribe_token(subscriber_key, newsletter)}"

    def unsubscribe_token(self, subscriber_key: int, newsletter: str) -> str:
        """Return the last part of that URL: letters, digits, `-` and `_` only."""
        return self._make_token(b"unsubscribe", _number(subscriber_key) + newsletter.encode())

    def read_unsubscribe(self, token: str) -> tuple[int, str] | None:
        """Return (subscriber_key, newsletter), or None for a token we did not sign."""
        payload = self._read_token(b"unsubscribe", token)
        if payload is None or len(payload) < _KEY_SIZE:
            return None
        return int.from_bytes(payload[:_KEY_SIZE], "big"), payload[_KEY_SIZE:].decode()

    def preferences(self, subscriber_key: int) -> str:
        """Return the URL of this reader's preferences page."""
        return f"{self._web}/preferences/{self.preferences_token(subscriber_key)}"

    def preferences_token(self, subscriber_key: int) -> str:
        """Return the last part of that URL."""
        return self._make_token(b"preferences", _number(subscriber_key))

    def read_preferences(self, token: str) -> int | None:
        """Return the subscriber's key, or None for a token we did not sign."""
        numbers = self._numbers(b"preferences", token, 1)
        return numbers[0] if numbers else None

    def view(self, edition: int, subscriber_key: int) -> str:
        """Return the URL at which this reader sees this edition in the browser."""
        token = self._make_token(b"view", _number(edition) + _number(subscriber_key))
        return f"{self._web}/view/{token}"

    def read_view(self, token: str) -> tuple[int, int] | None:
        """Return (edition, subscriber_key), or None for a token we did not sign."""
        numbers = self._numbers(b"view", token, 2)
        return (numbers[0], numbers[1]) if numbers else None

    def click(self, edition: int, link: int, subscriber_key: int | None) -> str:
        """Return the URL that counts a click and redirects; None: without naming the reader."""
        numbers = [edition, link] if subscriber_key is None else [edition, link, subscriber_key]
        return f"{self._web}/c/{self._make_token(b'click', b''.join(map(_number, numbers)))}"

    def read_click(self, token: str) -> tuple[int, int, int | None] | None:
        """Return (edition, link, subscriber_key or None), or None for a token we did not sign."""
        if numbers := self._numbers(b"click", token, 3):
            return numbers[0], numbers[1], numbers[2]
        if numbers := self._numbers(b"click", token, 2):
            return numbers[0], numbers[1], None
        return None

    def confirm(self, letter: int, subscriber_key: int) -> str:
        """Return the URL at which this reader confirms a letter; the store has its expiry."""
        token = self._make_token(b"confirm", _number(letter) + _number(subscriber_key))
        return f"{self._web}/confirm/{token}"

    def read_confirm(self, token: str) -> tuple[int, int] | None:
        """Return (letter, subscriber_key), or None for a token we did not sign."""
        numbers = self._numbers(b"confirm", token, 2)
        return (numbers[0], numbers[1]) if numbers else None

    def message_id(self, edition: int, subscriber: int, domain: str) -> str:
        """Return `<edition.subscriber.check@domain>`, the same for every attempt."""
        return f"<{edition}.{subscriber}.{self._check(edition, subscriber)}@{domain}>"

    def read_message_id(self, message_id: str) -> tuple[int, int] | None:
        """Return (edition, subscriber), or None for a Message-ID that is not ours."""
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
        payload = self._read_token(purpose, token)
        if payload is None or len(payload) != count * _KEY_SIZE:
            return None
        starts = range(0, len(payload), _KEY_SIZE)
        return [int.from_bytes(payload[start : start + _KEY_SIZE], "big") for start in starts]

    def _make_token(self, purpose: bytes, payload: bytes) -> str:
        """Sign for one purpose: for any other the token is invalid."""
        signed = _VERSION + payload
        return _encode(signed + self._sign(purpose, signed)[:_TAG_SIZE])

    def _read_token(self, purpose: bytes, token: str) -> bytes | None:
        """Return the payload, or None for a token we did not sign."""
        raw = _decode(token)
        if raw is None or len(raw) < len(_VERSION) + _TAG_SIZE:
            return None
        signed, tag = raw[:-_TAG_SIZE], raw[-_TAG_SIZE:]
        genuine = hmac.compare_digest(tag, self._sign(purpose, signed)[:_TAG_SIZE])
        return signed[len(_VERSION) :] if genuine and signed.startswith(_VERSION) else None

    def _sign(self, purpose: bytes, payload: bytes) -> bytes:
        inner, outer = self._inner.copy(), self._outer.copy()
        inner.update(purpose + b"\0" + payload)
        outer.update(inner.digest())
        return outer.digest()


def _number(key: int) -> bytes:
    return key.to_bytes(_KEY_SIZE, "big")


def _encode(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _decode(token: str) -> bytes | None:
    """Decode a token; accept only the spelling that `_encode` writes."""
    try:
        raw = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
    except (binascii.Error, ValueError):
        return None
    return raw if _encode(raw) == token else None
