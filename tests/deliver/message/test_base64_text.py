"""Parts in base64: pieces that were encoded once, with values in their places, read back as one."""

import re
from base64 import b64decode

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from syndicate.deliver.message.base64_text import Base64Text, encoded_size, to_octets
from tests.deliver.parsed_mail import normal

TEXT = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"]), max_size=200),
    st.sampled_from(["", "a", "ab", "é", "\r", "\n", "\r\n", ".", "From ", "ميناء " * 40]),
)
NAMES = ("NAME", "EMAIL", "LINK1")


@given(pieces=st.lists(TEXT, min_size=1, max_size=8), values=st.tuples(TEXT, TEXT, TEXT))
@example(["", "", ""], ("a", "b", ""))
@example(["x" * 57, "x" * 56, "x" * 58], ("y" * 57, "y" * 200, ""))
@example(["a", "b", "c", "d"], ("", "", ""))
def test_a_reader_s_values_are_in_their_places_whatever_is_around_them(pieces, values):
    own = dict(zip(NAMES, values, strict=True))
    names = [NAMES[number % len(NAMES)] for number in range(len(pieces) - 1)]
    split = [""] * (2 * len(pieces) - 1)
    split[::2], split[1::2] = pieces, names
    whole = [own.get(part, part) if at % 2 else part for at, part in enumerate(split)]

    octets = {(name, 1): to_octets(value) for name, value in own.items()}
    lines = b"".join(Base64Text.of(split, 1).fill(octets))

    read = b64decode(lines.replace(b"\r\n", b""), validate=True).decode()
    assert read.replace("\r\n", "\n") == "".join(map(normal, whole))
    assert re.fullmatch(rb"(?:[A-Za-z0-9+/]{1,76}={0,2}\r\n)*", lines)
    assert max(map(len, lines.split(b"\r\n"))) <= 76


def test_octets_of_a_text_end_its_lines_with_crlf_whatever_it_had():
    assert to_octets("a\rb\nc\r\nd") == b"a\r\nb\r\nc\r\nd"
    with pytest.raises(UnicodeEncodeError):
        to_octets("\ud800")


@pytest.mark.parametrize("octets", [0, 1, 57, 58, 5700])
def test_the_size_of_a_part_is_known_before_it_is_encoded(octets):
    lines = b"".join(Base64Text.of(["x" * octets], 0).fill({}))
    assert encoded_size(octets) - 78 < len(lines) <= encoded_size(octets)
