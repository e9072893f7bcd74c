"""The outbox over HTTP: who may see it, and what it shows."""

import os
from email.header import Header
from email.message import EmailMessage
from pathlib import Path

import pytest
from starlette.requests import Request

from syndicate.config.loopback import is_loopback
from syndicate.web.server.client_address import is_local

pytestmark = pytest.mark.neighbours

HTML = """<!doctype html><html><head><title>x</title><style>
body { background: #FFFDF9; color: #1B1B1B } @media (prefers-color-scheme: dark) { body { background: #14161A; color: #ECE8E1 } }
</style></head><body><h1>The dam holds</h1><p><a href="http://127.0.0.1:8000/articles/dam/">Read on</a></p>
<img src="http://elsewhere.example/pixel.gif" alt=""><script>document.title = "ran"</script></body></html>"""


def letter(subject="The dam holds", *, html=HTML, to="Anna Lind <anna@example.org>") -> bytes:
    message = EmailMessage()
    message["From"] = "Morning Post <news@example.org>"
    message["To"] = to
    message["Subject"] = subject
    message["Date"] = "Tue, 24 Nov 2026 13:17:00 +0000"
    message["Message-ID"] = "<1.1.0123456789abcdef@example.org>"
    message["List-Unsubscribe"] = "<http://127.0.0.1:8000/unsubscribe/x>"
    message.set_content(
        "The dam holds.\n\nhttp://127.0.0.1:8000/articles/dam/\n\n<b>Not bold</b>\n"
    )
    if html is not None:
        message.add_alternative(html, subtype="html")
    return message.as_bytes(policy=message.policy.clone(linesep="\r\n"))


def put(folder: Path, number: int, raw: bytes) -> str:
    """Write a message into the outbox; a higher number is newer."""
    folder.mkdir(exist_ok=True)
    file = folder / f"{number:06}-000001.eml"
    file.write_bytes(raw)
    os.utime(file, (1_790_000_000 + number,) * 2)
    return file.name


@pytest.fixture
def outbox(tmp_path: Path) -> Path:
    return tmp_path / "outbox"


def test_an_empty_outbox_says_what_will_come(web):
    page = web().get("/outbox")
    assert page.status_code == 200
    assert "Nothing to read yet" in page.text
    assert "syndicate send breaking" in page.text


@pytest.mark.parametrize("name", ["(" * 3000, f"é{'(' * 199}", f'"{"(" * 3000}"', "Lind, Änna"])
def test_a_name_of_nothing_but_brackets_breaks_no_page(web, outbox, name):
    head = f"From: {name} <news@example.org>\r\nTo: {name} <anna@example.org>\r\n"
    encoded = f"Subject: New\r\nReply-To: {Header(name, 'utf-8').encode()} <a@example.org>\r\n"
    put(outbox, 1, letter("Old"))
    shown = put(outbox, 2, f"{head}{encoded}\r\nText.\r\n".encode())
    page = web().get("/outbox").raise_for_status().text
    assert "anna@example.org" in page
    for view in ("text", "headers", "source"):
        assert web().get(f"/outbox/{shown}?view={view}").is_success


def test_the_newest_message_is_first_and_open(web, outbox):
    put(outbox, 1, letter("Yesterday"))
    put(outbox, 2, letter("Today"))
    page = web().get("/outbox").text
    assert page.index("Today") < page.index("Yesterday")
    assert '<h2 dir="auto">Today</h2>' in page
    assert page.count("<iframe") == 4
    assert "November 24, 2026, 1:17 PM UTC" in page


def test_new_mail_appears_on_reload(web, outbox):
    client = web()
    client.get("/outbox")
    put(outbox, 1, letter("Just in"))
    assert "Just in" in client.get("/outbox").text


