import quopri
import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from syndicate.deliver.message.mime_encoding import encode_qp, qp_size
from tests.deliver.parsed_mail import normal

PIECE = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"]), max_size=300),
    st.text(".=F \t\r\n", max_size=300),
    st.text("aé.", min_size=70, max_size=80),
    st.sampled_from(["From ", "\nFrom me", "F", "rom ", ".", "..", " ", "\t", "\r", "\n", ""]),
)


@given(st.lists(PIECE, max_size=8))
@example(["." * 500, ".", "\n.\n", "From " * 40])
@example(["x" * 75, "x" * 76, "x" * 77, "x" * 74 + ".", "x" * 75 + ".", "x" * 75 + "From me"])
@example(["From " + "x" * 70, "From " + "x" * 71, "From " + "x" * 73, "." + "x" * 73 + "\n"])
@example(["a \n", "b\t\n", " ", "\t"])
@example(["x" * 74 + " \n", "x" * 75 + " \n", "x" * 75 + "\t", "x" * 73 + "=", "x" * 74 + "é"])
def test_pieces_that_were_encoded_apart_read_back_as_one_text(pieces):
    lines = b"".join(map(encode_qp, pieces))

    assert quopri.decodestring(lines).decode().replace("\r\n", "\n") == "".join(map(normal, pieces))
    assert lines.isascii()
    assert max(map(len, lines.split(b"\r\n"))) <= 76
    assert not re.search(rb"(?<!\r)\n|\r(?!\n)", lines)
    assert not re.search(rb"(?m)^(\.|From )", lines)
    assert not re.search(rb"[ \t](\r\n|\Z)", lines)
    assert b"\r\n=\r\n" not in b"\r\n" + lines


@given(PIECE)
def test_every_piece_begins_and_ends_where_a_line_begins(piece):
    assert encode_qp(piece).endswith(b"\r\n") or not piece


@pytest.mark.parametrize("token", ["a" * 75, "https://post.example/view/a-b_c", "x", "a.b"])
def test_what_needs_no_encoding_stands_as_it_is(token):
    assert encode_qp(token) == token.encode() + b"=\r\n"


def test_a_surrogate_can_not_be_encoded():
    with pytest.raises(UnicodeEncodeError):
        encode_qp("\ud800")


@pytest.mark.parametrize("sentence", ["A tram = a bus on rails. ", "Fluß, Straße. ", "ميناء قديم "])
def test_the_size_of_a_text_is_estimated_before_it_is_encoded(sentence):
    text = f"{sentence * 30}\n" * 5
    assert qp_size(text.encode()) == pytest.approx(len(encode_qp(text)), rel=0.02)
