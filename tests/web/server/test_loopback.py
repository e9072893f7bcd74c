"""This machine is known by every address that it has for itself."""

import socket

import httpx
import pytest
from starlette.requests import Request

from syndicate.web.app import application
from syndicate.web.server.client_address import is_local
from syndicate.web.server.server import WebServer


def is_local_for(client: str, host: str) -> bool:
    headers = [(b"host", host.encode())]
    return is_local(Request({"type": "http", "client": (client, 5000), "headers": headers}))


@pytest.mark.parametrize(
    ("client", "local"),
    [("::ffff:127.0.0.1", True), ("::ffff:192.0.2.7", False), ("::ffff:0.0.0.0", False)],
)
def test_an_ipv4_address_may_be_written_as_ipv6_as_where_both_are_listened_on(client, local):
    assert is_local_for(client, "localhost") is local


@pytest.mark.parametrize("host", ["", "news.example.org", "::ffff:127.0.0.1", "127.0.0.1.nip.io"])
def test_the_name_that_is_asked_for_has_to_mean_this_machine_all_the_same(host):
    assert not is_local_for("::ffff:127.0.0.1", host)


@pytest.mark.parametrize("header", ["forwarded", "x-forwarded-for", "x-real-ip", "via"])
def test_who_comes_through_a_proxy_is_somebody_else(header):
    headers = [(b"host", b"localhost"), (header.encode(), b"127.0.0.1")]
    assert not is_local(
        Request({"type": "http", "client": ("127.0.0.1", 5000), "headers": headers})
    )


@pytest.mark.neighbours
@pytest.mark.skipif(not socket.has_dualstack_ipv6(), reason="there is no IPv6 here")
def test_figures_are_for_this_machine_by_both_its_addresses(sqlite_store, publication):
    app = application(sqlite_store, publication(web={"host": "::"}))
    with WebServer(app, "::", 0) as server:
        for host in ("127.0.0.1", "[::1]"):
            url = f"http://{host}:{server.port}/metrics"
            assert httpx.get(url, trust_env=False).status_code == 200
