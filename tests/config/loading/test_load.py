"""Loading config.toml: what is taken, and how mistakes are told."""

import os
from datetime import timedelta
from pathlib import Path

import pytest

from syndicate.config import load, missing_secrets, secret_warnings
from syndicate.errors import ConfigError, SecretUnreadable

ID = "6f1c2f6e-8f0e-4a7e-9d8b-1c2d3e4f5a6b"
PUBLICATION = f'[publication]\nid = "{ID}"\ntitle = "Morning Post"\n'
"""Three lines that every configuration here begins with."""
NEWSLETTER = '[[newsletters]]\nname = "breaking"\n'
LIVE = f'{PUBLICATION}url = "https://news.example.org"\npostal_address = "Here"\n'


@pytest.fixture
def folder(tmp_path):
    return tmp_path


def write(folder: Path, text: str | bytes) -> Path:
    path = folder / "config.toml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def mistakes(folder: Path, text: str | bytes) -> list[str]:
    """Load a configuration that is wrong; return what is said of it, line by line."""
    with pytest.raises(ConfigError) as refusal:
        load(write(folder, text))
    assert refusal.value.exit_code == 2
    return str(refusal.value).splitlines()


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
        ({"every": '"1h"', "name": '"A b"'}, '7: schedules.A b.name = "A b" — expected a name of small letters'),
    ],
)  # fmt: skip
def test_a_mistake_in_a_schedule_is_told_by_its_name_once(folder, keys, expected):
    (told,) = mistakes(folder, schedule(**keys))

    assert told.startswith(f"config.toml:{expected}")


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


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.8.8.8", "::1", "mail.localhost"])
def test_mail_by_this_machine_needs_a_url_which_may_lead_here(folder, host):
    mail = f'[mail]\ntransport = "smtp"\nhost = "{host}"\n'

    (missing,) = mistakes(folder, PUBLICATION + mail)

    assert missing.startswith(
        f"config.toml:1: publication.url — missing, and mail goes out by {host}"
    )
    assert "the links in mail begin with it; set the public address" in missing
    assert 'or for a catcher of test mail "http://127.0.0.1:8000"' in missing
    load(write(folder, f'{PUBLICATION}url = "http://127.0.0.1:8000"\n{mail}'))


@pytest.mark.parametrize("url", ["http://127.0.0.1:8000", "https://localhost", "http://[::1]/"])
@pytest.mark.parametrize("table", ["publication", "web"])
def test_mail_to_the_outside_has_no_links_that_lead_here(folder, url, table):
    mail = '[mail]\ntransport = "smtp"\nhost = "mail.example.org"\n'
    text = LIVE.replace("https://news.example.org", url) if table == "publication" else LIVE
    text += f'[web]\nurl = "{url}"\n' if table == "web" else ""

    (told,) = mistakes(folder, text + mail)

    assert f'{table}.url = "{url}" — leads to this machine' in told


def test_mail_to_the_outside_needs_the_url_and_the_postal_address(folder):
    text = f'{PUBLICATION}[mail]\ntransport = "smtp"\nhost = "mail.example.org"\n'

    told = mistakes(folder, text)

    assert [line.split(",")[0] for line in told] == [
        "config.toml:1: publication.url — missing",
        "config.toml:1: publication.postal_address — missing",
    ]
    load(write(folder, text.replace(PUBLICATION, LIVE)))
    load(write(folder, text.replace('"smtp"', '"outbox"')))


def login(*keys: str) -> str:
    lines = ['url = "https://a.example"', "[mail]", 'transport = "smtp"', 'username = "me"', *keys]
    return "\n".join([f"{PUBLICATION}{lines[0]}", *lines[1:], ""])


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ([], '7: mail.username = "me" — needs password_env or password_file'),
        (['password_env = "HOME"', 'password_file = "file"'], '9: mail.password_file = "file" — expected one of password_env and password_file, not both'),
    ],
)  # fmt: skip
def test_a_login_names_one_secret(folder, keys, expected):
    (told,) = mistakes(folder, login(*keys))

    assert told.startswith(f"config.toml:{expected}")


def test_a_secret_is_not_asked_for_where_none_is_needed(folder, monkeypatch):
    monkeypatch.delenv("NOT_SET", raising=False)
    text = login('password_env = "NOT_SET"')

    def missing(text):
        return list(missing_secrets(load(write(folder, text))))

    assert len(missing(text)) == 1
    assert missing(text.replace('"smtp"', '"outbox"')) == []
    assert missing(text.replace('username = "me"\n', "")) == []


