"""Who may see the outbox and the figures, and who learns nothing."""

import base64
from collections.abc import Iterator

import httpx
import pytest

from syndicate.web.app import application
from syndicate.web.server.server import WebServer
from tests.requirements import require
from tests.web import reverse_proxies

pytestmark = pytest.mark.neighbours

PUBLIC = {"publication": {"url": "https://post.example"}}
PATHS = ["/metrics", "/outbox", "/outbox/", "/outbox/x.eml", "/outbox/x.eml/body"]
TOKEN = "0123456789abcdef0123"


def statuses(client: httpx.Client, **headers: str) -> list[int]:
    """Ask for the figures and for the outbox."""
    return [client.get(path, headers=headers).status_code for path in ("/metrics", "/outbox")]


def basic(password: str, name: str = "anybody") -> str:
    return "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()


# without anybody named


def test_on_ones_own_machine_both_are_there(web):
    assert statuses(web()) == [200, 200]


@pytest.mark.parametrize(
    "tables",
    [
        PUBLIC,
        {"web": {"url": "https://letters.example"}},
        {"publication": {"url": "http://10.1.1.1"}},
    ],
    ids=str,
)
def test_of_a_public_publication_nothing_is_there_even_for_this_machine(web, tables):
    client = web(**tables)
    for path in PATHS:
        there, elsewhere = client.get(path), client.get("/no-such-page")
        assert (there.status_code, there.content) == (404, elsewhere.content), path
    assert client.get("/healthz").text == "ok\n"


@pytest.fixture
def server(sqlite_store, publication) -> Iterator[WebServer]:
    app = application(sqlite_store, publication(**PUBLIC))
    with WebServer(app, "127.0.0.1", 0) as server:
        yield server


@pytest.mark.parametrize("program", ["nginx", "caddy"])
def test_nobody_gets_at_them_through_a_proxy_that_sets_no_header(server, program, tmp_path):
    require(reverse_proxies.is_there(program), f"needs {program} (Debian: {program})")
    (tmp_path / "feeds").mkdir()
    changes = {
        "nginx": {
            "    proxy_set_header Host $host;\n": "",
            "    proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;\n": "",
        },
        "caddy": {"header_up -Upgrade\n": "header_up -X-Forwarded-*\n\theader_up Host 127.0.0.1\n"},
    }
    run = {"nginx": reverse_proxies.nginx, "caddy": reverse_proxies.caddy}[program]
    heading = {"nginx": "nginx in front", "caddy": "Caddy in front"}[program]
    work = tmp_path / "front"
    with (
        run(
            heading, tmp_path / "feeds", upstream=server.port, work=work, changes=changes[program]
        ) as front,
        httpx.Client(base_url=front.url, trust_env=False, verify=False) as stranger,
    ):
        port = httpx.URL(front.url).port
        host = reverse_proxies.HOST if program == "nginx" else f"{reverse_proxies.HOST}:{port}"
        assert [stranger.get(path, headers={"host": host}).status_code for path in PATHS] == (
            [404] * len(PATHS)
        )
        assert stranger.get("/healthz", headers={"host": host}).text == "ok\n"


# networks


def test_networks_that_are_named_may_see_both(web):
    assert statuses(web(**PUBLIC, web={"monitors": ["127.0.0.0/8"]})) == [200, 200]


def test_networks_that_are_not_named_see_neither(web):
    assert statuses(web(**PUBLIC, web={"monitors": ["10.0.0.0/8"]})) == [404, 404]


@pytest.mark.parametrize("header", ["x-forwarded-for", "forwarded", "via", "x-real-ip"])
def test_a_proxy_in_such_a_network_that_nobody_named_lets_nobody_in(web, header):
    client = web(**PUBLIC, web={"monitors": ["127.0.0.0/8"]})
    assert statuses(client, **{header: "203.0.113.9"}) == [404, 404]


@pytest.mark.parametrize(
    "header",
    [
        {"x-forwarded-for": "unknown"},
        {"x-forwarded-for": "unknown, 10.0.0.3"},
        {"x-forwarded-for": ""},
        {"forwarded": "for=203.0.113.9"},
        {"via": "1.1 proxy"},
    ],
    ids=str,
)
def test_a_proxy_in_such_a_network_that_does_not_name_the_client_lets_nobody_in(web, header):
    networks = ["127.0.0.0/8", "10.0.0.0/8"]
    client = web(**PUBLIC, web={"monitors": networks, "proxies": networks})
    assert statuses(client, **header) == [404, 404]
    assert statuses(client, **{"x-forwarded-for": "10.0.0.9"}) == [200, 200]
    assert statuses(client) == [200, 200]


