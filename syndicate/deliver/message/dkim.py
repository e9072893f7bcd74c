"""DKIM signatures, with every key for the sender's domain (RFC 6376, RFC 8463).

Header fields are canonicalised `relaxed`, since relays fold them again; the body
`simple`, since nobody may change it. A signature covers the fields of `SIGNED_FIELDS`
that are present, and the absence of further ones of `OVERSIGNED_FIELDS`. There is no
`l=` and no `t=`: a message has the same signatures on every attempt.
"""

from base64 import b64encode
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from typing import TYPE_CHECKING, Self

import structlog

from syndicate.config import Config
from syndicate.deliver.message.crypto_mb import LANES, MIN_BATCH, BatchRsaSigner
from syndicate.deliver.message.message import Message
from syndicate.errors import SecretUnreadable

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
    from typing_extensions import TypeIs

    from syndicate.config.sections.mail import DkimKeySettings, PrivateKey

SIGNED_FIELDS = (
    "From", "Subject", "Date", "Reply-To", "List-Id", "Feedback-ID", "List-Unsubscribe-Post",
    "Auto-Submitted", "Precedence", "MIME-Version", "Content-Type", "Content-Transfer-Encoding",
    "Cc", "To", "Message-ID", "List-Unsubscribe",
)  # fmt: skip
"""The fields to sign, those that all readers of an edition share first."""
OVERSIGNED_FIELDS = frozenset({"From", "To", "Cc", "Subject", "Date", "Reply-To", "MIME-Version"})
"""Named once more than they are present, so that nobody can add another (RFC 6376, 8.15)."""

BATCH_SIZE = LANES
"""How many messages are best signed together."""

_log = structlog.get_logger(__name__)
_WIDTH = 76


@dataclass(frozen=True, slots=True, eq=False)
class DkimKey:
    """A private key that signs for one domain."""

    domain: str
    """The signing domain, `d=`."""
    selector: str
    algorithm: str
    """`rsa-sha256` or `ed25519-sha256`."""
    dns_record: str
    """The TXT record that has to be at `dns_name`."""
    sign_one: Callable[[bytes], bytes]
    """Signs a SHA-256 digest."""
    batch: BatchRsaSigner | None = None
    """Makes several signatures at once, where that is possible."""

    @classmethod
    def of(cls, settings: "DkimKeySettings", key: "PrivateKey", domain: str) -> Self:
        """Return a configured key that signs as `domain`."""
        algorithm, sign_one, batch = "ed25519-sha256", _digest_signer(key), None
        if _is_rsa(key):
            algorithm, batch = "rsa-sha256", BatchRsaSigner.of(key, sign_one)
        return cls(domain, settings.selector, algorithm, dns_record(key), sign_one, batch)

    @property
    def dns_name(self) -> str:
        """The name of the key's DNS record (RFC 6376, 3.6.2.1)."""
        return f"{self.selector}._domainkey.{self.domain}"

    @property
    def slow(self) -> bool:
        """Whether a signature takes longer than all other work on a message; not in batches."""
        return self.algorithm == "rsa-sha256" and self.batch is None

    def sign(self, digests: Sequence[bytes]) -> list[bytes]:
        """Sign SHA-256 digests; may take long, and releases the interpreter lock."""
        batch = self.batch if len(digests) >= MIN_BATCH else None
        return (batch and batch.sign(digests)) or list(map(self.sign_one, digests))


@dataclass(frozen=True, slots=True)
class UnsignedMessage:
    """A message that lacks only its signatures."""

    message: Message
    keys: tuple[DkimKey, ...]
    heads: tuple[bytes, ...]
    """The DKIM-Signature field of each key, up to the signature itself."""
    digests: tuple[bytes, ...]
    """What each key signs."""

    def with_signatures(self, signatures: Sequence[bytes]) -> Message:
        """Return the signed message."""
        fields, width = [], _WIDTH - 2
        for head, signature in zip(self.heads, map(b64encode, signatures), strict=True):
            lines = [signature[at : at + width] for at in range(0, len(signature), width)]
            fields.append(head + b"\r\n ".join(lines) + b"\r\n")
        return Message((*fields, *self.message.fields), self.message.parts)


@dataclass(frozen=True, slots=True)
class DkimSigner:
    """Signs the messages from one domain, with all its keys."""

    keys: tuple[DkimKey, ...]

    def prepare(self, message: Message) -> UnsignedMessage:
        """Return the message with all but its signatures."""
        names, fields = zip(*map(_relaxed_field, message.fields), strict=True)
        places, layout = _signature_layout(self.keys, names)
        covered = b"".join([fields[place] for place in places])
        digest = b64encode(body_hash(message.body))
        heads = tuple([head + digest + b";\r\n b=" for head, _ in layout])
        inputs = [covered + relaxed + digest + b"; b=" for _, relaxed in layout]
        return UnsignedMessage(
            message, self.keys, heads, tuple([sha256(data).digest() for data in inputs])
        )

    def sign(self, message: Message) -> Message:
        """Return a message with its signatures."""
        unsigned = self.prepare(message)
        [signatures] = sign_batch([unsigned])
        return unsigned.with_signatures(signatures)


