import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syndicate.deliver.message.links import SignedLinks
from tests.deliver.editions import SECRET
from tests.deliver.message.test_message import PUBLICATION


@pytest.fixture
def links(publication):
    return SignedLinks(publication(web={"url": "https://post.example/mail"}), SECRET)


def test_a_link_reads_back_as_its_reader_and_newsletter(links):
    address = links.unsubscribe(7, "breaking")

    assert address.startswith("https://post.example/mail/unsubscribe/")
    assert links.read_unsubscribe(address.rpartition("/")[2]) == (7, "breaking")


def test_the_links_in_text_and_header_unsubscribe_and_are_not_each_other(links):
    in_text, in_header = (
        address(7, "breaking").rpartition("/") for address in (links.leave, links.unsubscribe)
    )
    assert in_text[0] == in_header[0]
    assert links.read_leave(in_text[2]) == links.read_leave(in_header[2]) == (7, "breaking")
    assert links.read_unsubscribe(in_text[2]) is None


def test_a_token_is_safe_in_an_address(links):
    assert all(
        links.unsubscribe(n, "a-b_c").rpartition("/")[2].replace("-", "").replace("_", "").isalnum()
        for n in range(99)
    )


def test_every_changed_letter_of_a_token_is_noticed(links):
    token = links.unsubscribe(7, "breaking").rpartition("/")[2]

    for place, letter in enumerate(token):
        for other in "Aa0_-":
            if other != letter:
                assert links.read_unsubscribe(token[:place] + other + token[place + 1 :]) is None


@given(st.text() | st.text("abcXYZ019-_=", max_size=60))
def test_rubbish_is_no_token(token):
    assert SignedLinks(PUBLICATION, SECRET).read_unsubscribe(token) is None


def test_another_publications_token_is_none_of_ours(links, publication):
    assert (
        SignedLinks(publication(), b"1" * 32).read_unsubscribe(
            links.unsubscribe(7, "breaking").rpartition("/")[2]
        )
        is None
    )


@pytest.mark.parametrize("secret", [b"", b"key", SECRET, b"k" * 64, b"long " * 30])
def test_what_is_signed_carries_an_hmac_of_rfc_2104(publication, secret):
    mine = SignedLinks(publication(), secret).message_id(41, 7, "example.org")

    digest = hmac.digest(secret, b"message\0" + b"41.7", "sha256")
    assert mine == f"<41.7.{digest[:8].hex()}@example.org>"


def test_a_message_id_is_the_same_each_time(links):
    message_id = links.message_id(41, 7, "example.org")

    assert message_id == links.message_id(41, 7, "example.org")
    assert message_id.startswith("<41.7.")


def test_a_host_beyond_ascii_is_written_so_that_a_header_can_hold_it(publication):
    links = SignedLinks(publication(web={"url": "https://bücher.example/münchen"}), SECRET)

    assert links.unsubscribe(7, "x").startswith("https://xn--bcher-kva.example/m%C3%BCnchen/unsub")
