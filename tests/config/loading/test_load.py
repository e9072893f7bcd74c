"""Loading config.toml: what is taken, and how mistakes are reported."""

from datetime import timedelta
from pathlib import Path

import pytest

from syndicate.config import load
from syndicate.errors import ConfigError
from tests.config.loading.configurations import ID, NEWSLETTER, PUBLICATION, mistakes, write


@pytest.fixture
def folder(tmp_path):
    return tmp_path


def test_the_shortest_configuration_is_a_publication(folder):
    config = load(write(folder, PUBLICATION))

    assert config.publication.title == "Morning Post"
    assert config.schedules == ()


def test_paths_start_at_the_folder_of_the_file(folder, monkeypatch):
    write(folder, PUBLICATION)
    monkeypatch.chdir(folder)

    assert load(Path("config.toml")).root == folder
    assert load(Path("config.toml")).media == folder / "media"


def test_a_port_from_outside_overrides_the_files(folder):
    path = write(folder, f"{PUBLICATION}[web]\nport = 8000\n")

    assert load(path, port=9000).web.port == 9000
    assert load(path, port=9000).url == "http://127.0.0.1:9000"
    assert load(path).web.port == 8000


def test_a_port_out_of_range_is_refused_from_outside_too(folder):
    with pytest.raises(ConfigError, match=r"web\.port — expected 65535 or less"):
        load(write(folder, PUBLICATION), port=70_000)


def test_a_schedule_is_read_with_its_selection(folder):
    config = load(
        write(
            folder,
            PUBLICATION + NEWSLETTER + '[[schedules]]\nname = "s"\nnewsletter = "breaking"\n'
            'every = "10m"\nselect = { breaking = true, max_age = "24h" }\n',
        )
    )

    assert config.schedules[0].every == timedelta(minutes=10)
    assert config.schedules[0].select.max_age == timedelta(hours=24)


def test_a_byte_order_mark_and_windows_line_ends_are_taken(folder):
    text = PUBLICATION.replace("\n", "\r\n").encode("utf-8-sig")

    assert load(write(folder, text)).publication.title == "Morning Post"


def test_a_missing_file_says_how_to_make_one(folder):
    with pytest.raises(ConfigError, match=r"no such file.*syndicate init DIR"):
        load(folder / "config.toml")


