"""`[[mail.dkim]]`: the keys that messages are signed with (RFC 6376, RFC 8463)."""

import re
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeAlias

import idna
from pydantic import AfterValidator, Field

from syndicate.config.secret import read_secret
from syndicate.config.values import Table, Variable, matching

if TYPE_CHECKING:  # start-up: most publications have no keys
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

    PrivateKey: TypeAlias = RSAPrivateKey | Ed25519PrivateKey

MIN_RSA_BITS = 2048
"""RFC 8301 still allows 1024; mailbox providers trust such a key less."""
_LABEL = "[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_HOST = re.compile(rf"_?{_LABEL}(\._?{_LABEL})*")
_REMEDY = "`syndicate dkim-keygen --domain DOMAIN` makes one"


def domain_name(text: str) -> str:
    """Return a domain in lower-case ASCII; raise ValueError for anything else."""
    name = text.strip().lower().removesuffix(".")
    try:
        name = name if name.isascii() else idna.encode(name, uts46=True).decode()
    except idna.IDNAError as error:
        raise ValueError('expected a domain such as "example.org"') from error
    if not _HOST.fullmatch(name):
        raise ValueError('expected a domain such as "example.org"')
    return name


Domain = Annotated[str, AfterValidator(domain_name)]
DkimSelector = Annotated[str, matching(rf"{_LABEL}(\.{_LABEL})*", 'a selector such as "news-rsa"')]


class DkimKeySettings(Table):
    """A key that every message is signed with (DKIM). One for RSA and one for Ed25519 is best."""

    selector: DkimSelector = Field(examples=["syndicate-rsa"])
    """The name of the key in DNS: SELECTOR._domainkey.DOMAIN."""
    domain: Domain | None = Field(None, examples=["example.org"])
    """The domain that signs: the sender's, or one above. Default: the sender's."""
    key_file: Path | None = Field(None, examples=["dkim/syndicate-rsa.pem"])
    """The file with the private key (PEM); only you should be able to read it."""
    key_env: Variable | None = Field(None, examples=["SYNDICATE_DKIM_RSA"])
    """The environment variable with the private key, instead."""

    def signing(self, domain: str) -> str | None:
        """Return the domain that signs mail from `domain`, itself or a parent; None if none."""
        own = self.domain or domain
        return own if f".{domain}".endswith(f".{own}") else None

    def key(self, root: Path) -> "PrivateKey":
        """Read the private key; raise ValueError with the fault and the remedy."""
        try:
            pem = read_secret(self.key_env, self.key_file, root)
        except ValueError as error:
            is_missing = self.key_file is not None and not (root / self.key_file).exists()
            raise ValueError(f"{error}; {_REMEDY}" if is_missing else error) from error
        assert pem is not None, "the configuration was checked"
        return private_key(pem)


@lru_cache(maxsize=16)  # parsing a key takes a hundred times as long as signing with it
def private_key(pem: str) -> "PrivateKey":
    r"""Parse a private key, RSA of 2048 bits or more or Ed25519; raise ValueError for others.

    From an environment variable, its lines may be joined by `\n`.
    """
    from cryptography.exceptions import UnsupportedAlgorithm  # noqa: PLC0415 - start-up
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey  # noqa: PLC0415
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey  # noqa: PLC0415
    from cryptography.hazmat.primitives.serialization import load_pem_private_key  # noqa: PLC0415

    if "PRIVATE KEY-----" not in pem:
        raise ValueError(f"holds no private key in PEM; {_REMEDY}")
    try:
        key = load_pem_private_key(pem.replace("\\n", "\n").encode(), password=None)
    except TypeError as error:
        raise ValueError(f"holds a key that a password protects; {_REMEDY} without") from error
    except (ValueError, UnsupportedAlgorithm) as error:
        raise ValueError(f"holds no private key that can be read; {_REMEDY}") from error
    if isinstance(key, Ed25519PrivateKey):
        return key
    if not isinstance(key, RSAPrivateKey):
        raise ValueError(f"holds a key that is neither RSA nor Ed25519; {_REMEDY}")  # noqa: TRY004 - reported as a mistake
    if key.key_size < MIN_RSA_BITS:
        raise ValueError(
            f"holds an RSA key of {key.key_size} bits; expected {MIN_RSA_BITS} or more: {_REMEDY}"
        )
    return key