@pytest.mark.parametrize(
    ("query", "frames"),
    [("width=phone", 2), ("theme=dark", 2), ("width=desktop&theme=light", 1), ("width=cinema", 4)],
)
def test_the_switches_choose_the_screens(web, outbox, query, frames):
    name = put(outbox, 1, letter())
    assert web().get(f"/outbox/{name}?{query}").text.count("<iframe") == frames


def test_a_switch_keeps_what_the_others_say(web, outbox):
    name = put(outbox, 1, letter())
    page = web().get(f"/outbox/{name}?width=phone&theme=dark").text
    assert f"/outbox/{name}?view=text&amp;width=phone&amp;theme=dark" in page
    assert f"/outbox/{name}?width=phone&amp;theme=light" in page
    assert f'"/outbox/{name}?theme=dark"' in page  # both widths: the plain address


def test_every_part_of_a_message_can_be_read(web, outbox):
    name = put(outbox, 1, letter())
    client = web()
    text = client.get(f"/outbox/{name}?view=text").text
    assert "&lt;b&gt;Not bold&lt;/b&gt;" in text
    assert '<a href="http://127.0.0.1:8000/articles/dam/"' in text
    headers = client.get(f"/outbox/{name}?view=headers").text
    assert "List-Unsubscribe" in headers
    source = client.get(f"/outbox/{name}?view=source").text
    assert "Content-Type: multipart/alternative" in source
    file = client.get(f"/outbox/{name}/file")
    assert file.content == (outbox / name).read_bytes()
    assert file.headers["content-type"] == "message/rfc822"
    assert file.headers["content-disposition"].startswith("attachment")


def test_a_message_without_html_says_so(web, outbox):
    name = put(outbox, 1, letter(html=None))
    page = web().get(f"/outbox/{name}").text
    assert "has no HTML part" in page
    assert "<iframe" not in page


def test_hostile_words_in_a_header_stay_words(web, outbox):
    name = put(outbox, 1, letter("<script>alert(1)</script>", to='"><img src=x>" <a@example.org>'))
    for view in ("html", "text", "headers", "source"):
        page = web().get(f"/outbox/{name}?view={view}").text
        assert "<script" not in page
        assert "<img" not in page


def test_a_message_lies_in_a_frame_that_nothing_gets_out_of(web, outbox):
    name = put(outbox, 1, letter())
    client = web(publication={"url": "https://post.example"}, web={"monitors": ["127.0.0.0/8"]})
    body = client.get(f"/outbox/{name}/body")
    policy = body.headers["content-security-policy"].split("; ")
    assert "default-src 'none'" in policy
    assert "sandbox allow-popups allow-popups-to-escape-sandbox" in policy
    assert "frame-ancestors 'self'" in policy
    assert f"img-src https://post.example {client.base_url}" in policy
    assert not any("script" in rule for rule in policy)
    assert '<head><base target="_blank">' in body.text
    assert 'sandbox="allow-popups allow-popups-to-escape-sandbox"' in client.get("/outbox").text


