"""Front matter in YAML, TOML and JSON: whole, broken, and hostile."""

from datetime import UTC, datetime
from pathlib import PurePath

import pytest

from syndicate.intake.articles.article_fields import read_fields
from syndicate.intake.articles.front_matter import split_front_matter
from tests.intake.articles.front_matters import BERLIN, refusal


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"---\nsection: x\n---\n", "a.md:1: no title"),
        (b"---\nsection: x\ntitle: ''\n---\n", "a.md:3: no title"),
        (b"---\ntitle: x\n", "a.md:1: front matter begins here"),
        (b"---\ntitle: x\ntags: [a\n---\n", "a.md:4: broken YAML"),
        (b"---\ntitle: Tram: back\n---\n", "a.md:2: broken YAML: mapping values"),
        (b"---\n- a\n---\n", "a.md:2: a list — expected lines"),
        (b"---\njust words\n---\n", 'a.md:2: "just words"'),
        (
            b"---\ntitle: x\nslug: a\ntitle: y\n---\n",
            "a.md:4: title is given twice, first on line 2",
        ),
        (b"---\ntitle: x\n? [a]\n: b\n---\n", "a.md:3: a list or table as a key"),
        (b"---\ntitle: caf\xe9\n---\n", "a.md:2: byte 0xe9"),
        (b"\xff\xfe\x00\x01rubbish", "a.md:1: byte 0xff"),
        (b"---\ntitle: x\x00\n---\n", "a.md:2: a null byte"),
        (b"---\ntitle: x\nslug: \x07\n---\n", "a.md:3: a control character"),
        (b"---\ntitle: x\na: &a [*a]\n---\n", "a.md:3: front matter is nested"),
        (b"---\ntitle: x\na: " + b"[" * 5000 + b"\n---\n", "a.md:"),
        (b"---\ntitle: !!python/object/apply:os.system [id]\n---\n", "a.md:2: title = a list"),
    ],
)
def test_broken_front_matter_is_refused_with_its_line(data, expected):
    assert refusal(data).startswith(expected)


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ('title: "Never again" is now', "quote all of a value that begins with a quotation mark"),
        ("title: [Analysis] Why", "quote all of a value that begins with"),
        ("title: @home", "quote all of a value that begins with"),
        ("title: #1 in town", "quote one that begins with #"),
        ("title: Fog: all ferries stop", 'quote a value that contains ": "'),
        ('title: "Never again\nsection: City', "what opens in line 2 isn't closed"),
        ("title: x\ntags: [ferry\nsection: City", "what opens in line 3 isn't closed"),
        ("title: x\n\tsection: City", "indent with spaces, not with tabs"),
        (" title: x\nsection: City", "have all keys begin in the same column"),
    ],
)
def test_the_mistakes_of_headlines_have_their_remedy(lines, expected):
    assert f"; {expected}" in refusal(f"---\n{lines}\n---\n".encode())


