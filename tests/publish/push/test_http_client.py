"""Calls to servers of others: what they may do to us, and where we don't go."""

import ipaddress
import socket
import ssl
import threading
import time
from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from syndicate import clock
from syndicate.errors import CallFailed, NotReached
from syndicate.publish.push import ssrf_guard
from syndicate.publish.push.http_client import MAX_BODY, HttpClient
from syndicate.publish.push.ssrf_guard import is_public
from tests.publish.push.hostile_servers import read_request, says, stranger

pytestmark = pytest.mark.neighbours

LOOPBACK = (ipaddress.ip_network("127.0.0.0/8"),)
OK = b"HTTP/1.1 200 OK\r\nX-Twice: a\r\nx-twice: b\r\nContent-Length: 2\r\n\r\nok"


def test_an_answer_comes_with_status_headers_and_body():
    heard: list[bytes] = []
    with stranger(says(OK, heard)) as port:
        reply = HttpClient(allowed=LOOPBACK).get(f"http://127.0.0.1:{port}/a%2Fb?c=d+e&f=%20")
    assert (reply.status, reply.body) == (200, b"ok")
    assert reply.headers["x-twice"] == "a, b"
    head = heard[0].decode()
    assert head.startswith("GET /a%2Fb?c=d+e&f=%20 HTTP/1.1\r\n")
    assert f"Host: 127.0.0.1:{port}\r\n" in head
    assert "User-Agent: Syndicate/" in head


def test_a_body_is_sent_as_it_is():
    heard: list[bytes] = []
    with stranger(says(OK, heard)) as port:
        headers = {"Content-Type": "application/atom+xml"}
        HttpClient(allowed=None).post(f"http://127.0.0.1:{port}/", b"\0<feed/>", headers)
    assert heard[0].startswith(b"POST / HTTP/1.1\r\n")
    assert b"Content-Type: application/atom+xml\r\n" in heard[0]
    assert heard[0].endswith(b"\r\n\r\n\0<feed/>")


def test_a_redirect_is_an_answer_and_is_not_followed():
    heard: list[bytes] = []
    moved = b"HTTP/1.1 302 Found\r\nLocation: /other\r\nContent-Length: 0\r\n\r\n"
    with stranger(says(moved, heard)) as port:
        assert HttpClient(allowed=LOOPBACK).get(f"http://127.0.0.1:{port}/").status == 302
    assert len(heard) == 1


def test_of_a_huge_body_no_more_is_read_than_we_want():
    sent = []

    def behave(connection):
        read_request(connection)
        connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            sent.append(connection.send(b"x" * 65536))

    with stranger(behave) as port:
        reply = HttpClient(allowed=LOOPBACK, timeout=60).get(f"http://127.0.0.1:{port}/")
    assert len(reply.body) == MAX_BODY