@pytest.mark.parametrize(
    ("size", "said"),
    [
        (37_600, "38 KB of 102 KB</span></p>"),
        (94_900, "95 KB of 102 KB</span><strong>Gmail hides what follows after that"),
        (102_001, "103 KB of 102 KB</span><strong>Gmail hides the end, with the link to unsub"),
    ],
)
def test_the_size_is_compared_with_what_gmail_shows(web, outbox, size, said):
    html = "<p>.</p>"
    put(outbox, 1, letter(html=html + "\n<i></i>" * ((size - len(html)) // 8)))
    assert said in web().get("/outbox").text


def test_pictures_are_blocked_by_the_policy_of_the_frame(web, outbox):
    name = put(outbox, 1, letter())
    client = web()
    shown = client.get(f"/outbox/{name}?theme=forced&pictures=blocked").text
    frame = f"/outbox/{name}/body?theme=forced&pictures=blocked"
    assert shown.count(frame.replace("&", "&amp;")) == 2
    body = client.get(frame)
    assert "img-src 'none'" in body.headers["content-security-policy"].split("; ")
    assert "background: #353431; color: #E9E9E9" in body.text


def test_a_page_has_a_hundred_messages(web, outbox):
    for number in range(1, 252):
        put(outbox, number, letter(f"Edition {number}"))
    client = web()
    assert client.get("/outbox").text.count("<li>") == 100
    last = client.get("/outbox?page=3").text
    assert last.count("<li>") == 51
    assert "Edition 1<" in last
    assert client.get("/outbox?page=99").text == last


@pytest.mark.parametrize(
    "name",
    ["nothing.eml", "..%2fconfig.toml", "%2e%2e", ".000001-000001.eml", "000001-000001", "%00.eml"],
)
def test_what_is_no_message_is_not_there(web, outbox, name):
    put(outbox, 1, letter())
    (outbox / ".000001-000001.eml").write_bytes(b"draft")
    (outbox.parent / "config.toml").write_text("secret")
    client = web()
    for path in (f"/outbox/{name}", f"/outbox/{name}/body", f"/outbox/{name}/file"):
        assert client.get(path).status_code == 404


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_the_outbox_is_only_looked_at(web, outbox, method):
    put(outbox, 1, letter())
    assert web().request(method, "/outbox").status_code == 405


# who may see it


@pytest.mark.parametrize(
    "tables",
    [
        {"mail": {"transport": "smtp", "host": "localhost"}},
        {"web": {"host": "0.0.0.0"}},
        {"web": {"host": "192.0.2.7"}},
    ],
)
def test_it_exists_only_with_its_transport_and_on_loopback(web, outbox, tables):
    put(outbox, 1, letter())
    client = web(**tables)
    for path in ("/outbox", "/outbox/000001-000001.eml", "/outbox/000001-000001.eml/body"):
        assert client.get(path).status_code == 404


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example:8000", "post.example", ""]
)
def test_a_host_that_is_not_this_machine_finds_nothing(web, outbox, host):
    name = put(outbox, 1, letter())
    client = web()
    for path in ("/outbox", f"/outbox/{name}", f"/outbox/{name}/body", f"/outbox/{name}/file"):
        answer = client.get(path, headers={"host": host})
        assert answer.status_code == 404
        assert "The dam holds" not in answer.text


@pytest.mark.parametrize("header", ["x-forwarded-for", "forwarded", "x-real-ip", "via"])
def test_a_proxy_on_this_machine_does_not_open_it_to_others(web, header):
    assert web().get("/outbox", headers={header: "192.0.2.7"}).status_code == 404


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1:8000", "[::1]:8000", "LOCALHOST:80"])
def test_every_name_of_this_machine_will_do(web, host):
    assert web().get("/outbox", headers={"host": host}).status_code == 200


@pytest.mark.parametrize(
    ("client", "local"),
    [("127.0.0.1", True), ("127.8.8.8", True), ("::1", True), ("192.0.2.7", False), (None, False)],
)
def test_the_client_has_to_be_on_this_machine(client, local):
    scope = {
        "type": "http",
        "client": (client, 5000) if client else None,
        "headers": [(b"host", b"localhost")],
    }
    assert is_local(Request(scope)) is local


@pytest.mark.parametrize("host", ["0.0.0.0", "", "localhost.example", "127.0.0.1.nip.io", "::"])
def test_what_may_be_reached_from_elsewhere_is_not_loopback(host):
    assert not is_loopback(host)


def test_the_list_can_be_asked_for_with_a_slash(web):
    assert web().get("/outbox/", follow_redirects=True).status_code == 200


def test_every_message_and_the_list_can_be_reached_from_an_open_message(web, outbox):
    names = [put(outbox, number, letter(f"Edition {number}")) for number in (1, 2)]
    page = web().get(f"/outbox/{names[0]}?theme=dark").text
    for address in ("/outbox", *(f"/outbox/{name}" for name in names)):
        assert f'href="{address}?theme=dark"' in page
