"""The `[[mail.dkim]]` tables: the keys that messages are signed with (RFC 6376, RFC 8463)."""

import re
from collections import Counter
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

import idna
from pydantic import AfterValidator, Field, ValidationError

from syndicate.config.loading.toml_positions import Loc
from syndicate.config.secret import from_environment, from_file
from syndicate.config.values import Mailbox, Table, Variable, matching

if TYPE_CHECKING:  # start-up: most publications have no keys
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

    PrivateKey: TypeAlias = RSAPrivateKey | Ed25519PrivateKey

LEAST_BITS = 2048
"""Of an RSA key: RFC 8301 takes 1024 still, mailbox providers give less for it."""
_LABEL = "[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_HOST = re.compile(rf"_?{_LABEL}(\._?{_LABEL})*")
_REMEDY = "`syndicate dkim-keygen --domain DOMAIN` makes one"
_DEFAULT_FROM = "news@localhost"


def domain_name(written: str) -> str:
    """Return a domain in ASCII and small letters; raise ValueError for anything else."""
    name = written.strip().lower().removesuffix(".")
    try:
        name = name if name.isascii() else idna.encode(name, uts46=True).decode()
    except idna.IDNAError as error:
        raise ValueError('expected a domain such as "example.org"') from error
    if not _HOST.fullmatch(name):
        raise ValueError('expected a domain such as "example.org"')
    return name


def aligned(domain: str, signing: str) -> bool:
    """Whether mail from `domain` may be signed by `signing`: the same, or one above it."""
    return domain == signing or domain.endswith(f".{signing}")


Domain = Annotated[str, AfterValidator(domain_name)]
DkimSelector = Annotated[str, matching(rf"{_LABEL}(\.{_LABEL})*", 'a selector such as "news-rsa"')]


class DkimKeySettings(Table):
    """A key that every message is signed with (DKIM). One for RSA and one for Ed25519 is best."""

    selector: DkimSelector = Field(
        description="The name of the key in DNS: SELECTOR._domainkey.DOMAIN.",
        examples=["syndicate-rsa"],
    )
    domain: Domain | None = Field(
        default=None,
        description="The domain that signs: the sender's, or one above. Default: the sender's.",
        examples=["example.org"],
    )
    key_file: Path | None = Field(
        default=None,
        description="The file that holds the private key (PEM), for you alone to read.",
        examples=["dkim/syndicate-rsa.pem"],
    )
    key_env: Variable | None = Field(
        default=None,
        description="The environment variable that holds the private key, instead.",
        examples=["SYNDICATE_DKIM_RSA"],
    )

    def signing(self, domain: str) -> str | None:
        """Return the domain that signs mail from `domain`; None where this key does not."""
        if self.domain is None:
            return domain
        return self.domain if aligned(domain, self.domain) else None

    def key(self, root: Path) -> "PrivateKey":
        """Read the private key; raise ValueError with what is wrong and what to do."""
        if self.key_file is None:
            assert self.key_env is not None, "the configuration was checked"
            return private_key(from_environment(self.key_env))
        path = root / self.key_file
        try:
            return private_key(from_file(path))
        except ValueError as error:
            raise ValueError(f"{error}; {_REMEDY}" if not path.exists() else error) from error


@lru_cache(maxsize=16)  # reading one is some hundred times the work of signing by it
def private_key(pem: str) -> "PrivateKey":
    r"""Read a private key, RSA of 2048 bits or more or Ed25519; raise ValueError for others.

    Where it comes out of an environment variable, its lines may be joined by `\n`.
    """
    from cryptography.exceptions import UnsupportedAlgorithm  # noqa: PLC0415 - start-up
    from cryptography.hazmat.primitives.asymmetric.ed25519 import (  # noqa: PLC0415
        Ed25519PrivateKey,
    )
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey  # noqa: PLC0415
    from cryptography.hazmat.primitives.serialization import (  # noqa: PLC0415
        load_pem_private_key,
    )

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
        raise ValueError(f"holds a key that is neither RSA nor Ed25519; {_REMEDY}")  # noqa: TRY004 - told as a mistake
    if key.key_size < LEAST_BITS:
        raise ValueError(
            f"holds an RSA key of {key.key_size} bits; expected {LEAST_BITS} or more: {_REMEDY}"
        )
    return key


def mistakes(data: dict[str, Any]) -> Iterator[tuple[Loc, str]]:
    """Find what is wrong with the keys, and with who they are for, in the raw tables.

    The private keys themselves are read by what signs.
    """
    mail = data.get("mail")
    listed = mail.get("dkim") if isinstance(mail, dict) else None
    found = list[DkimKeySettings]()
    for number, table in enumerate(listed if isinstance(listed, list) else []):
        try:
            dkim = DkimKeySettings.model_validate(table)
        except ValidationError:  # told by the model
            continue
        found.append(dkim)
        if (dkim.key_file is None) == (dkim.key_env is None):
            yield ("mail", "dkim", number), "needs either key_file or key_env, one of them"
    if found and len(found) == len(listed or ()):
        yield from _names(found)
        yield from _alignment(found, list(senders(data)))


def _names(found: list[DkimKeySettings]) -> Iterator[tuple[Loc, str]]:
    counted = Counter((one.selector.lower(), one.domain) for one in found)
    for number, one in enumerate(found):
        if counted[one.selector.lower(), one.domain] > 1:
            told = "there are two keys of that name; each needs a selector of its own"
            yield ("mail", "dkim", number, "selector"), told


def _alignment(
    found: list[DkimKeySettings], froms: list[tuple[Loc, str]]
) -> Iterator[tuple[Loc, str]]:
    """Check that each key is for somebody's mail, and that nobody's goes out without."""
    idle = False
    for number, one in enumerate(found):
        if froms and not any(one.signing(domain) for _, domain in froms):
            idle = True
            listed = ", ".join(dict.fromkeys(domain for _, domain in froms))
            told = f"no mail is from there, but from {listed}; expected that, or a domain above it"
            yield ("mail", "dkim", number, "domain"), told
    for loc, domain in froms:
        if not idle and not any(one.signing(domain) for one in found):
            told = f"no key of [[mail.dkim]] signs for {domain}; add one, or remove its domain"
            yield loc, told


def senders(data: dict[str, Any]) -> Iterator[tuple[Loc, str]]:
    """Go through the domains that mail is from, and where in config.toml each is set."""
    mail, listed = data.get("mail"), data.get("newsletters")
    common = mail.get("from", _DEFAULT_FROM) if isinstance(mail, dict) else _DEFAULT_FROM
    newsletters = listed if isinstance(listed, list) else []
    written: list[tuple[Loc, object]] = [
        (("newsletters", number, "from"), one["from"])
        for number, one in enumerate(newsletters)
        if isinstance(one, dict) and "from" in one
    ]
    if len(written) < len(newsletters) or not newsletters:
        written.insert(0, (("mail", "from"), common))
    for loc, sender in written:
        try:
            yield loc, domain_name(Mailbox.parse(str(sender)).domain)
        except ValueError:  # told by the model
            continue