def test_a_folder_in_place_of_the_file_is_named(folder):
    with pytest.raises(ConfigError, match=r"a folder; expected the config\.toml in it"):
        load(folder)


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("[publication]\nid = = 1\n", "config.toml:2: column 6: not TOML: "),
        ('[publication]\n\ntitle = "x\n', "config.toml:3: column 11: not TOML: "),
        ("a = 1\na = 2\n", "config.toml:2: column 1: not TOML: duplicate key"),
        (b'a = 1\nb = "\xe9"\n', "config.toml:2: not UTF-8: byte 0xe9"),
    ],
)
def test_what_is_no_toml_is_told_with_its_line(folder, text, where):
    assert mistakes(folder, text)[0].startswith(where)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('[syndication]\nitems = "50"\n', '5: syndication.items = "50" — expected a whole number, without quotes'),
        ("[syndication]\nitems = true\n", "5: syndication.items = true — expected a whole number, without quotes"),
        ("[syndication]\nitems = 0\n", "5: syndication.items = 0 — expected 1 or more"),
        ("[syndication]\nitems = 1001\n", "5: syndication.items = 1001 — expected 1000 or less"),
        ('[amp]\nenabled = "no"\n', '5: amp.enabled = "no" — expected true or false, without quotes'),
        ("[mail]\nhost = 5\n", "5: mail.host = 5 — expected text in quotes"),
        ('[mail]\nhost = ""\n', '5: mail.host = "" — expected a mail server such as "smtp.example.org"'),
        ('[mail]\nhost = """a\nb"""\n', '5: mail.host = """a b""" — expected a mail server such as "smtp.example.org"'),
        ("[mail]\noutbox = 5\n", "5: mail.outbox = 5 — expected text in quotes"),
        ('[mail]\nonly = "x"\n', '5: mail.only = "x" — expected a list such as ["a", "b"]'),
        ('[mail]\nonly = [\n  "a",\n  3,\n]\n', "7: mail.only.#2 = 3 — expected text in quotes"),
        ('[mail]\ntransport = "fax"\n', '5: mail.transport = "fax" — expected "outbox" or "smtp"'),
        ('[mail]\nfrom = "nobody"\n', '5: mail.from = "nobody" — expected "Name <name@example.org>"'),
        ("[mail]\nfrom = 5\n", '5: mail.from = 5 — expected "Name <name@example.org>"'),
        ('[mail]\ntimeout = "30"\n', '5: mail.timeout = "30" — expected a duration such as "10m" or "1h30m"'),
        ('[mail]\nsender = "a@b.org"\n', '5: mail.sender = "a@b.org" — there is no such key; did you mean from?'),
        ("[mail]\nprot = 25\n", "5: mail.prot = 25 — there is no such key; did you mean port?"),
        ("[amp]\nx = 1\n", "5: amp.x = 1 — there is no such key; there are enabled"),
        ("[mial]\nx = 1\n", "4: mial — there is no such table; did you mean mail?"),
        ("[ads.header]\namp = { width = 1.5 }\n", "5: ads.header.amp.width = 1.5 — expected text or a whole number"),
        ('\n[add.header]\n\nhtml = ""\n', "5: add — there is no such table; did you mean ads?"),
        ("[ads]\nheader = 3\n", "5: ads.header = 3 — expected a table"),
        ("[schedules]\nname = 3\n", "4: schedules — expected [[schedules]], in two brackets"),
        (
            "[feeds]\nitems = 5\n",
            "4: feeds — expected [[feeds]], in two brackets; settings of all feeds are in [syndication]",
        ),
        ('[alarms]\nwebhook = "https://me:pw@h/x"\n', '5: alarms.webhook = "https://…@h/x" — expected an address without a name and password; put a token into ?key=…'),
        ('[store]\nurl = "mysql://h/d"\n', '5: store.url = "mysql://h/d" — expected a database such as "sqlite:///syndicate.db" or "postgresql://user@host/name"'),
        ("author = 5\n", "4: publication.author = 5 — expected text in quotes"),
    ],
)  # fmt: skip
def test_a_mistake_is_told_with_line_key_value_and_what_was_expected(folder, text, expected):
    told = mistakes(folder, PUBLICATION + text)

    assert any(line.startswith(f"config.toml:{expected}") for line in told), told
    assert not any("Input should" in line or "Value error" in line for line in told)


def test_a_wrong_item_of_a_list_is_one_mistake(folder):
    assert mistakes(folder, PUBLICATION + '[[feeds]]\nname = "x"\nformats = ["rss2"]\n') == [
        'config.toml:6: feeds.x.formats.#1 = "rss2" — expected "rss", "atom" or "json"'
    ]


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        ("id", '"x"', "expected a UUID"),
        ("id", "5", "expected a UUID"),
        ("url", '"news.example.org"', 'expected an address such as "https://example.org"'),
        ("url", '""', "expected an address"),
        ("language", '"english"', 'expected a language such as "en"'),
        ("timezone", '"Europe/Berlino"', 'expected a time zone such as "Europe/Berlin"'),
        ("timezone", '"Europe"', "expected a time zone"),
        ("timezone", '"../etc/passwd"', "expected a time zone"),
        ("timezone", '""', "expected a time zone"),
        ("timezone", "5", "expected a time zone"),
        ("breaking_for", '"0h"', "expected a duration"),
        ("breaking_for", "1979-05-27", "expected a duration"),
    ],
)
def test_each_kind_of_value_of_the_publication_has_its_own_words(folder, key, value, expected):
    keys = {"id": f'"{ID}"', "title": '"x"', key: value}
    text = "[publication]\n" + "".join(f"{name} = {written}\n" for name, written in keys.items())

    (told,) = mistakes(folder, text)

    assert told.startswith(
        f"config.toml:{2 + list(keys).index(key)}: publication.{key} = {value} — "
    )
    assert expected in told


@pytest.mark.parametrize("logo", ["logo.png", "art/LOGO.JPG", "l.jpeg", "l.gif", "l.webp"])
def test_a_logo_is_a_picture_beside_the_file(folder, logo):
    (folder / "art").mkdir()
    (folder / logo).touch()
    assert load(write(folder, f'{PUBLICATION}logo = "{logo}"\n')).publication.logo == Path(logo)


