"""What comes from outside, spoilt at random, makes no error but those that are ours.

The ordinary run draws 1,000 of each kind; `make fuzz` draws 100,000.
"""

import os
import socket
import warnings
from collections.abc import Callable
from contextlib import suppress
from io import BytesIO

import pytest
from PIL import Image

from syndicate.config import Config, load
from syndicate.errors import CallFailed, ConfigError, Refused
from syndicate.intake.articles.parallel_parse import ImportResult, ParsedFile, parse_file
from syndicate.intake.media import image_codec
from syndicate.intake.media.article_media import ArticleMedia
from syndicate.intake.subscribers.csv_file import inspect_csv
from syndicate.intake.subscribers.csv_row import CsvRowParser, ImportOptions
from syndicate.model import pictures as model_pictures
from syndicate.model.articles import Recording
from syndicate.publish.push.http_client import HttpClient
from tests.deliver.smtp.begun_dialogues import ALL
from tests.deliver.smtp.test_dialogue import events_and_commands
from tests.end_to_end.mutations import Mutator
from tests.intake.article_folder import MONDAY, picture
from tests.intake.media import sample_recordings
from tests.publish.push.hostile_servers import read_request, stranger

pytestmark = pytest.mark.slow

COUNT = int(os.environ.get("SYNDICATE_FUZZ", "1000"))
SEED = int(os.environ.get("SYNDICATE_FUZZ_SEED", "1"))
ARTICLES = (
    (b"---\ntitle: Tram\ndate: 2026-03-02 09:00\ntags: [a, b]\nauthors:\n  - {name: Ada, url: 'https://a.example'}\n"
    b"image: {src: a.png, alt: x}\naudio: {src: a.wav, duration: '1:02'}\nsize: 12\n---\n"
    b'## Heading\n\nText[^1] *and* ~~more~~ `code` [link](https://a.example/?a=b&c)\n\n![x](a.png "t")\n\n'
    b"| a | b |\n|---|---|\n| c | d |\n\n- x\n  1. y\n\n> quote\n\n[^1]: A note.\n\n```py\nx\n```\n"),
    b"+++\ntitle = 'Tram'\ndate = 2026-03-02T09:00:00Z\ntags = ['a']\n[image]\nsrc = 'a.png'\n+++\nText {{< x >}}\n",
    b'{"title": "Tram", "tags": ["a"], "size": 1.5, "author": {"name": "Ada"}}\nText\n',
    (b"---\ntitle: Tram\nlayout: post\npermalink: /a/b/\n---\n{% highlight ruby %}\nx\n{% endhighlight %}\n"
    b"{% raw %}{{ x }}{% endraw %} {{ site.url }} {% link a.md %} {% include figure.html src='x' %}\n"),
    (b"<!DOCTYPE html><html><head><title>Tram</title><meta name=description content=x></head><body class=a>"
    b"<h1>Tram</h1><p>Text <b>bold <i>x</b></i> &amp; &nbsp;<a name=x href='#x'>y</a></p><figure><img src=a.png>"
    b"<figcaption>c <cite>me</cite></figcaption></figure><video controls><source src='https://a.example/v' type='video/mp4'>"
    b"</video><iframe src='https://www.youtube.com/embed/abc'></iframe><table><caption>c<tr><th headers=x>a<td>b</table>"
    b"<dl><dt>x<dd>y</dl><details><summary>s</summary>t</details><ruby>x<rt>y</ruby><time datetime=2026-01-01>z</time>"
    b"<!-- c --><script>x</script><svg/><p></p></body></html>"),
)  # fmt: skip
WORDS = (
    b'<video a="', b"</p>", b"<p>", b"<!--", b"-->", b"<![CDATA[", b"&#x110000;", b"&#xfdd0;", b"\xef\xb7\x90", b"---\n",
    b"+++\n", b"{{", b"{%", b"%}", b"[^1]", b"![", b"](", b"&a *a", b"!!python/object:x ", b"\xed\xa0\x80", b"\0",
    b"\xc2\x85", b"\xe2\x80\xae", b"<table>", b"<div>" * 50, b"[" * 200, b"> " * 60, b"<svg><style><!--", b"title: ", b"x: 0o7_7\n",
)  # fmt: skip
READERS = (
    b'email,name,tags\nada@example.org,Ada,"a,b"\nbo@example.org,"B""o",\n',
    b"Email Address;First Name;Last Name;OPTIN_TIME\nada@example.org;Ada;L;2024-01-02 03:04:05\n",
    "email\tname\r\nädä@exämple.org\tÄda\r\n".encode("utf-16"),
    b"email,name\nada@example.org,\x80\x93\n",
)  # fmt: skip
ANSWERS = (
    b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-A: b\r\n\r\nok",
    b"HTTP/1.1 202 Accepted\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
    b"HTTP/1.1 429 Slow\r\nRetry-After: Wed, 25 Nov 2026 01:00:00 GMT\r\nConnection: close\r\n\r\nx",
    b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.0 302 Found\r\nLocation: /x\r\n\r\n",
)
CONFIGS = (
    b"""[publication]
id = "0b0e8c1e-6c2f-4b37-9a1e-5b8f6a3d9e01"
title = "Post"
url = "https://post.example"
timezone = "Europe/Berlin"
postal_address = "1 Street"
[mail]
transport = "smtp"
host = "mail.example"
from = "Post <post@post.example>"
[theme]
light = { accent = "#8a1c1c" }
[web]
port = 8000
proxies = ["127.0.0.0/8"]
[[newsletters]]
name = "breaking"
offered = true
[[schedules]]
name = "often"
newsletter = "breaking"
every = "10m"
select = { breaking = true, max_age = "24h", max = 5 }
[[schedules]]
name = "seven"
newsletter = "breaking"
cron = "0 7 * * 1-5"
""",
)
SMTP = (
    b"250 ok\r\n250 ok\r\n354 go\r\n250 taken\r\n" * 3,
    b"250-two\r\n250 lines\r\n550-5.1.1 no\r\n550 5.1.1 such user\r\n421 4.7.0 closing\r\n",
    b"250 ok\r\n450 4.2.1 later\r\n250 ok\r\n250 ok\r\n354 go\r\n552 5.3.4 too large\r\n",
)