@dataclass(frozen=True, slots=True)
class DkimKeyring:
    """The signing keys of a publication; there may be none."""

    keys: tuple[tuple["DkimKeySettings", "PrivateKey"], ...] = ()

    @classmethod
    def of(cls, config: Config, *, skip_unreadable: bool = False) -> Self:
        """Load the keys; raise SecretUnreadable if one can't be read, or is not a key.

        `skip_unreadable` is for reports, never for signing.
        """
        keys = []
        for settings in config.mail.dkim:
            try:
                keys.append((settings, settings.key(config.root)))
            except ValueError as error:
                if skip_unreadable:
                    continue
                where = settings.key_file or settings.key_env
                raise SecretUnreadable(
                    f"mail.dkim {settings.selector}: {where}: {error}"
                ) from error
        return cls(tuple(keys))

    def signer(self, domain: str) -> DkimSigner | None:
        """Return the signer of mail from `domain` (in ASCII); None if no key is for it."""
        keys = [
            DkimKey.of(settings, key, signing_domain)
            for settings, key in self.keys
            if (signing_domain := settings.signing(domain.lower()))
        ]
        if self.keys and not keys:  # such as an edition of a newsletter that left the config
            _log.warning("mail goes out unsigned", domain=domain, reason="no key is for it")
        return DkimSigner(tuple(keys)) if keys else None


def sign_batch(messages: Sequence[UnsignedMessage]) -> list[tuple[bytes, ...]]:
    """Return the signatures of each of up to BATCH_SIZE messages from one signer."""
    by_key = zip(*[message.digests for message in messages], strict=True)
    signatures = [key.sign(digests) for key, digests in zip(messages[0].keys, by_key, strict=True)]
    return list(zip(*signatures, strict=True))


def body_hash(body: bytes) -> bytes:
    """Return the SHA-256 of a body, canonicalised `simple` (RFC 6376, 3.4.3)."""
    if body.endswith(b"\r\n") and not body.endswith(b"\r\n\r\n"):
        return sha256(body).digest()
    end = len(body)
    while body.endswith(b"\r\n", 0, end):
        end -= 2
    return sha256(body[:end] + b"\r\n").digest()


def dns_record(key: "PrivateKey") -> str:
    """Return the TXT record of a key (RFC 6376, 3.6.1; RFC 8463, 4.2)."""
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat  # noqa: PLC0415 - start-up

    name, encoding, form = "ed25519", Encoding.Raw, PublicFormat.Raw
    if _is_rsa(key):
        name, encoding, form = "rsa", Encoding.DER, PublicFormat.SubjectPublicKeyInfo
    public = b64encode(key.public_key().public_bytes(encoding, form))
    return f"v=DKIM1; k={name}; p={public.decode()}"


def _is_rsa(key: "PrivateKey") -> "TypeIs[RSAPrivateKey]":
    return hasattr(key, "key_size")


def _digest_signer(key: "PrivateKey") -> Callable[[bytes], bytes]:
    """Return a function that signs a digest; Ed25519 signs it as a message (RFC 8463, 3)."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey  # noqa: PLC0415 - start-up
    from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15  # noqa: PLC0415
    from cryptography.hazmat.primitives.asymmetric.utils import Prehashed  # noqa: PLC0415
    from cryptography.hazmat.primitives.hashes import SHA256  # noqa: PLC0415

    if isinstance(key, Ed25519PrivateKey):
        return key.sign
    padding, hashed = PKCS1v15(), Prehashed(SHA256())
    return lambda digest: key.sign(digest, padding, hashed)


@lru_cache(maxsize=64)
def _signature_layout(
    keys: tuple[DkimKey, ...], present: tuple[bytes, ...]
) -> tuple[list[int], list[tuple[bytes, bytes]]]:
    """Return what the signatures of messages with the same fields have in common.

    The first list has the indices of the covered fields, in signing order (RFC 6376, 3.7 and
    5.4.2); the second each key's DKIM-Signature up to the body's hash, as written and
    canonicalised. `present` are the fields' names, in lower case.
    """
    names, places = list[str](), list[int]()
    for name in SIGNED_FIELDS:
        matches = [n for n, other in enumerate(present) if other == name.lower().encode()]
        names += [name] * (len(matches) + (name in OVERSIGNED_FIELDS))
        places += reversed(matches)
    heads = [_signature_head(key, names) for key in keys]
    return places, [(head, _relaxed(head)) for head in heads]


@lru_cache(maxsize=64)
def _relaxed_field(field: bytes) -> tuple[bytes, bytes]:
    """Return a field's lower-case name and its relaxed form; cached, since most fields repeat."""
    return field.partition(b":")[0].strip().lower(), _relaxed(field) + b"\r\n"


def _relaxed(field: bytes) -> bytes:
    """Canonicalise one header field, without its CRLF (RFC 6376, 3.4.2)."""
    name, _, value = field.partition(b":")
    return name.strip().lower() + b":" + b" ".join(value.split())


def _signature_head(key: DkimKey, names: Sequence[str]) -> bytes:
    """Return the field up to the body's hash: the same for all messages of an edition."""
    lines = [
        f"DKIM-Signature: v=1; a={key.algorithm}; c=relaxed/simple;",
        f" d={key.domain};",
        f" s={key.selector};",
        f" h={names[0]}",
    ]
    for name in names[1:]:
        if len(lines[-1]) + len(name) + 2 > _WIDTH:
            lines.append(" ")
        lines[-1] += f":{name}"
    lines[-1] += ";"
    return "\r\n".join([*lines, " bh="]).encode()