@pytest.mark.parametrize("start", [b"", b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 200 OK\r\n\r\n"])
def test_a_server_that_drips_holds_us_no_longer_than_a_whole_call_may_take(start):
    def behave(connection):
        read_request(connection)
        connection.sendall(start)
        for letter in b"X-Slow: " + b"x" * 1000:
            connection.sendall(bytes([letter]))
            time.sleep(0.05)

    began = time.monotonic()
    with stranger(behave) as port, pytest.raises(CallFailed, match=r"no reply within 0\.4 s"):
        HttpClient(allowed=LOOPBACK, timeout=0.4).get(f"http://127.0.0.1:{port}/")
    assert time.monotonic() - began < 20


def test_nor_does_one_that_reads_slowly():
    def behave(connection):
        while connection.recv(1):
            time.sleep(0.05)

    began = time.monotonic()
    with stranger(behave) as port, pytest.raises(CallFailed, match="no reply within"):
        HttpClient(allowed=LOOPBACK, timeout=0.4).post(
            f"http://127.0.0.1:{port}/", b"x" * 30_000_000, {}
        )
    assert time.monotonic() - began < 20


def test_nor_does_a_name_that_is_long_in_the_finding():
    given_up = threading.Event()

    def slowly(host, port):
        assert given_up.wait(60)
        return ["127.0.0.1"]

    with pytest.raises(CallFailed, match="no reply within"):
        HttpClient(allowed=LOOPBACK, timeout=0.3, resolver=slowly).get("http://slow.example/")
    given_up.set()


@pytest.mark.parametrize(
    "answer",
    [b"", b"SSH-2.0-OpenSSH\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nok"],
    ids=["nothing", "no HTTP", "cut off"],
)
def test_what_is_no_whole_answer_is_a_failure(answer):
    with stranger(says(answer)) as port, pytest.raises(CallFailed):
        HttpClient(allowed=LOOPBACK).get(f"http://127.0.0.1:{port}/")


def test_proxies_of_the_environment_are_ignored(monkeypatch):
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    with stranger(says(OK)) as port:
        assert HttpClient(allowed=LOOPBACK).get(f"http://127.0.0.1:{port}/").status == 200


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:{port}/",
        "http://localhost:{port}/",
        "http://[::ffff:127.0.0.1]:{port}/",
        "http://[::1]:{port}/",
        "http://0x7f000001:{port}/",
        "http://2130706433:{port}/",
        "http://127.1:{port}/",
        "http://0.0.0.0:{port}/",
        "http://169.254.169.254/",
        "http://10.0.0.1/",
        "http://[64:ff9b::127.0.0.1]/",
    ],
)
def test_addresses_that_are_not_public_are_not_called(url):
    heard: list[bytes] = []
    with stranger(says(OK, heard)) as port, pytest.raises(CallFailed, match="not a public address"):
        HttpClient().get(url.format(port=port))
    assert heard == []


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("ftp://example.org/", "not an http or https URL"),
        ("http:///path", "not an http or https URL"),
        ("http://me:secret@example.org/", "user name or password"),
        ("http://example.org:99999/", "port 99999"),
        ("http://example.org:0/", "port 0"),
        ("http://exa\nmple.org/", "is not a URL"),
        ("", "not an http or https URL"),
    ],
)
def test_what_is_no_address_of_a_server_is_not_called(url, said):
    with pytest.raises(CallFailed, match=said) as failed:
        HttpClient(allowed=None).get(url)
    assert "secret" not in str(failed.value)


@pytest.mark.parametrize("name", ["Link", "Lïnk"])
def test_a_header_that_can_not_be_sent_is_a_failure_and_of_this_call_alone(name):
    with pytest.raises(CallFailed, match="can't be sent") as failed:
        HttpClient(allowed=None).post("http://example.org/", b"", {name: "<https://хаб.рф/>"})
    assert not isinstance(failed.value, NotReached)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.2"])
def test_this_machine_is_not_called_by_an_address_of_its_own_that_is_public(monkeypatch, host):
    """The machine that runs the tests has none: its loopback stands in for one."""
    monkeypatch.setattr(ssrf_guard, "is_public", lambda _: True)
    heard: list[bytes] = []
    with stranger(says(OK, heard), host) as port:
        with pytest.raises(CallFailed, match="an address of this machine"):
            HttpClient().get(f"http://{host}:{port}/")
        assert b"".join(heard).strip() == b""  # a connection, and nothing in it
        assert HttpClient(allowed=LOOPBACK).get(f"http://{host}:{port}/").status == 200


@pytest.mark.parametrize(
    ("address", "ours"),
    [("127.0.0.9", True), ("::ffff:127.0.0.9", True), ("192.0.2.7", False), ("2001:db8::7", False)],
)
def test_which_addresses_are_our_own(address, ours):
    assert ssrf_guard.is_own_address(ipaddress.ip_address(address)) is ours


