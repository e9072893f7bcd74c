"""Signed links and Message-IDs, by which we recognise a reader; and the links of an edition.

They contain the reader's key in the store and its HMAC-SHA256, so that nobody can forge
one. None expires by itself, and none contains an address.
"""

import base64
import hmac
from dataclasses import dataclass
from hashlib import sha256
from typing import Literal, Self
from urllib.parse import urlencode, urlsplit, urlunsplit

from syndicate.config import Config, Newsletter, Tracking
from syndicate.model.editions import CANARY

_VERSION = b"\x01"
_TAG_SIZE = 16
"""Bytes of the HMAC in a link: 128 bits."""
_BLOCK_SIZE = 64
"""Bytes of a block of SHA-256."""
_KEY_SIZE = 8
"""Bytes of a subscriber's key."""
_MAIL_KEY_SIZE = 5
"""Bytes of a key in a local part of mail, of which all have at most 64 characters."""
_MAIL_TAG_SIZE = 8
"""Bytes of the HMAC there: each guess takes a mail to us."""
_BOUNCE, _UNSUBSCRIBE = slice(_MAIL_TAG_SIZE), slice(_MAIL_TAG_SIZE, 2 * _MAIL_TAG_SIZE)
"""The part of the HMAC that each of the two tokens has: none follows from the other."""


