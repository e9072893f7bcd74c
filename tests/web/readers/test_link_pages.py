"""Forms from other sites: refused where they act for one reader."""

import pytest

from syndicate.web.readers.link_pages import is_same_origin
from tests.web.asgi_client import make_request


@pytest.mark.parametrize(
    ("headers", "ours"),
    [
        ({"sec_fetch_site": "same-origin"}, True),
        ({"sec_fetch_site": "none"}, True),
        ({"sec_fetch_site": "same-site"}, False),
        ({"sec_fetch_site": "cross-site"}, False),
        ({"sec_fetch_site": "cross-site", "origin": "https://letters.example"}, False),
        ({"origin": "https://letters.example"}, True),
        ({"origin": "https://letters.example:443"}, True),
        ({"origin": "http://post.example"}, True),
        ({"origin": "http://letters.example"}, False),
        ({"origin": "https://letters.example.evil.example"}, False),
        ({"origin": "https://evil.example"}, False),
        ({"origin": "nonsense"}, False),
        ({"origin": "http://["}, False),
        ({"origin": ""}, False),
        ({"origin": "null"}, True),
        ({}, True),
    ],
)
def test_a_form_behind_a_token_is_taken_from_our_own_pages(headers, ours):
    assert is_same_origin(make_request(**headers), "https://letters.example/post") is ours


@pytest.mark.neighbours
def test_a_form_elsewhere_confirms_nothing_but_may_sign_up(site):
    opened = site()
    foreign = {"sec-fetch-site": "cross-site", "origin": "https://else.example"}
    sent = {"email": "anna@example.org"}
    assert opened.client.post("/signup", data=sent, headers=foreign).status_code == 200
    page = opened.client.post(opened.link(), headers=foreign)
    assert page.status_code == 403
    assert opened.states() == {"breaking": "pending"}