def test_whether_anybody_was_reached_is_told_apart():
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]
    caller = HttpClient(allowed=LOOPBACK, resolver=lambda *_: ["127.0.0.1"])
    with pytest.raises(NotReached):
        caller.get(f"http://some.example:{port}/")
    with pytest.raises(NotReached):
        HttpClient().get("http://127.0.0.1/")
    ended = threading.Event()

    def hang(_: socket.socket) -> None:
        ended.wait(60)

    # within the seconds it has to be reached
    for behave, seconds in ((says(b""), 60), (hang, 3)):
        hasty = HttpClient(allowed=LOOPBACK, timeout=seconds, resolver=lambda *_: ["127.0.0.1"])
        with stranger(behave) as port, pytest.raises(CallFailed) as failed:
            hasty.get(f"http://some.example:{port}/")
        assert not isinstance(failed.value, NotReached)
    ended.set()


@pytest.mark.parametrize(
    "found", [["127.0.0.1"], ["203.0.113.7", "127.0.0.1"], ["1.1.1.1", "::ffff:10.0.0.1"], []]
)
def test_every_address_of_a_name_has_to_be_public(found):
    with pytest.raises(CallFailed):
        HttpClient(resolver=lambda *_: found).get("http://innocent.example/")


def test_a_name_is_asked_for_once_and_what_was_judged_is_what_is_called():
    """A name that leads elsewhere when it is asked again (DNS rebinding) leads nowhere."""
    asked = []

    def rebinding(host, port):
        asked.append(host)
        return ["127.0.0.1"] if len(asked) == 1 else ["127.0.0.2"]

    with stranger(says(OK)) as port:
        only = (ipaddress.ip_network("127.0.0.1/32"),)
        caller = HttpClient(allowed=only, resolver=rebinding)
        assert caller.get(f"http://turns.example:{port}/").status == 200
        assert asked == ["turns.example"]
        with pytest.raises(CallFailed, match=r"127\.0\.0\.2, which is not a public address"):
            caller.get(f"http://turns.example:{port}/")  # and judged again at each call


def test_the_next_address_of_a_name_is_tried_when_one_is_dead():
    with stranger(says(OK)) as port:
        caller = HttpClient(allowed=LOOPBACK, resolver=lambda *_: ["127.0.0.9", "127.0.0.1"])
        assert caller.get(f"http://two.example:{port}/").status == 200


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("1.1.1.1", True),
        ("2606:4700::1111", True),
        ("::ffff:1.1.1.1", True),
        ("2002:101:101::", True),
        ("224.0.0.1", False),
        ("100.64.0.1", False),
        ("192.0.0.192", False),
        ("255.255.255.255", False),
        ("2002:7f00:1::", False),
        ("::7f00:1", False),
        ("fe80::1", False),
        ("ff02::1", False),
        ("2001:db8::1", False),
        ("2001:0:1::", False),
    ],
)
def test_which_addresses_are_public(address, public):
    assert is_public(ipaddress.ip_address(address)) is public


# TLS


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """A certificate for right.example, signed by itself, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "right.example")])
    day, now = timedelta(days=1), clock.now()
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - day)
        .not_valid_after(now + day)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("right.example")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    file = tmp_path_factory.mktemp("tls") / "both.pem"
    file.write_bytes(
        made.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return file


def secured(certificate):
    """Answer over TLS."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)

    def behave(connection):
        with context.wrap_socket(connection, server_side=True) as inside:
            says(OK)(inside)

    return behave


@pytest.mark.parametrize(
    ("host", "trusted", "said"),
    [
        ("right.example", True, None),
        ("wrong.example", True, "Hostname mismatch"),
        ("127.0.0.1", True, "IP address mismatch"),
        ("right.example", False, "self-signed"),
    ],
)
def test_a_certificate_has_to_be_of_the_name_that_was_asked_for(certificate, host, trusted, said):
    tls = ssl.create_default_context(cafile=certificate) if trusted else None
    caller = HttpClient(allowed=LOOPBACK, tls=tls, resolver=lambda *_: ["127.0.0.1"])
    with stranger(secured(certificate)) as port:
        if said is None:
            assert caller.get(f"https://{host}:{port}/").body == b"ok"
        else:
            with pytest.raises(CallFailed, match=said):
                caller.get(f"https://{host}:{port}/")
