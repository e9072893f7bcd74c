"""RSA signatures eight at once, where Intel's crypto_mb is installed and the processor has AVX-512.

OpenSSL makes them one by one, and each takes longer than all else that is done for a
message; eight in the lanes of one vector take as long as two or three. Debian and Ubuntu
have the library as `libcrypto-mb11`. Nothing is signed with it that it isn't seen to get
right: a key's first signature beside OpenSSL's, and each by the public key, since one
that a fault has spoilt gives the key away (Boneh, DeMillo, Lipton, 1997).
"""

import contextlib
import ctypes
from collections.abc import Callable, Sequence
from functools import lru_cache
from hashlib import sha256
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

LANES = 8
"""How many signatures are made at once."""
WORTH = 3
"""From how many on that is faster than one by one: an empty lane takes as long as a full one."""
_NAMES = ("libcrypto_mb.so.13", "libcrypto_mb.so.12", "libcrypto_mb.so.11")
_BITS = (2048, 3072, 4096)
_EXPONENT = 65537
_DIGEST_INFO = bytes.fromhex("3031300d060960864801650304020105000420")
"""What says that a SHA-256 digest follows (RFC 8017, 9.2, note 1)."""

_Lanes = ctypes.c_void_p * LANES
"""Where each lane has a number: const int8u* const [8], const int64u* const [8]."""


class BatchRsaSigner:
    """Signs SHA-256 digests with one key (RSASSA-PKCS1-v1_5), in any thread."""

    def __init__(self, loaded: ctypes.CDLL, key: "RSAPrivateKey") -> None:
        self._bits, self._size = key.key_size, key.key_size // 8
        private = key.private_numbers()
        factors = private.p, private.q, private.dmp1, private.dmq1, private.iqmp
        self._factors = [_LaneNumber(each, self._size // 2) for each in factors]
        self._modulus = [_LaneNumber(private.public_numbers.n, self._size)]
        self._private = loaded.mbx_rsa_private_crt_mb8
        self._public = loaded.mbx_rsa_public_mb8
        filled = self._size - 3 - len(_DIGEST_INFO) - sha256().digest_size
        self._before = b"\0\1" + b"\xff" * filled + b"\0" + _DIGEST_INFO

    @classmethod
    def of(cls, key: "RSAPrivateKey", seal: Callable[[bytes], bytes]) -> Self | None:
        """Return what signs as `seal` does, with its key; None where that can't be done here."""
        loaded, private = library(), key.private_numbers()
        halves = {private.p.bit_length() * 2, private.q.bit_length() * 2}
        fits = key.key_size in _BITS and halves == {key.key_size}
        if loaded is None or not fits or private.public_numbers.e != _EXPONENT:
            return None
        made, tried = cls(loaded, key), sha256(b"does it sign as it should?").digest()
        return made if made.sign([tried]) == [seal(tried)] else None

    def sign(self, digests: Sequence[bytes]) -> list[bytes] | None:
        """Return the signatures of one to LANES digests; None should any have come out wrong."""
        lanes = [*digests, *[digests[0]] * (LANES - len(digests))]
        padded = b"".join([self._before + digest for digest in lanes])
        made = self._calculated(self._private, padded, self._factors)
        if made is None or self._calculated(self._public, made, self._modulus) != padded:
            return None
        ends = range(self._size, len(digests) * self._size + 1, self._size)
        return [made[end - self._size : end] for end in ends]

    def _calculated(
        self, operation: Callable[..., int], numbers: bytes, key: Sequence["_LaneNumber"]
    ) -> bytes | None:
        """Apply an operation to a number in each lane; big-endian, as none of the key is."""
        given = ctypes.create_string_buffer(numbers, len(numbers))
        made = ctypes.create_string_buffer(len(numbers))
        lanes = [each.lanes for each in key]
        failed = operation(self._apart(given), self._apart(made), *lanes, self._bits, None, None)
        return None if failed else made.raw

    def _apart(self, numbers: ctypes.Array[ctypes.c_char]) -> ctypes.Array[ctypes.c_void_p]:
        start = ctypes.addressof(numbers)
        return _Lanes(*range(start, start + len(numbers), self._size))


class _LaneNumber:
    """A number of a key, the same in every lane: 64-bit words, the smallest first."""

    def __init__(self, number: int, size: int) -> None:
        self._words = ctypes.create_string_buffer(number.to_bytes(size, "little"), size)
        self.lanes = _Lanes(*[ctypes.addressof(self._words)] * LANES)


@lru_cache(maxsize=1)
def library() -> ctypes.CDLL | None:
    """Return the library where there is one, and this processor can do what it needs."""
    for name in _NAMES:
        with contextlib.suppress(OSError, AttributeError):  # not there, or another than we know
            found = ctypes.CDLL(name)
            found.mbx_get_cpu_features.restype = ctypes.c_uint64
            for operation in (found.mbx_rsa_private_crt_mb8, found.mbx_rsa_public_mb8):
                operation.restype = ctypes.c_uint32  # a status for each lane
            features = ctypes.c_uint64(found.mbx_get_cpu_features())
            return found if found.mbx_is_crypto_mb_applicable(features) else None
    return None