def test_the_password_comes_from_the_environment_or_a_file_beside_the_config(folder, monkeypatch):
    monkeypatch.setenv("MAIL_SECRET", "s e c")
    (folder / "secret").write_text("pässword\n", encoding="utf-8")

    def secret(text):
        config = load(write(folder, text))
        return config.mail.password(config.root)

    assert secret(login('password_env = "MAIL_SECRET"')) == "s e c"
    assert secret(login('password_file = "secret"')) == "pässword"
    assert secret(PUBLICATION) is None


def test_a_password_that_went_missing_is_told_at_its_use(folder, monkeypatch):
    monkeypatch.setenv("MAIL_SECRET", "s")
    config = load(write(folder, login('password_env = "MAIL_SECRET"')))
    monkeypatch.delenv("MAIL_SECRET")

    with pytest.raises(SecretUnreadable, match="MAIL_SECRET is not set"):
        config.mail.password(config.root)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_secret_that_may_not_be_read_is_missing(folder):
    (folder / "secret").touch(mode=0o000)
    config = load(write(folder, login('password_file = "secret"')))

    [secret] = missing_secrets(config)

    assert "can't be read: Permission denied" in secret.reason


@pytest.mark.parametrize(
    "text",
    [
        '[store]\nurl = "postgres://me:hunter2@host/db"\n',
        '[mail]\npassword = "hunter2"\n',
        '[mail]\nauth_token = "hunter2"\n',
        '[store]\nurl = "postgres://me@host/db?password=hunter2"\n',
        '[store]\nurl = "postgres://me:hun/hunter2@host/db"\n',
        '[store]\nurl = "postgres://host:5432/db?password=hun@hunter2"\n',
        '[store]\nurl = "postgresql://me:hun@hunter2@host/db"\n',
        '[store]\nurl = "host=db user=me password=hunter2"\n',
        '[store]\nlink = { url = "postgres://me:hun/hunter2@host/db" }\n',
        '[mail]\nhost = "smtp://me:hunter2@smtp.example.org"\n',
        '[mail]\nhost = "me:hunter2@smtp.example.org"\n',
        '[publish]\nmirror = "s3://key:hun/hunter2@bucket"\n',
        '[publish]\nmirror_options = [{ key = "AK", secret = "hunter2" }]\n',
        '[publish]\nhubs = ["https://hunter2@hub.example.org/"]\n',
    ],
)
def test_a_secret_in_a_mistake_is_not_printed(folder, text):
    (told,) = mistakes(folder, PUBLICATION + text)

    assert told.startswith("config.toml:5: ")
    assert "hunter2" not in told


@pytest.mark.parametrize("url", ["", 'url = "http://localhost:8000"\n'])
def test_a_login_in_the_mail_server_is_printed_by_no_mistake_of_another_key(folder, url):
    mail = '[mail]\ntransport = "smtp"\nhost = "smtp://me:hunter2@smtp.example.org"\n'

    found = mistakes(folder, PUBLICATION + url + mail)

    assert any("mail goes out by smtp://me:…@smtp.example.org" in mistake for mistake in found)
    assert "hunter2" not in "".join(found)


@pytest.mark.parametrize(
    "table",
    [
        '[mail]\ntransport = "outbox"\nusername = "me"\npassword_env = "hunter2!"\n',
        '[web]\nmonitor_token_env = "2hunter2"\n',
        '[[mail.dkim]]\nselector = "a"\nkey_env = "-----BEGIN hunter2"\n',
        '[mail]\nusername = "me"\npassword_env = ["hunter2"]\n',
    ],
)
def test_nor_is_a_secret_in_the_place_of_its_variable(folder, table):
    (mistake,) = mistakes(folder, PUBLICATION + table)

    assert '_env = "…" — expected' in mistake
    assert "hunter2" not in mistake


def test_the_configuration_prints_no_login_of_the_database(folder):
    config = load(write(folder, PUBLICATION + '[store]\nurl = "postgresql://me:hunter2@host/db"\n'))

    assert "hunter2" not in repr(config)


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://me:hun%40ter2@host/db",
        "postgresql://me@host/db?sslmode=require&options=-c%20a@b",
        "sqlite:////srv/a@b@c.db",
    ],
)
def test_a_database_may_have_an_at_sign_where_it_is_read_in_one_way(folder, url):
    assert load(write(folder, f'{PUBLICATION}[store]\nurl = "{url}"\n')).store.url == url


@pytest.mark.parametrize("host", ["smtp.example.org", "localhost", "10.0.0.1", "::1", "relay-1"])
def test_a_mail_server_is_a_host(folder, host):
    assert load(write(folder, f'{PUBLICATION}[mail]\nhost = "{host}"\n')).mail.host == host


