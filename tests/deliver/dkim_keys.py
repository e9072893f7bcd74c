"""Keys to sign with, and a stranger who verifies: dkimpy, with our records for its DNS."""

from functools import cache
from pathlib import Path
from typing import Any

import dkim
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from syndicate.config import Config
from syndicate.deliver.message.dkim import DkimKeyring


@cache
def pem(kind: str, bits: int = 2048) -> str:
    """A private key, the same one throughout a run."""
    made = (
        rsa.generate_private_key(65537, bits)
        if kind == "rsa"
        else ed25519.Ed25519PrivateKey.generate()
    )
    return made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def keys(folder: Path, *kinds: str, **more: Any) -> list[dict[str, Any]]:
    """Lay keys into a folder; the tables of config.toml that name them."""
    for kind in kinds:
        (folder / f"{kind}.pem").write_text(pem(kind))
        (folder / f"{kind}.pem").chmod(0o600)
    return [{"selector": f"s-{kind}", "key_file": f"{kind}.pem", **more} for kind in kinds]


def records(config: Config, domain: str) -> dict[str, str]:
    """What DNS is to say of a publication's keys."""
    signer = DkimKeyring.of(config).signer(domain)
    assert signer is not None
    return {key.dns_name: key.dns_record for key in signer.keys}


def verdicts(message: bytes, dns: dict[str, str]) -> list[bool]:
    """What a stranger says of each signature, the topmost first."""
    read = dkim.DKIM(message)
    count = sum(name.lower() == b"dkim-signature" for name, _ in read.headers)
    return [_verified(message, number, dns) for number in range(count)]


def _verified(message: bytes, number: int, dns: dict[str, str]) -> bool:
    def ask(name: bytes, timeout: int = 5) -> bytes | None:
        said = dns.get(name.decode().removesuffix("."))
        return None if said is None else said.encode()

    try:
        return bool(dkim.DKIM(message).verify(number, dnsfunc=ask))
    except dkim.DKIMException:
        return False
