"""Signing: DKIM, with every key that is for the sender's domain (RFC 6376, RFC 8463).

Header fields are canonicalised `relaxed`, since relays fold them anew; the body
`simple`, since nobody may touch it. Each signature covers the header fields of
`SIGNED` that are there, and the absence of further ones of `SEALED`. There is no
`l=`, and no `t=`: the same message has the same signatures on every attempt.
"""

import contextlib
from base64 import b64encode
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache, partial
from hashlib import sha256
from typing import TYPE_CHECKING, Self

import structlog

from syndicate.config import Config
from syndicate.deliver.message.crypto_mb import LANES, WORTH, BatchRsaSigner
from syndicate.deliver.message.message import Message
from syndicate.errors import SecretUnreadable

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
    from typing_extensions import TypeIs

    from syndicate.config.sections.dkim import DkimKeySettings, PrivateKey

SIGNED = (
    "From",
    "Subject",
    "Date",
    "Reply-To",
    "List-Id",
    "Feedback-ID",
    "List-Unsubscribe-Post",
    "Auto-Submitted",
    "Precedence",
    "MIME-Version",
    "Content-Type",
    "Content-Transfer-Encoding",
    "Cc",
    "To",
    "Message-ID",
    "List-Unsubscribe",
)
"""What is signed where it is there: first what all readers of an edition have in common."""
SEALED = frozenset({"From", "To", "Cc", "Subject", "Date", "Reply-To", "MIME-Version"})
"""What is named once more than it is there, so that nobody can add another (RFC 6376, 8.15)."""

BATCH = LANES
"""How many messages are best signed together."""

_log = structlog.get_logger(__name__)
_WIDTH = 76
_LOWER = [(name, name.lower().encode()) for name in SIGNED]


@dataclass(frozen=True, slots=True)
class DkimKey:
    """One key at work for one domain."""

    domain: str
    """The domain that signs, `d=`."""
    selector: str
    algorithm: str
    """`rsa-sha256` or `ed25519-sha256`."""
    record: str
    """What DNS has to say of the key: the text at `name`."""
    seal: Callable[[Sequence[bytes]], list[bytes]]
    """Signs SHA-256 digests, a few together: this may take long, and lets go of the global lock."""
    together: bool = False
    """Whether it makes several signatures at once."""

    @classmethod
    def of(cls, dkim: "DkimKeySettings", key: "PrivateKey", domain: str) -> Self:
        """Return the seal of a configured key that signs as `domain`."""
        algorithm, one, several = "ed25519-sha256", _sealing(key), None
        if _is_rsa(key):
            algorithm, several = "rsa-sha256", BatchRsaSigner.of(key, one)
        seal = partial(_seal, one, several)
        return cls(domain, dkim.selector, algorithm, record(key), seal, several is not None)

    @property
    def name(self) -> str:
        """Where DNS has the key (RFC 6376, 3.6.2.1)."""
        return f"{self.selector}._domainkey.{self.domain}"

    @property
    def slow(self) -> bool:
        """Whether a signature takes longer than all else that is done for a message.

        Not so where several are made at once: then threads are worth no trouble.
        """
        return self.algorithm == "rsa-sha256" and not self.together


@dataclass(frozen=True, slots=True)
class UnsignedMessage:
    """A message that is all but signed."""

    message: Message
    seals: tuple[DkimKey, ...]
    heads: tuple[bytes, ...]
    """The DKIM-Signature of each, up to the signature itself."""
    digests: tuple[bytes, ...]
    """What each signs."""

    def signed(self, signatures: Sequence[bytes]) -> Message:
        """Return the message with its signatures."""
        fields = map(_ended, self.heads, signatures)
        return Message((*fields, *self.message.fields), self.message.parts)


