"""Articles at their worst, drawn by Hypothesis, as files in a folder.

Text that XML, HTML, JSON or a file system trips over; front matter that editors
write by mistake; bodies of every element there is; pictures of every kind.
"""

import json
import random
import re
import wave
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from PIL import Image

from syndicate.text import one_line
from tests.render.pages import random_bodies

MEGABYTE = 1_000_000


@dataclass(frozen=True)
class Draft:
    """An article's file before it is written."""

    name: str
    head: Mapping[str, Any]
    body: str
    suffix: str
    escaped: bool
    """Whether the front matter is in ASCII, so that a lone surrogate gets through."""

    def data(self) -> bytes:
        head, text = dict(self.head), self.head.get("summary")
        if isinstance(text, str) and one_line(text):
            head["corrections"] = [{"at": "2026-01-01 14:05", "text": text}]
        told = json.dumps(head, ensure_ascii=self.escaped)  # JSON is YAML
        return f"---\n{told}\n---\n{self.body}\n".encode(errors="surrogatepass")


def corpus(count: int, *, start: int) -> list[Draft]:
    """Draw articles; the same for the same `start`."""
    drawn: list[Draft] = []

    @seed(start)
    @settings(
        max_examples=count,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(DRAFTS)
    def draw(draft: Draft) -> None:
        drawn.append(draft)

    draw()
    return drawn


def write(drafts: list[Draft], folder: Path) -> list[Path]:
    """Write articles into a folder, with the pictures and recordings that they show."""
    folder.mkdir(parents=True)
    for name, draw in PICTURES.items():
        draw(folder / name)
    _sound(folder / "a sound.wav")
    files = []
    for number, draft in enumerate(drafts):
        files.append(folder / f"{number:04}{draft.name}{draft.suffix}")
        files[-1].write_bytes(draft.data())
    return files


# pictures and recordings


def _plain(mode: str, size: tuple[int, int], **options: Any) -> Callable[[Path], None]:
    def draw(file: Path) -> None:
        Image.new(mode, size, 1 if mode in "LIP1" else None).save(file, **options)

    return draw


def _turned(file: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x8825] = {1: "N", 2: (52.0, 31.0, 0.0)}
    Image.new("RGB", (640, 400), "navy").save(file, exif=exif)


def _moving(file: Path) -> None:
    frames = [Image.new("P", (90, 60), color) for color in range(4)]
    frames[0].save(file, save_all=True, append_images=frames[1:], duration=100, loop=0)


def _half(file: Path) -> None:
    _plain("RGB", (900, 600), format="PNG")(file)
    file.write_bytes(file.read_bytes()[:-40])


def _nonsense(file: Path) -> None:
    file.write_bytes(b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>")


PICTURES: dict[str, Callable[[Path], None]] = {
    "plain.jpg": _plain("RGB", (1300, 900)),
    "print.jpg": _plain("CMYK", (500, 900)),
    "gray.jpg": _plain("L", (420, 420)),
    "turned.jpg": _turned,
    "moving.gif": _moving,
    "moving.webp": _moving,
    "moving.png": _moving,
    "one pixel.png": _plain("RGBA", (1, 1)),
    "palette.png": _plain("P", (810, 10)),
    "deep.png": _plain("I;16", (30, 2000)),
    "bits.png": _plain("1", (9, 9)),
    "wide.webp": _plain("RGB", (1700, 3)),
    "modern.avif": _plain("RGB", (64, 64)),
    "größe & mehr #1.png": _plain("LA", (401, 300)),
    "wrong.png": _plain("RGB", (450, 300), format="JPEG"),
    "half.png": _half,
    "nonsense.png": _nonsense,
}


def _sound(file: Path) -> None:
    with wave.open(str(file), "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(1)
        sound.setframerate(8000)
        sound.writeframes(bytes(8000))


# text

WORDS = (
    "plain words", "AT&T", "AT&amp;T", "&amp;amp;", "&lt;b&gt;", "&nbsp;", "&bogus;", "&#0;", "]]>",
    "<![CDATA[x]]>", "<!--", "-->", "--!>", "<?php x ?>", "<b>bold</b>", "</title>", "</script>",
    "<script>alert(1)</script>", "{{ x }}", "{% raw %}", "%s {0} $x", "\\u0000 \\", "\"'`",
    "\x00", "\x01\x08\x0b\x0c\x1f", "\x7f\x85\x9f", "\ud800", "a\udfffb", "\ufffe\uffff", "\U0001fffe",
    "\ufdd0", "\ufeff", "\u2028\u2029", "\u00a0\u3000", "\n\n", "\t", "\u200b", "\u200d",
    "\u202eevil\u202c", "\u2066x", "שלום, עולם", "مرحبا بالعالم", "日本語", "Ελληνικά", "ß ﬁ İ ı",
    "😀👩‍👩‍👧🇩🇪", "e\u0301", "Z͑ͫ̓ͪ̂ͫ̽͏̴̙̤̞͉͚̯̞̠͍A", "..", ".", "/", "../../etc/passwd", "a/b\\c", "con", "%2e%2e%2f%zz",
    "?q=1&amp=2#x", "page", "archive", "index.html", "rss.xml", "amp", "long " * 60, "W" * 300,
    "=cmd|' /C calc'!A0", "javascript:alert(1)", "1984", "null", "yes", "-", "---", "…", "Foo", "foo!",
    "FOO", "foo",
)  # fmt: skip
PHRASES = st.lists(st.sampled_from(WORDS), min_size=1, max_size=3).map(" ".join)
TEXT = st.one_of(PHRASES, PHRASES, st.text(st.characters(exclude_categories=["Co"]), max_size=40))
NAMES = st.one_of(st.sampled_from(WORDS), PHRASES)
"""Few enough that several articles share one."""

ADDRESSES = (
    "https://example.org/", "HTTP://EXAMPLE.ORG/A?b=c&d=e#f", "https://bücher.example/größe?ä=ö#ü",
    "https://xn--bcher-kva.example/", "https://例え.テスト/パス", "//protocol.example/relative",
    "/from/the/root", "../beside/", "beside.html", "?only=query", "#", "#note", "#%zz", "",
    "https://example.org/%zz", "https://example.org/a b", "https://example.org/a\tb\nc",
    "https://user:secret@example.org:8080/", "https://example.org:99999/", "https://[::1]/",
    "https://[half", "http://", "https:///three", "https://under_score.example/",
    "https://-.example/", "https://a..b/", "https://" + "long." * 60 + "example/",
    "https://example.org/[x]{y}|z^`\\", "https://example.org/\"<>'", "https://☃.example/",
    "https://example.org/" + "x" * 3000, "https://example.org/##", "https://1.2.3.4.5/",
    "https://example.org/\u202ecod.exe", "https://İstanbul.example/", "https://a\u00adb.example/",
    "mailto:a@b.example", "tel:+49 30 1", "javascript:alert(1)", "JaVaScRiPt:alert(1)",
    "data:text/html,<script>", "vbscript:x", "ftp://files.example/", "file:///etc/passwd",
    "https://example.org/?__amp_source_origin=x", "mailto:", "http:example.org", "https:/one",
)  # fmt: skip
SOUND = re.compile(
    r"(?i:https?)://(?!1\.2\.|a\.\.b|\[half|long|example.org:99999)[^\s/?#]+(?!.*__amp)\S*"
)
"""Addresses that front matter takes; others would have the whole article refused."""
ADDRESS = st.sampled_from(ADDRESSES)
HELD = st.sampled_from(
    [
        *PICTURES,
        "missing.png",
        "../outside.png",
        "%67ray.jpg",
        "one%20pixel.png",
        "/articles/plain.jpg",
    ]
)
PICTURE = st.one_of(HELD, HELD, ADDRESS, st.sampled_from(["https://pictures.example/a b.jpg"]))


def _now_and_then(
    seldom: st.SearchStrategy[Any], mostly: st.SearchStrategy[Any]
) -> st.SearchStrategy[Any]:
    """Draw from the one in one of ten cases."""
    return st.sampled_from([seldom, *[mostly] * 9]).flatmap(lambda drawn: drawn)


# front matter

DATE = st.sampled_from((
    "2026-11-24", "2026-11-23 23:59:59", "2026-11-24T12:00:00+14:00", "2026-11-24T01:00:00-12:00",
    "2026-11-24 11:59", "1969-12-31T23:59:59Z", "1000-01-01", "2999-12-31", "2024-02-29",
    "2026-03-29T02:30:00", "2026-10-25 02:30", "2026-11-24T12:00:00.123456Z", "1582-10-10",
    "1900-01-01T00:00:00+00:19", "2026-11-22",
))  # fmt: skip
NAMED = NAMES.map(lambda name: f"{name}." if one_line(name) == "" else name)
PERSON = st.one_of(
    NAMED,
    st.fixed_dictionaries(
        {"name": NAMED},
        optional={
            "url": st.sampled_from([a for a in ADDRESSES if SOUND.fullmatch(a)]),
            "email": st.sampled_from(["a@b.example", "ü@bücher.example"]),
            "place": TEXT,
        },
    ),
)
IMAGE = st.one_of(
    HELD, st.fixed_dictionaries({"src": PICTURE}, optional=dict.fromkeys(("alt", "caption", "credit"), TEXT))
)  # fmt: skip
AUDIO = st.one_of(
    st.sampled_from(["a sound.wav", "plain.jpg", "missing.mp3", "https://audio.example/a.mp3"]),
    st.fixed_dictionaries(
        {
            "src": st.sampled_from([a for a in ADDRESSES if SOUND.fullmatch(a)]),
            "type": st.just("audio/mpeg"),
            "length": st.just(12345),
        },
        optional={"title": TEXT, "duration": st.sampled_from(["1:02:03", "0"])},
    ),
)
LANGUAGE = st.sampled_from(["de", "ar", "zh-Hant-TW", "en-GB", "tlh", "he", "EN-us", "sr-Latn"])
PLAUSIBLE = st.fixed_dictionaries(
    {"title": st.builds("{} {}".format, st.sampled_from(["Title", "😀", "כותרת"]), TEXT)},
    optional={
        "date": DATE,
        "updated": DATE,
        "section": NAMES,
        "tags": st.lists(NAMES, max_size=4),
        "authors": st.lists(PERSON, max_size=3),
        "contributors": st.lists(PERSON, max_size=2),
        "breaking": st.booleans(),
        "summary": TEXT,
        "image": IMAGE,
        "audio": AUDIO,
        "canonical_url": st.sampled_from([a for a in ADDRESSES if SOUND.fullmatch(a)]),
        "comments": st.sampled_from(
            [
                0,
                12,
                "https://talk.example/ü?a=b&c d",
                {
                    "count": 7,
                    "url": "https://talk.example/ü",
                    "feed": "https://talk.example/ü.rss?a&b",
                },
            ]
        ),
        "language": LANGUAGE,
        "translations": st.dictionaries(
            LANGUAGE, st.sampled_from([a for a in ADDRESSES if SOUND.fullmatch(a)]), max_size=3
        ),
        "whatever": TEXT,
    },
)
SPOILT: st.SearchStrategy[dict[str, Any]] = st.one_of(
    st.fixed_dictionaries({"title": st.one_of(TEXT, st.none(), st.just([]))}),
    st.fixed_dictionaries({"date": st.sampled_from(["0001-01-01", "9999-12-31", "2023-02-29", "x"])}),
    st.fixed_dictionaries({"slug": st.one_of(st.sampled_from(["amp", "index.html"]), NAMES)}),
    st.fixed_dictionaries({"id": st.sampled_from(["x y", "urn:x:1", "tag:a.example,2026:ü", "x" * 300])}),
    st.fixed_dictionaries({"authors": st.sampled_from([[{"email": "x"}], [[]], {"name": "\x00"}])}),
    st.fixed_dictionaries({"language": st.just("no language"), "comments": st.just("x")}),
    st.fixed_dictionaries({"canonical_url": ADDRESS}),
    st.fixed_dictionaries({"image": ADDRESS, "status": st.sampled_from(["x", "draft", "retracted"])}),
)  # fmt: skip
HEADS = _now_and_then(st.builds(lambda head, more: head | more, PLAUSIBLE, SPOILT), PLAUSIBLE)

# bodies


def _markdown() -> st.SearchStrategy[str]:
    text, address = st.sampled_from(WORDS), st.one_of(ADDRESS, HELD)
    return st.one_of(
        text,
        st.builds("{} {}\n{}".format, st.sampled_from(["#", "##", "####", "######"]), text, text),
        st.builds('[{}](<{}> "{}")'.format, text, address, text),
        st.builds('![{}](<{}> "{}")'.format, text, address, text),
        st.builds("<{}>".format, address),
        st.builds("text[^n]\n\n[^n]: {}\n\n[^m]: {}".format, text, text),
        st.builds("|{}|{}|\n|:-:|--:|\n|{}|x|".format, text, text, text),
        st.builds("```{}\n{}\n```".format, text, text),
        st.integers(1, 30).map(lambda deep: "\n".join(f"{'  ' * n}- {n}" for n in range(deep))),
        st.integers(1, 60).map(lambda deep: "> " * deep + "deep"),
        st.sampled_from(
            ["{% highlight ruby %}\nx\n{% endhighlight %}", "***", "1. a\n\n7. b", "[x]: y"]
        ),
    )


WILD = st.integers(0, 10**6).map(random_bodies.body)
PLAYERS = (
    '<iframe src="https://www.youtube.com/embed/{0}?start=x"></iframe>',
    '<iframe src="//player.vimeo.com/video/1?h={0}" width="1" height="9999"></iframe>',
    '<iframe src="{0}"/>after',
    '<video src="{0}" poster="{1}" width="3" height="0">no</video>',
    '<video><source src="{0}" type="x"><track src="{1}" kind="subtitles"><p>block</p></video>',
    '<audio src="{0}"></audio>',
    '<object data="{0}"><embed src="{1}"></object>',
    '<figure><img src="{0}" alt="x"><img src="{1}"><figcaption>c <small>me</small></figcaption></figure>',
    '<p>in <img src="{0}" width="20"> line</p>',
    '<a href="{0}"><img src="{1}" alt=""></a>',
    '<table><caption>c<tr><td><table><tr><td colspan=0 headers="x"><a href="{0}">y</a></table></table>',
    '<blockquote cite="{0}"><q cite="{1}">q</q></blockquote>',
    '<details><p>before</p><summary>s</summary><video src="{0}"></video></details>',
)  # fmt: skip


def _players() -> st.SearchStrategy[str]:
    def fill(form: str, first: str, second: str) -> str:
        quoted = [each.replace("&", "&amp;").replace('"', "&quot;") for each in (first, second)]
        return form.format(*quoted)

    place = st.one_of(ADDRESS, HELD)
    return st.builds(fill, st.sampled_from(PLAYERS), place, place)


def _big(number: int) -> str:
    """Return a body that is large, deep or wide."""
    dice = random.Random(number)
    kinds = (
        "words and &amp; marks ]]> 😀 " * (2 * MEGABYTE // 28),
        "<p>paragraph</p>" * 9000,
        "<div>" * 300 + "deep" + "</div>" * 300,
        "<b>" * 200 + "bold" + "</b>" * 200,
        "<ul><li>" * 90 + "listed" + "</li></ul>" * 90,
        "*_" * 2000,
        "[" * 5000,
        "x" * MEGABYTE,
        "".join(f"<h{n % 6 + 1} id=a>{n}</h{n % 6 + 1}>" for n in range(900)),
    )
    return dice.choice(kinds)


BODY = st.one_of(
    st.lists(_markdown(), max_size=8).map("\n\n".join),
    WILD,
    st.lists(st.one_of(_markdown(), _players(), WILD), min_size=1, max_size=6).map("\n\n".join),
)
BODIES = _now_and_then(
    st.one_of(BODY, st.integers(0, 10**6).map(_big)),
    BODY.map(lambda body: body.encode(errors="ignore").decode().replace("\0", "")),
)
"""Seldom with what no file in UTF-8 may hold: lone surrogates and null bytes."""
FILE_NAMES = st.sampled_from(
    ["", "", "", "-" + "long" * 40, " größe & mehr #1", "%2e%2e", "\u202e", "-😀", "\\", "'\"", "\n", "."]
)  # fmt: skip
DRAFTS = st.builds(
    Draft,
    FILE_NAMES,
    HEADS,
    BODIES,
    st.sampled_from([".md", ".md", ".html", ".markdown"]),
    st.sampled_from([True] * 11 + [False]),
)
