"""Which client and which network a request comes from."""

from ipaddress import ip_address, ip_network

import pytest

from syndicate.web.server import client_address
from tests.web.asgi_client import make_request

PROXIES = (ip_network("10.0.0.0/8"), ip_network("fd00::/8"))


@pytest.mark.parametrize(
    ("peer", "forwarded", "expected"),
    [
        ("192.0.2.7", [], "192.0.2.7"),
        ("192.0.2.7", ["203.0.113.9"], "192.0.2.7"),  # nobody's word for it
        ("10.0.0.1", ["203.0.113.9"], "203.0.113.9"),
        ("10.0.0.1", ["1.1.1.1, 203.0.113.9"], "203.0.113.9"),  # the left end is anybody's
        ("10.0.0.1", ["1.1.1.1", "203.0.113.9, 10.0.0.2"], "203.0.113.9"),
        ("10.0.0.1", ["10.0.0.2, 10.0.0.3"], "10.0.0.2"),
        ("10.0.0.1", ["203.0.113.9, nonsense"], "10.0.0.1"),
        ("10.0.0.1", [""], "10.0.0.1"),
        ("10.0.0.1", ["203.0.113.9:5555"], "203.0.113.9"),
        ("fd00::1", ["[2001:db8::7]:443"], "2001:db8::7"),
        ("::ffff:10.0.0.1", ["::ffff:203.0.113.9"], "203.0.113.9"),
        ("fd00::1", ["fe80::1%eth0"], "fe80::1"),
    ],
)
def test_the_client_is_whom_a_proxy_of_ours_names(peer, forwarded, expected):
    assert client_address.client_address(make_request(peer, *forwarded), PROXIES) == ip_address(
        expected
    )


def test_a_network_is_noted_and_never_a_whole_address():
    noted = {
        "198.51.100.77": "198.51.100.0/24",
        "2001:db8:1:2:3::4": "2001:db8:1::/48",
        "::ffff:198.51.100.77": "198.51.100.0/24",
        None: "",
        "testclient": "",
    }
    assert {peer: client_address.client_network(make_request(peer), ()) for peer in noted} == noted