@dataclass(frozen=True, slots=True)
class DkimSigner:
    """Signs what is from one domain, with all its keys."""

    seals: tuple[DkimKey, ...]
    _covers: dict[tuple[bytes, ...], "_SharedFields"] = field(default_factory=dict, compare=False)
    """By the names of a message's fields: there are two or three of them."""

    @property
    def slow(self) -> bool:
        """Whether its signatures take so long that threads are worth their trouble."""
        return any(seal.slow for seal in self.seals)

    def unsigned(self, message: Message) -> UnsignedMessage:
        """Prepare a message up to its signatures."""
        present, fields = zip(*map(_named, message.fields), strict=True)
        cover = self._covers.get(present)
        if cover is None:
            cover = self._covers[present] = _SharedFields.of(self.seals, present)
        covered = b"".join([fields[place] for place in cover.places])
        digest = b64encode(body_hash(message.body))
        heads = tuple([head + digest + b";\r\n b=" for head, _ in cover.heads])
        signed = [covered + relaxed + digest + b"; b=" for _, relaxed in cover.heads]
        return UnsignedMessage(
            message, self.seals, heads, tuple([sha256(each).digest() for each in signed])
        )

    def signed(self, message: Message) -> Message:
        """Return a message with its signatures."""
        unsigned = self.unsigned(message)
        [signatures] = sealed([unsigned])
        return unsigned.signed(signatures)


@dataclass(frozen=True, slots=True)
class DkimKeyring:
    """The keys of a publication; none signs nothing."""

    keys: tuple[tuple["DkimKeySettings", "PrivateKey"], ...] = ()

    @classmethod
    def of(cls, config: Config) -> Self:
        """Read the keys; raise SecretUnreadable where one can't be read, or is no key."""
        keys = []
        for dkim in config.mail.dkim:
            try:
                keys.append((dkim, dkim.key(config.root)))
            except ValueError as error:
                where = dkim.key_file or dkim.key_env
                raise SecretUnreadable(f"mail.dkim {dkim.selector}: {where}: {error}") from error
        return cls(tuple(keys))

    @classmethod
    def readable(cls, config: Config) -> Self:
        """Read the keys that can be read: for reports, never for signing."""
        keys = []
        for dkim in config.mail.dkim:
            with contextlib.suppress(ValueError):
                keys.append((dkim, dkim.key(config.root)))
        return cls(tuple(keys))

    def signer(self, domain: str) -> DkimSigner | None:
        """Return who signs mail from `domain` (in ASCII); None where no key is for it."""
        seals = [
            DkimKey.of(dkim, key, signing)
            for dkim, key in self.keys
            if (signing := dkim.signing(domain.lower()))
        ]
        if self.keys and not seals:  # such as an edition of a newsletter that left the config
            _log.warning("mail goes out unsigned", domain=domain, reason="no key is for it")
        return DkimSigner(tuple(seals)) if seals else None


def sealed(messages: Sequence[UnsignedMessage]) -> list[tuple[bytes, ...]]:
    """Return the signatures of each of up to BATCH messages from one signer."""
    digests = zip(*[message.digests for message in messages], strict=True)
    by_seal = [seal.seal(each) for seal, each in zip(messages[0].seals, digests, strict=True)]
    return list(zip(*by_seal, strict=True))


def body_hash(body: bytes) -> bytes:
    """Return the SHA-256 of a body, canonicalised `simple` (RFC 6376, 3.4.3)."""
    if body.endswith(b"\r\n") and not body.endswith(b"\r\n\r\n"):
        return sha256(body).digest()
    end = len(body)
    while body.endswith(b"\r\n", 0, end):
        end -= 2
    return sha256(body[:end] + b"\r\n").digest()


def record(key: "PrivateKey") -> str:
    """Return what DNS has to say of a key (RFC 6376, 3.6.1; RFC 8463, 4.2)."""
    from cryptography.hazmat.primitives.serialization import (  # noqa: PLC0415 - start-up
        Encoding,
        PublicFormat,
    )

    public = key.public_key()
    if _is_rsa(key):
        said = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        return f"v=DKIM1; k=rsa; p={b64encode(said).decode()}"
    said = public.public_bytes(Encoding.Raw, PublicFormat.Raw)
    return f"v=DKIM1; k=ed25519; p={b64encode(said).decode()}"


