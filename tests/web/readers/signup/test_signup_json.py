"""Signing up with JSON, from a script on any page."""

import json
import re
from typing import Any

import pytest

from tests import ROOT
from tests.web.readers.signup.newsletters import CITY, TWO

pytestmark = pytest.mark.neighbours


def test_json_signs_up_from_any_page(site):
    opened = site(newsletters=TWO, signup=CITY)
    sent: dict[str, Any] = {"email": "anna@example.org", "name": "Anna"}
    sent["newsletters"] = ["briefing"]
    sent["fields"] = {"city": "Hamburg"}
    answer = opened.client.post("/api/signup", json=sent)
    assert answer.status_code == 202
    assert list(answer.json()) == ["message"]
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "set-cookie" not in answer.headers
    assert opened.states() == {"briefing": "pending"}
    asked = opened.questions()[0].asked
    assert (asked["name"], asked["fields"]) == ("Anna", {"city": "Hamburg"})


def test_a_page_elsewhere_may_ask_beforehand(site):
    headers = {"origin": "https://else.example", "access-control-request-method": "POST"}
    answer = site().client.options("/api/signup", headers=headers)
    assert answer.status_code == 204
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.headers["access-control-allow-headers"] == "content-type"
    assert "access-control-allow-credentials" not in answer.headers


WRONG: tuple[tuple[Any, str], ...] = (
    ({}, "email"),
    ({"email": "anna"}, "email"),
    ({"email": 7}, "email"),
    ({"email": None}, "email"),
    ({"email": "anna@example.org", "name": "a\nb"}, "name"),
    ({"email": "anna@example.org", "newsletters": "breaking"}, "newsletters"),
    ({"email": "anna@example.org", "newsletters": ["staff"]}, "newsletters"),
    ({"email": "anna@example.org", "newsletters": [7]}, "newsletters"),
    ({"email": "anna@example.org", "fields": {"height": "2 m"}}, "fields.height"),
    ({"email": "anna@example.org", "fields": {"city": 7}}, "fields"),
    ({"email": "anna@example.org", "role": "admin"}, "role"),
    ([], "body"),
    ("anna@example.org", "body"),
)


def test_json_says_which_field_is_wrong(site):
    client = site(newsletters=TWO[1:]).client
    for sent, field in WRONG:
        answer = client.post("/api/signup", json=sent)
        assert (sent, answer.status_code) == (sent, 400)
        assert list(answer.json()["errors"]) == [field]


def test_the_json_of_the_documentation_signs_up(site):
    text = (ROOT / "docs/audience.md").read_text()
    (body,) = re.findall(r"--json '(\{.*?\n\})'", text, re.DOTALL)
    opened = site(newsletters=TWO, signup=CITY)
    headers = {"content-type": "application/json"}
    assert opened.client.post("/api/signup", content=body, headers=headers).status_code == 202
    assert opened.states() == {"breaking": "pending"}
    (shown,) = re.findall(r'`(\{"errors".*?\})`', text)
    wrong = opened.client.post("/api/signup", json={"email": "anna", "fields": {"city": "x"}})
    assert json.loads(shown)["errors"]["email"] == wrong.json()["errors"]["email"]
