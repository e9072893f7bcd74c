"""Eight RSA signatures at once, if Intel's crypto_mb is installed and the processor has AVX-512.

OpenSSL makes them one by one, and each takes longer than all other work on a message;
eight in the lanes of a vector take as long as two or three. Debian and Ubuntu package
the library as `libcrypto-mb11`. Its results are verified: a key's first signature against
OpenSSL's, and each one by the public key, since a faulty one gives the private key away
(Boneh, DeMillo, Lipton, 1997).
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
MIN_BATCH = 3
"""The smallest batch that is faster than single signatures; empty lanes take time as well."""
_NAMES = ("libcrypto_mb.so.13", "libcrypto_mb.so.12", "libcrypto_mb.so.11")
_BITS = (2048, 3072, 4096)
_EXPONENT = 65537
_DIGEST_INFO = bytes.fromhex("3031300d060960864801650304020105000420")
"""The prefix of a SHA-256 digest (RFC 8017, 9.2, note 1)."""

_Lanes = ctypes.c_void_p * LANES
"""A pointer to each lane's number: const int8u* const [8], const int64u* const [8]."""


class BatchRsaSigner:
    """Signs SHA-256 digests with one key (RSASSA-PKCS1-v1_5); threads may share it."""

    def __init__(self, library: ctypes.CDLL, key: "RSAPrivateKey") -> None:
        self._bits, self._size = key.key_size, key.key_size // 8
        private = key.private_numbers()
        factors = private.p, private.q, private.dmp1, private.dmq1, private.iqmp
        self._factors = [_LaneNumber(factor, self._size // 2) for factor in factors]
        self._modulus = [_LaneNumber(private.public_numbers.n, self._size)]
        self._private = library.mbx_rsa_private_crt_mb8
        self._public = library.mbx_rsa_public_mb8
        padding = self._size - 3 - len(_DIGEST_INFO) - sha256().digest_size
        self._padding = b"\0\1" + b"\xff" * padding + b"\0" + _DIGEST_INFO

    @classmethod
    def of(cls, key: "RSAPrivateKey", sign_one: Callable[[bytes], bytes]) -> Self | None:
        """Return a signer with the same results as `sign_one`; None if it can't be done here."""
        library, private = load_library(), key.private_numbers()
        halves = {private.p.bit_length() * 2, private.q.bit_length() * 2}
        supported = key.key_size in _BITS and halves == {key.key_size}
        if library is None or not supported or private.public_numbers.e != _EXPONENT:
            return None
        signer, digest = cls(library, key), sha256(b"does it sign as it should?").digest()
        return signer if signer.sign([digest]) == [sign_one(digest)] else None

    def sign(self, digests: Sequence[bytes]) -> list[bytes] | None:
        """Return the signatures of one to LANES digests; None if any of them is wrong."""
        lanes = [*digests, *[digests[0]] * (LANES - len(digests))]
        padded = b"".join([self._padding + digest for digest in lanes])
        signed = self._calculate(self._private, padded, self._factors)
        if signed is None or self._calculate(self._public, signed, self._modulus) != padded:
            return None
        ends = range(self._size, len(digests) * self._size + 1, self._size)
        return [signed[end - self._size : end] for end in ends]

    def _calculate(
        self, operation: Callable[..., int], numbers: bytes, key: Sequence["_LaneNumber"]
    ) -> bytes | None:
        """Apply an operation to the number in each lane; these are big-endian, unlike the key's."""
        source = ctypes.create_string_buffer(numbers, len(numbers))
        result = ctypes.create_string_buffer(len(numbers))
        lanes = [number.lanes for number in key]
        failed = operation(
            self._pointers(source), self._pointers(result), *lanes, self._bits, None, None
        )
        return None if failed else result.raw

    def _pointers(self, numbers: ctypes.Array[ctypes.c_char]) -> ctypes.Array[ctypes.c_void_p]:
        start = ctypes.addressof(numbers)
        return _Lanes(*range(start, start + len(numbers), self._size))


class _LaneNumber:
    """A number of a key, the same in every lane, as little-endian 64-bit words."""

    def __init__(self, number: int, size: int) -> None:
        self._words = ctypes.create_string_buffer(number.to_bytes(size, "little"), size)
        self.lanes = _Lanes(*[ctypes.addressof(self._words)] * LANES)


@lru_cache(maxsize=1)
def load_library() -> ctypes.CDLL | None:
    """Return the library if it is installed and this processor supports it."""
    for name in _NAMES:
        with contextlib.suppress(OSError, AttributeError):  # not installed, or an unknown version
            library = ctypes.CDLL(name)
            library.mbx_get_cpu_features.restype = ctypes.c_uint64
            for operation in (library.mbx_rsa_private_crt_mb8, library.mbx_rsa_public_mb8):
                operation.restype = ctypes.c_uint32  # a status for each lane
            features = ctypes.c_uint64(library.mbx_get_cpu_features())
            return library if library.mbx_is_crypto_mb_applicable(features) else None
    return None