class SignedLinks:
    """Signs and verifies with the secret of one publication.

    A link is for one purpose. Each `read_…` takes the last part of a URL, and returns None
    if we did not sign it for that purpose.
    """

    def __init__(self, config: Config, secret: bytes) -> None:
        self._web = config.web_url
        # RFC 2104, both hashes with the key already in them: copying them takes half the time
        # of the hmac package
        key = sha256(secret).digest() if len(secret) > _BLOCK_SIZE else secret
        key = key.ljust(_BLOCK_SIZE, b"\0")
        self._inner = sha256(bytes(byte ^ 0x36 for byte in key))
        self._outer = sha256(bytes(byte ^ 0x5C for byte in key))
        self._inner_of = {"": self._inner}
        """The inner hash with a purpose already in it, by purpose."""

    def unsubscribe(self, subscriber: int, newsletter: str) -> str:
        """Return the URL in the header that unsubscribes this reader (RFC 8058).

        A report that has it has a message's header, as servers return it.
        """
        return self._url("unsubscribe", _pack(subscriber) + newsletter.encode())

    def read_unsubscribe(self, token: str) -> tuple[int, str] | None:
        """Return subscriber and newsletter."""
        return self._read_subscription("unsubscribe", token)

    def leave(self, subscriber: int, newsletter: str) -> str:
        """Return the URL in the text that unsubscribes this reader, and proves nothing.

        Those to whom a reader forwards the mail have it.
        """
        payload = _pack(subscriber) + newsletter.encode()
        return self._url("leave", payload, path="unsubscribe")

    def read_leave(self, token: str) -> tuple[int, str] | None:
        """Return subscriber and newsletter, of the link in the text or of that in the header."""
        return self._read_subscription("leave", token) or self.read_unsubscribe(token)

    def _read_subscription(self, purpose: str, token: str) -> tuple[int, str] | None:
        payload = self._read(purpose, token)
        if payload is None or len(payload) < _KEY_SIZE:
            return None
        return int.from_bytes(payload[:_KEY_SIZE], "big"), payload[_KEY_SIZE:].decode()

    def preferences(self, subscriber: int) -> str:
        """Return the URL of this reader's preferences page."""
        return self._url("preferences", _pack(subscriber))

    def read_preferences(self, token: str) -> int | None:
        """Return the subscriber."""
        keys = self._read_keys("preferences", token)
        return keys[0] if len(keys) == 1 else None

    def view(self, edition: int, subscriber: int) -> str:
        """Return the URL at which this reader sees this edition in the browser."""
        return self._url("view", _pack(edition, subscriber))

    def confirm(self, letter: int, subscriber: int) -> str:
        """Return the URL at which this reader confirms a letter; the store has its expiry."""
        return self._url("confirm", _pack(letter, subscriber))

    def review(self, edition: int, reviewer: str) -> str:
        """Return the URL at which the reviewer with this address decides about an edition."""
        return self._url("review", _pack(edition, self.reviewer_key(reviewer)))

    def reviewer_key(self, address: str) -> int:
        """Return the number that a link has in place of a reviewer's address."""
        return int.from_bytes(self._sign("reviewer", address.lower().encode())[:_KEY_SIZE], "big")

    def read_pair(
        self, purpose: Literal["view", "confirm", "review"], token: str
    ) -> tuple[int, int] | None:
        """Return edition or letter, and subscriber or reviewer."""
        keys = self._read_keys(purpose, token)
        return (keys[0], keys[1]) if len(keys) == 2 else None  # noqa: PLR2004 - a pair

    def click(self, edition: int, link: int, subscriber: int | None) -> str:
        """Return the URL that counts a click and redirects; None: without naming the reader."""
        keys = (edition, link) if subscriber is None else (edition, link, subscriber)
        return self._url("click", _pack(*keys), path="c")

    def read_click(self, token: str) -> tuple[int, int, int | None] | None:
        """Return edition, link, and the subscriber if it is named."""
        match self._read_keys("click", token):
            case [edition, link, subscriber]:
                return edition, link, subscriber
            case [edition, link]:
                return edition, link, None
        return None

    def message_id(self, edition: int, subscriber: int, domain: str) -> str:
        """Return `<edition.subscriber.check@domain>`, the same for every attempt."""
        numbers = f"{edition}.{subscriber}"
        return f"<{numbers}.{self._sign('message', numbers.encode())[:8].hex()}@{domain}>"

    def bounce_token(self, edition: int, subscriber: int) -> str:
        """Return what the envelope sender of this message has after its "+" (VERP)."""
        return self.mail_tokens(edition, subscriber)[0]

    def read_bounce_token(self, token: str) -> tuple[int, int] | None:
        """Return edition and subscriber."""
        return self._read_mail_token(_BOUNCE, token)

    def unsubscribe_token(self, edition: int, subscriber: int) -> str:
        """Return what the address has after its "+" that unsubscribes from this newsletter."""
        return self.mail_tokens(edition, subscriber)[1]

    def read_unsubscribe_token(self, token: str) -> tuple[int, int] | None:
        """Return the edition in whose List-Unsubscribe it was, and the subscriber."""
        return self._read_mail_token(_UNSUBSCRIBE, token)

    def mail_tokens(self, edition: int, subscriber: int) -> tuple[str, str]:
        """Return the tokens for bounces of a message and to unsubscribe, by one HMAC.

        They are for local parts of mail, which servers may turn into lower case.
        """
        edition_key = edition.to_bytes(_MAIL_KEY_SIZE, "big")
        signed = _VERSION + edition_key + subscriber.to_bytes(_MAIL_KEY_SIZE, "big")
        tags = self._sign("mail", signed)
        keys = signed.hex()
        return keys + tags[_BOUNCE].hex(), keys + tags[_UNSUBSCRIBE].hex()

    def _read_mail_token(self, tag_at: slice, token: str) -> tuple[int, int] | None:
        try:
            raw = bytes.fromhex(token)
        except ValueError:
            return None
        if len(raw) != len(_VERSION) + 2 * _MAIL_KEY_SIZE + _MAIL_TAG_SIZE:
            return None
        signed, tag = raw[:-_MAIL_TAG_SIZE], raw[-_MAIL_TAG_SIZE:]
        if not hmac.compare_digest(tag, self._sign("mail", signed)[tag_at]):
            return None
        keys = signed.removeprefix(_VERSION)
        return (
            int.from_bytes(keys[:_MAIL_KEY_SIZE], "big"),
            int.from_bytes(keys[_MAIL_KEY_SIZE:], "big"),
        )

    def read_message_id(self, message_id: str) -> tuple[int, int] | None:
        """Return edition and subscriber of a Message-ID or envelope id of ours, in brackets or not.

        The domain may be any: some relays replace it.
        """
        local = message_id.strip().strip("<>").partition("@")[0]
        numbers, _, check = local.rpartition(".")
        edition, _, subscriber = numbers.partition(".")
        if not (edition.isdecimal() and subscriber.isdecimal() and local.isascii()):
            return None
        expected = self._sign("message", numbers.encode())[:8].hex()
        if not hmac.compare_digest(check.encode(), expected.encode()):
            return None
        return int(edition), int(subscriber)

    def _url(self, purpose: str, payload: bytes, path: str = "") -> str:
        signed = _VERSION + payload
        token = _encode(signed + self._sign(purpose, signed)[:_TAG_SIZE])
        return f"{self._web}/{path or purpose}/{token}"

    def _read(self, purpose: str, token: str) -> bytes | None:
        """Return the payload, or None for a token we did not sign, or spell otherwise."""
        try:
            raw = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
        except ValueError:
            return None
        if _encode(raw) != token or len(raw) < len(_VERSION) + _TAG_SIZE:
            return None
        signed, tag = raw[:-_TAG_SIZE], raw[-_TAG_SIZE:]
        genuine = hmac.compare_digest(tag, self._sign(purpose, signed)[:_TAG_SIZE])
        return signed[len(_VERSION) :] if genuine and signed.startswith(_VERSION) else None

    def _read_keys(self, purpose: str, token: str) -> list[int]:
        payload = self._read(purpose, token) or b""
        if len(payload) % _KEY_SIZE:
            return []
        starts = range(0, len(payload), _KEY_SIZE)
        return [int.from_bytes(payload[start : start + _KEY_SIZE], "big") for start in starts]

    def _sign(self, purpose: str, payload: bytes) -> bytes:
        started = self._inner_of.get(purpose)
        if started is None:
            started = self._inner.copy()
            started.update(purpose.encode() + b"\0")
            self._inner_of[purpose] = started
        inner, outer = started.copy(), self._outer.copy()
        inner.update(payload)
        outer.update(inner.digest())
        return outer.digest()


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackedLinks:
    """The numbered links of one edition: through the click counter if clicks are counted.

    An edition stores the plain URLs. Whether clicks are counted and UTM tags added depends on
    the config when a message is rendered, and when a link is followed.
    """

    edition: int
    tracking: Tracking
    urls: tuple[str, ...]
    """Their targets; the first has number 1."""
    home: str

    @classmethod
    def of(cls, edition: int, newsletter: str, urls: tuple[str, ...], config: Config) -> Self:
        """Return the links stored with an edition, as the config has them tracked."""
        settings = config.newsletter(newsletter) or Newsletter(name=newsletter)
        if settings.utm:
            urls = tuple(add_utm_tags(url, f"{newsletter}-{edition}", config) for url in urls)
        return cls(edition=edition, tracking=settings.tracking, urls=urls, home=f"{config.url}/")

    @property
    def counted(self) -> bool:
        """Whether clicks are counted."""
        return self.tracking != "none"

    def target(self, link: int) -> str | None:
        """Return the URL that a link redirects to; None if there is no such link."""
        if link == CANARY:
            return self.home
        return self.urls[link - 1] if 0 < link <= len(self.urls) else None

    def for_reader(self, links: SignedLinks, subscriber: int) -> tuple[str, ...]:
        """Return the links as they are in a reader's mail."""
        if not self.counted:
            return self.urls
        numbers = range(1, len(self.urls) + 1)
        return tuple([self._click(links, number, subscriber) for number in numbers])

    def canary(self, links: SignedLinks, subscriber: int) -> str:
        """Return the target of the hidden link in a reader's mail; empty if it needs none."""
        return self._click(links, CANARY, subscriber) if self.counted and self.urls else ""

    def _click(self, links: SignedLinks, number: int, subscriber: int) -> str:
        named = self.tracking == "readers"
        return links.click(self.edition, number, subscriber if named else None)


def add_utm_tags(url: str, campaign: str, config: Config) -> str:
    """Add the campaign to a URL of this publication; return any other URL as it is."""
    if url.rstrip("/") != config.url and not url.startswith(f"{config.url}/"):
        return url
    parts = urlsplit(url)
    tags = {"utm_source": "newsletter", "utm_medium": "email", "utm_campaign": campaign}
    return urlunsplit(parts._replace(query="&".join(filter(None, (parts.query, urlencode(tags))))))


def _pack(*keys: int) -> bytes:
    return b"".join([key.to_bytes(_KEY_SIZE, "big") for key in keys])


def _encode(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
