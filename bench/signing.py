"""What a signature costs: ours beside dkimpy's, of a message of 68 KB.

python -m bench.signing [--rounds N]

All ways are measured in turn in every round, by the CPU time of one core, in signatures
per second; what counts is their ratio to the bare signature of the same round.
"""

import argparse
import base64
import statistics
import time
from collections.abc import Callable

import dkim
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from syndicate.config.sections.mail import DkimKeySettings
from syndicate.deliver.message.dkim import (
    BATCH_SIZE,
    DkimKeyring,
    DkimSigner,
    UnsignedMessage,
    sign_batch,
)
from syndicate.deliver.message.message import Message

HEADERS = (
    b"From: Morning Post <news@example.org>\r\n",
    b"To: Ada Lind <ada@example.net>\r\n",
    b"Subject: The tram lines return to the harbour\r\n",
    b"Date: Tue, 24 Nov 2026 12:00:00 +0000\r\n",
    b"Message-ID: <41.7.0123456789abcdef@example.org>\r\n",
    b"List-Id: Breaking news <breaking.example.org>\r\n",
    b"List-Unsubscribe: <https://post.example/unsubscribe/0123456789abcdef0123456789abcdef>\r\n",
    b"List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n",
    b"Feedback-ID: 41:breaking:post:6ba7b8109dad\r\n",
)
BODY = (b"The harbour gets its tram lines back after eleven years, says the council.\r\n") * 900
COPY = Message(HEADERS, [BODY])
NAMES = [header.partition(b":")[0] for header in HEADERS]
RSA, ED25519 = rsa.generate_private_key(65537, 2048), ed25519.Ed25519PrivateKey.generate()


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    ways = {
        "bare RSA-2048, 32 bytes": (lambda: RSA.sign(b"x" * 32, PKCS1v15(), SHA256()), 300),
        "ours, RSA-2048": (ours("rsa"), 300),
        "ours, RSA-2048, together": (together("rsa"), 320),
        "ours, Ed25519": (ours("ed25519"), 1000),
        "ours, both": (ours("rsa", "ed25519"), 300),
        "ours, both, together": (together("rsa", "ed25519"), 320),
        "dkimpy, RSA-2048": (theirs(b"rsa-sha256", pem()), 20),
        "dkimpy, Ed25519": (theirs(b"ed25519-sha256", seed()), 100),
    }
    taken: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(rounds):
        for name, (sign, count) in ways.items():
            taken[name].append(each(sign, count))
    bare = next(iter(taken.values()))
    print(f"{'':28}{'per second':>12}{'of bare RSA':>14}")
    for name, times in taken.items():
        ratio = statistics.median(one / other for one, other in zip(bare, times, strict=True))
        print(f"{name:28}{1 / statistics.median(times):12,.0f}{ratio:14.2f}")


def each(sign: Callable[[], object], count: int) -> float:
    """Seconds of CPU for one."""
    began = time.process_time()
    for _ in range(count):
        sign()
    return (time.process_time() - began) / count


def ours(*kinds: str) -> Callable[[], object]:
    """Sign with our keys of these kinds."""
    signing = signer(*kinds)
    return lambda: signing.sign(COPY)


def together(*kinds: str) -> Callable[[], object]:
    """Sign as mail on its way is signed: each time that so many are written."""
    signing, written = signer(*kinds), list[UnsignedMessage]()

    def sign() -> None:
        written.append(signing.prepare(COPY))
        if len(written) == BATCH_SIZE:
            for unsigned, signatures in zip(written, sign_batch(written), strict=True):
                unsigned.with_signatures(signatures)
            written.clear()

    return sign


def signer(*kinds: str) -> DkimSigner:
    """Return who signs with our keys of these kinds."""
    keys: dict[str, rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey]
    keys = {"rsa": RSA, "ed25519": ED25519}
    named = tuple((DkimKeySettings(selector=kind), keys[kind]) for kind in kinds)
    found = DkimKeyring(named).signer("a.example")
    assert found is not None
    return found


def theirs(algorithm: bytes, key: bytes) -> Callable[[], object]:
    """Sign as dkimpy does."""
    whole = bytes(COPY)
    return lambda: dkim.sign(
        whole,
        b"s",
        b"a.example",
        key,
        canonicalize=(b"relaxed", b"simple"),
        signature_algorithm=algorithm,
        include_headers=NAMES,
    )


def pem() -> bytes:
    """Our RSA key as dkimpy reads it."""
    return RSA.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())


def seed() -> bytes:
    """Our Ed25519 key as dkimpy reads it."""
    return base64.b64encode(ED25519.private_bytes_raw())


if __name__ == "__main__":
    main()
