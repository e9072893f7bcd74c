"""`[websub]` and `[indexnow]`: what they take, and which hubs feeds name."""

import pytest
from pydantic import ValidationError

from syndicate.config.sections.publishing import IndexNowSettings, WebsubSettings


@pytest.mark.parametrize("key", ["12345678", "a" * 128, "0f-A9-zZ"])
def test_a_key_of_indexnow_is_published_beside_the_home_page(key):
    assert IndexNowSettings(key=key).address == f"/{key}.txt"


@pytest.mark.parametrize(
    "key", ["", "1234567", "a" * 129, "../../12345", "with space", "ümlautümlaut"]
)
def test_no_other_key_is_taken(key):
    with pytest.raises(ValidationError, match="8 to 128 letters"):
        IndexNowSettings(key=key)


def test_without_a_key_nothing_is_published():
    assert IndexNowSettings().address is None


def test_a_hub_is_an_address_of_the_web():
    with pytest.raises(ValidationError, match="expected an address"):
        WebsubSettings(hubs=("hub.example",))


def test_a_hub_that_is_named_twice_is_one():
    hubs = ("https://hub.example/", "https://other.example/", "https://hub.example/")
    assert WebsubSettings(hubs=hubs).hubs == hubs[:2]


def test_our_own_hub_is_named_first_and_answers_where_letters_are_answered(publication):
    config = publication(
        publication={"url": "https://news.example"},
        web={"url": "https://letters.example/"},
        websub={"own": True, "hubs": ["https://hub.example/"]},
    )
    assert config.hubs == ("https://letters.example/hub", "https://hub.example/")


def test_who_names_no_hub_has_none(publication):
    assert publication().hubs == ()


def test_our_own_hub_may_be_on_this_machine(publication):
    assert publication(websub={"own": True}).hubs == ("http://127.0.0.1:8000/hub",)


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("https://пример.рф", "https://xn--e1afmkfd.xn--p1ai"),
        (
            "https://bücher.example:8443/münchen/",
            "https://xn--bcher-kva.example:8443/m%C3%BCnchen/",
        ),
        ("https://hub.example/a%20b%", "https://hub.example/a%20b%25"),
        ('https://hub.example/">', "https://hub.example/%22%3E"),
        ("http://[::1]:8000/x", "http://[::1]:8000/x"),
        ("https://☃.example/", "https://xn--n3h.example/"),
    ],
)
def test_addresses_are_kept_as_a_header_can_hold_them(publication, written, kept):
    config = publication(
        publication={"url": written},
        web={"url": written},
        websub={"hubs": [written]},
        indexnow={"endpoint": written},
    )
    assert config.url == config.web_url == kept.rstrip("/")
    assert config.hubs == (kept,)
    assert config.indexnow.endpoint == kept


def test_a_hub_that_is_named_in_two_alphabets_is_one():
    assert len(WebsubSettings(hubs=("https://хаб.рф/", "https://xn--80ac2d.xn--p1ai/")).hubs) == 1


@pytest.mark.parametrize("key", ["hubs", "endpoint"])
@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("https://user:pw@hub.example/", "without a name and password"),
        ("https://user@hub.example/", "without a name and password"),
        ("https://hub.example:65536/", "between 1 and 65535"),
        ("https://hub.example:0/", "between 1 and 65535"),
        ("https://hub.example:http/", "between 1 and 65535"),
        ("https://[half/", "expected a host"),
        ("https://a..рф/", "expected a host"),
        ('https://h"b.example/', "expected a host"),
    ],
)
def test_what_could_not_be_called_or_would_be_published_is_refused(key, address, expected):
    with pytest.raises(ValidationError, match=expected):
        WebsubSettings(hubs=(address,)) if key == "hubs" else IndexNowSettings(endpoint=address)