def test_a_page_elsewhere_does_not_read_mail_by_a_name_that_leads_to_us(web):
    client = web(**PUBLIC, web={"monitors": ["127.0.0.0/8"]})
    for host in ("evil.example", "post.example.evil.example", ""):
        expected = 404 if host else 200
        assert client.get("/outbox", headers={"host": host}).status_code == expected
    for host in ("post.example", "syndicate:8000", "10.0.0.3:8000", "[::1]:80", "localhost"):
        assert client.get("/outbox", headers={"host": host}).status_code == 200, host


# a token


@pytest.fixture(params=["variable", "file"])
def token(request, monkeypatch, tmp_path) -> dict[str, str]:
    """Keep a token where the config says it is; give those keys of the config."""
    if request.param == "variable":
        monkeypatch.setenv("MONITOR", TOKEN)
        return {"monitor_token_env": "MONITOR"}
    (tmp_path / "token").write_text(f"{TOKEN}\n")
    return {"monitor_token_file": "token"}


@pytest.mark.parametrize("tables", [PUBLIC, {}], ids=["public", "local"])
def test_who_sends_the_token_may_see_both(web, token, tables):
    client = web(**tables, web=token)
    for given in (f"Bearer {TOKEN}", f"bearer  {TOKEN}", basic(TOKEN), basic(TOKEN, "")):
        assert statuses(client, authorization=given) == [200, 200], given


@pytest.mark.parametrize("tables", [PUBLIC, {}], ids=["public", "local"])
def test_who_sends_another_is_asked_for_it(web, token, tables):
    client = web(**tables, web=token)
    for given in (
        *("", TOKEN, "Bearer", f"Bearer {TOKEN[:-1]}", f"Bearer {TOKEN}x"),
        *(basic(""), basic(TOKEN[:-1]), basic("x", TOKEN), "Basic !", "Basic /w==", "Digest x"),
        *(f"Bearer {TOKEN.upper()}", "Bearer \u00e9"),
    ):
        for path in PATHS:
            answer = client.get(path, headers={"authorization": given.encode("latin-1")})
            assert answer.status_code == 401, given
            assert answer.headers["www-authenticate"].startswith("Basic ")
            assert answer.headers["cache-control"] == "no-store"
    assert client.get("/healthz").status_code == 200


def test_a_network_and_a_token_each_let_in(web, token):
    client = web(**PUBLIC, web={"monitors": ["127.0.0.0/8"], **token})
    assert statuses(client) == [200, 200]
    client = web(**PUBLIC, web={"monitors": ["10.0.0.0/8"], **token})
    assert statuses(client) == [401, 401]
    assert statuses(client, authorization=f"Bearer {TOKEN}") == [200, 200]


def test_a_token_in_its_file_may_change_while_the_server_runs(web, tmp_path):
    (tmp_path / "token").write_text(TOKEN)
    client = web(**PUBLIC, web={"monitor_token_file": "token"})
    (tmp_path / "token").write_text(TOKEN[::-1])
    assert statuses(client, authorization=f"Bearer {TOKEN}") == [401, 401]
    assert statuses(client, authorization=f"Bearer {TOKEN[::-1]}") == [200, 200]


@pytest.mark.parametrize("kept", [None, "", "short"])
def test_a_token_that_is_not_there_or_too_short_lets_nobody_in(web, tmp_path, kept):
    if kept is not None:
        (tmp_path / "token").write_text(kept)
    client = web(web={"monitor_token_file": "token"})
    for given in ("Bearer", f"Bearer {kept or None}", basic(kept or "")):
        assert statuses(client, authorization=given) == [401, 401]


# who learns more than others


def test_a_page_that_thanks_for_a_sign_up_leads_only_the_operator_to_the_outbox(web, token):
    form = {"email": "anna@example.org", "newsletter": "breaking"}
    for tables, headers, leads in (
        ({}, {}, True),
        (PUBLIC, {}, False),
        ({**PUBLIC, "web": {"monitors": ["127.0.0.0/8"]}}, {}, True),
        ({**PUBLIC, "web": token}, {}, False),
    ):
        client = web(**tables)
        page = client.post("/signup", data=form, headers=headers)
        assert page.status_code == 200
        assert ('href="/outbox"' in page.text) is leads, tables