@pytest.mark.parametrize("host", ["smtp.example.org:587", "smtp://smtp.example.org", "a b", ""])
def test_a_mail_server_with_more_than_its_host_is_refused(folder, host):
    (mistake,) = mistakes(folder, f'{PUBLICATION}[mail]\nhost = "{host}"\n')
    assert 'expected a mail server such as "smtp.example.org"' in mistake


@pytest.mark.parametrize(
    "sender", ["a@b.org", "News <news@localhost>", "Größe <news@mail.local>", '"A, B" <a@b.org>']
)
def test_a_sender_may_be_on_a_machine_without_a_public_name(folder, sender):
    config = load(write(folder, f"{PUBLICATION}[mail]\nfrom = '{sender}'\n"))

    assert config.mail.sender.address in sender


@pytest.mark.parametrize(
    "sender",
    [
        "News",
        "a@",
        "@b.org",
        "a@b..org",
        "a b@c.org",
        "a@b.org\\r\\nBcc: c@d.org",
        "A\\n <a@b.org>",
    ],
)
def test_what_is_no_sender_is_refused(folder, sender):
    (told,) = mistakes(folder, f'{PUBLICATION}[mail]\nfrom = "{sender}"\n')

    assert told.endswith('— expected "Name <name@example.org>"')


def test_a_long_value_is_cut(folder):
    (told,) = mistakes(folder, f'{PUBLICATION}[mail]\nfrom = "{"x" * 500}"\n')

    assert len(told) < 200


@pytest.mark.parametrize(
    "url", ["s3://morning-post", "s3://morning-post/www/", "file:///srv/www", "sftp://me@host/www"]
)
def test_a_mirror_is_an_address_of_storage(folder, url):
    config = load(write(folder, f'{PUBLICATION}[publish]\nmirror = "{url}"\n'))
    assert config.publish.mirror == url
    assert config.publish.mirror_options == {}


@pytest.mark.parametrize(
    "url", ["morning-post", "/srv/www", "s3://", "https://cdn.example", "sftp://me:hush@host/www"]
)
def test_what_nothing_can_be_mirrored_to_is_refused(folder, url):
    [mistake] = mistakes(folder, f'{PUBLICATION}[publish]\nmirror = "{url}"\n')
    assert mistake.startswith("config.toml:5: publish.mirror = ")
    assert 'expected storage such as "s3://bucket/folder", without a password' in mistake
    assert "hush" not in mistake


@pytest.mark.parametrize(
    "options",
    [
        'mirror_options = { key = "hush" }',
        'mirror_options = { client_kwargs = { aws_secret_access_key = "hush" } }',
        '[publish.mirror_options]\nkey = "hush"',
        '[publish.mirror_options.client_kwargs]\naws_access_key_id = "hush"',
    ],
)
def test_secrets_of_a_mirror_stand_in_the_environment(folder, options):
    [mistake] = mistakes(folder, f"{PUBLICATION}[publish]\n{options}\n")
    assert "secrets come from the environment, such as AWS_SECRET_ACCESS_KEY" in mistake
    assert "hush" not in mistake


def test_a_mirror_is_told_what_it_has_to_know(folder):
    options = 'endpoint_url = "https://s3.example.org"\nclient_kwargs = { region_name = "eu-1" }'
    config = load(write(folder, f"{PUBLICATION}[publish.mirror_options]\n{options}\n"))
    assert config.publish.mirror_options == {
        "endpoint_url": "https://s3.example.org",
        "client_kwargs": {"region_name": "eu-1"},
    }


def test_a_token_for_figures_is_in_one_place(tmp_path):
    text = PUBLICATION + '[web]\nmonitor_token_env = "A"\nmonitor_token_file = "b"\n'
    with pytest.raises(ConfigError, match="expected one of monitor_token_env and monitor_token_f"):
        load(write(tmp_path, text))


@pytest.mark.parametrize(
    ("key", "kept", "reason"),
    [
        ('monitor_token_env = "NO_SUCH"', None, "the environment variable NO_SUCH is not set"),
        ('monitor_token_file = "token"', None, "No such file or directory"),
        ('monitor_token_file = "token"', "short", "a token of 5 characters can be guessed"),
    ],
)
def test_a_token_that_lets_nobody_in_is_a_warning_with_its_line(tmp_path, key, kept, reason):
    if kept is not None:
        (tmp_path / "token").write_text(kept)
    path = write(tmp_path, f"{PUBLICATION}[web]\n{key}\n")
    [warning] = secret_warnings(path, load(path))
    assert warning.startswith(f"config.toml:{len(path.read_text().splitlines())}: web.{key} — ")
    assert reason in warning
    assert warning.endswith("the token lets nobody in until then")