@pytest.fixture
def config(publication: Callable[..., Config]) -> Config:
    return publication()


def test_articles(config, tmp_path):
    (tmp_path / "a.png").write_bytes(picture("PNG"))
    (tmp_path / "a.wav").write_bytes(sample_recordings.wav(1))
    draw = Mutator(SEED, ARTICLES, WORDS).draw
    readable = 0
    for number in range(COUNT):
        file = tmp_path / f"a{('.md', '.html')[number % 2]}"
        file.write_bytes(draw())
        composed = parse_file(file, config, save_media=False)
        if isinstance(composed, ImportResult):
            assert composed.traceback == "", file.read_bytes()
        readable += isinstance(composed, ParsedFile)
    assert 0.2 * COUNT < readable < 0.95 * COUNT


def test_pictures(config, tmp_path):
    moving = BytesIO()
    frames = [Image.new("P", (20, 12), color) for color in range(3)]
    frames[0].save(moving, "GIF", save_all=True, append_images=frames[1:], duration=9)
    samples = [picture(kind, (420, 9)) for kind in ("JPEG", "PNG", "GIF", "WEBP", "AVIF")]
    draw = Mutator(SEED, [*samples, moving.getvalue()]).draw
    article, file = tmp_path / "a.md", tmp_path / "a.png"
    readable, reasons = 0, list[str]()
    for _ in range(COUNT):
        file.write_bytes(data := draw())
        figure = ArticleMedia(article, config, reasons.append, save_media=False).find_picture(
            "a.png"
        )
        if figure:
            readable += 1
            with suppress(ValueError), warnings.catch_warnings(action="ignore"):
                names = [name for name, _ in model_pictures.list_renditions(figure)][:1]
                list(image_codec.resize(data, figure, names))
    assert 0.05 * COUNT < readable < 0.95 * COUNT


def test_recordings(config, tmp_path):
    draw = Mutator(SEED, [make()[:1500] for make in sample_recordings.ALL.values()]).draw
    article, file = tmp_path / "a.md", tmp_path / "a.wav"
    readable, reasons = 0, list[str]()
    for _ in range(COUNT):
        file.write_bytes(draw())
        media = ArticleMedia(article, config, reasons.append, save_media=False)
        readable += media.find_recording(Recording(src="a.wav", type="")) is not None
    assert 0.05 * COUNT < readable < 0.95 * COUNT


def test_readers(tmp_path):
    draw = Mutator(SEED, READERS, [b'"', b'""', b",", b";", b"\t", b"=1+1", b"@", b"\r"]).draw
    file = tmp_path / "readers.csv"
    wishes = ImportOptions(newsletter="breaking")
    rows = 0
    for _ in range(COUNT):
        file.write_bytes(draw())
        with suppress(Refused):
            csv_file = inspect_csv(file)
            enrolment = CsvRowParser(csv_file, wishes, at=MONDAY)
            rows += len([enrolment.parse(row) for row in csv_file.rows()])
    assert rows > COUNT / 2


def test_config(tmp_path):
    words = (b"[", b"]", b"[[", b"=", b"'''", b'"""', b"\\u0000", b"[web]\nport = -1\n", b"\xff")
    draw = Mutator(SEED, CONFIGS, words).draw
    file = tmp_path / "config.toml"
    accepted = 0
    for _ in range(COUNT):
        file.write_bytes(draw())
        with suppress(ConfigError):
            load(file)
            accepted += 1
    assert 0.01 * COUNT < accepted < 0.95 * COUNT


def test_answers_to_our_calls():
    words = (
        b"\r\n",
        b"\n",
        b"Content-Length: -1\r\n",
        b"HTTP/1.1 ",
        b"\0",
        b"Transfer-Encoding: x",
    )
    draw = Mutator(SEED, ANSWERS, words).draw

    def answer(connection: socket.socket) -> None:
        read_request(connection)
        connection.sendall(draw())

    caller = HttpClient(allowed=None)
    answered = 0
    with stranger(answer) as port:
        for _ in range(COUNT):
            with suppress(CallFailed):
                answered += caller.get(f"http://127.0.0.1:{port}/").status > 0
    assert 0.1 * COUNT < answered < 0.95 * COUNT


def test_replies_of_mail_servers():
    draw = Mutator(SEED, SMTP, [b"\r\n", b"\n", b"354 go\r\n", b"250-", b"421 bye\r\n"]).draw
    ended = 0
    for _ in range(COUNT):
        events, _said = events_and_commands([draw()], ALL)
        ended += any(event.startswith("Ended") for event in events)
    assert 0.1 * COUNT < ended < 0.99 * COUNT
