"""RSA signatures made eight at once: as OpenSSL makes them, or not at all."""

import ctypes
from functools import cache
from hashlib import sha256
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.hashes import SHA256

from syndicate.config.sections.mail import DkimKeySettings
from syndicate.deliver.message import crypto_mb
from syndicate.deliver.message.crypto_mb import LANES, BatchRsaSigner
from syndicate.deliver.message.dkim import DkimKey
from tests.requirements import require

DIGESTS = [sha256(b"%d" % number).digest() for number in range(LANES)]


@cache
def key(bits: int = 2048, exponent: int = 65537) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(exponent, bits)


def by_openssl(signing: rsa.RSAPrivateKey, digest: bytes) -> bytes:
    return signing.sign(digest, PKCS1v15(), Prehashed(SHA256()))


def together(signing: rsa.RSAPrivateKey) -> BatchRsaSigner | None:
    return BatchRsaSigner.of(signing, lambda digest: by_openssl(signing, digest))


@pytest.fixture
def several() -> BatchRsaSigner:
    """What signs together here, as it has to where there is all that it needs."""
    told = Path("/proc/cpuinfo")
    if not told.is_file() or "avx512ifma" not in told.read_text(encoding="utf-8"):
        pytest.skip("this processor has no AVX-512 IFMA")
    made = together(key())
    require(made, "libcrypto-mb11 isn't installed")
    assert made is not None
    return made


@pytest.mark.parametrize("count", range(1, LANES + 1))
def test_however_many_are_signed_together_each_is_as_openssl_signs_it(several, count):
    some = DIGESTS[:count]

    assert several.sign(some) == [by_openssl(key(), digest) for digest in some]


@pytest.mark.parametrize("bits", [3072, 4096])
@pytest.mark.usefixtures("several")
def test_longer_keys_sign_together_too(bits):
    made = together(key(bits))

    assert made is not None
    assert made.sign(DIGESTS) == [by_openssl(key(bits), digest) for digest in DIGESTS]


@pytest.mark.parametrize("odd", [(2560, 65537), (2048, 3)], ids=["2560 bits", "exponent 3"])
def test_a_key_of_an_odd_kind_is_left_to_openssl(odd):
    assert together(key(*odd)) is None


class Faulty:
    """An operation in which lane 5 comes out with a wrong bit, such as by a cosmic ray."""

    def __init__(self, sound):
        self.sound = sound
        self.calls = 0

    def __call__(self, given, made, *rest):
        self.calls += 1
        failed = self.sound(given, made, *rest)
        ctypes.c_ubyte.from_address(made[5] + 200).value ^= 4
        return failed


def test_a_signature_that_came_out_wrong_never_leaves(several):
    several._private = faulty = Faulty(several._private)

    assert several.sign(DIGESTS) is None
    assert faulty.calls == 1


@pytest.fixture
def seal(monkeypatch):
    """A seal whose signatures are made together by whatever a test says."""

    def made(sign):
        fake = type("Fake", (), {"of": classmethod(lambda *_: fake()), "sign": staticmethod(sign)})
        monkeypatch.setattr("syndicate.deliver.message.dkim.BatchRsaSigner", fake)
        return DkimKey.of(DkimKeySettings(selector="s"), key(), "example.org")

    return made


def verify(signatures: list[bytes], digests: list[bytes]) -> None:
    public = key().public_key()
    for signature, digest in zip(signatures, digests, strict=True):
        public.verify(signature, digest, PKCS1v15(), Prehashed(SHA256()))


def test_what_can_t_be_signed_together_is_signed_one_by_one(seal):
    asked = []

    def none(digests):
        asked.append(len(digests))

    refusing = seal(none)

    verify(refusing.sign(DIGESTS), DIGESTS)
    verify(refusing.sign(DIGESTS[:2]), DIGESTS[:2])
    assert asked == [LANES]  # two are faster alone
    assert refusing.batch is not None  # as the doctor says


def test_what_is_signed_together_is_taken_as_it_is(seal):
    with pytest.raises(InvalidSignature):
        verify(seal(lambda digests: [b"x" * 256] * len(digests)).sign(DIGESTS), DIGESTS)


class Library:
    """A library that is there, and gets everything wrong or knows nothing of this processor."""

    def __init__(self, *, fits: bool):
        self.mbx_get_cpu_features = Answer(0)
        self.mbx_is_crypto_mb_applicable = Answer(int(fits))
        self.mbx_rsa_private_crt_mb8 = self.mbx_rsa_public_mb8 = Answer(0)


class Answer:
    restype = None

    def __init__(self, said: int):
        self.said = said

    def __call__(self, *_):
        return self.said


@pytest.fixture
def found(monkeypatch):
    """Have another library be found, or none."""

    def lay(library: object):
        def load(name):
            if library is None:
                raise OSError(f"{name}: cannot open shared object file")
            return library

        monkeypatch.setattr(ctypes, "CDLL", load)
        crypto_mb.load_library.cache_clear()

    yield lay
    crypto_mb.load_library.cache_clear()


@pytest.mark.parametrize(
    "library",
    [None, object(), Library(fits=False), Library(fits=True)],
    ids=[
        "none is installed",
        "one is that we don't know",
        "the processor lacks what it needs",
        "it signs wrongly",
    ],
)
def test_nothing_is_signed_together_where(found, library):
    found(library)

    assert together(key()) is None