@pytest.mark.parametrize(
    ("logo", "expected"),
    [
        ("logo.svg", "expected a picture that ends in .png, .jpg, .jpeg, .gif or .webp"),
        ("", "expected a picture that ends in .png, .jpg, .jpeg, .gif or .webp"),
        ("logo.png", "there is no such file; put it there, or remove the key"),
        ("folder.png", "there is no such file; put it there, or remove the key"),
        (f"{'l' * 300}.png", "there is no such file; put it there, or remove the key"),
        ("\\u0000.png", "there is no such file; put it there, or remove the key"),
    ],
    ids=["svg", "empty", "absent", "folder", "long name", "no name"],
)
def test_a_logo_that_cannot_be_shown_is_a_mistake(folder, logo, expected):
    (folder / "logo.svg").touch()
    (folder / "folder.png").mkdir()

    (told,) = mistakes(folder, f'{PUBLICATION}logo = "{logo}"\n')

    assert told.startswith("config.toml:4: publication.logo = ")
    assert told.endswith(f" — {expected}")


def test_a_missing_key_is_told_at_its_table(folder):
    told = mistakes(
        folder, f"# one\n[amp]\n\n[publication] # here\nid = '{ID}'\n\n[[newsletters]]\n"
    )

    assert told == [
        "config.toml:4: publication.title — missing: The name of the publication.",
        "config.toml:7: newsletters.#1.name — missing: Its name in commands and in List-Id; if it changes, `subscribers move` takes its readers along.",
    ]


def test_a_missing_publication_is_told_without_a_line(folder):
    assert mistakes(folder, "# nothing\n") == [
        "config.toml: publication — missing: expected [publication] with id and title"
    ]


def test_the_root_is_not_for_the_file_to_set(folder):
    (told,) = mistakes(folder, f'root = "/"\n{PUBLICATION}')

    assert told.startswith('config.toml:1: root = "/" — there is no such table')


WRONG_IN_MANY_WAYS = """\
text = '''
[publication]
[[schedules]]
'''
newsletters = [
  { name = "breaking" },
  { name = "weekly",
    from = 5 },
]
publication.id = "x"
publication.title = "Morning Post"

[mail]
passwort_env = "X"

[[schedules]]
name = "breaking"
newsletter = "braking"
every = "10 mins"
select = { breaking = true, max_age = "x" }

[[schedules]]
name = "morning"
newsletter = "breaking"
cron = "0 7 * 13 *"

[schedules.select] # of morning
max = 0

[[schedules]]
name = "morning"
newsletter = "breaking"

[ads.header]
hight = 3
"""


def test_every_mistake_is_told_at_once_in_the_order_of_the_lines(folder):
    told = [line.removeprefix("config.toml:") for line in mistakes(folder, WRONG_IN_MANY_WAYS)]

    assert [line.split(" — ")[0] for line in told] == [
        "1: text = ''' [publication] [[schedules]] '''",
        "8: newsletters.weekly.from = 5",
        '10: publication.id = "x"',
        '14: mail.passwort_env = "X"',
        '18: schedules.breaking.newsletter = "braking"',
        '19: schedules.breaking.every = "10 mins"',
        '20: schedules.breaking.select.max_age = "x"',
        '25: schedules.morning.cron = "0 7 * 13 *"',
        "28: schedules.morning.select.max = 0",
        "30: schedules.morning",
        '31: schedules.morning.name = "morning"',
        "35: ads.header.hight = 3",
    ]
    assert told[4].endswith("there is no such newsletter; did you mean breaking?")
    assert told[5].endswith('expected a duration such as "10m" or "1h30m"')
    assert told[-1].endswith("did you mean height?")


