"""Sign-ups with control characters, lures and malformed JSON."""

import pytest

pytestmark = pytest.mark.neighbours

NASTY = ("\r\nBcc: eve@example.org", "\nX: y", "a\x00b", "\u2028x", "a\rb", "\x85x")


def test_no_line_of_a_name_becomes_a_header(site):
    opened = site(signup={"fields": [{"name": "city"}]})
    for nasty in NASTY:
        assert opened.sign_up(name=f"Anna{nasty}x").status_code == 400
        assert opened.sign_up(**{"fields.city": f"Ulm{nasty}x"}).status_code == 400
        assert opened.sign_up(f"anna{nasty}@example.org").status_code == 400
    assert opened.reader() is None


def test_the_letter_has_nothing_that_the_requester_typed(site):
    opened = site(signup={"fields": [{"name": "city"}]})
    lure = "You won: https://evil.example"
    opened.sign_up(name=lure, **{"fields.city": lure})
    (letter,) = opened.letters()
    assert "evil" not in letter.source
    assert "You won" not in letter.source


def test_a_lone_surrogate_in_json_is_an_error_of_its_field(site):
    client, headers = site().client, {"content-type": "application/json"}
    for sent, field in (
        (r'{"\ud800x": "x"}', "x"),
        (r'{"email": "anna@example.org", "fields": {"\ud800x": "x"}}', "fields.x"),
        (r'{"email": "anna@example.org", "newsletters": ["\ud800"]}', "newsletters"),
        (r'{"email": "\ud800@example.org", "name": "\ud800"}', "email"),
    ):
        answer = client.post("/api/signup", content=sent, headers=headers)
        assert answer.status_code == 400
        assert list(answer.json()["errors"]) == [field]
