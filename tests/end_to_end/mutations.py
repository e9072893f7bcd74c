"""Files and answers spoilt at random: the same for the same seed."""

import random
from collections.abc import Sequence

_ODD_BYTES = (0, 1, 9, 10, 13, 32, 34, 38, 39, 45, 58, 60, 62, 91, 123, 127, 128, 255)
_ODD_NUMBERS = (
    b"0", b"-1", b"1e999", b"99999999999999999999", b"0x" + b"f" * 5000, b"1:2:3", b"nan", b"2026-02-30",
)  # fmt: skip


class Mutator:
    """Draws from samples, and spoils what it draws."""

    def __init__(self, seed: int, samples: Sequence[bytes], words: Sequence[bytes] = ()) -> None:
        """`words` are what a format is made of: put where they don't belong."""
        self._dice = random.Random(seed)
        self._samples = samples
        self._words = [*words, *_ODD_NUMBERS]

    def draw(self) -> bytes:
        """Draw a sample that is spoilt in a few places; seldom it is whole."""
        data = bytearray(self._dice.choice(self._samples))
        for _ in range(self._dice.choice((0, 1, 1, 2, 3, 8))):
            self._spoil(data)
        return bytes(data)

    def _spoil(self, data: bytearray) -> None:
        dice = self._dice
        near = dice.random() < 0.5  # heads matter more than what follows
        at = dice.randrange(min(len(data), 120) + 1 if near else len(data) + 1)
        length = dice.choice((1, 1, 2, 4, 8, 40))
        match dice.randrange(8):
            case 0:
                data[at : at + 1] = bytes((dice.choice(_ODD_BYTES),))
            case 1:
                data[at : at + 1] = bytes((dice.randrange(256),))
            case 2:
                del data[at : at + length]
            case 3:
                data[at:at] = dice.choice(self._words)
            case 4:
                data[at : at + length] = data[at : at + length] * dice.choice((2, 3, 50))
            case 5:
                del data[at:]
            case 6:
                other = dice.choice(self._samples)
                data[at:] = other[dice.randrange(len(other) + 1) :]
            case 7:
                data[at : at + length] = bytes((dice.choice((0, 255)),)) * length
