"""No dynamic response can be framed, cached or made to redirect elsewhere."""

import pytest

pytestmark = pytest.mark.neighbours


def test_no_response_can_be_framed_cached_or_traced(site):
    opened = site()
    opened.sign_up()
    for method, path in (
        ("GET", "/signup"),
        ("POST", "/signup"),
        ("PUT", "/signup"),
        ("GET", opened.link()),
        ("POST", opened.link()),
        ("GET", "/confirm/nonsense"),
        ("GET", "/signup/challenge"),
        ("POST", "/api/signup"),
        ("GET", "/api/signup"),
        ("GET", "/api/nothing"),
    ):
        headers = opened.client.request(method, path).headers
        assert "frame-ancestors 'none'" in headers["content-security-policy"], path
        assert "default-src 'none'" in headers["content-security-policy"]
        assert headers["cache-control"] == ("no-cache" if "nothing" in path else "no-store")
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["x-content-type-options"] == "nosniff"
        assert "set-cookie" not in headers
        if "confirm" in path:
            assert headers["x-robots-tag"] == "noindex"


def test_nothing_in_a_request_makes_a_response_redirect(site):
    opened = site()
    evil = "//evil.example/"
    names = ("next", "redirect", "return", "url", "redirect_uri")
    asked = "&".join(f"{name}={evil}" for name in names)
    headers = {"host": "evil.example", "x-forwarded-host": "evil.example", "referer": evil}
    sent = {"email": "anna@example.org"} | dict.fromkeys(names, evil)
    answers = [
        opened.client.get(f"/signup?{asked}", headers=headers),
        opened.client.post(f"/signup?{asked}", data=sent, headers=headers),
        opened.client.get(f"{opened.link()}?{asked}", headers=headers),
        opened.client.post(f"{opened.link()}?{asked}", data=sent, headers=headers),
        opened.client.get("/signup//evil.example/", headers=headers),
    ]
    for answer in answers:
        assert "location" not in answer.headers
        assert "evil.example" not in answer.text