def schedule(**keys: str) -> str:
    """Write a publication with a newsletter and one schedule with these keys; it begins in line 6."""
    lines = {"name": '"s"', "newsletter": '"breaking"', **keys}
    return (
        PUBLICATION
        + NEWSLETTER
        + "[[schedules]]\n"
        + "".join(f"{key} = {value}\n" for key, value in lines.items())
    )


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ({}, '6: schedules.s — needs either every = "10m" or cron = '),
        ({"every": '"1h"', "cron": '"0 7 * * *"'}, '6: schedules.s — needs either every = "10m" or cron = '),
        ({"every": '"9s"'}, '9: schedules.s.every = "9s" — expected "10s" or longer'),
        ({"every": '"99999999999999w"'}, "9: schedules.s.every ="),
        ({"cron": '"0 7 13 * fri"'}, '9: schedules.s.cron = "0 7 13 * fri" — expected * for the day of the month or'),
        ({"cron": '"x"'}, '9: schedules.s.cron = "x" — expected five fields'),
        ({"cron": "7"}, "9: schedules.s.cron = 7 — expected text in quotes"),
        ({"every": '"1h"', "timezone": '"Mars"'}, '10: schedules.s.timezone = "Mars" — expected a time zone'),
        ({"every": '"1h"', "newsletter": '"other"'}, '8: schedules.s.newsletter = "other" — there is no such newsletter; there are breaking'),
        ({"every": '"10m"', "hold": '"10m"'}, '10: schedules.s.hold = "10m" — expected less than the 10 m between two slots'),
        ({"cron": '"0,50 7-9 * * *"', "hold": '"15m"'}, '10: schedules.s.hold = "15m" — expected less than the 10 m between two slots'),
        ({"cron": '"0 0,23 * * *"', "hold": '"1h"'}, '10: schedules.s.hold = "1h" — expected less than the 1 h between two slots'),
        ({"every": '"1h"', "name": '"A b"'}, '7: schedules.A b.name = "A b" — expected a name of small letters'),
    ],
)  # fmt: skip
def test_a_mistake_in_a_schedule_is_told_by_its_name_once(folder, keys, expected):
    (told,) = mistakes(folder, schedule(**keys))

    assert told.startswith(f"config.toml:{expected}")


def test_an_edition_may_be_held_almost_until_the_next_slot(folder):
    text = schedule(cron='"0 7 * * *"', hold='"23h59m"', max_late='"1h"')
    assert load(write(folder, text)).schedules[0].hold == timedelta(hours=23, minutes=59)


def test_a_schedule_may_be_as_quick_as_ten_seconds(folder):
    assert load(write(folder, schedule(every='"10s"'))).schedules[0].every == timedelta(seconds=10)


def test_a_schedule_without_any_newsletter_says_what_to_add(folder):
    text = PUBLICATION + '[[schedules]]\nname = "s"\nnewsletter = "x"\nevery = "1h"\n'

    assert mistakes(folder, text) == [
        'config.toml:6: schedules.s.newsletter = "x" — there is no newsletter; add [[newsletters]]'
    ]


def test_two_newsletters_of_one_name_are_refused(folder):
    (told,) = mistakes(folder, PUBLICATION + NEWSLETTER + NEWSLETTER)

    assert (
        told
        == 'config.toml:7: newsletters.breaking.name = "breaking" — there are two newsletters of that name'
    )


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("{headline}", "{lead}, {title}, {date} or {breaking}, and {headline} is none of these"),
        ("{laed}", "and {laed} is none of these; did you mean {lead}?"),
        ("{}", "and {} is none of these"),
        ("{lead.title}", "and {lead.title} is none of these"),
        ("{date:%Y}", "and nothing else in the braces of {date}"),
        ("100 } {lead}", "write {{ and }} for braces"),
    ],
)
def test_a_subject_has_no_other_fields(folder, pattern, expected):
    (mistake,) = mistakes(folder, PUBLICATION + NEWSLETTER + f'subject = "{pattern}"\n')
    assert mistake.startswith(
        f'config.toml:6: newsletters.breaking.subject = "{pattern}" — expected'
    )
    assert expected in mistake


def test_a_long_value_is_cut(folder):
    (told,) = mistakes(folder, f'{PUBLICATION}[mail]\nfrom = "{"x" * 500}"\n')

    assert len(told) < 200


def test_a_copy_with_another_port_has_another_address(folder):
    config = load(write(folder, PUBLICATION))
    assert config.url == "http://127.0.0.1:8000"

    moved = config.override(web=config.web.model_copy(update={"port": 8123}))

    assert (moved.url, moved.web_url) == ("http://127.0.0.1:8123",) * 2
    assert config.url == "http://127.0.0.1:8000"


def test_a_reviewer_is_named_once_and_has_an_address(tmp_path):
    review = '[review]\nreviewers = ["Maren <maren@example.org>", "MAREN@example.org"]\n'
    [mistake] = mistakes(tmp_path, PUBLICATION + review)
    assert "review.reviewers.#2" in mistake
    assert "maren@example.org is named already; remove one of them" in mistake
    [mistake] = mistakes(tmp_path, PUBLICATION + '[review]\nreviewers = ["Maren"]\n')
    assert mistake.endswith('review.reviewers.#1 = "Maren" — expected "Name <name@example.org>"')
