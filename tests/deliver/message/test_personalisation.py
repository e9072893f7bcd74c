"""A content filled in for one reader, as a page of the web shows it."""

import pytest

from syndicate.deliver.message.links import SignedLinks
from syndicate.deliver.message.personalisation import Personalisation, PersonalLinks
from syndicate.model.editions import CANARY, link_marker, placeholder
from tests.deliver.editions import NAME, NONCE, SECRET, content
from tests.deliver.message.test_message import PUBLICATION

LINKS = SignedLinks(PUBLICATION, SECRET)


def test_personal_values_are_escaped_in_html():
    reader = Personalisation(name='<b>"Ada" & Bo', links={})

    html = reader.html(content(html=f"<p>{NAME}</p>"))

    assert html == "<p>&lt;b&gt;&quot;Ada&quot; &amp; Bo</p>"


def test_a_placeholder_in_a_name_stays_what_it_is():
    reader = Personalisation(name=placeholder(NONCE, "email"), email="ada@x.example", links={})

    assert "ada@x.example" not in reader.html(content(html=NAME))


def test_numbered_links_are_those_of_their_number():
    html = f"{link_marker(NONCE, 2)} {link_marker(NONCE, 1)} {link_marker(NONCE, CANARY)}"
    reader = Personalisation(links={}, link_urls=["https://a.example/?b&c", "https://d.example"])

    assert reader.html(content(html=html)) == "https://d.example https://a.example/?b&amp;c "


def test_a_readers_own_links_are_signed_for_them():
    own = PersonalLinks(LINKS, 41, 7, "breaking")

    assert own["unsubscribe"] == LINKS.leave(7, "breaking")
    assert own["one_click"] == LINKS.unsubscribe(7, "breaking")
    assert own["preferences"] == LINKS.preferences(7)
    assert own["view"] == LINKS.view(41, 7)
    assert own["confirm"] == LINKS.confirm(41, 7)
    with pytest.raises(KeyError):
        own["another"]
