"""[[sections]] and [navigation]: their order, their networks, and what is refused."""

import pytest

from syndicate.config import load
from syndicate.config.sections.navigation import network
from tests.config.loading.configurations import NEWSLETTER, PUBLICATION, mistakes, write

CITY = '[[sections]]\ntitle = "City"\n'
HARBOUR = '[[sections]]\ntitle = "Harbour"\ndescription = "Ships."\n'


def titles(config):
    return [section.title for section in config.header_sections]


def test_sections_are_in_the_head_in_the_order_of_the_file(tmp_path):
    config = load(write(tmp_path, PUBLICATION + HARBOUR + CITY))

    assert titles(config) == ["Harbour", "City"]
    assert config.sections[0].description == "Ships."


def test_the_navigation_chooses_sections_and_their_order_whatever_their_case(tmp_path):
    text = f'{PUBLICATION}[navigation]\nsections = ["harbour", "City"]\n{CITY}{HARBOUR}'

    assert titles(load(write(tmp_path, text))) == ["Harbour", "City"]


def test_no_sections_are_in_the_head_unless_there_are_some(tmp_path):
    assert titles(load(write(tmp_path, PUBLICATION))) == []
    assert titles(load(write(tmp_path, f"{PUBLICATION}[navigation]\nsections = []\n{CITY}"))) == []


def test_the_home_page_offers_four_newsletters_or_those_that_an_editor_lists(tmp_path):
    names = ("staff", "a", "b", "c", "d", "e")
    tables = "".join(f'[[newsletters]]\nname = "{name}"\n' for name in names)
    tables = tables.replace('"staff"\n', '"staff"\noffered = false\n')

    def offered(navigation):
        config = load(write(tmp_path, PUBLICATION + navigation + tables))
        return [newsletter.name for newsletter in config.front_newsletters]

    assert offered("") == ["a", "b", "c", "d"]
    assert offered('[navigation]\nnewsletters = ["e", "b"]\n') == ["e", "b"]
    assert offered("[navigation]\nnewsletters = []\n") == []
    assert offered("[signup]\nenabled = false\n") == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (CITY + '[[sections]]\ntitle = "CITY"\n', '7: sections.#2.title = "CITY" — there are two sections of that title; names differ by more than case'),
        ("[[sections]]\n", "4: sections.#1.title — missing: Its name, as in the `section` of articles; upper and lower case don't matter."),
        (CITY + 'newsletter = "breaking"\n', '6: sections.#1.newsletter = "breaking" — there is no newsletter; add [[newsletters]]'),
        (CITY + f'newsletter = "braeking"\n{NEWSLETTER}', '6: sections.#1.newsletter = "braeking" — there is no such newsletter; did you mean breaking?'),
        (CITY + f'newsletter = "breaking"\n{NEWSLETTER}offered = false\n', '6: sections.#1.newsletter = "breaking" — that newsletter has offered = false, so no reader could subscribe to it'),
        ('[navigation]\nsections = ["City"]\n', '5: navigation.sections.#1 = "City" — there is no [[sections]]; add one with title = "City"'),
        (f'[navigation]\nsections = ["Ciyt"]\n{CITY}', '5: navigation.sections.#1 = "Ciyt" — there is no such section; did you mean City?'),
        (f'[navigation]\nsections = ["City", "city"]\n{CITY}', '5: navigation.sections.#2 = "city" — listed already; remove one of them'),
        (f'[navigation]\nnewsletters = ["briefing"]\n{NEWSLETTER}', '5: navigation.newsletters.#1 = "briefing" — there is no such newsletter; did you mean breaking?'),
        (f'[navigation]\nnewsletters = ["breaking"]\n{NEWSLETTER}offered = false\n', '5: navigation.newsletters.#1 = "breaking" — that newsletter has offered = false, so no reader could subscribe to it'),
        (f'[navigation]\nnewsletters = ["breaking", "breaking"]\n{NEWSLETTER}', '5: navigation.newsletters.#2 = "breaking" — listed already; remove one of them'),
        ('[navigation]\nlinks = [{ title = "Shop", url = "shop" }]\n', '5: navigation.links.#1.url = "shop" — expected an address such as "https://shop.example.org/" or a path such as "/shop/"'),
        ('[navigation]\nsocial = ["javascript:alert(1)"]\n', '5: navigation.social.#1.url — expected an address such as "https://shop.example.org/" or a path such as "/shop/"'),
    ],
)  # fmt: skip
def test_a_mistake_is_reported_with_its_line_and_the_remedy(tmp_path, text, expected):
    assert mistakes(tmp_path, PUBLICATION + text) == [f"config.toml:{expected}"]


def test_an_address_of_a_link_keeps_its_query(tmp_path):
    text = '[navigation]\nlinks = [{ title = "Bücher", url = "https://bücher.example/ü?a=ä#o" }]\n'

    (link,) = load(write(tmp_path, PUBLICATION + text)).navigation.links

    assert link.url == "https://xn--bcher-kva.example/%C3%BC?a=%C3%A4#o"


def test_a_profile_is_an_address_and_its_network_is_recognised(tmp_path):
    text = (
        '[navigation]\nsocial = ["https://www.youtube.com/@post", '
        '{ url = "https://social.example/@post", name = "Our Mastodon" }]\n'
    )

    profiles = load(write(tmp_path, PUBLICATION + text)).navigation.social

    assert [profile.label for profile in profiles] == ["YouTube", "Our Mastodon"]


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://bsky.app/profile/post.example", "Bluesky"),
        ("https://x.com/post", "X"),
        ("https://m.facebook.com/profile.php?id=5", "Facebook"),
        ("https://norden.social/@post", "Mastodon"),
        ("https://notx.com/post", "notx.com"),
        ("https://www.shop.example/", "shop.example"),
    ],
)
def test_networks_have_their_own_names_and_others_their_host(url, name):
    assert network(url) == name
