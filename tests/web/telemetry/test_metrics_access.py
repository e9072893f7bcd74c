"""Who may see figures: this machine, monitors that are named, and nobody else."""

import httpx
import pytest

pytestmark = pytest.mark.neighbours


def is_hidden(client: httpx.Client, method: str = "GET", **headers: str) -> bool:
    """Tell whether there seems to be nothing: the same answer as for what nobody made."""
    here = client.request(method, "/metrics", headers=headers)
    elsewhere = client.get("/no-such-page", headers=headers)
    same = here.status_code == elsewhere.status_code == 404
    return same and here.content == elsewhere.content


@pytest.mark.parametrize(
    "headers",
    [
        {"x-forwarded-for": "203.0.113.9"},
        {"x-forwarded-for": "127.0.0.1"},
        {"forwarded": "for=127.0.0.1"},
        {"host": "evil.example"},
        {"host": "evil.example:8000"},
        {"host": ""},
    ],
    ids=str,
)
def test_by_default_this_machine_alone_sees_figures(web, headers):
    client = web()
    assert client.get("/metrics").status_code == 200
    assert is_hidden(client, **headers)


def test_a_stranger_learns_nothing_from_any_method(web):
    client = web()
    for method in ("GET", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"):
        assert is_hidden(client, method, host="evil.example"), method
    assert client.head("/metrics", headers={"host": "evil.example"}).status_code == 404
    refused = client.post("/metrics")
    assert (refused.status_code, refused.headers["allow"]) == (405, "GET, HEAD")


def test_monitors_are_known_by_the_address_that_our_proxy_names(web):
    client = web(web={"monitors": ["203.0.113.0/24"], "proxies": ["127.0.0.0/8"]})
    seen = {"x-forwarded-for": "203.0.113.9", "host": "news.example.org"}
    assert client.get("/metrics", headers=seen).status_code == 200
    assert is_hidden(client, **{"x-forwarded-for": "198.51.100.1"})
    assert is_hidden(client, **{"x-forwarded-for": "203.0.113.9, 198.51.100.1"})
    assert is_hidden(client), "this machine isn't among them"


def test_a_stranger_who_says_they_come_from_a_monitor_is_not_believed(web):
    client = web(web={"monitors": ["203.0.113.0/24"]})
    assert is_hidden(client, **{"x-forwarded-for": "203.0.113.9"})


def test_a_network_that_is_named_is_let_in_without_a_proxy(web):
    assert web(web={"monitors": ["127.0.0.0/8"]}).get("/metrics").status_code == 200