def _is_rsa(key: "PrivateKey") -> "TypeIs[RSAPrivateKey]":
    return hasattr(key, "key_size")


def _sealing(key: "PrivateKey") -> Callable[[bytes], bytes]:
    """Return what signs a digest: RFC 8463, 3 has Ed25519 sign it as if it were the message."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import (  # noqa: PLC0415 - start-up
        Ed25519PrivateKey,
    )
    from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15  # noqa: PLC0415
    from cryptography.hazmat.primitives.asymmetric.utils import Prehashed  # noqa: PLC0415
    from cryptography.hazmat.primitives.hashes import SHA256  # noqa: PLC0415

    if isinstance(key, Ed25519PrivateKey):
        return key.sign
    padding, hashed = PKCS1v15(), Prehashed(SHA256())
    return lambda digest: key.sign(digest, padding, hashed)


def _seal(
    one: Callable[[bytes], bytes], several: BatchRsaSigner | None, digests: Sequence[bytes]
) -> list[bytes]:
    """Sign digests, together where that can be done and is faster."""
    signatures = several.sign(digests) if several and len(digests) >= WORTH else None
    return signatures or list(map(one, digests))


@dataclass(frozen=True, slots=True)
class _SharedFields:
    """What the signatures of messages with the same fields have in common."""

    places: tuple[int, ...]
    """Which fields are covered, in their order."""
    heads: tuple[tuple[bytes, bytes], ...]
    """The DKIM-Signature of each seal up to the body's hash: as written, and canonicalised."""

    @classmethod
    def of(cls, seals: Sequence[DkimKey], present: tuple[bytes, ...]) -> Self:
        """Return what covers fields of these names, which are in small letters."""
        names, places = _order(present)
        heads = [_opening(seal, names) for seal in seals]
        return cls(places, tuple((head, _relaxed(head)) for head in heads))


@lru_cache(maxsize=64)
def _named(field: bytes) -> tuple[bytes, bytes]:
    """Return a field's name in small letters, and the field canonicalised: most are as ever."""
    return field.partition(b":")[0].strip().lower(), _relaxed(field) + b"\r\n"


def _order(present: tuple[bytes, ...]) -> tuple[tuple[str, ...], tuple[int, ...]]:
    """Return the names for `h=`, and which fields they cover (RFC 6376, 3.7 and 5.4.2)."""
    names, places = list[str](), list[int]()
    for name, lower in _LOWER:
        found = [place for place, each in enumerate(present) if each == lower]
        names += [name] * (len(found) + (name in SEALED))
        places += reversed(found)
    return tuple(names), tuple(places)


def _relaxed(field: bytes) -> bytes:
    """Canonicalise one header field, without its CRLF (RFC 6376, 3.4.2)."""
    name, _, value = field.partition(b":")
    return name.strip().lower() + b":" + b" ".join(value.split())


def _ended(head: bytes, signature: bytes) -> bytes:
    """Write a DKIM-Signature to its end, with its CRLF."""
    said, width = b64encode(signature), _WIDTH - 2
    lines = [said[at : at + width] for at in range(0, len(said), width)]
    return head + b"\r\n ".join(lines) + b"\r\n"


def _opening(seal: DkimKey, names: tuple[str, ...]) -> bytes:
    """Write the field up to the body's hash: the same for all copies of an edition."""
    lines = [
        f"DKIM-Signature: v=1; a={seal.algorithm}; c=relaxed/simple;",
        f" d={seal.domain};",
        f" s={seal.selector};",
        f" h={names[0]}",
    ]
    for name in names[1:]:
        if len(lines[-1]) + len(name) + 2 > _WIDTH:
            lines.append(" ")
        lines[-1] += f":{name}"
    lines[-1] += ";"
    return "\r\n".join([*lines, " bh="]).encode()