def toml(head: str) -> bytes:
    return f"+++\n{head}\n+++\n".encode()


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (toml('section = "x"'), "a.md:1: no title"),
        (toml('section = "x"\ntitle = ""'), "a.md:3: no title"),
        (b'+++\ntitle = "x"\n', "a.md:1: front matter begins here, but no line of +++"),
        (toml('title = "x"\ntags = ["a'), "a.md:3: broken TOML"),
        (toml("title = Tram"), "a.md:2: broken TOML: Invalid value; put text in quotes"),
        (toml('x = "ä"\n\ntitle: Tram'), "a.md:4: broken TOML"),
        (
            toml('title = "x"\nslug = "a"\ntitle = "y"'),
            "a.md:4: title is given twice, first on line 2",
        ),
        (toml('title = "x"\nstatus = "live"'), 'a.md:3: status = "live" — expected draft'),
        (toml('title = "x"\nbreaking = 7'), 'a.md:3: breaking = "7" — expected true or false'),
        (toml('title = "x"\ntags = [\n"a",\n[1]]'), "a.md:5: tags = a list"),
        (toml('title = "x"\n[image]\nalt = "y"'), "a.md:3: image = a table"),
        (toml('title = "x"\n[[authors]]\nplace = "Hanoi"'), "a.md:3: authors = a table"),
        (toml('title = "x"\ndate = 07:32:00'), 'a.md:3: date = "07:32:00"'),
        (toml("x = " + "[" * 100_000), "a.md:2: front matter is nested"),
        (toml("x = " + "[" * 300 + "]" * 300), "a.md:2: brackets or dotted keys are nested more"),
        (toml("a." * 100_000 + "a = 1"), "a.md:2: front matter is nested"),
        (toml("a." * 500 + "a = 1"), "a.md:2: brackets or dotted keys are nested more"),
        (toml("[[a]]\n" * 20_000), "a.md:2: front matter is nested or repeated"),
        (toml("x = [" + "1," * 20_000 + "]"), "a.md:2: front matter is nested or repeated"),
        (b'{"section": "x"}', "a.md:1: no title"),
        (b'{"section": "x",\n"title": ""}', "a.md:2: no title"),
        (
            b'{"title": "x",\n"slug": "a"\n"tags": []}',
            "a.md:3: broken JSON: Expecting ',' delimiter",
        ),
        (b'{"title": "x",\n5}', "a.md:2: broken JSON: Expecting property name"),
        (b'{"title": "x",\n"tags": }', "a.md:2: broken JSON: Expecting value"),
        (b'{"title": "x",\n"tags": ["a\n"]}', "a.md:2: broken JSON: Invalid control character"),
        (b'{"title": "x",\n"tags": ["a"', "a.md:2: broken JSON"),
        (
            b'{"title": "x",\n"slug": "a",\n"title": "y"}',
            "a.md:3: title is given twice, first on line 1",
        ),
        (b'{"title": "x",\n"status": "live"}', 'a.md:2: status = "live" — expected draft'),
        (b'{"title": "x",\n"breaking": 7}', 'a.md:2: breaking = "7" — expected true'),
        (b'{"title": "x",\n"tags": [\n"a",\n[1]]}', "a.md:4: tags = a list"),
        (b'{"a":' + b"[" * 100_000, "a.md:1: front matter is nested"),
        (b"---json\n[1]\n---\n", "a.md:2: a list — expected lines"),
        (b'---json\n{"title": "x"}\nmore\n---\n', "a.md:3: broken JSON: text after"),
        (b"---js\n{title: 1}\n---\n", "a.md:1: front matter in js — expected yaml, toml or json"),
    ],
)
def test_broken_toml_and_json_are_refused_with_their_line_as_yaml_is(data, expected):
    assert refusal(data).startswith(expected)


def test_numbers_and_dates_are_read_as_they_are_written_in_every_format():
    long = "F" * 5_000
    for data in (
        toml(f"title = 1984\nid = 1.10\ndate = 2019-02-28 14:05:00\nbig = 0x{long}\nbad = nan"),
        b'{"title": 1984, "id": 1.10, "date": "2019-02-28 14:05", "big": ' + b"9" * 5_000 + b"}",
    ):
        read = read_fields(split_front_matter(data, "a.md"), PurePath("a.md"), BERLIN)
        assert (read.revision.title, read.id) == ("1984", "1.10")
        assert read.revision.date == datetime(2019, 2, 28, 13, 5, tzinfo=UTC)
        assert isinstance(read.revision.extra["big"], str)


def test_a_text_that_begins_with_a_brace_is_no_json():
    assert not split_front_matter(b"{{< figure >}}\n", "a.md").is_present
    assert not split_front_matter(b"{% raw %}\n", "a.md").is_present


def test_a_laughing_yaml_is_refused_at_once():
    bomb = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
        f"{n}: &{n} [{','.join(['*' + m] * 9)}]\n"
        for m, n in zip("abcdefg", "bcdefgh", strict=True)
    )
    assert "nested or repeated too much" in refusal(f"title: x\n{bomb}")


def test_windows_line_ends_and_a_byte_order_mark_are_fine():
    front = split_front_matter(b"\xef\xbb\xbf---\r\ntitle: Tram\r\n---\r\nOne\r\nTwo\r\n", "a.md")
    assert (front.values["title"].text, front.body) == ("Tram", "One\nTwo\n")


def test_control_characters_and_lone_surrogates_are_dropped_from_values():
    front = split_front_matter(b'---\ntitle: "Tr\\x07am \\ud800 \\ud83d\\ude8b"\n---\n', "a.md")
    assert read_fields(front, PurePath("a.md"), BERLIN).revision.title == "Tram 🚋"
